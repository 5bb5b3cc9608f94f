import { type PriceBook, priceRequest } from '@systemprompt-analytics/core';

/** Every seeded record lies in the eleven days before this; the clocks of Europe change in them. */
export const NOW_MS = Date.parse('2026-04-01T12:00:00Z');
const SPAN_MS = 11 * 86_400_000;

interface SeededBase {
  readonly ms: number;
  readonly session: string;
  readonly user: string;
  readonly agent: string;
  readonly context: string;
  readonly task: string;
}
export interface SeededRequest extends SeededBase {
  readonly kind: 'request';
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly status: string;
  readonly errorType: string;
  readonly tool: string;
  readonly trace: string;
  readonly team: string;
  readonly latencyMs: number | null;
  readonly firstTokenMs: number | null;
  readonly tokens: {
    readonly input: number;
    readonly cacheRead: number;
    readonly cacheWrite: number;
    readonly output: number;
    readonly reasoning: number;
    readonly reported: boolean;
  };
  /** Picodollars, null when unpriced. */
  readonly cost: bigint | null;
  readonly reason: string;
  readonly missing: readonly string[];
  /** The same call as seen by an outer instrumentation, which must not count. */
  readonly duplicate: boolean;
}
export interface SeededTool extends SeededBase {
  readonly kind: 'tool';
  readonly tool: string;
  readonly server: string;
  readonly status: string;
  readonly errorType: string;
  readonly message: string;
  readonly durationMs: number | null;
}
export interface SeededTask extends SeededBase {
  readonly kind: 'task';
  readonly status: string;
  readonly errorType: string;
  readonly message: string;
  readonly endMs: number | null;
}
export interface SeededMessage extends SeededBase {
  readonly kind: 'message';
}
export interface SeededPage extends SeededBase {
  readonly kind: 'page';
  readonly type: string;
}
export type SeededRecord = SeededRequest | SeededTool | SeededTask | SeededMessage | SeededPage;

export interface Seed {
  readonly records: readonly SeededRecord[];
  /** The events of the contract that say so, in no order of time. */
  readonly events: readonly Record<string, unknown>[];
}

const MODELS = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-3-5-haiku-20241022'],
  ['openai', 'gpt-4o-mini'],
  ['google', 'gemini-2.5-flash'],
  ['openai', 'gpt-of-nobody'],
  ['nobody', 'mystery-1'],
] as const;
const AGENTS = ['planner', 'writer', 'critic', ''];
const TOOLS = ['search', 'sql', 'browser', 'mail'];

/** xorshift32: the same events on every machine and in every run. */
export function randomSource(start: number): () => number {
  let state = start;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Some 2,000 records of every kind, with everything that makes counting hard: gaps, failures, unknown prices, repeats. */
export function seedRecords(prices: PriceBook, count = 2000, start = 42): Seed {
  const random = randomSource(start);
  const integer = (limit: number): number => Math.floor(random() * limit);
  const pick = <Value>(values: readonly Value[]): Value => values[integer(values.length)] as Value;
  const maybe = (share: number, value: string): string => (random() < share ? value : '');
  const records: SeededRecord[] = [];
  const events: Record<string, unknown>[] = [];
  for (let index = 0; index < count; index++) {
    // Times are unique, so that "the latest" is one record.
    const ms = NOW_MS - SPAN_MS + Math.floor((index * SPAN_MS) / count) + integer(60_000);
    const base: SeededBase = {
      ms,
      // Sessions come and go: a hundred records share four of them.
      session: maybe(0.9, `session-${Math.floor(index / 100)}-${integer(4)}`),
      user: maybe(0.8, `user-${integer(9)}`),
      agent: pick(AGENTS),
      context: maybe(0.7, `context-${integer(40)}`),
      task: maybe(0.5, `task-${integer(200)}`),
    };
    const dice = random();
    const made =
      dice < 0.45
        ? makeRequest(base, index, { random, integer, pick, maybe, prices })
        : dice < 0.65
          ? makeTool(base, { random, integer, pick, maybe })
          : dice < 0.75
            ? makeTask(base, index, { random, integer, pick, maybe })
            : dice < 0.85
              ? made1({ ...base, kind: 'message' }, { ...wire(base), type: 'message', role: 'user' })
              : makePage(base, pick);
    records.push(...made.records);
    events.push(...made.events);
  }
  return { records, events: shuffled(events, random) };
}

interface Made {
  readonly records: readonly SeededRecord[];
  readonly events: readonly Record<string, unknown>[];
}
interface Dice {
  readonly random: () => number;
  readonly integer: (limit: number) => number;
  readonly pick: <Value>(values: readonly Value[]) => Value;
  readonly maybe: (share: number, value: string) => string;
}

function made1(record: SeededRecord, event: Record<string, unknown>): Made {
  return { records: [record], events: [event] };
}

/** The fields every event has; empty ones are left out, as a sender does. */
function wire(base: SeededBase): Record<string, unknown> {
  return filled({
    timestamp: base.ms,
    session_id: base.session,
    user_id: base.user,
    agent: base.agent,
    context_id: base.context,
    task_id: base.task,
  });
}

function filled(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== null));
}

