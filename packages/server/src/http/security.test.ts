import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeReport, REPORTS } from '../reports/registry.js';
import { statement } from '../store/sql.js';
import { HOSTILE_TEXTS } from '../store/testing/hostile-texts.js';
import { openTestServer, type TestAnswer, type TestServer } from './testing/test-server.js';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
let server: TestServer;
let before: unknown;
beforeAll(async () => {
  server = await openTestServer({ nowMs: NOW_MS });
  await server.product.projects.create('bystander');
  const bystander = { type: 'ai_request', provider: 'openai', model: 'gpt-4.1-mini', agent: 'canary-agent', timestamp: NOW_MS - 1000 };
  await server.send({
    path: '/v1/events?project_id=bystander',
    key: server.adminToken,
    body: { ...bystander, id: 'canary', session_id: 'canary' },
  });
  await server.product.mover.move();
});
afterAll(() => server.close());

const bystanderState = async (): Promise<unknown> => ({
  tables: await server.product.store.query(statement('SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name')),
  projects: await server.product.store.query(statement('SELECT project_id, name FROM projects FINAL ORDER BY project_id')),
  requests: await server.product.store.query(statement("SELECT * FROM ai_requests FINAL WHERE project_id = 'bystander'")),
});
beforeEach(async () => {
  before ??= await bystanderState();
});

/** Texts that end strings, statements, parameters, headers and patience. */
const HOSTILE = [
  ...HOSTILE_TEXTS,
  "' OR project_id = 'bystander' --",
  "') UNION ALL SELECT * FROM api_keys --",
  '1; DROP TABLE ai_requests; --',
  '$' + '{jndi:ldap://x}',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'toString',
  'a'.repeat(8_000),
  '9'.repeat(400),
  '-1',
  '1e400',
];
/** A few of them for what is asked hundreds of times: the SQL of every report has holes of its own. */
const INJECTIONS = [
  "it's",
  '\\',
  "' OR project_id = 'bystander' --",
  "') UNION ALL SELECT * FROM api_keys --",
  '{p0:String}',
  'a\u0000b',
  'constructor',
];
const answered = (answer: TestAnswer): void => {
  expect(answer.status).toBeLessThan(500);
  expect(answer.text).not.toMatch(/canary-agent|key_hash|DB::Exception|Syntax error|node_modules/);
};

describe('every string of a report', () => {
  const CASES = REPORTS.flatMap((report) => {
    const description = describeReport(report);
    const required = description.parameters.filter((each) => each.required === true).map((each) => each.name);
    return [...description.parameters.map((each) => each.name), 'project_id', 'format', 'no_such_parameter'].map((parameter) => ({
      name: `${description.path} ${parameter}`,
      path: description.path,
      parameter,
      others: required.filter((name) => name !== parameter),
    }));
  });

  it.each(CASES)('$name', async ({ path, parameter, others }) => {
    for (const text of INJECTIONS) {
      const query = new URLSearchParams([...others.map((name): [string, string] => [name, 'x']), [parameter, text]]);
      answered(await server.send({ path: `${path}?${query}` }));
    }
  });

  it.each([
    '/v1/reports/costs/breakdown?by=agent&agent=',
    '/v1/reports/requests/list?model=',
    '/v1/reports/agents/show?agent=',
    '/v1/reports/costs/trends?since=',
    '/v1/reports/costs/breakdown?by=',
    '/v1/reports/overview?project_id=',
  ])('%s takes or refuses all of them', async (path) => {
    for (const text of HOSTILE) answered(await server.send({ path: `${path}${encodeURIComponent(text)}` }));
  });

  it('as a name of a parameter, a group or a report', async () => {
    for (const text of HOSTILE) {
      const name = encodeURIComponent(text);
      answered(await server.send({ path: `/v1/reports/costs/summary?${name}=1` }));
      answered(await server.send({ path: `/v1/reports/${name.slice(0, 1500)}` }));
      answered(await server.send({ path: `/v1/reports/${name.slice(0, 1500)}/${name.slice(0, 1500)}` }));
      answered(await server.send({ path: `/v1/reports/costs/breakdown?by=${encodeURIComponent(`properties.${text}`)}` }));
    }
  });

  it('in a header', async () => {
    for (const text of HOSTILE.filter((each) => /^[\t\x20-\x7e]*$/.test(each))) {
      for (const header of [
        'authorization',
        'accept',
        'user-agent',
        'origin',
        'content-type',
        'content-encoding',
        'x-request-id',
        'request-id',
        'cookie',
      ]) {
        answered(await server.send({ path: '/v1/reports', headers: { [header]: text } }));
        answered(
          await server.send({ path: '/v1/events', body: '{"type":"a"}', headers: { 'content-type': 'text/plain', [header]: text } }),
        );
      }
    }
  });
});

