import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../errors/analytics-error.js';
import { EVENT_FIELDS, fieldsOfType, STATUS_VALUES, TOKENS_MAX } from './event-fields.js';
import { BUILT_IN_EVENT_TYPES, isBuiltInEventType } from './event-types.js';
import { DEFAULT_INGEST_LIMITS } from './ingest-limits.js';
import { type ParseContext, type ParsedEvent, parseEvent } from './parse-event.js';

const NOW_MS = Date.UTC(2026, 10, 1, 12);
const LIMITS = DEFAULT_INGEST_LIMITS;
const TRUSTED: ParseContext = { nowMs: NOW_MS, limits: LIMITS, trusted: true };
const UNTRUSTED: ParseContext = { ...TRUSTED, trusted: false };

const SMALLEST: Readonly<Record<string, object>> = {
  ai_request: { type: 'ai_request', model: 'm' },
  tool_execution: { type: 'tool_execution', tool: 'grep' },
  agent_task: { type: 'agent_task', task_id: 't1', status: 'running' },
  message: { type: 'message' },
  page_view: { type: 'page_view', page_url: 'https://a.example/' },
  page_exit: { type: 'page_exit', page_url: 'https://a.example/' },
  link_click: { type: 'link_click', page_url: 'https://a.example/', target_url: '/b' },
  scroll: { type: 'scroll' },
  engagement: { type: 'engagement' },
  conversion: { type: 'conversion', goal_name: 'signup' },
  http_request: { type: 'http_request', page_url: 'https://a.example/', status_code: 200 },
  signup_started: { type: 'signup_started' },
};

function accepted(input: unknown, context: ParseContext = TRUSTED): ParsedEvent {
  const outcome = parseEvent(input, context);
  if (!outcome.ok) throw new Error(`refused: ${outcome.fault.code} at ${outcome.fault.path}: ${outcome.fault.message}`);
  return outcome.event;
}

function refusal(input: unknown, context: ParseContext = TRUSTED): string {
  const outcome = parseEvent(input, context);
  if (outcome.ok) return 'accepted';
  expect(outcome.fault.message).not.toBe('');
  return `${outcome.fault.code} ${outcome.fault.path}`.trimEnd();
}

const refused = (code: ErrorCode, path: string): string => `${code} ${path}`.trimEnd();

describe('the example of the contract', () => {
  const example = {
    id: '0190c1de-0000-7000-8000-000000000001',
    type: 'ai_request',
    timestamp: '2026-11-01T12:00:00.123Z',
    session_id: 's1',
    user_id: 'u1',
    context_id: 'c1',
    task_id: 't1',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    span_id: '00f067aa0ba902b7',
    parent_span_id: '00f067aa0ba902b6',
    agent: 'researcher',
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    input_tokens: 12,
    cache_read_tokens: 5000,
    cache_write_tokens: 1000,
    output_tokens: 42,
    reasoning_tokens: 0,
    latency_ms: 812,
    time_to_first_token_ms: 190,
    status: 'success',
    properties: { team: 'search' },
  };

  it.each([
    ['a secret key', TRUSTED],
    ['a write key', UNTRUSTED],
  ])('is read whole with %s', (_key, context) => {
    expect(accepted(example, context)).toEqual({
      id: '0190c1de-0000-7000-8000-000000000001',
      type: 'ai_request',
      table: 'ai_requests',
      timestampMs: Date.UTC(2026, 10, 1, 12, 0, 0, 123),
      fields: {
        session_id: 's1',
        user_id: 'u1',
        context_id: 'c1',
        task_id: 't1',
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
        span_id: '00f067aa0ba902b7',
        parent_span_id: '00f067aa0ba902b6',
        agent: 'researcher',
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        latency_ms: 812,
        time_to_first_token_ms: 190,
        status: 'success',
      },
      properties: Object.assign(Object.create(null), { team: 'search' }),
      usage: {
        inputTokens: 12,
        cacheReadTokens: 5000,
        cacheWriteTokens: 1000,
        cacheWrite1hTokens: 0,
        outputTokens: 42,
        reasoningTokens: 0,
        inputAudioTokens: 0,
        inputImageTokens: 0,
        cacheReadAudioTokens: 0,
        outputAudioTokens: 0,
        outputImageTokens: 0,
        webSearches: 0,
      },
      usageFlags: [],
      rawUsage: '',
    });
  });

  it('leaves the input as it was', () => {
    const before = JSON.stringify(example);
    accepted(example);
    expect(JSON.stringify(example)).toBe(before);
  });
});

