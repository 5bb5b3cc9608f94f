import { type FingerprintReputation, isHighRisk } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { ContractStore } from '../store/testing/open-contract-store.js';
import { failingStore } from '../testing/failing-store.js';
import { manualTimer, openMigratedStore, T0 } from '../throttle/testing/open-throttle.js';
import { FingerprintRepository, type FingerprintRepositoryOptions } from './fingerprint-repository.js';
import { countByHand, storeVisits, type Visit } from './testing/visitor-log.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const RAW_TABLES = ['analytics_events', 'engagement_events', 'http_requests', 'ai_requests', 'session_changes'];

let contract: ContractStore;
let clock: { nowMs: number };
let fingerprints: FingerprintRepository;
let project: string;
let projects = 0;

beforeAll(async () => {
  contract = await openMigratedStore();
});
afterAll(() => contract.remove());
beforeEach(async () => {
  clock = { nowMs: T0 };
  project = `p${++projects}`;
  // Versions follow the clock, and every test starts at the same time.
  for (const table of [...RAW_TABLES, 'fingerprint_hours', 'fingerprint_reputation']) {
    await contract.store.command(render(sql`TRUNCATE TABLE ${identifier(table)}`));
  }
  fingerprints = await open();
  await fingerprints.refresh();
});

async function open(more: Partial<FingerprintRepositoryOptions> = {}): Promise<FingerprintRepository> {
  const repository = new FingerprintRepository({ store: contract.store, clock: () => clock.nowMs, ...more });
  await repository.recover();
  return repository;
}
/** Visits that are stored and observed, as by a running server. */
async function visit(...visits: readonly Visit[]): Promise<void> {
  const received = visits.map((each) => ({ receivedMs: clock.nowMs, ...each }));
  fingerprints.observe(await storeVisits(contract.store, project, received));
}
const times = (count: number, of: (index: number) => Visit): Visit[] => Array.from({ length: count }, (_, index) => of(index));
const get = async (fingerprint: string): Promise<FingerprintReputation> => {
  const found = await fingerprints.get(project, fingerprint);
  if (found === undefined) throw new Error(`${fingerprint} is not known`);
  return found;
};
const rowOf = async (fingerprint: string): Promise<unknown> => {
  const [row] = await contract.store.query(
    render(sql`SELECT total_requests, total_sessions, is_flagged, flag_reason, flag_note FROM fingerprint_reputation FINAL
      WHERE project_id = ${bind.string(project)} AND fingerprint = ${bind.string(fingerprint)}`),
  );
  return row;
};

