import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StoreSwitch, switchedStore } from '../http/testing/switched-store.js';
import { ManualTime } from '../live/testing/manual-timer.js';
import { observed, observedPage } from '../live/testing/observed.js';
import { migrate } from '../store/migrations.js';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { AnomalyChange } from './anomaly.js';
import { AnomalyDetectionService } from './anomaly-detection-service.js';

const NOW_MS = Date.UTC(2026, 9, 5, 12);
const TICK_MS = 5_000;

const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-anomalies-'));
const state: StoreSwitch = { failure: undefined, held: undefined };
let store: Store;
beforeAll(async () => {
  store = await switchedStore(state)({ dataFolder: folder });
  await migrate(store, NOW_MS);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Watched {
  readonly time: ManualTime;
  readonly service: AnomalyDetectionService;
  readonly changes: AnomalyChange[];
  readonly failures: unknown[];
  /** Lets the timer run so many times, and what it started end. */
  ticks(count: number): Promise<void>;
}

async function watch(on: Store = store): Promise<Watched> {
  const time = new ManualTime(NOW_MS);
  const changes: AnomalyChange[] = [];
  const failures: unknown[] = [];
  const service = await AnomalyDetectionService.open(on, {
    clock: time.clock,
    timer: time,
    onChange: (change) => changes.push(change),
    onFailure: (error) => failures.push(error),
  });
  const ticks = async (count: number): Promise<void> => {
    for (let tick = 0; tick < count; tick++) {
      const scheduled = time.waiting;
      time.advance(TICK_MS);
      // The next one is set when the work of this one has ended.
      while (time.waiting < scheduled) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { time, service, changes, failures, ticks };
}

const samplesOf = async (projectId: string): Promise<number> => {
  const [row] = await store.query<{ samples: number }>(
    render(
      sql`SELECT toUInt32(sum(samples)) AS samples FROM metric_history WHERE project_id = ${bind.string(projectId)} AND dimension = 'project'`,
    ),
  );
  return row?.samples ?? 0;
};

it('the timer judges, saves and resolves without being asked, and stops with the service', async () => {
  const { time, service, changes, ticks } = await watch();
  service.observe(Array.from({ length: 15 }, () => observedPage({ projectId: 'timed', timestampMs: NOW_MS })));
  await ticks(11);
  expect(changes).toEqual([]);
  expect(await samplesOf('timed')).toBe(15);
  await ticks(1);
  expect(changes.map(({ change }) => change)).toEqual(['opened']);
  await ticks((11 * 60_000) / TICK_MS);
  expect(changes.map(({ change }) => change)).toEqual(['opened', 'resolved']);
  const rows = await store.query(render(sql`SELECT resolved_at IS NULL AS open FROM anomalies FINAL WHERE project_id = 'timed'`));
  expect(rows).toEqual([{ open: 0 }]);
  await service.close();
  time.advance(60 * 60_000);
  expect(time.waiting).toBe(0);
});

it('while the store fails nothing is thrown at those who send, and nothing is lost', async () => {
  const { time, service, changes, failures, ticks } = await watch();
  await service.loaded();
  state.failure = new Error('the test says so');
  service.observe(Array.from({ length: 15 }, () => observedPage({ projectId: 'away', timestampMs: time.nowMs })));
  await ticks(12);
  expect(changes.map(({ change }) => change)).toEqual(['opened']);
  expect(failures.length).toBeGreaterThan(0);
  state.failure = undefined;
  await ticks(2);
  expect(await service.list('away')).toHaveLength(1);
  expect(await samplesOf('away')).toBe(15);
  await service.close();
});

it('a history that could not be read is read later, and only then written', async () => {
  const before = await watch();
  before.service.observe([observed({ projectId: 'late', timestampMs: NOW_MS })]);
  await before.service.close();
  expect(await samplesOf('late')).toBe(1);
  let readable = false;
  const { service, failures, ticks } = await watch({
    topology: store.topology,
    cluster: store.cluster,
    query: (query, limits) =>
      !readable && query.text.includes('FROM metric_history') ? Promise.reject(new Error('the test says so')) : store.query(query, limits),
    insert: (table, rows) => store.insert(table, rows),
    command: (query, limits) => store.command(query, limits),
    connect: () => store.connect(),
    ping: () => store.ping(),
    close: () => store.close(),
  });
  await service.loaded();
  expect(failures).toHaveLength(1);
  service.observe([observed({ projectId: 'late', timestampMs: NOW_MS })]);
  await ticks(2);
  await service.loaded();
  expect(failures).toHaveLength(2);
  expect(await samplesOf('late')).toBe(1);
  readable = true;
  await ticks(4);
  expect(failures).toHaveLength(2);
  expect(await samplesOf('late')).toBe(2);
  await service.close();
  const after = await watch();
  await after.service.close();
  expect(await samplesOf('late')).toBe(2);
});
