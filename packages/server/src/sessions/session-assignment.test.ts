import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct, type TestProductOptions } from '../testing/test-product.js';
import { LiveSession } from './live-sessions.js';
import { OriginReader } from './origin-reader.js';
import { SessionMerges } from './session-merges.js';
import { openVisits } from './visits.js';

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const GAP = 30 * MINUTE;

let test: TestProduct | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

async function open(options: TestProductOptions = {}): Promise<TestProduct> {
  test = await openTestProduct({ nowMs: NOON, ...options });
  return test;
}

interface Visit {
  readonly id: string;
  readonly ip: string;
  readonly atMs: number;
  readonly type?: string;
}

/** A page view of a visitor, as a sender that speaks for it tells it. */
function event({ id, ip, atMs, type = 'page_view' }: Visit): Record<string, unknown> {
  return {
    type,
    id,
    timestamp: new Date(atMs).toISOString(),
    ip,
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    page_url: `https://example.test/${id}`,
  };
}

/** The events of each session, by the events' ids, sorted. */
async function sessionsOf({ product }: TestProduct): Promise<string[][]> {
  await product.mover.move();
  const rows = await product.store.query<{ ids: string[] }>(
    render(sql`SELECT arraySort(groupArray(event_id)) AS ids FROM
      (SELECT session_id, event_id FROM analytics_events FINAL UNION ALL SELECT session_id, event_id FROM http_requests FINAL)
      WHERE session_id != '' GROUP BY session_id ORDER BY ids`),
  );
  return rows.map((row) => row.ids);
}

/** How often what is in the snapshots of sessions that have something. */
async function snapshotsOf({ product }: TestProduct): Promise<Record<string, unknown>[]> {
  await product.mover.move();
  await product.snapshots.refresh();
  return product.store.query(
    render(sql`SELECT visitor_id, page_views, started_at, last_event_at FROM user_sessions FINAL WHERE events + http_requests > 0
      ORDER BY visitor_id, started_at`),
  );
}

