import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../live/observed-event.js';
import { observed, observedPage } from '../live/testing/observed.js';
import { bind, render, sql } from '../store/sql.js';
import { openDetection, type TestDetection } from './testing/open-detection.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let test: TestDetection;
beforeAll(async () => {
  test = await openDetection(Date.UTC(2026, 9, 5, 12));
});
afterAll(() => test.remove());

let projects = 0;
const freshProject = (): string => `p${++projects}`;
const now = (): number => test.time.nowMs;
const repeat = (count: number, make: (index: number) => ObservedEvent): void =>
  test.service.observe(Array.from({ length: count }, (_, index) => make(index)));

/** A stored event of a table, with the columns that matter here. */
const stored = (projectId: string, id: string, timestampMs: number, more: Record<string, unknown>): Record<string, unknown> => ({
  project_id: projectId,
  event_id: id,
  timestamp: new Date(timestampMs).toISOString(),
  received_at: new Date(timestampMs).toISOString(),
  version: 1,
  ...more,
});

describe('an open anomaly', () => {
  it.each(['restart', 'kill'] as const)('is the same one after a %s', async (ending) => {
    const projectId = freshProject();
    repeat(15, () => observedPage({ projectId, timestampMs: now() }));
    await test.pass(1);
    const before = await test.stored(projectId);
    expect(before).toHaveLength(1);
    await test[ending]();
    expect(await test.stored(projectId)).toEqual(before);
    repeat(31, () => observedPage({ projectId, timestampMs: now() }));
    await test.pass(1);
    expect(await test.stored(projectId)).toMatchObject([{ anomaly_id: before[0]?.anomaly_id, level: 'critical', resolved_at: null }]);
    await test.pass(12);
    expect(await test.stored(projectId)).toMatchObject([{ anomaly_id: before[0]?.anomaly_id, resolved_at: expect.any(String) }]);
    await test[ending]();
    await test.pass(12);
    const told = test.changes.filter(({ anomaly }) => anomaly.project_id === projectId);
    expect(told.map(({ change }) => change)).toEqual(['opened', 'updated', 'resolved']);
  });

  it('has the time to show itself again after the server was away', async () => {
    const projectId = freshProject();
    repeat(15, () => observedPage({ projectId, timestampMs: now() }));
    await test.pass(1);
    await test.service.close();
    test.time.advance(3 * HOUR_MS);
    await test.restart();
    await test.pass(9);
    expect(await test.service.list(projectId)).toHaveLength(1);
    await test.pass(1);
    expect(await test.service.list(projectId)).toEqual([]);
  });

  it('is stored although the process is killed right after it opened, and when the store failed at first', async () => {
    const projectId = freshProject();
    test.store.failNextInsert('anomalies');
    repeat(15, () => observedPage({ projectId, timestampMs: now() }));
    await test.pass(1);
    expect(test.failures).toHaveLength(1);
    await test.pass(1);
    await test.kill();
    expect(await test.stored(projectId)).toMatchObject([{ value: 15, resolved_at: null }]);
    test.failures.length = 0;
  });
});

describe('what a visitor did within a day', () => {
  const visit = (projectId: string, index: number, more: Record<string, unknown> = {}): Record<string, unknown> =>
    stored(projectId, `v${index}`, now() - index * MINUTE_MS, {
      event_type: 'page_view',
      visitor_id: 'fp',
      session_id: `s${index}`,
      ip: '192.0.2.0',
      ...more,
    });
  const nextVisit = (projectId: string, more: Partial<ObservedEvent> = {}): ObservedEvent =>
    observedPage({ projectId, timestampMs: now(), visitorId: 'fp', sessionId: 's0', ip: '192.0.2.77', ...more });

  it('is known after a restart: sessions are counted on', async () => {
    const projectId = freshProject();
    await test.store.insert(
      'analytics_events',
      [0, 1, 2].map((index) => visit(projectId, index)),
    );
    await test.store.insert('http_requests', [visit(projectId, 3, { event_type: undefined, request_kind: 'other' })]);
    await test.restart();
    test.service.observe([nextVisit(projectId)]);
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
    test.service.observe([nextVisit(projectId, { sessionId: 'another' })]);
    await test.pass(1);
    expect(await test.stored(projectId)).toMatchObject([{ metric: 'session_count_per_fingerprint', value: 5 }]);
  });

  it('counts an address once, before the restart as it is stored and after it as it is', async () => {
    const projectId = freshProject();
    await test.store.insert('analytics_events', [
      visit(projectId, 0, { ip: '192.0.2.0', session_id: 's' }),
      visit(projectId, 1, { ip: '198.51.100.0', session_id: 's' }),
    ]);
    await test.restart();
    test.service.observe([nextVisit(projectId, { ip: '192.0.2.77' }), nextVisit(projectId, { ip: '198.51.100.5' })]);
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
    test.service.observe([nextVisit(projectId, { ip: '198.51.100.6' })]);
    await test.pass(1);
    expect(await test.stored(projectId)).toMatchObject([{ metric: 'unique_ips_per_fingerprint', value: 3 }]);
  });

  it('is not what was imported later', async () => {
    const projectId = freshProject();
    const importedAt = new Date(now()).toISOString();
    await test.store.insert(
      'analytics_events',
      [10, 20, 30, 40, 50].map((index) => visit(projectId, index, { received_at: importedAt })),
    );
    await test.restart();
    test.service.observe([nextVisit(projectId)]);
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
  });
});

