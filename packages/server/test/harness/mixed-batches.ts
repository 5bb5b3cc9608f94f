import { PICODOLLARS_PER_TOKEN } from './list-prices.js';

/** One request's body: events, or spans as OTLP/JSON. */
export interface Batch {
  readonly name: string;
  readonly path: '/v1/events' | '/v1/traces';
  readonly body: string;
  readonly events: number;
}

/** What the reports have to say when every batch has arrived, computed from what was made and from list prices. */
export interface ExpectedTotals {
  requests: number;
  picodollars: bigint;
  toolExecutions: number;
  pageViews: number;
  messages: number;
  readonly tasks: Set<string>;
  readonly users: Set<string>;
  /** Picodollars by session; `-` for the calls of nobody. */
  readonly costBySession: Map<string, bigint>;
  readonly requestsByModel: Map<string, number>;
}

type Fields = Readonly<Record<string, unknown>>;

const RUNS = 600;
const RUNS_PER_BATCH = 20;
const SESSIONS = 150;
const TRACES = 200;
const TRACES_PER_BATCH = 20;
/** A parent's batch follows that of its children at this distance. */
const PARENT_BATCHES_LATER = 4;
const GPT = 'gpt-4.1-mini-2025-04-14';

/**
 * Makes batches of every kind of event, the same ones for the same seed. Every event has an id; some have no timestamp,
 * so that a batch that is sent again bears another time. The spans of a trace come before their parent, which says whose
 * they are; every seventh trace has none.
 *
 * @param nowMs time that the timestamps lie before, UTC milliseconds
 */
export function makeMixedBatches(seed: number, nowMs: number): { readonly batches: Batch[]; readonly expected: ExpectedTotals } {
  const random = randomOf(seed);
  const expected: ExpectedTotals = {
    requests: 0,
    picodollars: 0n,
    toolExecutions: 0,
    pageViews: 0,
    messages: 0,
    tasks: new Set(),
    users: new Set(),
    costBySession: new Map(),
    requestsByModel: new Map(),
  };
  const context: Making = { random, nowMs, expected };
  const eventLists: Fields[][] = Array.from({ length: RUNS / RUNS_PER_BATCH }, () => []);
  for (let run = 0; run < RUNS; run++) {
    const list = Math.floor(run / RUNS_PER_BATCH);
    const { events, completion } = makeRun(run, context);
    eventLists[list]?.push(...events);
    // A task ends in another batch than it begins in: before it for the first ones, after it for the others.
    eventLists[(list + 3) % eventLists.length]?.push(completion);
  }
  const children: Fields[][] = Array.from({ length: TRACES / TRACES_PER_BATCH }, () => []);
  const parents: Fields[][] = Array.from({ length: TRACES / TRACES_PER_BATCH }, () => []);
  for (let trace = 0; trace < TRACES; trace++) {
    const list = Math.floor(trace / TRACES_PER_BATCH);
    const made = makeTrace(trace, context);
    children[list]?.push(...made.children);
    parents[list]?.push(...made.parents);
  }
  const eventBatches = eventLists.map(
    (events, index): Batch => ({
      name: `events ${index}`,
      path: '/v1/events',
      body: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
      events: events.length,
    }),
  );
  const traceBatches: Batch[] = [];
  for (let index = 0; index < children.length + PARENT_BATCHES_LATER; index++) {
    const ofChildren = children[index];
    const ofParents = parents[index - PARENT_BATCHES_LATER];
    if (ofChildren !== undefined) traceBatches.push(traceBatch(`children ${index}`, ofChildren));
    if (ofParents !== undefined) traceBatches.push(traceBatch(`parents ${index - PARENT_BATCHES_LATER}`, ofParents));
  }
  return { batches: interleave(eventBatches, traceBatches), expected };
}

interface Making {
  readonly random: () => number;
  readonly nowMs: number;
  readonly expected: ExpectedTotals;
}

