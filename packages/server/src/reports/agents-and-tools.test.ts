import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFacts, openReports, sendAll, type TestReports } from './testing/open-reports.js';
import {
  distinct,
  type Facts,
  groupBy,
  mean,
  performanceFacts,
  requestsIn,
  spendingFacts,
  taskFacts,
  tasksIn,
  toolFacts,
  toolsIn,
  within,
} from './testing/report-oracle.js';
import { NOW_MS, type Seed, type SeededRecord, seedRecords } from './testing/report-seed.js';

const SINCE = NOW_MS - 6.7 * 86_400_000;
const UNTIL = NOW_MS - 0.2 * 86_400_000;
const RANGE = { since: new Date(SINCE).toISOString(), until: new Date(UNTIL).toISOString() };

let reports: TestReports;
let seed: Seed;
let records: SeededRecord[];
beforeAll(async () => {
  reports = await openReports();
  seed = seedRecords(reports.product.prices, 1500, 7);
  await sendAll(reports, seed.events);
  records = within(seed.records, SINCE, UNTIL);
});
afterAll(() => reports.close());

const ask = (name: string, parameters: Record<string, string> = {}, timeZone = 'UTC') =>
  reports.report(name, { ...RANGE, ...parameters }, { timeZone });

function costFacts(requests: ReturnType<typeof requestsIn>): Facts {
  const { requests: count, cost_usd, cost_microdollars, unpriced_requests } = spendingFacts(requests);
  return { requests: count, cost_usd, cost_microdollars, unpriced_requests };
}

function agentFacts(of: readonly SeededRecord[]): Facts {
  const requests = requestsIn(of);
  return {
    ...taskFacts(tasksIn(of)),
    ...costFacts(requests),
    total_tokens: spendingFacts(requests)['total_tokens'],
    request_error_rate: performanceFacts(requests)['error_rate'],
    tool_executions: toolsIn(of).length,
  };
}

/** How often each value occurs, most frequent first, then by name. */
function ranked(values: readonly string[]): [string | null, number][] {
  return [...groupBy(values, (value) => value)]
    .map(([value, group]): [string, number] => [value, group.length])
    .sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1))
    .map(([value, count]) => [value === '' ? null : value, count]);
}

function latestMessage(
  failures: readonly { readonly ms: number; readonly errorType: string; readonly message: string }[],
  type: string | null,
): string | undefined {
  const ofType = failures.filter((failure) => failure.errorType === (type ?? ''));
  return ofType.sort((left, right) => left.ms - right.ms).at(-1)?.message;
}

/** Records per hour of the day as clocks in the zone show it. */
function perHour(of: readonly { readonly ms: number }[], timeZone: string): number[] {
  const clock = new Intl.DateTimeFormat('en-US', { hour: 'numeric', hourCycle: 'h23', timeZone });
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { ms } of of) {
    const hour = Number(clock.format(ms));
    hours[hour] = (hours[hour] ?? 0) + 1;
  }
  return hours;
}

describe('agents', () => {
  it('stats', async () => {
    const counted = [...requestsIn(records), ...toolsIn(records), ...tasksIn(records)];
    expectFacts((await ask('agents.stats')).rows[0], {
      ...agentFacts(records),
      active_agents: distinct(counted.map((record) => record.agent)),
    });
  });

  it('list adds up to the total', async () => {
    const answer = await ask('agents.list');
    const groups = groupBy(
      records.filter((record) => ['request', 'tool', 'task'].includes(record.kind)),
      (record) => record.agent,
    );
    expect(new Set(answer.rows.map((row) => row['agent'] ?? ''))).toEqual(new Set(groups.keys()));
    for (const row of answer.rows) expectFacts(row, agentFacts(groups.get(String(row['agent'] ?? '')) ?? []), String(row['agent']));
    expectFacts(answer.totals, agentFacts(records));
    expect((await ask('agents.list', { sort_by: 'agent' })).rows.map((row) => row['agent'])).toEqual(['critic', 'planner', 'writer', null]);
  });

  it('an agent that only called models has no tasks, and no rates of them', async () => {
    const parameters = { since: '2026-03-31T23:00:00Z', until: '2026-04-01T00:00:00Z' };
    const lone = {
      type: 'ai_request',
      provider: 'openai',
      model: 'gpt-4o-mini',
      agent: 'lone',
      input_tokens: 1,
      output_tokens: 1,
      timestamp: '2026-03-31T23:30:00Z',
    };
    const unknown = { ...lone, agent: 'unknown', model: 'nobody-knows' };
    await sendAll(reports, [
      lone,
      unknown,
      { type: 'agent_task', status: 'started', task_id: 'idle-1', agent: 'idle', timestamp: '2026-03-31T23:31:00Z' },
    ]);
    const rows = new Map((await reports.report('agents.list', parameters)).rows.map((row) => [row['agent'], row]));
    expectFacts(rows.get('lone'), {
      tasks: 0,
      success_rate: null,
      average_duration_ms: null,
      requests: 1,
      request_error_rate: 0,
      tool_executions: 0,
    });
    expectFacts(rows.get('unknown'), { requests: 1, cost_usd: null, cost_microdollars: null, unpriced_requests: 1 });
    expectFacts(rows.get('idle'), {
      tasks: 1,
      running_tasks: 1,
      success_rate: null,
      requests: 0,
      cost_usd: '0',
      cost_microdollars: 0,
      request_error_rate: null,
    });
  });

  it('show', async () => {
    const own = records.filter((record) => record.agent === 'writer');
    const tasks = tasksIn(own);
    const failures = tasks.filter((task) => ['failed', 'timeout', 'rejected'].includes(task.status));
    const [row] = (await ask('agents.show', { agent: 'writer' }, 'Asia/Kolkata')).rows;
    expectFacts(row, {
      agent: 'writer',
      ...agentFacts(own),
      statuses: ranked(tasks.map((task) => task.status)).map(([status, count]) => ({ status, tasks: count })),
      top_errors: ranked(failures.map((task) => task.errorType)).map(([error, count]) => ({
        error_type: error,
        tasks: count,
        latest_message: latestMessage(failures, error),
      })),
      top_models: ranked(requestsIn(own).map((request) => request.model)).map(([model, count]) => ({ model, requests: count })),
      top_tools: ranked(toolsIn(own).map((execution) => execution.tool)).map(([tool, count]) => ({ tool, executions: count })),
      hours: perHour(tasks, 'Asia/Kolkata').map((count, hour) => ({ hour, tasks: count })),
    });
    expect((await ask('agents.show', { agent: 'nobody' })).rows).toEqual([]);
  });
});