describe('the last hour', () => {
  it('is known after a restart, for response times, errors and spikes', async () => {
    const projectId = freshProject();
    const calls = Array.from({ length: 60 }, (_, index) =>
      stored(projectId, `c${index}`, now() - (1 + (index % 20)) * MINUTE_MS, {
        model: 'm',
        agent: 'a',
        status: index % 20 === 0 ? 'failed' : 'success',
        latency_ms: index % 2 === 0 ? 90 : 110,
      }),
    );
    const executions = calls.map((call, index) => ({
      ...call,
      event_id: `t${index}`,
      model: undefined,
      latency_ms: undefined,
      tool: 't',
      duration_ms: 100,
    }));
    await test.store.insert('ai_requests', calls);
    await test.store.insert('mcp_tool_executions', executions);
    await test.store.insert(
      'http_requests',
      calls.map(({ project_id, event_id, timestamp, received_at, version }) => ({
        ...{ project_id, event_id, timestamp, received_at, version },
        ...{ request_kind: 'other', page_path: '/api', status_code: 200, duration_ms: 100 },
      })),
    );
    await test.restart();
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
    repeat(5, () => observed({ projectId, timestampMs: now(), model: 'm', durationMs: 125 }));
    repeat(5, () => observed({ projectId, timestampMs: now(), type: 'tool_execution', tool: 't', durationMs: 100 }));
    repeat(5, () => observedPage({ projectId, timestampMs: now(), path: '/api', durationMs: 200, visitorId: '' }));
    repeat(50, () => observed({ projectId, timestampMs: now(), type: 'tool_execution', tool: 'u', agent: 'a' }));
    await test.pass(1);
    const found = (await test.stored(projectId)).map(({ metric, dimension, dimension_value, level, value }) => [
      metric,
      dimension,
      dimension_value,
      level,
      value,
    ]);
    expect(found.sort()).toEqual([
      ['avg_response_time_deviation', 'model', 'm', 'warning', 2.5],
      ['avg_response_time_deviation', 'path', '/api', 'critical', 10],
      ['requests_per_minute', 'agent', 'a', 'critical', 50],
      ['requests_per_minute', 'project', '', 'critical', 65],
    ]);
  });
});