describe('the event itself', () => {
  it.each([null, undefined, true, 7, 'ai_request', [], [{ type: 'signup' }]])('refuses %j, which is no object', (input) => {
    expect(refusal(input)).toBe(refused('invalid_event', ''));
  });

  it.each([
    ['no type', {}, 'missing_field'],
    ['a null type', { type: null }, 'missing_field'],
    ['a number', { type: 7 }, 'invalid_type'],
    ['an object', { type: {} }, 'invalid_type'],
    ['an empty string', { type: '' }, 'invalid_value'],
    ['a leading digit', { type: '1st' }, 'invalid_value'],
    ['a space', { type: 'sign up' }, 'invalid_value'],
    ['a trailing newline', { type: 'signup\n' }, 'invalid_value'],
    ['a letter outside ASCII', { type: 'größe' }, 'invalid_value'],
    ['the Kelvin sign, which folds to k', { type: '\u212a' }, 'invalid_value'],
    ['a prototype accessor', { type: '__proto__' }, 'invalid_value'],
    ['65 characters', { type: 'a'.repeat(65) }, 'invalid_value'],
  ] as const)('refuses %s as its type', (_what, input, code) => {
    expect(refusal(input)).toBe(refused(code, 'type'));
  });

  it.each(['a'.repeat(64), 'A', 'cart.item:added-2_x', 'constructor', 'toString', 'hasOwnProperty', 'AI_REQUEST'])(
    'takes %s as a custom event',
    (type) => {
      const event = accepted({ type, severity: 'warning', page_url: 'https://a.example/' });
      expect(event).toMatchObject({ id: undefined, type, table: 'analytics_events', timestampMs: NOW_MS });
      expect(event.fields).toEqual({ severity: 'warning', page_url: 'https://a.example/' });
    },
  );

  it.each(Object.entries(SMALLEST))('takes the smallest %s', (type, input) => {
    expect(accepted(input, UNTRUSTED)).toMatchObject({ type, usage: undefined, usageFlags: [], rawUsage: '' });
  });
});

describe('required fields', () => {
  const required = BUILT_IN_EVENT_TYPES.flatMap((type) =>
    [...fieldsOfType(type).values()]
      .filter(({ requiredFor }) => requiredFor?.includes(type))
      .map(({ name, kind }) => [type, name, kind] as const),
  );

  it('are the ones the smallest events have', () => {
    const listed = Object.values(SMALLEST).flatMap((input) => Object.keys(input).filter((name) => name !== 'type'));
    expect(required.map(([, name]) => name).toSorted()).toEqual(listed.toSorted());
  });

  it.each(required)('%s: %s absent or null is missing', (type, name) => {
    const { [name]: _left, ...rest } = SMALLEST[type] as Record<string, unknown>;
    expect(refusal(rest)).toBe(refused('missing_field', name));
    expect(refusal({ ...rest, [name]: null })).toBe(refused('missing_field', name));
    expect(refusal({ ...rest, [name]: undefined })).toBe(refused('missing_field', name));
  });

  it.each(required.filter(([, , kind]) => kind === 'name'))('%s: an empty %s says nothing', (type, name) => {
    expect(refusal({ ...SMALLEST[type], [name]: '' })).toBe(refused('invalid_value', name));
  });

  it('are bound to their types: the same name may be empty elsewhere', () => {
    expect(accepted({ type: 'ai_request', model: 'm', task_id: '', tool: '', session_id: '' }).fields).toMatchObject({
      task_id: '',
      tool: '',
      session_id: '',
    });
  });

  it('an id may be left out but not empty, or all events that bear it were one', () => {
    for (const input of Object.values(SMALLEST)) expect(refusal({ ...input, id: '' })).toBe(refused('invalid_value', 'id'));
    expect(accepted({ type: 'signup', id: ' ' }).id).toBe(' ');
    expect(accepted({ type: 'signup', id: null }).id).toBeUndefined();
  });
});