/** What a session is, told independently: a visitor's times in order, cut where a pause is longer than the gap. */
function sessionsByDefinition(visits: readonly Visit[]): string[][] {
  const sessions: string[][] = [];
  for (const ip of new Set(visits.map((visit) => visit.ip))) {
    const own = visits.filter((visit) => visit.ip === ip).sort((a, b) => a.atMs - b.atMs);
    own.forEach((visit, index) => {
      const before = own[index - 1];
      if (before === undefined || visit.atMs - before.atMs > GAP) sessions.push([visit.id]);
      else sessions.at(-1)?.push(visit.id);
    });
  }
  return sessions.map((ids) => ids.sort()).sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

describe('sessions found by their visitor', () => {
  it.each([
    ['one visit', [{ id: 'a', ip: '192.0.2.1', atMs: NOON }], [['a']]],
    [
      'a pause of exactly the gap',
      [
        { id: 'a', ip: '192.0.2.1', atMs: NOON - GAP },
        { id: 'b', ip: '192.0.2.1', atMs: NOON },
      ],
      [['a', 'b']],
    ],
    [
      'a pause a millisecond longer',
      [
        { id: 'a', ip: '192.0.2.1', atMs: NOON - GAP - 1 },
        { id: 'b', ip: '192.0.2.1', atMs: NOON },
      ],
      [['a'], ['b']],
    ],
    [
      'two visitors at the same time',
      [
        { id: 'a', ip: '192.0.2.1', atMs: NOON },
        { id: 'b', ip: '192.0.2.2', atMs: NOON },
      ],
      [['a'], ['b']],
    ],
    [
      'an earlier event that arrives later',
      [
        { id: 'b', ip: '192.0.2.1', atMs: NOON },
        { id: 'a', ip: '192.0.2.1', atMs: NOON - GAP },
      ],
      [['a', 'b']],
    ],
    [
      'an event between two sessions that makes them one',
      [
        { id: 'a', ip: '192.0.2.1', atMs: NOON - 2 * GAP },
        { id: 'c', ip: '192.0.2.1', atMs: NOON },
        { id: 'b', ip: '192.0.2.1', atMs: NOON - GAP },
      ],
      [['a', 'b', 'c']],
    ],
    [
      'a session that goes on over midnight',
      [
        { id: 'a', ip: '192.0.2.1', atMs: Date.UTC(2026, 4, 31, 23, 50) },
        { id: 'b', ip: '192.0.2.1', atMs: Date.UTC(2026, 5, 1, 0, 10) },
        { id: 'c', ip: '192.0.2.1', atMs: Date.UTC(2026, 5, 1, 0, 35) },
      ],
      [['a', 'b', 'c']],
    ],
  ] satisfies [string, Visit[], string[][]][])('%s, one request each', async (_name, visits, expected) => {
    const product = await open();
    for (const visit of visits) await product.send([event(visit)]);
    expect(await sessionsOf(product)).toEqual(expected);
    expect(sessionsByDefinition(visits)).toEqual(expected);
  });

  it('are those of the definition in whatever order and batches events arrive, also across restarts', async () => {
    const visit = fc.record({ who: fc.integer({ min: 1, max: 3 }), atMs: fc.integer({ min: 0, max: 60 }) });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(visit, { minLength: 1, maxLength: 24 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (given, size, restart) => {
          // Around a midnight, so that sessions cross it; a project of its own for each run spares a store for each.
          const start = Date.UTC(2026, 4, 31, 20);
          const projectId = `p${run++}`;
          const visits = given.map(({ who, atMs }, index) => ({
            id: `e${String(index).padStart(2, '0')}`,
            ip: `192.0.2.${who}`,
            atMs: start + atMs * 7 * MINUTE,
          }));
          test ??= await openTestProduct({ nowMs: NOON });
          for (let at = 0; at < visits.length; at += size) {
            await test.send(visits.slice(at, at + size).map(event), { projectId });
            if (restart && at === 0) await test.restart();
          }
          await test.product.mover.move();
          const rows = await test.product.store.query<{ ids: string[] }>(
            render(sql`SELECT arraySort(groupArray(event_id)) AS ids FROM analytics_events FINAL
            WHERE project_id = ${bind.string(projectId)} GROUP BY session_id ORDER BY ids`),
          );
          expect(rows.map((row) => row.ids)).toEqual(sessionsByDefinition(visits));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are the same when everything is sent twice, and after a restart', async () => {
    const product = await open();
    const visits = [0, 10, 50, 55, 100].map((minutes, index) => ({
      id: `e${index}`,
      ip: '192.0.2.1',
      atMs: NOON - (120 - minutes) * MINUTE,
    }));
    await product.send(visits.map(event));
    const before = await sessionsOf(product);
    const snapshots = await snapshotsOf(product);
    expect((await product.send(visits.map(event))).duplicates).toBe(5);
    await product.restart();
    expect((await product.send(visits.toReversed().map(event))).duplicates).toBe(5);
    expect(await sessionsOf(product)).toEqual(before);
    expect(await snapshotsOf(product)).toEqual(snapshots);
  });

  it('are forgotten in memory beyond its bound and found in the store', async () => {
    const product = await open({ configuration: { liveSessionsMax: 2 } });
    const visits = [1, 2, 3, 4].map((who) => ({ id: `a${who}`, ip: `192.0.2.${who}`, atMs: NOON - GAP }));
    await product.send(visits.map(event));
    await product.send(visits.map((visit) => event({ ...visit, id: visit.id.replace('a', 'b'), atMs: NOON - GAP / 2 })));
    expect(await sessionsOf(product)).toEqual([1, 2, 3, 4].map((who) => [`a${who}`, `b${who}`]));
  });

  it('are bounded in memory also where an application opens them and no web client comes', async () => {
    const { store, enricher } = (await open()).product;
    const visits = openVisits({
      configuration: { sessionGapMs: GAP, liveSessionsMax: 2 },
      store,
      clock: () => NOON,
      origins: new OriginReader(enricher, async () => undefined),
      merges: new SessionMerges(
        store,
        () => NOON,
        () => undefined,
      ),
      catchUp: async () => undefined,
    });
    for (const id of ['a', 'b', 'c']) visits.live.add('default', new LiveSession(id, '', true, NOON, NOON));
    await visits.assignment.assign([]);
    expect([visits.live.size, visits.live.find('default', 'a')]).toEqual([2, undefined]);
  });

  it('are kept alive by engagement, which opens none and counts as no event', async () => {
    const product = await open();
    const lonely = { id: 'x', ip: '192.0.2.9', atMs: NOON - GAP, type: 'engagement' };
    await product.send([
      event({ id: 'a', ip: '192.0.2.1', atMs: NOON - 2 * GAP }),
      event({ id: 'g', ip: '192.0.2.1', atMs: NOON - GAP, type: 'engagement' }),
      event({ id: 'b', ip: '192.0.2.1', atMs: NOON }),
      event(lonely),
    ]);
    expect(await sessionsOf(product)).toEqual([['a', 'b']]);
    const [session, ...others] = await snapshotsOf(product);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ page_views: '2', started_at: new Date(NOON - 2 * GAP).toISOString() });
  });

  it('do not take events of a session that the sender named', async () => {
    const product = await open();
    await product.send([
      { ...event({ id: 'a', ip: '192.0.2.1', atMs: NOON }), session_id: 'named' },
      event({ id: 'b', ip: '192.0.2.1', atMs: NOON }),
    ]);
    expect(await sessionsOf(product)).toEqual([['a'], ['b']]);
  });

  it('need somebody: without an address and a fingerprint there is no visitor', async () => {
    const product = await open();
    const { ip: _ip, ...anonymous } = event({ id: 'a', ip: '', atMs: NOON });
    await product.send([anonymous]);
    expect(await sessionsOf(product)).toEqual([]);
  });
});
