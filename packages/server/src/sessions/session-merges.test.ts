import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChdbStore } from '../store/chdb-driver.js';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { Store, StoredRow } from '../store/store.js';
import { openTestProduct, type TestProduct, TRUSTED_SENDER } from '../testing/test-product.js';
import { rootsOf, type SessionMerge, SessionMerges } from './session-merges.js';

const START_MS = Date.UTC(2026, 5, 1, 12);
const MINUTE_MS = 60_000;
const PROJECT = 'default';

let nowMs = START_MS;
let test: TestProduct;
let sent = 0;
/** Runs after the next insert of events, while a move is at it. */
let duringMove: (() => Promise<void>) | undefined;

/** A real store that lets the test in while events are moved. */
function watched(store: Store): Store {
  return {
    ...passedOn(store),
    connect: async () => watched(await store.connect()),
    insert: async (table, rows) => {
      await store.insert(table, rows);
      const run = table === 'analytics_events' ? duringMove : undefined;
      if (run === undefined) return;
      duringMove = undefined;
      await run();
    },
  };
}

/** A real store that is away for good after so many writes. */
function failingAfter(store: Store, writes: number): Store {
  let left = writes;
  const written = (): void => {
    if (left-- === 0) throw new Error('the store is away');
  };
  return {
    ...passedOn(store),
    command: async (query, limits) => {
      written();
      await store.command(query, limits);
    },
    insert: async (table, rows) => {
      written();
      await store.insert(table, rows);
    },
  };
}

