import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFacts, openReports, sendAll, type TestReports } from './testing/open-reports.js';
import {
  costOf,
  distinct,
  type Facts,
  groupBy,
  money,
  performanceFacts,
  requestsIn,
  sessionFacts,
  sessionsIn,
  spendingFacts,
  taskFacts,
  tasksIn,
  toolFacts,
  toolsIn,
  within,
} from './testing/report-oracle.js';
import { NOW_MS, type Seed, type SeededRecord, seedRecords } from './testing/report-seed.js';

/** A range with records before and after it, and a full previous period. */
const SINCE = NOW_MS - 5.3 * 86_400_000;
const UNTIL = NOW_MS - 0.4 * 86_400_000;
const PREVIOUS = SINCE - (UNTIL - SINCE);
const RANGE = { since: new Date(SINCE).toISOString(), until: new Date(UNTIL).toISOString() };

let reports: TestReports;
let seed: Seed;
let records: SeededRecord[];
let previous: SeededRecord[];
beforeAll(async () => {
  reports = await openReports();
  seed = seedRecords(reports.product.prices);
  await sendAll(reports, seed.events);
  // A client that got no answer sends again: nothing may count twice.
  await sendAll(reports, seed.events.filter((event) => event['id'] !== undefined).slice(0, 400));
  records = within(seed.records, SINCE, UNTIL);
  previous = within(seed.records, PREVIOUS, SINCE);
});
afterAll(() => reports.close());

const ask = (name: string, parameters: Record<string, string> = {}) => reports.report(name, { ...RANGE, ...parameters });

it('the seed has what makes counting hard', () => {
  const requests = requestsIn(records);
  expect(requests.length).toBeGreaterThan(300);
  expect(new Set(requests.map((request) => request.reason))).toEqual(new Set(['', 'unknown_model', 'unknown_provider', 'no_usage']));
  expect(records.filter((record) => record.kind === 'request' && record.duplicate).length).toBeGreaterThan(3);
  expect(costOf(requests.filter((request) => request.cost !== null))).toBeGreaterThan(0n);
});

/** Facts of a key's rows, by its value as the answer shows it. */
function perKey<Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
  factsOf: (group: Value[]) => Facts,
): Map<string | null, Facts> {
  return new Map([...groupBy(values, keyOf)].map(([key, group]) => [key === '' ? null : key, factsOf(group)]));
}

function expectTable(rows: readonly Facts[], key: string, expected: ReadonlyMap<string | null, Facts>): void {
  expect(new Set(rows.map((row) => row[key]))).toEqual(new Set(expected.keys()));
  for (const row of rows) expectFacts(row, expected.get(row[key] as string | null) ?? {}, String(row[key]));
}