describe('every string of an event', () => {
  const FIELDS = [
    'session_id',
    'user_id',
    'context_id',
    'task_id',
    'agent',
    'provider',
    'model',
    'response_id',
    'tool',
    'error_type',
    'error_message',
    'user_agent',
    'trace_id',
    'span_id',
    'parent_span_id',
  ];

  it.each(FIELDS)('%s is stored as it is', async (field) => {
    const texts = HOSTILE.filter((text) => text.length <= 256 && (field !== 'model' || text !== ''));
    const events = texts.map((text, index) => ({
      type: 'ai_request',
      provider: 'p',
      model: 'm',
      id: `${field} ${index}`,
      timestamp: NOW_MS,
      [field]: text,
      properties: { [`${field}${text}`]: text },
    }));
    const answer = await server.send({ path: '/v1/events', body: events });
    expect(answer.json()).toEqual({ accepted: events.length, duplicates: 0, rejected: [] });
    await server.product.mover.move();
    const rows = await server.product.store.query<Record<string, unknown>>({
      text: "SELECT * FROM ai_requests FINAL WHERE event_id IN {p0:Array(String)} ORDER BY toUInt32(splitByChar(' ', event_id)[-1])",
      binds: { p0: events.map((event) => event.id) },
    });
    expect(rows.map((row) => row['properties'])).toEqual(events.map((event) => event.properties));
    if (field !== 'error_message' || rows.length > 0) expect(rows.map((row) => row[field])).toEqual(texts);
  });

  it('an id is stored as it is, and counts once', async () => {
    const ids = HOSTILE.filter((text) => text.length <= 256 && text !== '');
    const body = ids.map((id) => ({ type: 'a', id, timestamp: NOW_MS }));
    expect((await server.send({ path: '/v1/events', body })).json()).toEqual({ accepted: ids.length, duplicates: 0, rejected: [] });
    expect((await server.send({ path: '/v1/events', body })).json()).toEqual({ accepted: 0, duplicates: ids.length, rejected: [] });
    await server.product.mover.move();
    expect((await server.send({ path: '/v1/events', body })).json()).toEqual({ accepted: 0, duplicates: ids.length, rejected: [] });
  });

  it('a type is a plain name or refused', async () => {
    for (const type of HOSTILE) answered(await server.send({ path: '/v1/events', body: { type } }));
  });
});