describe('counters', () => {
  it('are those of the events', async () => {
    await visit(
      { visitor: 'v', timestampMs: T0 - 2 * DAY, session: 'a', user: 'u2' },
      { visitor: 'v', timestampMs: T0 - HOUR - MINUTE, session: 'b' },
      { visitor: 'v', timestampMs: T0 - 50 * MINUTE, session: 'b', kind: 'asset' },
      { visitor: 'v', timestampMs: T0 - 20 * MINUTE, session: 'c', kind: 'other', user: 'u1', ip: '198.51.100.0' },
      { visitor: 'v', timestampMs: T0 - 20 * MINUTE + 1, session: 'c', kind: 'call', ip: '' },
      { visitor: 'v', timestampMs: T0 - 20 * MINUTE + 2, session: 'c', kind: 'repeated_call', ip: '' },
      { visitor: 'v', timestampMs: T0 - 10 * MINUTE, session: 'c', kind: 'custom', ip: '' },
      { visitor: 'v', timestampMs: T0, session: 'd', kind: 'engagement' },
      { visitor: 'w', timestampMs: T0 },
    );
    expect(await get('v')).toEqual({
      fingerprint: 'v',
      firstSeenMs: T0 - 2 * DAY,
      lastSeenMs: T0 - 10 * MINUTE,
      totalSessions: 3,
      activeSessions: 1,
      totalRequests: 4,
      requestsLastHour: 3,
      peakRequestsPerMinute: 2,
      sustainedHighVelocityMinutes: 0,
      isFlagged: false,
      flagReason: '',
      flagNote: '',
      flaggedAtMs: undefined,
      reputationScore: 50,
      scoreUpdatedAtMs: T0,
      abuseIncidents: 0,
      lastIncidentAtMs: undefined,
      lastIp: '198.51.100.0',
      lastUserAgent: `agent at ${T0 - 10 * MINUTE}`,
      associatedUserIds: ['u1', 'u2'],
    });
    expect((await get('w')).totalRequests).toBe(1);
    expect(await fingerprints.get(project, 'nobody')).toBeUndefined();
    expect(await fingerprints.get('another project', 'v')).toBeUndefined();
  });

  it('do not drift, whatever order events come in and however often processes are killed', async () => {
    const anyVisit = fc.record({
      visitor: fc.constantFrom('v1', 'v2', 'v3'),
      timestampMs: fc.oneof(fc.nat({ max: 10 * MINUTE }), fc.nat({ max: 5 * HOUR }), fc.nat({ max: 20 * DAY })).map((ms) => T0 - ms),
      kind: fc.constantFrom<NonNullable<Visit['kind']>[]>(
        'page',
        'page',
        'other',
        'asset',
        'call',
        'repeated_call',
        'custom',
        'engagement',
      ),
      session: fc.constantFrom('', 's1', 's2', 's3', 's4'),
      user: fc.constantFrom('', '', 'u1', 'u2'),
    });
    // A batch of visits, and what happens afterwards.
    const anyStep = fc.record({
      visits: fc.array(anyVisit, { minLength: 1, maxLength: 15 }),
      after: fc.constantFrom('refresh', 'nothing', 'kill', 'restart'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 6 }), async (steps) => {
        project = `p${++projects}`;
        const all: Visit[] = [];
        for (const { visits, after } of steps) {
          clock.nowMs += 1000;
          all.push(...visits);
          await visit(...visits);
          if (after === 'refresh') await fingerprints.refresh();
          if (after === 'restart') await fingerprints.close();
          // Of a killed one nothing is closed; what it had observed is in its memory only.
          if (after === 'kill' || after === 'restart') fingerprints = await open();
        }
        // Visits of one millisecond leave open which was the last.
        for (const [visitor, { lastUserAgent: _, ...expected }] of countByHand(all, clock.nowMs))
          expect(await get(visitor)).toMatchObject(expected);
        const before = await fingerprints.list(project, { sortBy: 'first_seen' });
        await fingerprints.recompute(project);
        expect(await fingerprints.list(project, { sortBy: 'first_seen' })).toEqual(before);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it('are the same when everything observed did not fit in memory', async () => {
    fingerprints = await open({ touchedMax: 5 });
    const visits = times(40, (index) => ({
      visitor: `v${index % 13}`,
      timestampMs: T0 - index * 7 * MINUTE,
      receivedMs: T0 - (index % 3),
    }));
    for (let start = 0; start < visits.length; start += 8) {
      await visit(...visits.slice(start, start + 8));
      await fingerprints.refresh();
    }
    for (const [visitor, expected] of countByHand(visits, clock.nowMs)) expect(await get(visitor)).toMatchObject(expected);
  });

  it('take up what was stored before reputations were kept', async () => {
    const visits = times(30, (index) => ({ visitor: `v${index % 4}`, timestampMs: T0 - index * DAY }));
    await storeVisits(contract.store, project, visits);
    await fingerprints.recompute(project);
    for (const [visitor, expected] of countByHand(visits, clock.nowMs)) expect(await get(visitor)).toMatchObject(expected);
  });

  it('leave out sessions that became part of another one', async () => {
    await visit({ visitor: 'v', timestampMs: T0 - 2 * HOUR, session: 'a' }, { visitor: 'v', timestampMs: T0, session: 'b' });
    expect((await get('v')).totalSessions).toBe(2);
    const merged = {
      project_id: project,
      session_id: 'b',
      changed_at: new Date(T0).toISOString(),
      change: 'merged',
      merged_into: 'a',
      version: T0,
    };
    await contract.store.insert('session_changes', [merged]);
    await visit({ visitor: 'v', timestampMs: T0 - HOUR, session: 'a' });
    expect(await get('v')).toMatchObject({ totalSessions: 1, totalRequests: 3 });
  });

  it('wait for events to be in their tables', async () => {
    let stored: () => Promise<unknown> = async () => undefined;
    fingerprints = await open({ settle: async () => void (await stored()) });
    const visits: Visit[] = [{ visitor: 'v', timestampMs: T0 }];
    const observed = await storeVisits(contract.store, 'elsewhere', visits);
    fingerprints.observe(observed.map((event) => ({ ...event, projectId: project })));
    stored = () => storeVisits(contract.store, project, visits);
    expect((await get('v')).totalRequests).toBe(1);
  });

  it('are as old as the visitor: what is over shows as over', async () => {
    await visit({ visitor: 'v', timestampMs: T0 });
    clock.nowMs = T0 + HOUR + 1;
    expect(await get('v')).toMatchObject({ totalRequests: 1, requestsLastHour: 0, activeSessions: 0 });
  });
});

describe('conclusions', () => {
  it('flag more than 100 requests in an hour, once however often it is looked at', async () => {
    for (let minute = 0; minute < 100; minute += 10) {
      await visit(...times(10, (index) => ({ visitor: 'v', timestampMs: T0 + (minute + index) * 30_000 })));
      await fingerprints.refresh();
    }
    expect(await get('v')).toMatchObject({ isFlagged: false, requestsLastHour: 100, abuseIncidents: 0 });
    await visit({ visitor: 'v', timestampMs: T0 + 50 * MINUTE });
    clock.nowMs = T0 + 51 * MINUTE;
    const flagged = await get('v');
    expect(flagged).toMatchObject({ isFlagged: true, flagReason: 'request_count', flaggedAtMs: T0 + 50 * MINUTE, abuseIncidents: 1 });
    await visit(...times(40, (index) => ({ visitor: 'v', timestampMs: T0 + 51 * MINUTE + index })));
    expect(await get('v')).toMatchObject({ abuseIncidents: 1 });
    await fingerprints.recompute(project);
    expect(await get('v')).toMatchObject({ abuseIncidents: 1, totalRequests: 141 });
  });

  it('flag more than 10 sessions in a day, and not many sessions over the years', async () => {
    await visit(...times(11, (index) => ({ visitor: 'many', timestampMs: T0 - index * HOUR, session: `a${index}` })));
    await visit(...times(30, (index) => ({ visitor: 'faithful', timestampMs: T0 - index * 3 * HOUR, session: `b${index}` })));
    expect(await get('many')).toMatchObject({ isFlagged: true, flagReason: 'session_count' });
    expect(await get('faithful')).toMatchObject({ isFlagged: false, totalSessions: 30 });
  });

  it('see an hour that lies across a full one', async () => {
    await visit(...times(60, (index) => ({ visitor: 'v', timestampMs: T0 + 45 * MINUTE + index })));
    await fingerprints.refresh();
    await visit(...times(41, (index) => ({ visitor: 'v', timestampMs: T0 + 75 * MINUTE + index })));
    clock.nowMs = T0 + 76 * MINUTE;
    expect(await get('v')).toMatchObject({ isFlagged: true, requestsLastHour: 101 });
  });

  it('see events that come late', async () => {
    await visit({ visitor: 'v', timestampMs: T0 });
    await fingerprints.refresh();
    await visit(...times(101, (index) => ({ visitor: 'v', timestampMs: T0 - 3 * DAY + index * 1000 })));
    expect(await get('v')).toMatchObject({ isFlagged: true, peakRequestsPerMinute: 60, requestsLastHour: 1, totalRequests: 102 });
  });
});

describe('what a person does', () => {
  beforeEach(async () => {
    await visit({ visitor: 'v', timestampMs: T0 }, { visitor: 'w', timestampMs: T0 });
  });

  it('is stored at once, and stays through events, recomputing and a restart', async () => {
    expect(await fingerprints.flag(project, 'v', 'spam')).toMatchObject({ isFlagged: true, flagReason: 'manual', flagNote: 'spam' });
    expect(await rowOf('v')).toMatchObject({ is_flagged: true, flag_reason: 'manual', flag_note: 'spam', total_requests: '1' });
    expect([fingerprints.isFlaggedByHand(project, 'v'), fingerprints.isFlaggedByHand(project, 'w')]).toEqual([true, false]);
    // Killed.
    fingerprints = await open();
    await visit({ visitor: 'v', timestampMs: T0 + 1 });
    await fingerprints.recompute(project);
    expect(await get('v')).toMatchObject({ isFlagged: true, flagReason: 'manual', flagNote: 'spam', totalRequests: 2, flaggedAtMs: T0 });
    expect(fingerprints.isFlaggedByHand(project, 'v')).toBe(true);
    expect(await fingerprints.clear(project, 'v')).toMatchObject({ isFlagged: false, flagReason: '' });
    expect(fingerprints.isFlaggedByHand(project, 'v')).toBe(false);
    expect(await rowOf('v')).toMatchObject({ is_flagged: false, flag_note: '' });
  });

  it('changes the score, which drifts back', async () => {
    expect(await fingerprints.adjustScore(project, 'v', -25)).toMatchObject({ reputationScore: 25, isFlagged: false });
    clock.nowMs += 2 * DAY;
    expect((await get('v')).reputationScore).toBe(35);
    expect(await fingerprints.adjustScore(project, 'v', -20)).toMatchObject({ reputationScore: 15, flagReason: 'low_reputation' });
    expect(fingerprints.isFlaggedByHand(project, 'v')).toBe(false);
  });

  it('does not get lost between events that are computed at the same time', async () => {
    const more = await storeVisits(
      contract.store,
      project,
      times(50, (index) => ({ visitor: 'v', timestampMs: T0 + index })),
    );
    fingerprints.observe(more);
    await Promise.all([
      fingerprints.refresh(),
      fingerprints.flag(project, 'v'),
      fingerprints.refresh(),
      fingerprints.adjustScore(project, 'v', 7),
    ]);
    expect(await get('v')).toMatchObject({ isFlagged: true, reputationScore: 57, totalRequests: 51 });
  });

  it.each(['flag', 'clear'] as const)('%s needs somebody who is known', async (action) => {
    await expect(fingerprints[action](project, 'nobody')).rejects.toMatchObject({ code: 'unknown_fingerprint', path: 'fingerprint' });
    await expect(fingerprints[action]('another', 'v')).rejects.toMatchObject({ code: 'unknown_fingerprint' });
  });

  it('refuses a note that is too long, and points that are no number', async () => {
    await expect(fingerprints.flag(project, 'v', 'x'.repeat(1001))).rejects.toMatchObject({ code: 'too_long', path: 'note' });
    await expect(fingerprints.adjustScore(project, 'v', Number.NaN)).rejects.toMatchObject({ code: 'invalid_value' });
    expect((await get('v')).isFlagged).toBe(false);
  });
});

describe('users', () => {
  it('are associated by events and by hand, and get another name everywhere', async () => {
    await visit(
      { visitor: 'v', timestampMs: T0 - DAY, user: 'anonymous-1' },
      { visitor: 'v', timestampMs: T0, user: 'ada' },
      { visitor: 'w', timestampMs: T0, user: 'anonymous-1' },
      { visitor: 'x', timestampMs: T0, user: 'ben' },
    );
    await fingerprints.associateUser(project, 'x', 'anonymous-1');
    expect((await get('x')).associatedUserIds).toEqual(['anonymous-1', 'ben']);
    expect(await fingerprints.mergeUsers(project, 'anonymous-1', 'ada')).toBe(3);
    await visit({ visitor: 'w', timestampMs: T0 + HOUR });
    const usersOf = async (): Promise<unknown> => Promise.all(['v', 'w', 'x'].map(async (each) => (await get(each)).associatedUserIds));
    expect(await usersOf()).toEqual([['ada'], ['ada'], ['ada', 'ben']]);
    expect(await fingerprints.mergeUsers(project, 'anonymous-1', 'ada')).toBe(0);
  });

  it('are at most a hundred of one visitor', async () => {
    await visit(...times(130, (index) => ({ visitor: 'v', timestampMs: T0 - index * MINUTE, user: `user ${index}` })));
    expect((await get('v')).associatedUserIds).toHaveLength(100);
  });
});

describe('list', () => {
  beforeEach(async () => {
    await visit(
      ...times(3, (index) => ({ visitor: 'a', timestampMs: T0 - 3 * HOUR + index * MINUTE })),
      ...times(5, (index) => ({ visitor: 'b', timestampMs: T0 - 2 * HOUR + index, session: `b${index % 2}` })),
      { visitor: 'c', timestampMs: T0 - HOUR },
    );
    await fingerprints.adjustScore(project, 'a', -25);
    await fingerprints.flag(project, 'c');
  });

  it.each([
    ['last_seen', 'cba'],
    ['first_seen', 'cba'],
    ['total_requests', 'bac'],
    ['total_sessions', 'bac'],
    ['peak_requests_per_minute', 'bac'],
    ['abuse_incidents', 'abc'],
    ['reputation_score', 'abc'],
  ] as const)('by %s is %s', async (sortBy, expected) => {
    const listed = await fingerprints.list(project, { sortBy });
    expect(listed.map(({ fingerprint }) => fingerprint).join('')).toBe(expected);
    expect((await fingerprints.list(project, { sortBy, limit: 2 })).map(({ fingerprint }) => fingerprint).join('')).toBe(
      expected.slice(0, 2),
    );
  });

  it('finds the high risks of now, as the core does', async () => {
    const names = async (): Promise<string> => (await fingerprints.highRisk(project)).map(({ fingerprint }) => fingerprint).join('');
    expect(await names()).toBe('ac');
    // The score of `a` drifts from 25 to 30 in a day.
    clock.nowMs += DAY - 1;
    expect(await names()).toBe('ac');
    clock.nowMs += 1;
    expect(await names()).toBe('c');
    const all = await fingerprints.list(project);
    expect(all.filter((each) => isHighRisk(each, clock.nowMs)).map(({ fingerprint }) => fingerprint)).toEqual(['c']);
  });
});

describe('forgetting', () => {
  const textsOf = async (): Promise<string> => {
    const ofProject = sql`project_id = ${bind.string(project)}`;
    const hours = await contract.store.query(render(sql`SELECT * FROM fingerprint_hours WHERE ${ofProject}`));
    return JSON.stringify([hours, await contract.store.query(render(sql`SELECT * FROM fingerprint_reputation WHERE ${ofProject}`))]);
  };
  const eraseRaw = (condition: ReturnType<typeof sql>): Promise<void> =>
    contract.store.command(
      render(
        sql`DELETE FROM analytics_events WHERE project_id = ${bind.string(project)} AND ${condition} SETTINGS lightweight_deletes_sync = 2`,
      ),
    );

  beforeEach(async () => {
    await visit(
      { visitor: 'shared', timestampMs: T0 - HOUR, session: 'of ada', user: 'ada' },
      { visitor: 'shared', timestampMs: T0, session: 'of ben', user: 'ben' },
      { visitor: 'only ada', timestampMs: T0, session: 'of ada too', user: 'ada' },
      { visitor: 'ben', timestampMs: T0, session: 'another of ben', user: 'ben' },
    );
    await fingerprints.flag(project, 'shared', 'noise');
    await fingerprints.associateUser(project, 'ben', 'ada');
  });

  it('a user leaves nothing of it, and everything of others', async () => {
    await eraseRaw(sql`user_id = 'ada'`);
    await fingerprints.forget(project, [], ['of ada', 'of ada too'], ['ada']);
    expect(await textsOf()).not.toContain('ada');
    expect(await fingerprints.get(project, 'only ada')).toBeUndefined();
    expect(await get('shared')).toMatchObject({
      totalRequests: 1,
      totalSessions: 1,
      associatedUserIds: ['ben'],
      flagNote: 'noise',
      firstSeenMs: T0,
    });
    expect(await get('ben')).toMatchObject({ totalRequests: 1, associatedUserIds: ['ben'] });
  });

  it('a visitor leaves nothing of it', async () => {
    await eraseRaw(sql`visitor_id = 'shared'`);
    await fingerprints.forget(project, ['shared'], ['of ada', 'of ben'], []);
    expect(await textsOf()).not.toContain('shared');
    expect(fingerprints.isFlaggedByHand(project, 'shared')).toBe(false);
    expect((await fingerprints.list(project)).map(({ fingerprint }) => fingerprint).sort()).toEqual(['ben', 'only ada']);
  });
});

describe('the background', () => {
  it('refreshes some time after events came, tries again after a failure, and stops', async () => {
    const store = failingStore(contract.store);
    const timer = manualTimer();
    const failures: unknown[] = [];
    fingerprints = await open({ store, timer, onFailure: (error) => failures.push(error) });
    timer.run(1000);
    await fingerprints.refresh();
    store.failNextInsert('fingerprint_reputation');
    await visit({ visitor: 'v', timestampMs: T0 });
    expect(timer.pauses).toEqual([1000]);
    timer.run(1000);
    await vi.waitFor(() => expect(timer.pauses).toEqual([5000]));
    expect(failures).toHaveLength(1);
    timer.run(5000);
    await fingerprints.refresh();
    expect(await rowOf('v')).toMatchObject({ total_requests: '1' });
    await visit({ visitor: 'v', timestampMs: T0 + 1 });
    await fingerprints.close();
    expect(await rowOf('v')).toMatchObject({ total_requests: '2' });
    timer.run(60_000);
    expect(timer.pauses).toEqual([]);
  });
});

it('names the session that a visitor is in', async () => {
  expect(await fingerprints.reusableSession(project, 'v')).toBeUndefined();
  const asking = await open({ findRecentSession: async (projectId, fingerprint) => `${projectId} ${fingerprint}` });
  expect(await asking.reusableSession(project, 'v')).toBe(`${project} v`);
});