describe('costs', () => {
  it('summary', async () => {
    const answer = await ask('costs.summary');
    const requests = requestsIn(records);
    const before = spendingFacts(requestsIn(previous));
    const cost = Number(costOf(requests));
    expectFacts(answer.rows[0], {
      ...spendingFacts(requests),
      previous_requests: before['requests'],
      previous_cost_usd: before['cost_usd'],
      previous_cost_microdollars: before['cost_microdollars'],
      previous_unpriced_requests: before['unpriced_requests'],
      previous_total_tokens: before['total_tokens'],
      cost_change_ratio: cost / Number(costOf(requestsIn(previous))) - 1,
      requests_change_ratio: requests.length / requestsIn(previous).length - 1,
    });
    const priced = requests.filter((request) => request.cost !== null).length;
    expect(answer.rows[0]?.['average_cost_per_request_usd']).toMatch(/^0\.\d{1,12}$/);
    expect(Number(answer.rows[0]?.['average_cost_per_request_usd']) * priced * 1e12).toBeCloseTo(cost, -4);
    const unpriced = requests.length - priced;
    expect(answer.notes).toEqual([`${unpriced} requests are unpriced and not in the cost; see costs unpriced.`]);
  });

  it.each([
    ['model', (request: Request) => request.model],
    ['provider', (request: Request) => request.provider],
    ['agent', (request: Request) => request.agent],
    ['tool', (request: Request) => request.tool],
    ['user', (request: Request) => request.user],
    ['session', (request: Request) => request.session],
    ['task', (request: Request) => request.task],
    ['trace', (request: Request) => request.trace],
    ['key', () => ''],
    ['properties.team', (request: Request) => request.team],
    ['properties.nothing', () => ''],
  ])('breakdown by %s adds up to the total, to the picodollar', async (by, keyOf) => {
    const answer = await ask('costs.breakdown', { by, limit: '10000' });
    const requests = requestsIn(records);
    const total = costOf(requests) ?? 0n;
    const share = (cost: bigint | null): Facts => ({ cost_share: cost === null ? null : Number(cost) / Number(total) });
    expectTable(
      answer.rows,
      by,
      perKey(requests, keyOf, (group) => ({ ...spendingFacts(group), ...share(costOf(group)) })),
    );
    expectFacts(answer.totals, { ...spendingFacts(requests), cost_share: 1 });
    expect(answer.truncated).toBe(false);
    const added = answer.rows.reduce((sum, row) => sum + picodollars(row['cost_usd']), 0n);
    expect(added).toBe(total);
    const limited = await ask('costs.breakdown', { by, limit: '1' });
    expect(limited.rows).toEqual(answer.rows.slice(0, 1));
    expect(limited.totals).toEqual(answer.totals);
    expect(limited.truncated).toBe(answer.rows.length > 1);
  });

  it('breakdown sorts by what it is asked to, unknown costs last', async () => {
    const costs = (await ask('costs.breakdown', { by: 'user', sort_by: 'cost_usd', limit: '10000' })).rows.map((row) =>
      picodollars(row['cost_usd']),
    );
    expect(costs).toEqual([...costs].sort((left, right) => (left < right ? 1 : -1)));
    const tokens = (await ask('costs.breakdown', { by: 'task', sort_by: 'total_tokens' })).rows.map((row) => Number(row['total_tokens']));
    expect(tokens).toEqual([...tokens].sort((left, right) => right - left));
    expect((await ask('costs.breakdown', { sort_by: 'cost' })).rows.at(-1)?.['cost_usd']).toBeNull();
  });

  it('unpriced', async () => {
    const answer = await ask('costs.unpriced', { limit: '1000' });
    const unpriced = requestsIn(records).filter((request) => request.cost === null);
    const key = (row: Facts): string => [row['provider'], row['model'], row['reason'], row['missing_kinds'] ?? ''].join('|');
    const expected = groupBy(unpriced, (each) => [each.provider, each.model, each.reason, [...each.missing].sort().join(', ')].join('|'));
    expect(answer.rows.map(key).sort()).toEqual([...expected.keys()].sort());
    for (const row of answer.rows) {
      const group = expected.get(key(row)) ?? [];
      const times = group.map((request) => request.ms);
      const { requests, total_tokens, input_tokens, output_tokens } = spendingFacts(group);
      expectFacts(row, {
        requests,
        total_tokens,
        input_tokens,
        output_tokens,
        first_seen_at: iso(Math.min(...times)),
        last_seen_at: iso(Math.max(...times)),
      });
    }
    expect(answer.totals?.['requests']).toBe(unpriced.length);
  });
});

type Request = ReturnType<typeof requestsIn>[number];

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function picodollars(usd: unknown): bigint {
  if (usd === null) return 0n;
  const [whole = '0', fraction = ''] = String(usd).split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}

describe('requests', () => {
  it('stats', async () => {
    const requests = requestsIn(records);
    expectFacts((await ask('requests.stats')).rows[0], { ...spendingFacts(requests), ...performanceFacts(requests) });
  });

  it.each([
    ['model', 'gpt-4o-mini', (request: Request) => request.model],
    ['provider', 'openai', (request: Request) => request.provider],
    ['agent', 'planner', (request: Request) => request.agent],
    ['status', 'failed', (request: Request) => request.status],
    ['session', 'session-14-1', (request: Request) => request.session],
    ['user', 'user-3', (request: Request) => request.user],
    ['task', 'task-12', (request: Request) => request.task],
  ])('are narrowed by --%s %s in every report of them', async (name, value, fieldOf) => {
    const requests = requestsIn(records).filter((request) => fieldOf(request) === value);
    expect(requests.length).toBeGreaterThan(0);
    const given = { [name]: value, limit: '1000' };
    const { limit: _, ...unlimited } = given;
    expectFacts((await ask('requests.stats', unlimited)).rows[0], spendingFacts(requests));
    expectFacts((await ask('requests.models', given)).totals, spendingFacts(requests));
    expectFacts((await ask('costs.breakdown', given)).totals, spendingFacts(requests));
    expect((await ask('requests.list', given)).rows.length).toBe(requests.length);
    const trend = await ask('requests.trends', { ...unlimited, group_by: 'week' });
    expect(trend.rows.reduce((sum, row) => sum + Number(row['requests']), 0)).toBe(requests.length);
  });

  it('list', async () => {
    const answer = await ask('requests.list', { limit: '70' });
    const newest = requestsIn(records).sort((left, right) => right.ms - left.ms);
    expect(answer.truncated).toBe(true);
    expect(answer.totals).toBeNull();
    expect(answer.rows).toEqual(
      newest.slice(0, 70).map((request) => ({
        timestamp: iso(request.ms),
        request_id: request.id,
        provider: request.provider,
        model: request.model,
        agent: request.agent || null,
        tool: request.tool || null,
        status: request.status,
        error_type: request.errorType || null,
        ...money('cost', request.cost),
        unpriced_reason: request.reason || null,
        input_tokens: request.tokens.input,
        cache_read_tokens: request.tokens.cacheRead,
        cache_write_tokens: request.tokens.cacheWrite,
        output_tokens: request.tokens.output,
        latency_ms: request.latencyMs,
        user_id: request.user || null,
        session_id: request.session || null,
        task_id: request.task || null,
        trace_id: request.trace || null,
      })),
    );
    const slowest = await ask('requests.list', { sort_by: 'latency_ms', limit: '1' });
    expect(slowest.rows[0]?.['latency_ms']).toBe(Math.max(...newest.map((request) => request.latencyMs ?? 0)));
    const whole = await ask('requests.list', { limit: String(newest.length) });
    expect([whole.rows.length, whole.truncated]).toEqual([newest.length, false]);
  });

  it('models', async () => {
    const answer = await ask('requests.models');
    const facts = (group: Request[]): Facts => ({ ...spendingFacts(group), ...performanceFacts(group) });
    expectTable(
      answer.rows,
      'model',
      perKey(requestsIn(records), (request) => request.model, facts),
    );
    expectFacts(answer.totals, facts(requestsIn(records)));
    const counts = answer.rows.map((row) => Number(row['requests']));
    expect(counts).toEqual([...counts].sort((left, right) => right - left));
  });
});