describe('unknown fields', () => {
  it.each(['foo', 'Model', 'usage', 'model', 'constructor', 'toString', 'hasOwnProperty', ''])('refuses %j on a custom event', (name) => {
    expect(refusal({ type: 'signup', [name]: 'x' })).toBe(refused('unknown_field', name));
  });

  it('refuses __proto__, which JSON can hold, and leaves every prototype alone', () => {
    const input: unknown = JSON.parse('{"type":"signup","__proto__":{"polluted":true}}');
    expect(refusal(input)).toBe(refused('unknown_field', '__proto__'));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['ai_request', 'agent_task', 'scroll'])('refuses a field of another type on %s', (type) => {
    expect(refusal({ ...SMALLEST[type], goal_name: 'g' })).toBe(refused('unknown_field', 'goal_name'));
  });

  it('counts null as absent, whatever the name', () => {
    const nulls = Object.fromEntries(
      [...EVENT_FIELDS.map(({ name }) => name), 'foo', 'usage', 'properties', 'status'].map((name) => [name, null]),
    );
    expect(accepted({ ...nulls, type: 'signup' }, UNTRUSTED).fields).toEqual({});
  });

  it('says too_deep for one that is nested beyond the limit, and does not walk further', () => {
    const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(refusal({ type: 'signup', foo: nested(LIMITS.nestingMax) })).toBe(refused('unknown_field', 'foo'));
    expect(refusal({ type: 'signup', foo: nested(LIMITS.nestingMax + 1) })).toBe(refused('too_deep', 'foo'));
    expect(refusal({ type: 'signup', foo: nested(30_000) })).toBe(refused('too_deep', 'foo'));
    expect(refusal({ type: 'signup', session_id: nested(30_000) })).toBe(refused('invalid_type', 'session_id'));
  });
});

describe('what the sender may say', () => {
  it.each([
    ['fingerprint', 'x'],
    ['ip', '192.0.2.1'],
    ['user_agent', 'x'],
  ])('%s takes a secret key', (name, value) => {
    expect(accepted({ type: 'page_view', page_url: 'https://a.example/', [name]: value }).fields).toMatchObject({ [name]: value });
    expect(refusal({ type: 'page_view', page_url: 'https://a.example/', [name]: value }, UNTRUSTED)).toBe(
      refused('not_allowed_with_key', name),
    );
    expect(refusal({ type: 'page_view', page_url: 'https://a.example/', [name]: 7 }, UNTRUSTED)).toBe(
      refused('not_allowed_with_key', name),
    );
    expect(accepted({ type: 'page_view', page_url: 'https://a.example/', [name]: null }, UNTRUSTED).fields).not.toHaveProperty(name);
    expect(refusal({ ...SMALLEST['agent_task'], [name]: value })).toBe(refused('unknown_field', name));
  });

  it('is the same for every other field', () => {
    for (const field of EVENT_FIELDS) {
      expect([undefined, true]).toContain(field.trustedOnly);
      expect(field.trustedOnly === true).toBe(['fingerprint', 'ip', 'user_agent', 'locale', 'do_not_track'].includes(field.name));
    }
  });
});

/** A value that a kind of field takes, and values it does not with the code they are refused with. */
const KINDS: Readonly<Record<string, readonly [good: readonly unknown[], bad: readonly (readonly [unknown, ErrorCode])[]]>> = {
  name: [
    ['x', 'ü', '👍', ' ', 'x'.repeat(256), '\u0000'],
    [
      [7, 'invalid_type'],
      [true, 'invalid_type'],
      [[], 'invalid_type'],
      [{}, 'invalid_type'],
      ['x'.repeat(257), 'too_long'],
      ['\ud83d', 'invalid_value'],
      ['a\udc4d', 'invalid_value'],
      ['\udc4d\ud83d', 'invalid_value'],
    ],
  ],
  text: [
    ['', 'x'.repeat(4096), 'line\nbreak', '👍'.repeat(2048)],
    [
      [7, 'invalid_type'],
      [['x'], 'invalid_type'],
      ['x'.repeat(4097), 'too_long'],
      ['\ud83d'.repeat(4097), 'too_long'],
      [`x${'\ud83d'}`, 'invalid_value'],
    ],
  ],
  url: [
    [
      'https://a.example/b?c=d#e',
      'http://localhost:3000',
      'HTTPS://A.example',
      ' https://a.example',
      'https://bücher.example/ä',
      'https://[2001:db8::1]:8443/',
      `https://a.example/${'x'.repeat(4096 - 18)}`,
    ],
    [
      [7, 'invalid_type'],
      ['', 'invalid_value'],
      ['javascript:alert(1)', 'invalid_value'],
      ['javascript://a.example/%0aalert(1)', 'invalid_value'],
      ['data:text/html,x', 'invalid_value'],
      ['file:///etc/passwd', 'invalid_value'],
      ['app://screen/1', 'invalid_value'],
      ['android-app://com.example/', 'invalid_value'],
      ['httpsx://a.example/', 'invalid_value'],
      ['https://300.1.1.1/', 'invalid_value'],
      ['http://Ã¨.example/', 'invalid_value'],
      ['/relative', 'invalid_value'],
      ['a.example', 'invalid_value'],
      ['https://', 'invalid_value'],
      ['https://a.example/\ud800', 'invalid_value'],
      [`https://a.example/${'x'.repeat(4096 - 17)}`, 'too_long'],
    ],
  ],
  ip: [
    ['192.0.2.1', '0.0.0.0', '2001:db8::1', '2001:DB8:0::1', '::ffff:192.0.2.1', 'fe80::1%eth0', '::', ''],
    [
      [7, 'invalid_type'],
      [['192.0.2.1'], 'invalid_type'],
      ['300.1.1.1', 'invalid_value'],
      ['192.0.2', 'invalid_value'],
      ['192.0.2.01', 'invalid_value'],
      ['192.0.2.1:443', 'invalid_value'],
      ['192.0.2.1, 192.0.2.2', 'invalid_value'],
      ['[2001:db8::1]', 'invalid_value'],
      ['2001:db8::g', 'invalid_value'],
      ['client.example', 'invalid_value'],
      [' ', 'invalid_value'],
      ['1'.repeat(257), 'too_long'],
    ],
  ],
  choice: [
    [],
    [
      ['', 'invalid_value'],
      ['toString', 'invalid_value'],
      ['__proto__', 'invalid_value'],
      [7, 'invalid_value'],
      [['user'], 'invalid_value'],
      [{}, 'invalid_value'],
    ],
  ],
  boolean: [
    [true, false],
    [
      ['true', 'invalid_type'],
      [1, 'invalid_type'],
      [0, 'invalid_type'],
      [{}, 'invalid_type'],
    ],
  ],
  count: [
    [0, 1, 17],
    [
      ['1', 'invalid_type'],
      [true, 'invalid_type'],
      [[1], 'invalid_type'],
      [Number.NaN, 'invalid_type'],
      [Number.POSITIVE_INFINITY, 'invalid_type'],
      [0.5, 'invalid_value'],
      [-1, 'invalid_value'],
      [-0.5, 'invalid_value'],
      [1e300, 'invalid_value'],
    ],
  ],
  measure: [
    [0, 0.5, 1, 99.999],
    [
      ['1', 'invalid_type'],
      [Number.NaN, 'invalid_type'],
      [Number.NEGATIVE_INFINITY, 'invalid_type'],
      [-0.001, 'invalid_value'],
      [1e300, 'invalid_value'],
    ],
  ],
  timestamp: [
    [],
    [
      [true, 'invalid_type'],
      [{}, 'invalid_type'],
      ['yesterday', 'invalid_value'],
      ['2026-02-30', 'invalid_value'],
      [1.5, 'invalid_value'],
    ],
  ],
  decimal: [
    ['0', '-1.5', '12345678901234567890.123456789012'],
    [
      [true, 'invalid_value'],
      ['', 'invalid_value'],
      ['1e3', 'invalid_value'],
      ['+1', 'invalid_value'],
      ['.5', 'invalid_value'],
      ['1.', 'invalid_value'],
      ['1,5', 'invalid_value'],
      [' 1', 'invalid_value'],
      ['1\n', 'invalid_value'],
      ['0x10', 'invalid_value'],
      ['١', 'invalid_value'],
      ['1.1234567890123', 'invalid_value'],
      ['123456789012345678901', 'invalid_value'],
      [1e21, 'invalid_value'],
      [Number.NaN, 'invalid_value'],
      [Number.POSITIVE_INFINITY, 'invalid_value'],
      [[1], 'invalid_value'],
    ],
  ],
};

// Each field on each type that has it, so that a definition with a wrong kind or type is found by name.
const cases = [...BUILT_IN_EVENT_TYPES, 'signup_started'].flatMap((type) =>
  [...fieldsOfType(type).values()].map((definition) => [type, definition.name, definition] as const),
);

describe('every field of every type', () => {
  it.each(cases)('%s: %s', (type, name, { kind, values = [], maximum }) => {
    const [good, bad] = KINDS[kind] ?? [[], []];
    expect(bad).not.toHaveLength(0);
    const event = (value: unknown): object => ({ ...SMALLEST[type], [name]: value });
    for (const [value, code] of bad) expect([value, refusal(event(value))]).toEqual([value, refused(code, name)]);
    const counted = !['id', 'timestamp', 'input_includes_cache', 'output_includes_reasoning'].includes(name) && !isTokenCount(name);
    for (const value of counted ? [...good, ...values] : []) expect(accepted(event(value)).fields[name]).toBe(value);
    if (maximum === undefined) return;
    expect(refusal(event(maximum + 1))).toBe(refused('invalid_value', name));
    if (counted) expect(accepted(event(maximum)).fields[name]).toBe(maximum);
  });

  it('has the statuses of its type', () => {
    expect(refusal({ type: 'ai_request', model: 'm', status: 'completed' })).toBe(refused('invalid_value', 'status'));
    expect(refusal({ type: 'tool_execution', tool: 't', status: 'error' })).toBe(refused('invalid_value', 'status'));
    expect(refusal({ type: 'agent_task', task_id: 't', status: 'success' })).toBe(refused('invalid_value', 'status'));
    expect(refusal({ type: 'message', status: 'success' })).toBe(refused('unknown_field', 'status'));
    expect(Object.keys(STATUS_VALUES).every(isBuiltInEventType)).toBe(true);
  });

  it('reads task times as milliseconds, however far back', () => {
    const { fields } = accepted({ ...SMALLEST['agent_task'], started_at: '2020-01-01', completed_at: NOW_MS }, UNTRUSTED);
    expect(fields).toMatchObject({ started_at: Date.UTC(2020, 0, 1), completed_at: NOW_MS });
  });

  it.each([
    [12.5, '12.5'],
    [0, '0'],
    [-3, '-3'],
    [0.000001, '0.000001'],
    [1e-7, '0.000000100000'],
    [-1e-12, '-0.000000000001'],
  ])('writes the number %d of a decimal field as %s', (value, text) => {
    expect(accepted({ ...SMALLEST['conversion'], goal_value: value }).fields['goal_value']).toBe(text);
  });

  it.each([1e-13, 1.23456789e-7, 0.1 + 0.2])('refuses the number %d, which 12 decimals would round', (value) => {
    expect(refusal({ ...SMALLEST['conversion'], goal_value: value })).toBe(refused('invalid_value', 'goal_value'));
  });

  it('shows no more than the beginning of a refused value', () => {
    const outcome = parseEvent({ type: 'page_view', page_url: `no${'x'.repeat(2000)}👍` }, TRUSTED);
    expect(outcome.ok ? '' : outcome.fault.message).toMatch(/^page_url is "nox{78}\.\.\."; it is/);
  });

  it.each([
    [{ page_url: 'javascript:alert(1)' }, 'page_url is "javascript:alert(1)"; it is an absolute http or https address.'],
    [{ ip: '300.1.1.1' }, 'ip is "300.1.1.1"; it is an IPv4 or IPv6 address.'],
  ])('names the value and what is allowed: %j', (fields, message) => {
    const outcome = parseEvent({ ...SMALLEST['page_view'], ...fields }, TRUSTED);
    expect(outcome).toMatchObject({ ok: false, fault: { code: 'invalid_value', path: Object.keys(fields)[0], message } });
  });

  it.each(['mailto:a@a.example', 'tel:+4312345', '/b', 'javascript:void(0)', 'app://screen/1'])('lets a link lead to %s', (target) => {
    expect(accepted({ ...SMALLEST['link_click'], target_url: target }).fields['target_url']).toBe(target);
  });
});

/** Counts leave the fields for `usage`. */
function isTokenCount(name: string): boolean {
  return name === 'web_searches' || EVENT_FIELDS.some((field) => field.name === name && field.maximum === TOKENS_MAX);
}