describe('the hours to compare with', () => {
  const spend = (projectId: string, atMs: number, dollars: bigint, more: Partial<ObservedEvent> = {}): ObservedEvent =>
    observed({ projectId, timestampMs: atMs, receivedMs: now(), agent: 'a', costPicodollars: dollars * 1_000_000_000_000n + 1n, ...more });
  const history = (projectId: string): Promise<unknown[]> =>
    test.store.query(
      render(sql`SELECT metric, dimension, dimension_value, bucket, toUInt32(sum(samples)) AS samples, sum(total) AS total FROM metric_history
        WHERE project_id = ${bind.string(projectId)} GROUP BY metric, dimension, dimension_value, bucket ORDER BY metric, dimension, bucket`),
    );

  it('are written every ten seconds, and add up over a restart', async () => {
    const projectId = freshProject();
    const bucket = new Date(Math.floor(now() / HOUR_MS) * HOUR_MS).toISOString().replace('.000Z', 'Z');
    test.service.observe([spend(projectId, now(), 1n, { tokens: 7 }), spend(projectId, now(), 2n, { tokens: 5 })]);
    await test.pass(1);
    test.service.observe([spend(projectId, now(), 3n)]);
    await test.kill();
    const cost = { metric: 'cost_per_hour', bucket, samples: 2, total: '3000000000002' };
    const requests = { metric: 'requests_per_hour', bucket, samples: 2, total: '2' };
    expect(await history(projectId)).toEqual([
      { ...cost, dimension: 'agent', dimension_value: 'a' },
      { ...cost, dimension: 'model', dimension_value: 'small' },
      { ...cost, dimension: 'project', dimension_value: '' },
      { ...requests, dimension: 'agent', dimension_value: 'a' },
      { ...requests, dimension: 'project', dimension_value: '' },
      { ...requests, metric: 'tokens_per_request', dimension: 'model', dimension_value: 'small', total: '12' },
    ]);
    test.service.observe([spend(projectId, now(), 4n)]);
    await test.restart();
    expect(await history(projectId)).toContainEqual({
      ...cost,
      dimension: 'project',
      dimension_value: '',
      samples: 3,
      total: '7000000000003',
    });
  });

  it('that could not be written are written the next time', async () => {
    const projectId = freshProject();
    test.store.failNextInsert('metric_history');
    test.service.observe([spend(projectId, now(), 1n)]);
    test.time.advance(MINUTE_MS);
    await expect(test.service.tick()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await history(projectId)).toEqual([]);
    await test.pass(1);
    expect(await history(projectId)).toHaveLength(5);
  });

  it('may arrive weeks later, and tell then what is too much for the hour, also after a restart', async () => {
    const projectId = freshProject();
    // At the start of an hour, so that all of it happens in the same one.
    test.time.advance(HOUR_MS - (now() % HOUR_MS));
    const hour = (weeks: number): number => now() - weeks * 7 * DAY_MS;
    test.service.observe([1, 2, 3].map((weeks) => spend(projectId, hour(weeks), 10n, { agent: '' })));
    await test.pass(2);
    expect(await test.stored(projectId)).toEqual([]);
    await test.restart();
    test.service.observe([spend(projectId, now(), 15n, { agent: '' })]);
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
    test.service.observe([spend(projectId, now(), 1n, { agent: '' })]);
    await test.pass(1);
    const found = await test.stored(projectId);
    expect(found.map(({ dimension, method, level, value, expected }) => [dimension, method, level, value, expected]).sort()).toEqual([
      ['model', 'seasonal', 'warning', 16_000_000, 10_000_000],
      ['project', 'seasonal', 'warning', 16_000_000, 10_000_000],
    ]);
    expect(found[0]?.message).toMatch(/is \$16, 4 deviations above \$10, the median of this hour of earlier weeks\.$/);
  });
});

describe('people who are forgotten', () => {
  it('are in no table and in no memory any more, and others still are', async () => {
    const projectId = freshProject();
    const of = (who: string): ObservedEvent[] => [
      observed({ projectId, timestampMs: now(), userId: who, agent: 'a', costPicodollars: 10n ** 12n }),
      ...Array.from({ length: 15 }, () => observedPage({ projectId, timestampMs: now(), visitorId: `fp-${who}` })),
    ];
    await test.service.updateThreshold('cost_per_hour', { warning: 1, critical: 2 }, projectId);
    test.service.observe([...of('ada'), ...of('ben')]);
    await test.pass(1);
    test.service.observe(of('ada'));
    expect(await test.service.forget(projectId, { userIds: ['ada'], visitorIds: ['fp-ada'] })).toEqual({
      anomalies: expect.any(Number),
      metric_history: expect.any(Number),
    });
    await test.pass(1);
    await test.restart();
    const known = JSON.stringify([
      await test.stored(projectId),
      test.service.recentEvents(projectId),
      await test.store.query(render(sql`SELECT * FROM metric_history WHERE project_id = ${bind.string(projectId)}`)),
      await test.store.query(render(sql`SELECT * FROM anomalies WHERE project_id = ${bind.string(projectId)}`)),
    ]);
    expect(known).not.toContain('ada');
    expect(known).toContain('fp-ben');
    expect(known).toContain('"dimension_value":"ben"');
    expect(await test.service.forget(projectId, { userIds: ['ada'], visitorIds: [] })).toEqual({ anomalies: 0, metric_history: 0 });
  });
});