function passedOn(store: Store): Store {
  return {
    topology: store.topology,
    cluster: store.cluster,
    query: (query, limits) => store.query(query, limits),
    command: (query, limits) => store.command(query, limits),
    insert: (table, rows) => store.insert(table, rows),
    connect: () => store.connect(),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

/** A page view of the one visitor without a name, so many minutes after the start. */
function pageView(minute: number, more: object = {}): object {
  const timestamp = new Date(START_MS + minute * MINUTE_MS).toISOString();
  const client = { ip: '192.0.2.9', user_agent: 'Mozilla/5.0 Firefox/140.0' };
  return { id: `e${sent++}`, type: 'page_view', page_url: 'https://x.test/a', ...client, timestamp, ...more };
}

/** Acknowledges an event without moving it. */
async function acknowledge(event: object): Promise<void> {
  await test.product.ingest.ingestEvents([{ ok: true, value: event }], TRUSTED_SENDER);
}

async function sessions(): Promise<StoredRow[]> {
  await test.product.mover.move();
  await test.product.snapshots.refresh();
  return test.product.store.query(
    render(sql`SELECT session_id, toUInt32(page_views) AS page_views, user_id, mark, converted_at, ended_at FROM user_sessions FINAL
      WHERE events > 0 ORDER BY started_at, session_id`),
  );
}

/** The rows of a table that bear the id of a session. */
async function rowsOf(table: string, sessionId: string): Promise<StoredRow[]> {
  return test.product.store.query(
    render(
      sql`SELECT * FROM ${identifier(table)} FINAL WHERE project_id = ${bind.string(PROJECT)} AND session_id = ${bind.string(sessionId)}`,
    ),
  );
}

const eventsIn = async (sessionId: string): Promise<number> => (await rowsOf('analytics_events', sessionId)).length;
const merge = (sessionId: string, mergedInto: string): SessionMerge => ({ projectId: PROJECT, sessionId, mergedInto });
const mergesOn = (store: Store): SessionMerges =>
  new SessionMerges(
    store,
    () => nowMs,
    (projectId, sessionId) => test.product.snapshots.mark(projectId, sessionId),
  );

/** Two sessions of the visitor, 50 minutes apart; an event in between makes them one. */
async function twoSessions(): Promise<[earlier: string, later: string]> {
  nowMs = START_MS + 60 * MINUTE_MS;
  await test.send([pageView(0)]);
  await test.send([pageView(50)]);
  const [earlier, later] = (await sessions()).map((row) => String(row['session_id']));
  return [earlier ?? '', later ?? ''];
}

beforeEach(async () => {
  nowMs = START_MS;
  duringMove = undefined;
  test = await openTestProduct({ clock: () => nowMs, openStore: async ({ dataFolder }) => watched(await openChdbStore(dataFolder)) });
});
afterEach(() => test.close());

describe('what was done and said', () => {
  it('goes with the later session, and nothing that names anybody stays behind', async () => {
    const [earlier, later] = await twoSessions();
    const convertedAt = new Date(nowMs).toISOString();
    await test.product.sessions.convert(PROJECT, later);
    nowMs += 1;
    await test.product.sessions.migrate(PROJECT, later, 'grace');
    nowMs += 1;
    await test.product.verdicts.mark(PROJECT, later, 'bot', 'seen in the log');
    nowMs += 1;
    await test.product.sessions.touch(PROJECT, later);
    nowMs += 1;
    const endedAt = new Date(nowMs).toISOString();
    await test.product.sessions.end(PROJECT, later);
    nowMs += 1000;
    await test.send([pageView(25)]);
    const [first, ...others] = await sessions();
    expect(others).toEqual([]);
    expect(first).toMatchObject({ session_id: earlier, page_views: 3, user_id: 'grace', mark: 'bot' });
    expect(new Date(String(first?.['converted_at'])).toISOString()).toBe(convertedAt);
    expect(new Date(String(first?.['ended_at'])).toISOString()).toBe(endedAt);
    expect((await rowsOf('session_changes', later)).map((row) => [row['change'], row['user_id']]).sort()).toEqual([
      ['merged', ''],
      ['moved', ''],
    ]);
    expect((await rowsOf('session_changes', earlier)).map((row) => row['change']).sort()).toEqual([
      'converted',
      'ended',
      'migrated',
      'touched',
    ]);
    expect(await rowsOf('session_marks', earlier)).toMatchObject([{ mark: 'bot', note: 'seen in the log' }]);
    for (const table of ['session_marks', 'session_verdicts', 'analytics_events']) expect(await rowsOf(table, later)).toEqual([]);
    expect(await rowsOf('user_sessions', later)).toMatchObject([{ user_id: '', ip: '', user_agent: '', visitor_id: '', fingerprint: '' }]);
  });

  it.each([
    ['of the later session', ['earlier', 'later'], 'bot'],
    ['of the earlier session', ['later', 'earlier'], 'human'],
  ])('holds when it was said last: %s', async (_, order, expected) => {
    const [earlier, later] = await twoSessions();
    for (const which of order) {
      await test.product.verdicts.mark(PROJECT, which === 'later' ? later : earlier, which === 'later' ? 'bot' : 'human');
      nowMs += 10;
    }
    await test.send([pageView(25)]);
    expect(await sessions()).toMatchObject([{ session_id: earlier, page_views: 3, mark: expected }]);
    expect(await rowsOf('session_marks', later)).toEqual([]);
  });
});

describe('a merge during a move', () => {
  it('takes along the events that wait for the next move', async () => {
    const [earlier, later] = await twoSessions();
    duringMove = async () => {
      // The first belongs to the later session, the second makes both one; neither is moved by the move that goes on.
      await acknowledge(pageView(55));
      await acknowledge(pageView(25));
    };
    await test.send([pageView(58, { session_id: 'other' })]);
    expect(await eventsIn(later)).toBe(1);
    expect((await sessions()).filter((row) => row['session_id'] !== 'other')).toMatchObject([{ session_id: earlier, page_views: 4 }]);
    expect(await eventsIn(later)).toBe(0);
    await test.restart();
    expect((await sessions()).filter((row) => row['session_id'] !== 'other')).toMatchObject([{ session_id: earlier, page_views: 4 }]);
  });

  const ALL = ['note', 'accept', 'close', 'move'] as const;
  it.each<[readonly (typeof ALL)[number][], boolean]>([
    [['note', 'close', 'move'], false],
    [['note', 'close', 'accept', 'move'], false],
    [['close', 'note', 'accept', 'move'], false],
    [['accept', 'note', 'close', 'move', 'close', 'move'], false],
    [['note', 'accept', 'close'], false],
    [['note', 'accept', 'close', 'move'], true],
    [['note', 'close', 'move', 'accept', 'close', 'move'], true],
    [['note', 'accept', 'close', 'close', 'move'], true],
  ])('waits until its own batch is in its tables: %j', async (steps, isDone) => {
    await test.send([pageView(0, { session_id: 'b' }), pageView(0, { session_id: 'a' })]);
    const merges = mergesOn(test.product.store);
    for (const step of steps) {
      if (step === 'note') await merges.note([merge('b', 'a')]);
      else if (step === 'accept') merges.batchAccepted();
      else if (step === 'close') merges.generationClosed();
      else await merges.generationsMoved();
    }
    expect(await eventsIn('a')).toBe(isDone ? 2 : 1);
    // A process that starts again does what is left, whatever it is.
    await mergesOn(test.product.store).recover();
    expect([await eventsIn('a'), await eventsIn('b')]).toEqual([2, 0]);
  });
});

describe('a process that starts again', () => {
  it.each([['c b a'], ['a m z'], ['z m a'], ['k1 k2 k0'], ['p b q'], ['s3 s1 s2']])(
    'follows a chain of merges to its end: %s',
    async (names) => {
      const [first = '', second = '', last = ''] = names.split(' ');
      await test.send([first, second, last].map((sessionId) => pageView(0, { session_id: sessionId })));
      await mergesOn(test.product.store).note([merge(first, second), merge(second, last)]);
      await mergesOn(test.product.store).recover();
      expect(await sessions()).toMatchObject([{ session_id: last, page_views: 3 }]);
    },
  );

  it('moves a session again that was opened and merged again', async () => {
    await test.send([pageView(0, { session_id: 'b' }), pageView(0, { session_id: 'a' })]);
    await mergesOn(test.product.store).note([merge('b', 'a')]);
    await mergesOn(test.product.store).recover();
    nowMs += 1000;
    await test.send([pageView(1, { session_id: 'b' })]);
    await mergesOn(test.product.store).recover();
    expect(await eventsIn('b')).toBe(1);
    await mergesOn(test.product.store).note([merge('b', 'c')]);
    await mergesOn(test.product.store).recover();
    expect([await eventsIn('a'), await eventsIn('b'), await eventsIn('c')]).toEqual([2, 0, 1]);
  });

  it('finishes a merge that was cut off after any of its writes', async () => {
    const { store } = test.product;
    let isCutOff = true;
    let writes = 0;
    for (; isCutOff; writes++) {
      const [from, into] = [`b${writes}`, `a${writes}`];
      await test.send([from, from, into].map((sessionId) => pageView(0, { session_id: sessionId })));
      await sessions();
      await test.product.sessions.migrate(PROJECT, from, `grace${writes}`);
      await test.product.verdicts.mark(PROJECT, from, 'human', 'ours');
      const cutOff = mergesOn(failingAfter(store, writes + 1));
      await cutOff.note([merge(from, into)]);
      cutOff.batchAccepted();
      cutOff.generationClosed();
      isCutOff = await cutOff.generationsMoved().then(
        () => false,
        () => true,
      );
      await mergesOn(store).recover();
      const found = (await sessions()).find((row) => row['session_id'] === into);
      expect(found).toMatchObject({ page_views: 3, user_id: `grace${writes}`, mark: 'human' });
      for (const table of ['analytics_events', 'session_marks', 'session_verdicts']) expect(await rowsOf(table, from)).toEqual([]);
      expect((await rowsOf('session_changes', into)).map((row) => row['change'])).toEqual(['migrated']);
    }
    // Moving events, changes and the mark is two writes each, dropping both conclusions one each, and one notes the end.
    expect(writes - 1).toBe(9);
  });

  it('repeats a merge in the same process when the store was away', async () => {
    await test.send([pageView(0, { session_id: 'b' }), pageView(0, { session_id: 'a' })]);
    let isAway = true;
    const { store } = test.product;
    const merges = mergesOn({
      ...passedOn(store),
      command: (query, limits) => (isAway ? Promise.reject(new Error('away')) : store.command(query, limits)),
    });
    await merges.note([merge('b', 'a')]);
    merges.batchAccepted();
    merges.generationClosed();
    await expect(merges.generationsMoved()).rejects.toThrow('away');
    isAway = false;
    await merges.generationsMoved();
    expect([await eventsIn('a'), await eventsIn('b')]).toEqual([2, 0]);
  });
});

describe('roots of chains', () => {
  const asObject = (merges: readonly SessionMerge[]): unknown => Object.fromEntries(rootsOf(merges).get(PROJECT) ?? []);

  it('are the last sessions of the chains, in whatever order the merges stand', () => {
    // Each session is merged into one before it or into none, so that there are no circles; the oracle goes by that order.
    const parents = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 30 });
    const forest = parents.chain((list) => {
      const merges = list.flatMap((parent, index) => (parent < index ? [merge(`s${index}`, `s${parent}`)] : []));
      return fc.tuple(fc.constant(list), fc.shuffledSubarray(merges, { minLength: merges.length }));
    });
    fc.assert(
      fc.property(forest, ([list, merges]) => {
        const roots: string[] = [];
        const expected: Record<string, string> = {};
        for (const [index, parent] of list.entries()) {
          const root = parent < index ? roots[parent] : undefined;
          roots.push(root ?? `s${index}`);
          if (root !== undefined) expected[`s${index}`] = root;
        }
        expect(asObject(merges)).toEqual(expected);
      }),
    );
  });

  it('are one session for all of a circle', () => {
    expect(asObject([merge('c', 'b'), merge('b', 'a'), merge('a', 'c'), merge('d', 'c'), merge('e', 'e')])).toEqual({
      b: 'a',
      c: 'a',
      d: 'a',
    });
  });

  it('keep projects apart', () => {
    const roots = rootsOf([merge('b', 'a'), { projectId: 'other', sessionId: 'a', mergedInto: 'z' }]);
    expect(roots.get(PROJECT)).toEqual(new Map([['b', 'a']]));
    expect(roots.get('other')).toEqual(new Map([['a', 'z']]));
  });
});
