import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observed } from '../live/testing/observed.js';
import { migrate } from '../store/migrations.js';
import { render, sql } from '../store/sql.js';
import { type ContractStore, openEmbedded } from '../store/testing/open-contract-store.js';
import { LiveStatistics } from './live-statistics.js';
import { MetricHistory } from './metric-history.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 9, 5, 12, 30);
const HOUR = Math.floor(NOW_MS / HOUR_MS);

let contract: ContractStore;
beforeEach(async () => {
  contract = await openEmbedded();
  await migrate(contract.store, NOW_MS);
});
afterEach(() => contract.remove());

async function load(): Promise<{ readonly statistics: LiveStatistics; readonly history: MetricHistory }> {
  const statistics = new LiveStatistics({ storedIp: (ip) => ip });
  const history = new MetricHistory(contract.store, statistics);
  await history.load(NOW_MS);
  return { statistics, history };
}

let events = 0;
const row = (ageMs: number, more: Record<string, unknown>): Record<string, unknown> => ({
  project_id: 'p',
  event_id: `e${++events}`,
  timestamp: new Date(NOW_MS - ageMs).toISOString(),
  received_at: new Date(NOW_MS).toISOString(),
  version: 1,
  ...more,
});

describe('an installation with events and without a history', () => {
  it('works the history out from the events, once and exactly', async () => {
    const { store } = contract;
    const call = (ageMs: number, more: Record<string, unknown> = {}): Record<string, unknown> =>
      row(ageMs, {
        model: 'm',
        agent: 'a',
        user_id: 'u',
        tool: 't',
        cost: '0.000000000001',
        usage_reported: true,
        input_tokens: 3,
        output_tokens: 2,
        cache_read_tokens: 5,
        ...more,
      });
    await store.insert('ai_requests', [
      ...Array.from({ length: 5 }, () => call(HOUR_MS, { cost: '1.000000000001' })),
      call(HOUR_MS, { cost: null, usage_reported: false }),
      call(HOUR_MS, { duplicate_of: 'x' }),
      call(7 * DAY_MS, { agent: '', user_id: '', tool: '' }),
      // Of this hour, which is not over, and of long ago.
      call(60_000),
      call(60 * DAY_MS),
      { ...call(HOUR_MS), project_id: 'other' },
    ]);
    await store.insert('mcp_tool_executions', [row(HOUR_MS, { tool: 't', agent: 'a' })]);
    await store.insert('analytics_events', [row(HOUR_MS, { event_type: 'page_view' }), row(HOUR_MS, { event_type: 'signup' })]);
    await store.insert('http_requests', [row(HOUR_MS, { request_kind: 'other' }), row(HOUR_MS, { request_kind: 'asset' })]);
    const { statistics, history } = await load();
    const cost = (dimension: 'project' | 'model' | 'agent' | 'user' | 'tool', name: string) =>
      statistics.project('p').hourSeries('cost_per_hour', dimension, name);
    for (const [dimension, name] of [
      ['project', ''],
      ['model', 'm'],
      ['agent', 'a'],
      ['user', 'u'],
      ['tool', 't'],
    ] as const) {
      expect([dimension, cost(dimension, name).valueAt(HOUR - 1), cost(dimension, name).samplesAt(HOUR - 1)]).toEqual([
        dimension,
        5_000_000,
        5,
      ]);
      expect(
        cost(dimension, name)
          .takeUnsaved()
          .find(({ hour }) => hour === HOUR - 1)?.total,
      ).toBe(5_000_000_000_005n);
    }
    expect(cost('project', '').samplesAt(HOUR - 168)).toBe(1);
    expect(cost('agent', '').samplesAt(HOUR - 168)).toBe(0);
    expect(cost('project', '').samplesAt(HOUR)).toBe(0);
    expect(cost('project', '').samplesAt(HOUR - 60 * 24)).toBe(0);
    expect(
      statistics
        .project('p')
        .hourSeries('tokens_per_request', 'model', 'm')
        .valueAt(HOUR - 1),
    ).toBe(10);
    // Six calls, an execution, a page view and a request; the agent made the calls and the execution.
    expect(
      statistics
        .project('p')
        .hourSeries('requests_per_hour', 'project', '')
        .valueAt(HOUR - 1),
    ).toBe(9);
    expect(
      statistics
        .project('p')
        .hourSeries('requests_per_hour', 'agent', 'a')
        .valueAt(HOUR - 1),
    ).toBe(7);
    expect(
      statistics
        .project('other')
        .hourSeries('cost_per_hour', 'project', '')
        .samplesAt(HOUR - 1),
    ).toBe(1);
    expect(statistics.measure(NOW_MS, [])).toEqual([]);
    await history.save();
  });

  it('writes it down, and reads that from then on', async () => {
    await contract.store.insert('ai_requests', [row(2 * HOUR_MS, { model: 'm', cost: '2', usage_reported: true, input_tokens: 3 })]);
    await (await load()).history.save();
    await contract.reopen();
    await contract.store.insert('ai_requests', [row(2 * HOUR_MS, { model: 'm', cost: '40', usage_reported: true, input_tokens: 3 })]);
    const { statistics } = await load();
    const series = statistics.project('p').hourSeries('cost_per_hour', 'project', '');
    expect([series.valueAt(HOUR - 2), series.samplesAt(HOUR - 2), series.hasUnsaved]).toEqual([2_000_000, 1, false]);
  });

  it('has none without events', async () => {
    const { statistics, history } = await load();
    await history.save();
    expect(statistics.unsavedHours()).toEqual([]);
    expect(await contract.store.query(render(sql`SELECT 1 FROM metric_history`))).toEqual([]);
  });
});