function makeRequest(base: SeededBase, index: number, dice: Dice & { readonly prices: PriceBook }): Made {
  const { integer, pick, maybe, random } = dice;
  const [provider, model] = pick(MODELS);
  const status = pick(['success', 'success', 'success', 'success', 'failed', 'timeout']);
  const reported = random() < 0.93;
  const output = integer(900);
  const tokens = reported
    ? { input: integer(3000), cacheRead: integer(2) * integer(9000), cacheWrite: 0, output, reasoning: integer(output + 1), reported }
    : { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, reported };
  const record: SeededRequest = {
    ...base,
    kind: 'request',
    id: `request-${index}`,
    provider,
    model,
    status,
    errorType: status === 'success' ? '' : pick(['overloaded', 'rate_limit']),
    tool: maybe(0.2, pick(TOOLS)),
    trace: '',
    team: maybe(0.8, pick(['red', 'blue', '=HYPERLINK("x")', "o'neill\\\t\n"])),
    latencyMs: random() < 0.9 ? integer(80_000) / 4 : null,
    firstTokenMs: random() < 0.5 ? integer(4000) / 4 : null,
    tokens,
    ...priceOf(dice.prices, { provider, model, ms: base.ms, status, tokens }),
    duplicate: false,
  };
  // A trace lends its users and sessions to spans without; those of whole records have nothing to inherit.
  const whole = base.session !== '' && base.user !== '' && base.context !== '' && base.task !== '' && base.agent !== '';
  if (!whole) return made1(record, requestEvent(record));
  const inner = { ...record, trace: `trace-${index}`, id: `${record.id}-inner` };
  const event = { ...requestEvent(inner), span_id: 'inner', response_id: `response-${index}` };
  if (index % 3 > 0) return made1(inner, event);
  const outer: SeededRequest = { ...inner, id: `${record.id}-outer`, ms: base.ms + 1, duplicate: true };
  return {
    records: [inner, outer],
    events: [
      { ...event, parent_span_id: 'outer' },
      { ...requestEvent(outer), span_id: 'outer', response_id: `response-${index}` },
    ],
  };
}

type PriceFacts = Pick<SeededRequest, 'cost' | 'reason' | 'missing'>;

