import { AnalyticsError } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeReport, findReport, REPORTS } from './registry.js';
import { openReports, sendAll, type TestReports } from './testing/open-reports.js';
import { NOW_MS } from './testing/report-seed.js';

let reports: TestReports;
const call = {
  type: 'ai_request',
  provider: 'openai',
  model: 'gpt-4o-mini',
  input_tokens: 10,
  output_tokens: 10,
  timestamp: NOW_MS - 60_000,
};
/** Texts that mean something to an engine, a shell, a format or a careless program. */
const WEIRD = [
  "'; DROP TABLE ai_requests; --",
  "' OR '1'='1",
  '\\',
  "\\' OR 1=1 --",
  '{p0:String}',
  '`cost`',
  '"',
  'a\tb\nc\rd',
  '\u0000',
  '%27',
  'é😀\u202e',
  '__proto__',
  'constructor',
  ']',
  "'] OR 1=1 OR properties['",
];
beforeAll(async () => {
  reports = await openReports();
  const events = WEIRD.flatMap((text) => [
    { ...call, properties: { [text]: text }, agent: text, user_id: text, model: text, tool: text },
    { type: 'tool_execution', tool: text, agent: text, timestamp: call.timestamp },
    { type: 'agent_task', task_id: text, agent: text, status: 'failed', error_type: text, timestamp: call.timestamp },
  ]);
  await sendAll(reports, events);
});
afterAll(() => reports.close());

async function failureOf(promise: Promise<unknown>): Promise<AnalyticsError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(AnalyticsError);
  return outcome as AnalyticsError;
}