describe('tools', () => {
  const facts = (tool?: string): Facts => {
    const executions = toolsIn(records).filter((execution) => tool === undefined || execution.tool === tool);
    const inside = requestsIn(records).filter((request) => (tool === undefined ? request.tool !== '' : request.tool === tool));
    return { ...toolFacts(executions), ...costFacts(inside) };
  };

  it('stats', async () => {
    expectFacts((await ask('tools.stats')).rows[0], { ...facts(), tools: 4, servers: 2 });
  });

  it('list adds up to the total', async () => {
    const answer = await ask('tools.list');
    expect(answer.rows.map((row) => row['tool']).sort()).toEqual(['browser', 'mail', 'search', 'sql']);
    for (const row of answer.rows) expectFacts(row, facts(String(row['tool'])));
    expectFacts(answer.totals, facts());
  });

  it('show', async () => {
    const executions = toolsIn(records).filter((execution) => execution.tool === 'sql');
    const failures = executions.filter((execution) => execution.status !== 'success');
    const sharesOf = (field: 'server' | 'agent') =>
      ranked(executions.map((execution) => execution[field])).map(([value, count]) => ({
        [field]: value,
        executions: count,
        success_rate: toolFacts(executions.filter((execution) => execution[field] === (value ?? '')))['success_rate'],
      }));
    const [row] = (await ask('tools.show', { tool: 'sql' }, 'America/Sao_Paulo')).rows;
    expectFacts(row, {
      tool: 'sql',
      ...facts('sql'),
      top_servers: sharesOf('server'),
      top_agents: sharesOf('agent'),
      top_errors: ranked(failures.map((failure) => failure.errorType)).map(([error, count]) => ({
        error_type: error,
        executions: count,
        latest_message: latestMessage(failures, error),
      })),
      hours: perHour(executions, 'America/Sao_Paulo').map((count, hour) => ({ hour, executions: count })),
    });
    expect((await ask('tools.show', { tool: 'none' })).rows).toEqual([]);
  });
});

describe('conversations', () => {
  const parts = (of: readonly SeededRecord[]): SeededRecord[] =>
    of.filter(
      (record) => record.context !== '' && (['message', 'task'].includes(record.kind) || (record.kind === 'request' && !record.duplicate)),
    );
  const facts = (of: readonly SeededRecord[]): Facts => ({
    tasks: tasksIn(of).length,
    messages: of.filter((record) => record.kind === 'message').length,
    ...costFacts(requestsIn(of)),
    total_tokens: spendingFacts(requestsIn(of))['total_tokens'],
  });
  const activity = (of: readonly SeededRecord[]) => of.map((record) => record.ms);

  it('list, latest first, counts only what lies in the range', async () => {
    const answer = await ask('conversations.list', { limit: '100' });
    const groups = [...groupBy(parts(records), (record) => record.context)].sort(
      (left, right) => Math.max(...activity(right[1])) - Math.max(...activity(left[1])),
    );
    expect(answer.rows.map((row) => row['context_id'])).toEqual(groups.map(([context]) => context));
    for (const [index, [, group]] of groups.entries()) {
      const times = activity(group);
      const bounds = { first_activity_at: iso(Math.min(...times)), last_activity_at: iso(Math.max(...times)) };
      expectFacts(answer.rows[index], { ...facts(group), ...bounds });
    }
    expectFacts(answer.totals, facts(parts(records)));
  });

  it('stats', async () => {
    const groups = [...groupBy(parts(records), (record) => record.context).values()];
    const [row] = (await ask('conversations.stats')).rows;
    expectFacts(row, {
      ...facts(parts(records)),
      conversations: groups.length,
      average_tasks: mean(groups.map((group) => tasksIn(group).length)),
      average_messages: mean(groups.map((group) => group.filter((record) => record.kind === 'message').length)),
      average_requests: mean(groups.map((group) => requestsIn(group).length)),
      average_duration_ms: mean(groups.map((group) => Math.max(...activity(group)) - Math.min(...activity(group)))),
    });
    expect(Number(row?.['average_cost_usd']) * groups.length).toBeCloseTo(Number(row?.['cost_usd']), 6);
  });

  it('trends count a conversation in every bucket it was active in', async () => {
    const { rows } = await ask('conversations.trends');
    for (const [index, row] of rows.entries()) {
      const since = Date.parse(String(row['bucket']));
      const until = Date.parse(String(rows[index + 1]?.['bucket'] ?? RANGE.until));
      const group = within(parts(records), since, until);
      expectFacts(row, { ...facts(group), conversations: distinct(group.map((record) => record.context)) }, String(row['bucket']));
    }
    expect(rows.length).toBe(8);
  });
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