function priceOf(
  prices: PriceBook,
  call: { provider: string; model: string; ms: number; status: string; tokens: SeededRequest['tokens'] },
): PriceFacts {
  const { tokens } = call;
  const usage = {
    inputTokens: tokens.input,
    cacheReadTokens: tokens.cacheRead,
    cacheWriteTokens: tokens.cacheWrite,
    cacheWrite1hTokens: 0,
    outputTokens: tokens.output,
    reasoningTokens: tokens.reasoning,
    inputAudioTokens: 0,
    outputAudioTokens: 0,
    inputImageTokens: 0,
    outputImageTokens: 0,
    cacheReadAudioTokens: 0,
    webSearches: 0,
  };
  const price = priceRequest(prices, { provider: call.provider, model: call.model, timestampMs: call.ms, usage });
  if (price.status === 'unpriced') return { cost: null, reason: price.reason, missing: price.missing };
  if (!tokens.reported && call.status === 'success') return { cost: null, reason: 'no_usage', missing: [] };
  return { cost: price.costPicodollars, reason: '', missing: [] };
}

function requestEvent(record: SeededRequest): Record<string, unknown> {
  const { tokens } = record;
  return {
    ...wire(record),
    ...filled({
      id: record.id,
      type: 'ai_request',
      provider: record.provider,
      model: record.model,
      status: record.status,
      error_type: record.errorType,
      tool: record.tool,
      trace_id: record.trace,
      latency_ms: record.latencyMs,
      time_to_first_token_ms: record.firstTokenMs,
    }),
    ...(tokens.reported
      ? {
          input_tokens: tokens.input,
          cache_read_tokens: tokens.cacheRead,
          output_tokens: tokens.output,
          reasoning_tokens: tokens.reasoning,
        }
      : {}),
    ...(record.team === '' ? {} : { properties: { team: record.team } }),
  };
}

function makeTool(base: SeededBase, { pick, maybe, random, integer }: Dice): Made {
  const status = pick(['success', 'success', 'success', 'failed', 'timeout']);
  const record: SeededTool = {
    ...base,
    kind: 'tool',
    tool: pick(TOOLS),
    server: maybe(0.8, pick(['files', 'web'])),
    status,
    errorType: status === 'success' ? '' : maybe(0.8, pick(['refused', 'crashed'])),
    message: status === 'success' ? '' : `it ${status} at ${base.ms}`,
    durationMs: random() < 0.9 ? integer(20_000) / 4 : null,
  };
  const event = filled({
    type: 'tool_execution',
    tool: record.tool,
    server: record.server,
    status,
    error_type: record.errorType,
    error_message: record.message,
    duration_ms: record.durationMs,
  });
  return made1(record, { ...wire(base), ...event });
}

function makeTask(base: SeededBase, index: number, { pick, maybe, integer }: Dice): Made {
  const task = `task-of-its-own-${index}`;
  const status = pick(['completed', 'completed', 'failed', 'timeout', 'canceled', 'working']);
  const failed = status === 'failed' || status === 'timeout';
  const record: SeededTask = {
    ...base,
    kind: 'task',
    task,
    status,
    errorType: failed ? maybe(0.8, pick(['overloaded', 'bad_plan'])) : '',
    message: failed ? `it ${status} at ${base.ms}` : '',
    endMs: status === 'working' ? null : base.ms + 1 + integer(100_000),
  };
  const common = { ...wire(record), type: 'agent_task' };
  const events: Record<string, unknown>[] = [{ ...common, status: record.endMs === null ? status : 'started' }];
  if (record.endMs !== null) {
    events.push({ ...common, ...filled({ timestamp: record.endMs, status, error_type: record.errorType, error_message: record.message }) });
  }
  return { records: [record], events };
}

function makePage(base: SeededBase, pick: Dice['pick']): Made {
  const type = pick(['page_view', 'page_view', 'page_view', 'signup', 'link_click']);
  const address = type === 'signup' ? {} : { page_url: 'https://example.org/a' };
  const target = type === 'link_click' ? { target_url: 'https://example.org/b' } : {};
  return made1({ ...base, kind: 'page', type }, { ...wire(base), type, ...address, ...target });
}

/** Events arrive in any order: Fisher and Yates. */
export function shuffled<Value>(values: readonly Value[], random: () => number): Value[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other] as Value, result[index] as Value];
  }
  return result;
}