describe('bad values are refused with their name, value and what is allowed', () => {
  it.each([
    [
      'costs.summary',
      { since: 'yesterday' },
      'since',
      'since is "yesterday"; allowed: a span such as 30m, 24h, 7d or 2w, or an ISO 8601 time',
    ],
    ['costs.summary', { since: '' }, 'since', 'since is ""'],
    ['costs.summary', { since: '24H' }, 'since', 'since is "24H"'],
    ['costs.summary', { since: '-24h' }, 'since', 'since is "-24h"'],
    ['costs.summary', { since: '1.5h' }, 'since', 'since is "1.5h"'],
    ['costs.summary', { since: '9999999w' }, 'since', 'since is "9999999w"'],
    ['costs.summary', { since: '2026-02-30' }, 'since', 'since is "2026-02-30"'],
    ['costs.summary', { since: '2026-03-01T24:00:00Z' }, 'since', 'since is'],
    ['costs.summary', { since: '2026-03-01T12:60' }, 'since', 'since is'],
    ['costs.summary', { since: '1711929600000' }, 'since', 'since is'],
    ['costs.summary', { since: '1969-12-31' }, 'since', 'between 1970 and 2100'],
    ['costs.summary', { until: '2101-01-01' }, 'until', 'between 1970 and 2100'],
    ['costs.summary', { until: 'later' }, 'until', 'until is "later"'],
    ['costs.summary', { since: '1h', until: '2026-03-01T00:00:00Z' }, undefined, undefined],
    [
      'costs.summary',
      { since: '2026-03-01', until: '2026-03-01' },
      'since',
      'allowed: a time before until, which is 2026-03-01T00:00:00.000Z',
    ],
    ['costs.summary', { since: '2027-01-01' }, 'since', 'since is 2027-01-01T00:00:00.000Z; allowed: a time before until'],
    ['costs.summary', { since: '2000-01-01' }, 'since', 'at most 3660 days before until'],
    ['costs.breakdown', { limit: '0' }, 'limit', 'limit is "0"; allowed: a whole number from 1 to 10000.'],
    ['costs.breakdown', { limit: '10001' }, 'limit', 'from 1 to 10000'],
    ['costs.breakdown', { limit: '1e3' }, 'limit', 'limit is "1e3"'],
    ['costs.breakdown', { limit: '5.0' }, 'limit', 'limit is "5.0"'],
    ['costs.breakdown', { limit: ' 5' }, 'limit', 'limit is " 5"'],
    ['costs.breakdown', { limit: 'all' }, 'limit', 'limit is "all"'],
    [
      'costs.breakdown',
      { sort_by: 'name' },
      'sort_by',
      'sort_by is "name"; allowed: cost, cost_usd, cost_microdollars, requests, unpriced_requests',
    ],
    [
      'costs.breakdown',
      { by: 'colour' },
      'by',
      'allowed: model, provider, agent, tool, user, session, task, trace, key, or properties.NAME',
    ],
    ['costs.breakdown', { by: 'modelx' }, 'by', 'by is "modelx"'],
    ['costs.breakdown', { by: 'properties.' }, 'by', 'by is "properties."'],
    ['costs.breakdown', { by: '__proto__' }, 'by', 'by is "__proto__"'],
    ['costs.breakdown', { by: 'model\n' }, 'by', 'by is'],
    ['costs.trends', { group_by: 'month' }, 'group_by', 'group_by is "month"; allowed: hour, day, week.'],
    [
      'costs.trends',
      { since: '90d', group_by: 'hour' },
      'group_by',
      'makes 2160 buckets of this range; at most 2000 are answered. Use group_by=day',
    ],
    ['costs.trends', { since: '2555d', group_by: 'day' }, 'group_by', 'Use group_by=week'],
    ['requests.list', { status: 'error' }, 'status', 'allowed: success, failed, timeout.'],
    ['requests.list', { user: '' }, 'user', 'allowed: 1 to 65536 characters.'],
    ['agents.show', {}, 'agent', 'agent is missing'],
    ['tools.show', {}, 'tool', 'tool is missing'],
    ['sessions.live', { minutes: '0' }, 'minutes', 'allowed: a whole number from 1 to 1440.'],
  ])('%s %j', async (name, parameters, path, message) => {
    if (path === undefined) return expect((await reports.report(name, parameters)).since).toBe('2026-02-28T23:00:00.000Z');
    const error = await failureOf(reports.report(name, parameters));
    expect([error.code, error.path]).toEqual(['invalid_parameter', path]);
    expect(error.message).toContain(message);
    return undefined;
  });

  it.each([
    ['costs.summary', 'limit', 'it has: model, provider, agent, status, session, user, task, trace, since, until.'],
    ['costs.trends', 'sort_by', 'group_by.'],
    ['sessions.live', 'since', 'it has: include, minutes, sort_by, limit.'],
    ['costs.breakdown', '__proto__', '"__proto__" is not a parameter of costs breakdown; it has: by, model'],
    ['overview.overview', 'Since', 'it has: include, since, until.'],
  ])('%s does not know %s', async (name, parameter, message) => {
    const parameters: Record<string, string> = JSON.parse(`{${JSON.stringify(parameter)}: "1"}`);
    const error = await failureOf(reports.report(name, parameters));
    expect([error.code, error.path]).toEqual(['unknown_parameter', parameter]);
    expect(error.message).toContain(message);
  });

  it.each([
    ['costs', 'sumary', 'costs has: summary, breakdown, trends, unpriced.'],
    ['cost', 'summary', 'There are: overview/overview, costs/summary'],
    ['__proto__', 'constructor', 'There are:'],
  ])('%s/%s is not a report', (group, name, message) => {
    expect(() => findReport(group, name)).toThrow(
      expect.objectContaining({ code: 'unknown_report', message: expect.stringContaining(message) }),
    );
  });
});