describe('a history', () => {
  it('is read back as it was, to the last picodollar, from the last weeks', async () => {
    const { statistics, history } = await load();
    const names = ['a', "b'; --", 'ü\u0000"\\'];
    for (const agent of names) {
      for (const age of [0, DAY_MS, 40 * DAY_MS]) {
        statistics.add(observed({ projectId: 'p', timestampMs: NOW_MS - age, agent, costPicodollars: 123_456_789_012_345_678n }), NOW_MS);
      }
    }
    statistics.add(observed({ projectId: 'p', timestampMs: NOW_MS - 60 * DAY_MS, agent: 'old', costPicodollars: 1n }), NOW_MS);
    await history.save();
    await contract.reopen();
    const read = (await load()).statistics;
    for (const agent of names) {
      const series = read.project('p').hourSeries('cost_per_hour', 'agent', agent);
      for (const hours of [0, 24, 40 * 24]) expect([agent, hours, series.valueAt(HOUR - hours)]).toEqual([agent, hours, 123_456_789_012]);
    }
    expect(
      read
        .project('p')
        .hourSeries('cost_per_hour', 'agent', 'old')
        .samplesAt(HOUR - 60 * 24),
    ).toBe(0);
  });

  it('loses the hours that nothing is compared with any more', async () => {
    const { history } = await load();
    const hour = (hours: number): object => ({
      ...{ project_id: 'p', metric: 'cost_per_hour', dimension: 'agent', dimension_value: 'a', samples: 1, total: '1' },
      bucket: new Date((HOUR - hours) * HOUR_MS).toISOString(),
    });
    await contract.store.insert('metric_history', [hour(0), hour(7 * 168), hour(7 * 168 + 1), hour(9000)]);
    const left = async (): Promise<unknown> =>
      contract.store.query(render(sql`SELECT toUInt32(count()) AS hours, toUnixTimestamp(min(bucket)) AS first FROM metric_history`));
    await history.prune(NOW_MS);
    expect(await left()).toEqual([{ hours: 2, first: (HOUR - 7 * 168) * 3600 }]);
    await history.prune(NOW_MS);
    expect(await left()).toEqual([{ hours: 2, first: (HOUR - 7 * 168) * 3600 }]);
  });

  it('of a newer version of the program is passed over where it is not known', async () => {
    await contract.store.insert('metric_history', [
      {
        project_id: 'p',
        metric: 'happiness',
        dimension: 'agent',
        dimension_value: 'a',
        bucket: new Date(HOUR * HOUR_MS).toISOString(),
        samples: 1,
        total: '1',
      },
      {
        project_id: 'p',
        metric: 'cost_per_hour',
        dimension: 'planet',
        dimension_value: 'a',
        bucket: new Date(HOUR * HOUR_MS).toISOString(),
        samples: 1,
        total: '1',
      },
    ]);
    const { statistics } = await load();
    expect(statistics.project('p').hourSeries('cost_per_hour', 'agent', 'a').samplesAt(HOUR)).toBe(0);
  });
});