/** A visit with a task, two model calls and a tool execution. */
function makeRun(run: number, { random, nowMs, expected }: Making): { readonly events: Fields[]; readonly completion: Fields } {
  const session = `session-${run % SESSIONS}`;
  const user = `user-${(run % SESSIONS) % 40}`;
  const task = `task-${run}`;
  const who = { session_id: session, user_id: user };
  const inTask = { ...who, task_id: task, agent: `agent-${run % 5}` };
  // Without a timestamp an event happened when it arrived.
  const time = (): Fields => (random() < 0.4 ? {} : { timestamp: new Date(nowMs - Math.floor(random() * 6 * 3_600_000)).toISOString() });
  const input = 1 + Math.floor(random() * 5_000);
  const output = 1 + Math.floor(random() * 800);
  const cacheRead = Math.floor(random() * 20_000);
  const cacheWrite1h = Math.floor(random() * 300);
  const cacheWrite = cacheWrite1h + Math.floor(random() * 300);
  const { gpt, claude } = PICODOLLARS_PER_TOKEN;
  addCall(expected, session, 'gpt-4.1-mini', BigInt(input) * gpt.input + BigInt(output) * gpt.output);
  addCall(
    expected,
    session,
    'claude-sonnet-4-6',
    BigInt(input) * claude.input +
      BigInt(cacheRead) * claude.cacheRead +
      BigInt(cacheWrite - cacheWrite1h) * claude.cacheWrite5m +
      BigInt(cacheWrite1h) * claude.cacheWrite1h +
      BigInt(output) * claude.output,
  );
  expected.toolExecutions += 1;
  expected.pageViews += 1;
  expected.messages += 1;
  expected.tasks.add(task);
  expected.users.add(user);
  const tokens = { input_tokens: input, output_tokens: output };
  const cache = { cache_read_tokens: cacheRead, cache_write_tokens: cacheWrite, cache_write_1h_tokens: cacheWrite1h };
  const claudeCall = { type: 'ai_request', provider: 'anthropic', model: 'claude-sonnet-4-6', ...tokens, ...cache };
  return {
    events: [
      { id: `${run}-page`, type: 'page_view', ...time(), ...who, page_url: `https://example.com/${run % 9}` },
      { id: `${run}-message`, type: 'message', ...time(), ...who, context_id: `context-${run}`, role: 'user', content_length: 12 },
      { id: `${run}-begin`, type: 'agent_task', ...time(), ...inTask, status: 'working' },
      { id: `${run}-gpt`, type: 'ai_request', ...time(), ...inTask, provider: 'openai', model: 'gpt-4.1-mini', ...tokens },
      { id: `${run}-claude`, ...time(), ...inTask, ...claudeCall, properties: { run } },
      { id: `${run}-tool`, type: 'tool_execution', ...time(), ...inTask, tool: `tool-${run % 3}`, status: 'success', duration_ms: 5 },
    ],
    completion: { id: `${run}-end`, type: 'agent_task', ...time(), ...inTask, status: 'completed' },
  };
}

/** A model call and a tool execution whose parent says whose they are. */
function makeTrace(trace: number, { random, nowMs, expected }: Making): { readonly children: Fields[]; readonly parents: Fields[] } {
  const traceId = (trace + 1).toString(16).padStart(32, '0');
  const spanId = (span: number): string => ((trace + 1) * 16 + span).toString(16).padStart(16, '0');
  const hasParent = trace % 7 !== 0;
  const session = `traced-${trace % 20}`;
  const user = `traced-user-${trace % 10}`;
  const input = 1 + Math.floor(random() * 5_000);
  const output = 1 + Math.floor(random() * 800);
  const { gpt } = PICODOLLARS_PER_TOKEN;
  addCall(expected, hasParent ? session : '-', GPT, BigInt(input) * gpt.input + BigInt(output) * gpt.output);
  expected.toolExecutions += 1;
  if (hasParent) expected.users.add(user);
  const startMs = nowMs - 3_600_000 + trace * 1_000;
  const span = (id: number, name: string, attributes: Fields, parent?: number): Fields => ({
    traceId,
    spanId: spanId(id),
    ...(parent === undefined ? {} : { parentSpanId: spanId(parent) }),
    name,
    kind: 1,
    startTimeUnixNano: `${startMs + id}000000`,
    endTimeUnixNano: `${startMs + id + 20}000000`,
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
    })),
  });
  const call = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4.1-mini',
    'gen_ai.response.model': GPT,
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
  };
  return {
    children: [
      span(2, 'chat gpt-4.1-mini', call, 1),
      span(3, 'execute_tool traced', { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'traced' }, 1),
    ],
    parents: hasParent ? [span(1, 'handle-request', { 'session.id': session, 'user.id': user })] : [],
  };
}

function addCall(expected: ExpectedTotals, session: string, model: string, cost: bigint): void {
  expected.requests += 1;
  expected.picodollars += cost;
  expected.costBySession.set(session, (expected.costBySession.get(session) ?? 0n) + cost);
  expected.requestsByModel.set(model, (expected.requestsByModel.get(model) ?? 0) + 1);
}

function traceBatch(name: string, spans: readonly Fields[]): Batch {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'traced-agent' } }] };
  return {
    name,
    path: '/v1/traces',
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] }),
    events: spans.length,
  };
}

function interleave<Item>(first: readonly Item[], second: readonly Item[]): Item[] {
  const mixed: Item[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    mixed.push(...first.slice(index, index + 1), ...second.slice(index, index + 1));
  }
  return mixed;
}

/** A linear congruential generator: small, and the same on every machine. */
export function randomOf(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}