describe('times', () => {
  it.each([
    [{ since: '24h' }, '2026-03-31T12:00:00.000Z', '2026-04-01T12:00:00.000Z'],
    [{}, '2026-03-31T12:00:00.000Z', '2026-04-01T12:00:00.000Z'],
    [{ since: '30m', until: 'now' }, '2026-04-01T11:30:00.000Z', '2026-04-01T12:00:00.000Z'],
    [{ since: '2w', until: '1d' }, '2026-03-17T12:00:00.000Z', '2026-03-31T12:00:00.000Z'],
    // Without an offset it is the time on the project's clocks, before and after they change.
    [{ since: '2026-03-01', until: '2026-03-30' }, '2026-02-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    [{ since: '2026-03-29T01:59:59', until: '2026-03-29 03:00' }, '2026-03-29T00:59:59.000Z', '2026-03-29T01:00:00.000Z'],
    // 02:30 does not exist that day, and exists twice in October.
    [{ since: '2026-03-29T02:30', until: '2026-03-29T12:00Z' }, '2026-03-29T01:30:00.000Z', '2026-03-29T12:00:00.000Z'],
    [{ since: '2025-10-26T02:30', until: '2025-10-26T03:00' }, '2025-10-26T00:30:00.000Z', '2025-10-26T02:00:00.000Z'],
    [{ since: '2026-03-01T12:00:00.1239Z', until: '2026-03-01T14:00:00+01:30' }, '2026-03-01T12:00:00.123Z', '2026-03-01T12:30:00.000Z'],
  ])('%j', async (parameters, since, until) => {
    const answer = await reports.report('costs.summary', parameters as Record<string, string>, { timeZone: 'Europe/Berlin' });
    expect([answer.since, answer.until, answer.time_zone]).toEqual([since, until, 'Europe/Berlin']);
  });

  it('the range includes its start and not its end', async () => {
    const at = (ms: number): string => new Date(ms).toISOString();
    const count = async (since: number, until: number) =>
      (await reports.report('costs.summary', { since: at(since), until: at(until) })).rows[0]?.['requests'];
    expect(await count(call.timestamp, call.timestamp + 1)).toBe(WEIRD.length);
    expect(await count(call.timestamp - 1, call.timestamp)).toBe(0);
    expect(await count(call.timestamp + 1, call.timestamp + 2)).toBe(0);
  });
});

describe('what a sender wrote is data, never SQL', () => {
  it.each(WEIRD)('%j', async (text) => {
    const one = async (name: string, parameters: Record<string, string>) => (await reports.report(name, parameters)).rows;
    for (const name of ['agent', 'user', 'model']) {
      expect((await one('requests.list', { [name]: text })).length, name).toBe(1);
      expect((await one('costs.summary', { [name]: text }))[0]?.['requests'], name).toBe(1);
    }
    for (const name of ['provider', 'session', 'task', 'trace']) expect(await one('requests.list', { [name]: text }), name).toEqual([]);
    expect((await one('agents.show', { agent: text }))[0]).toMatchObject({
      agent: text,
      tasks: 1,
      failed_tasks: 1,
      requests: 1,
      tool_executions: 1,
    });
    expect((await one('tools.show', { tool: text }))[0]).toMatchObject({ tool: text, executions: 1, requests: 1 });
    expect((await one('agents.trends', { agent: text })).reduce((sum, row) => sum + Number(row['tasks']), 0)).toBe(1);
    expect((await one('tools.trends', { tool: text })).reduce((sum, row) => sum + Number(row['executions']), 0)).toBe(1);
    const by = `properties.${text}`;
    const answer = await reports.report('costs.breakdown', { by });
    const shown = Object.fromEntries(answer.rows.map((row) => [row[by], row['requests']]));
    expect(shown).toEqual({ [text]: 1, null: WEIRD.length - 1 });
    expect(answer.columns[0]?.name).toBe(by);
    expect(answer.totals?.['requests']).toBe(WEIRD.length);
  });
});

describe("another project's data", () => {
  it('never appears, whatever is asked', async () => {
    await reports.product.projects.create('other', 'Other', 'Europe/Berlin');
    const marks = {
      agent: 'secret-agent',
      tool: 'secret-tool',
      user_id: 'secret-user',
      session_id: 'secret-session',
      context_id: 'secret-context',
    };
    const at = { timestamp: NOW_MS - 1000 };
    const events = [
      { ...call, ...marks, ...at, model: 'secret-model', task_id: 'secret-task', properties: { 'secret-key': 'secret-value' } },
      { type: 'tool_execution', ...marks, ...at },
      { type: 'agent_task', ...marks, ...at, tool: undefined, task_id: 'secret-task', status: 'started' },
      { type: 'message', ...marks, ...at, tool: undefined },
      { type: 'page_view', ...marks, ...at, tool: undefined, page_url: 'https://secret.example' },
    ].map((event) => JSON.parse(JSON.stringify(event)) as unknown);
    expect((await reports.send(events, { projectId: 'other' })).rejected).toEqual([]);
    const given: Record<string, string> = { agent: 'secret-agent', tool: 'secret-tool' };
    for (const definition of REPORTS) {
      const { parameters } = describeReport(definition);
      const required = parameters.filter((each) => each.required === true).map((each) => [each.name, given[each.name] ?? ''] as const);
      const name = `${definition.group}.${definition.name}`;
      const { parameters: _, ...answer } = await reports.report(name, Object.fromEntries(required));
      expect(JSON.stringify(answer), name).not.toContain('secret');
      const own = await reports.report(name, Object.fromEntries(required), { projectId: 'other' });
      expect(own.rows.length, name).toBeGreaterThan(0);
    }
    const empty = await reports.report('overview.overview', {}, { projectId: 'nobody' });
    for (const name of [
      'requests',
      'sessions',
      'users',
      'page_views',
      'tool_executions',
      'tasks',
      'conversations',
      'messages',
      'active_agents',
    ]) {
      expect(empty.rows[0]?.[name], name).toBe(0);
    }
  });
});