describe('sessions', () => {
  it('stats', async () => {
    const sessions = sessionsIn(seed.records);
    const current = within(sessions, SINCE, UNTIL);
    expect(current.length).toBeGreaterThan(0);
    const { rows } = await ask('sessions.stats');
    expectFacts(rows[0], { ...sessionFacts(current), previous_sessions: within(sessions, PREVIOUS, SINCE).length });
  });

  it('live, newest first, with everything that happened in them', async () => {
    const { rows, since, until } = await reports.report('sessions.live', { minutes: '600', limit: '100' });
    expect([since, until]).toEqual([iso(NOW_MS - 36_000_000), iso(NOW_MS)]);
    const live = sessionsIn(seed.records)
      .filter((session) => session.lastMs >= NOW_MS - 36_000_000)
      .sort((left, right) => right.lastMs - left.lastMs);
    expect(live.length).toBeGreaterThan(3);
    expect(rows.map((row) => row['session_id'])).toEqual(live.map((session) => session.id));
    for (const [index, session] of live.entries()) {
      const { events, page_views, requests, cost_usd, tool_executions, tasks, messages, unpriced_requests } = sessionFacts([session]);
      const facts = { events, page_views, requests, cost_usd, tool_executions, tasks, messages, unpriced_requests };
      expectFacts(rows[index], {
        ...facts,
        user_id: session.user || null,
        started_at: iso(session.ms),
        last_activity_at: iso(session.lastMs),
      });
    }
    expect((await reports.report('sessions.live')).rows.length).toBeLessThan(live.length);
  });
});

describe('overview', () => {
  it('shows every figure with the previous period', async () => {
    const facts = (of: readonly SeededRecord[], sinceMs: number, untilMs: number): Facts => {
      const [requests, tools, tasks] = [requestsIn(of), toolsIn(of), tasksIn(of)];
      const messages = of.filter((record) => record.kind === 'message');
      const { requests: count, cost_usd, cost_microdollars, unpriced_requests, total_tokens } = spendingFacts(requests);
      const { cache_hit_rate, error_rate } = performanceFacts(requests);
      const sessions = within(sessionsIn(seed.records), sinceMs, untilMs);
      const known = [...requests, ...tools, ...tasks, ...messages];
      return {
        ...{ requests: count, cost_usd, cost_microdollars, unpriced_requests, total_tokens, cache_hit_rate, error_rate },
        sessions: sessions.length,
        users: distinct([...sessions, ...known].map((each) => each.user)),
        page_views: sessions.flatMap((each) => each.records).filter((record) => record.kind === 'page' && record.type === 'page_view')
          .length,
        tool_executions: tools.length,
        tool_success_rate: toolFacts(tools)['success_rate'],
        tasks: tasks.length,
        task_success_rate: taskFacts(tasks)['success_rate'],
        conversations: distinct([...requests, ...tasks, ...messages].map((record) => record.context)),
        messages: messages.length,
        active_agents: distinct([...requests, ...tools, ...tasks].map((record) => record.agent)),
      };
    };
    const current = facts(records, SINCE, UNTIL);
    const before = facts(previous, PREVIOUS, SINCE);
    const { rows } = await ask('overview.overview');
    expectFacts(rows[0], current);
    expectFacts(rows[0], Object.fromEntries(Object.entries(before).map(([name, value]) => [`previous_${name}`, value])));
    const numbers = Object.keys(current).filter((name) => !name.startsWith('cost_'));
    const change = (name: string): number | null => (before[name] === 0 ? null : Number(current[name]) / Number(before[name]) - 1);
    expectFacts(rows[0], Object.fromEntries(numbers.map((name) => [`${name}_change_ratio`, change(name)])));
  });
});