describe('hostile events', () => {
  const send = (body: unknown): Promise<TestAnswer> => server.send({ path: '/v1/events', body });
  const rejectedCode = async (body: unknown): Promise<unknown> => {
    const answer = await send(body);
    expect(answer.status).toBe(200);
    return (answer.json()['rejected'] as { readonly code: string }[])[0]?.code;
  };

  it.each([
    ['deep properties', `{"type":"a","properties":{"x":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}}`, 'too_deep'],
    ['deep lists', `{"type":"a","properties":{"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`, 'too_deep'],
    ['a deep unknown field', `{"type":"a","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 'too_deep'],
    ['a deep usage', `{"type":"ai_request","model":"m","usage":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`, 'too_deep'],
    ['deep beyond the size of an event', `{"type":"a","x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`, 'too_deep'],
    ['a name of a megabyte', `{"type":"a","properties":{"${'n'.repeat(1_000_000)}":1}}`, 'event_too_large'],
    ['a field of a megabyte', `{"type":"a","${'n'.repeat(1_000_000)}":1}`, 'event_too_large'],
    ['a text of a megabyte', `{"type":"a","session_id":"${'n'.repeat(1_000_000)}"}`, 'event_too_large'],
    ['a name of 1,000 letters', `{"type":"a","properties":{"${'n'.repeat(1000)}":1}}`, 'too_long'],
    [
      'a thousand properties',
      JSON.stringify({ type: 'a', properties: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 1])) }),
      'too_many_properties',
    ],
    ['half of a surrogate pair', '{"type":"a","session_id":"\\ud800"}', 'invalid_value'],
    ['a number beyond numbers', '{"type":"ai_request","model":"m","input_tokens":1e400}', 'invalid_type'],
    ['a negative count', '{"type":"ai_request","model":"m","input_tokens":-1}', 'invalid_value'],
  ])('%s are refused', async (_name, body, code) => {
    expect(await rejectedCode(body)).toBe(code);
  });

  it('keys of every object are plain keys', async () => {
    const body = '{"type":"a","id":"proto","properties":{"__proto__":"p","constructor":"c","toString":"t","hasOwnProperty":"h"}}';
    expect((await send(body)).json()).toMatchObject({ accepted: 1 });
    await server.product.mover.move();
    const [row] = await server.product.store.query<{ keys: string[] }>(
      statement("SELECT mapKeys(properties) AS keys FROM analytics_events FINAL WHERE event_id = 'proto'"),
    );
    expect(row?.keys.sort()).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'toString']);
    for (const field of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(await rejectedCode(`{"type":"a","${field}":{"polluted":true}}`)).toBe('unknown_field');
      expect(await rejectedCode(`{"type":"${field}","x":1}`)).toBeOneOf(['unknown_field', 'invalid_value']);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('a name of a project with half of a surrogate pair is a fault of the client', async () => {
    const answer = await server.send({ path: '/v1/projects', key: server.adminToken, body: '{"project_id":"half","name":"\\ud800"}' });
    expect(answer.status).toBe(400);
  });
});

describe('inputs made to take long', () => {
  const TIMED: [string, () => Promise<TestAnswer>][] = [
    [
      'blanks in a media type',
      () => server.send({ path: '/v1/events', body: '{}', headers: { 'content-type': `${' '.repeat(10_000)}x` } }),
    ],
    [
      'semicolons in a media type',
      () => server.send({ path: '/v1/events', body: '{}', headers: { 'content-type': `application/json${';'.repeat(10_000)}` } }),
    ],
    ['commas in Accept', () => server.send({ path: '/v1/reports/overview', headers: { accept: `${'text/,'.repeat(2000)}` } })],
    ['blanks after Bearer', () => server.send({ path: '/v1/reports', headers: { authorization: `Bearer${' '.repeat(12_000)}x y` } })],
    ['digits in a time', () => server.send({ path: `/v1/reports/overview?since=${'9'.repeat(7000)}` })],
    ['colons in a host', () => server.send({ path: '/v1/reports', headers: { host: `localhost${':1'.repeat(5000)}` } })],
    ['dots in an origin', () => server.send({ path: '/v1/reports', headers: { origin: `http://${'a.'.repeat(5000)}b` } })],
    ['slashes in a path', () => server.send({ path: `/v1/reports${'/a'.repeat(4000)}` })],
    ['a thousand parameters', () => server.send({ path: `/v1/reports/overview?${'a=1&'.repeat(1500)}` })],
    ['colons in an address', () => server.send({ path: '/v1/events', body: { type: 'a', ip: `${':'.repeat(250)}1` } })],
    ['letters in a type', () => server.send({ path: '/v1/events', body: { type: `${'a.'.repeat(20_000)}!` } })],
    [
      'digits in an amount',
      () => server.send({ path: '/v1/events', body: { type: 'conversion', goal_name: 'g', goal_value: '1'.repeat(50_000) } }),
    ],
    [
      'a million line ends',
      () => server.send({ path: '/v1/events', body: '\n'.repeat(1_000_000), headers: { 'content-type': 'application/x-ndjson' } }),
    ],
    ['a million quotes', () => server.send({ path: '/v1/events', body: '"'.repeat(1_000_000) })],
    [
      'a bomb',
      () => server.send({ path: '/v1/events', body: gzipSync(Buffer.alloc(100_000_000)), headers: { 'content-encoding': 'gzip' } }),
    ],
    [
      'a bomb of traces',
      () =>
        server.send({
          path: '/v1/traces',
          body: gzipSync(Buffer.alloc(100_000_000)),
          headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        }),
    ],
    [
      'deep JSON of traces',
      () => server.send({ path: '/v1/traces', body: '{"resourceSpans":'.repeat(50_000), headers: { 'content-type': 'application/json' } }),
    ],
    [
      'deep JSON of traces that ends',
      () =>
        server.send({
          path: '/v1/traces',
          body: `{"resourceSpans":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
          headers: { 'content-type': 'application/json' },
        }),
    ],
    [
      'deep values of traces',
      () => server.send({ path: '/v1/traces', body: Buffer.alloc(1_000_000, 0x0a), headers: { 'content-type': 'application/x-protobuf' } }),
    ],
  ];
  it.each(TIMED)('%s do not', async (_name, send) => {
    const startMs = performance.now();
    const answer = await send();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    answered(answer);
  });
});

it('after all of that nothing of the bystander has changed', async () => {
  const { requests, tables } = before as { readonly requests: unknown[]; readonly tables: unknown[] };
  expect(requests).toHaveLength(1);
  expect(await bystanderState()).toMatchObject({ requests, tables });
  expect((await server.send({ path: '/healthz' })).json()).toMatchObject({ status: 'ok' });
});
