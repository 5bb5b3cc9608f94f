import { DEFAULT_ESCALATION_CRITERIA, ThrottleLevel } from '@systemprompt-analytics/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bind, render, sql, statement } from '../store/sql.js';
import type { ContractStore } from '../store/testing/open-contract-store.js';
import { failingStore } from '../testing/failing-store.js';
import { openRateLimiter } from './open-rate-limiter.js';
import { manualTimer, openMigratedStore, openTestThrottle, requestAt, T0, type TestClock } from './testing/open-throttle.js';
import type { DecisionRequest } from './throttle-decision.js';
import { ThrottleService } from './throttle-service.js';

const COOLDOWN = DEFAULT_ESCALATION_CRITERIA.cooldownMs;
const SECOND = 1000;

let contract: ContractStore;
let clock: TestClock;
let throttle: ThrottleService;
let project: string;
let projects = 0;

beforeAll(async () => {
  contract = await openMigratedStore();
});
afterAll(() => contract.remove());
beforeEach(async () => {
  clock = { nowMs: T0 };
  // The limiter's library looks at the time itself.
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: T0 });
  project = `p${++projects}`;
  await contract.store.command(statement('TRUNCATE TABLE throttle_levels'));
  throttle = await openTestThrottle({ store: contract.store, clock });
});
afterEach(async () => {
  await throttle.close();
  vi.useRealTimers();
});

function passTime(milliseconds: number): void {
  clock.nowMs += milliseconds;
  vi.advanceTimersByTime(milliseconds);
}
const ask = (sessionId: string, visitorId = ''): ReturnType<ThrottleService['decide']> =>
  throttle.decide({ projectId: project, sessionId, visitorId });
const decideTimes = async (times: number, request: Omit<DecisionRequest, 'projectId'>): Promise<number> => {
  let allowed = 0;
  for (let index = 0; index < times; index++) if ((await throttle.decide({ projectId: project, ...request })).allowed) allowed++;
  return allowed;
};
/** A bot at work for so many seconds, five requests in each. */
function misbehave(sessionId: string, visitorId: string, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    for (let request = 0; request < 5; request++) throttle.observe(project, sessionId, visitorId, requestAt(clock.nowMs, { botScore: 70 }));
    passTime(SECOND);
  }
}
async function restart(): Promise<void> {
  await throttle.close();
  throttle = await openTestThrottle({ store: contract.store, clock });
}
const levelOf = (sessionId: string): ThrottleLevel => throttle.levelOf(project, 'session', sessionId).level;

describe('decisions', () => {
  it('let anybody pass up to the limit', async () => {
    expect(await ask('s', 'v')).toEqual({ level: 0, allowed: true, limit: 60, remaining: 59, retryAfterSeconds: 0, reason: '' });
    expect(await decideTimes(80, { sessionId: 's', visitorId: 'v' })).toBe(59);
    expect(await ask('s', 'v')).toEqual({
      level: 0,
      allowed: false,
      limit: 60,
      remaining: 0,
      retryAfterSeconds: 60,
      reason: 'The 60 requests of this minute are used up.',
    });
    passTime(60 * SECOND);
    expect(await ask('s', 'v')).toMatchObject({ allowed: true, remaining: 59 });
  });

  it.each([
    ['Normal', 60],
    ['Warning', 30],
    ['Severe', 15],
    ['Blocked', 0],
  ] as const)('at %s let %i of 100 requests pass', async (name, allowed) => {
    await throttle.setLevel({ projectId: project, kind: 'session', id: 's' }, ThrottleLevel[name], 'A test.');
    expect(await decideTimes(100, { sessionId: 's', visitorId: '' })).toBe(allowed);
  });

  it('charge what was used before the level rose at its price of then', async () => {
    expect(await decideTimes(40, { sessionId: 's', visitorId: '' })).toBe(40);
    misbehave('s', '', 1);
    expect(await ask('s')).toMatchObject({ level: ThrottleLevel.Warning, allowed: true, limit: 30, remaining: 9 });
    expect(await decideTimes(20, { sessionId: 's', visitorId: '' })).toBe(9);
  });

  it('have one limit for all sessions of a visitor, and one of its own for a session without visitor', async () => {
    expect(await decideTimes(40, { sessionId: 's1', visitorId: 'v' })).toBe(40);
    expect(await decideTimes(40, { sessionId: 's2', visitorId: 'v' })).toBe(20);
    expect(await decideTimes(70, { sessionId: 's2', visitorId: '' })).toBe(60);
    expect(await decideTimes(70, { sessionId: '', visitorId: 'w' })).toBe(60);
  });

  it('charge no search engine, whatever their level says', async () => {
    const engine = { projectId: project, sessionId: 's', visitorId: 'v', declaredSearchEngine: true };
    for (let request = 0; request < 100; request++) expect(await throttle.decide(engine)).toMatchObject({ allowed: true, remaining: 60 });
    await throttle.setLevel({ projectId: project, kind: 'session', id: 's' }, ThrottleLevel.Blocked, 'A test.');
    expect(await throttle.decide(engine)).toMatchObject({ allowed: false, reason: 'A test.' });
  });

  it('have no limit to charge where nobody is named', async () => {
    expect(await decideTimes(100, { sessionId: '', visitorId: '' })).toBe(100);
  });

  it('keep projects apart, and sessions from visitors of the same name', async () => {
    await throttle.setLevel({ projectId: project, kind: 'session', id: 'x' }, ThrottleLevel.Blocked, 'A test.');
    expect((await ask('x')).allowed).toBe(false);
    expect((await ask('', 'x')).allowed).toBe(true);
    expect((await throttle.decide({ projectId: 'another', sessionId: 'x', visitorId: '' })).allowed).toBe(true);
  });

  it.each([
    ['session', ThrottleLevel.Severe, ThrottleLevel.Warning],
    ['visitor', ThrottleLevel.Warning, ThrottleLevel.Severe],
    ['session', ThrottleLevel.Blocked, ThrottleLevel.Normal],
    ['visitor', ThrottleLevel.Normal, ThrottleLevel.Blocked],
  ] as const)('take the higher level, here that of the %s', async (which, ofSession, ofVisitor) => {
    await throttle.setLevel({ projectId: project, kind: 'session', id: 's' }, ofSession, 'the session');
    await throttle.setLevel({ projectId: project, kind: 'fingerprint', id: 'v' }, ofVisitor, 'the visitor');
    expect(await ask('s', 'v')).toMatchObject({ level: Math.max(ofSession, ofVisitor), reason: `the ${which}` });
  });

  it('say when a blocked one may come again, or that only a person can', async () => {
    misbehave('s', 'v', 21);
    const blockedAt = clock.nowMs;
    passTime(100 * SECOND);
    // The last request came a second before the end.
    expect(await ask('s', 'v')).toEqual({
      level: ThrottleLevel.Blocked,
      allowed: false,
      limit: 0,
      remaining: 0,
      retryAfterSeconds: (blockedAt - SECOND + COOLDOWN - clock.nowMs) / SECOND,
      reason: 'The bot score is 70; from 50 on the level is raised.',
    });
    await throttle.setLevel({ projectId: project, kind: 'fingerprint', id: 'v' }, ThrottleLevel.Blocked, 'Never again.');
    expect((await ask('s', 'v')).retryAfterSeconds).toBeNull();
    expect((await ask('s', '')).retryAfterSeconds).toBeGreaterThan(0);
  });
});

describe('levels', () => {
  it('rise step by step, and fall again with time', () => {
    const levels: number[] = [];
    for (let second = 0; second < 25; second++) {
      misbehave('s', 'v', 1);
      levels.push(levelOf('s'));
    }
    expect(levels).toEqual([...Array(10).fill(1), ...Array(10).fill(2), ...Array(5).fill(3)]);
    expect(throttle.levelOf(project, 'fingerprint', 'v').level).toBe(ThrottleLevel.Blocked);
    for (const level of [2, 1, 0]) {
      passTime(COOLDOWN);
      expect(levelOf('s')).toBe(level);
    }
  });

  it.each([
    ['speed', 31, {}, 'requests_per_minute'],
    ['failures', 21, { failed: true }, 'error_rate'],
    ['probing', 1, { scanner: '3 probes' }, 'scanner'],
    ['a flag', 1, { flagged: true }, 'flagged'],
  ] as const)('rise for %s, with the request that makes it %i', (_name, count, more, criterion) => {
    for (let index = 1; index < count; index++) throttle.observe(project, 's', '', requestAt(clock.nowMs, more));
    expect(levelOf('s')).toBe(ThrottleLevel.Normal);
    throttle.observe(project, 's', '', requestAt(clock.nowMs, more));
    expect(throttle.levelOf(project, 'session', 's')).toMatchObject({ level: 1, criterion });
  });

  it('count all sessions of a visitor together', () => {
    for (let index = 0; index < 31; index++) throttle.observe(project, `s${index}`, 'v', requestAt(clock.nowMs));
    expect(throttle.levelOf(project, 'fingerprint', 'v').criterion).toBe('requests_per_minute');
    // And the session that was one request too many.
    const listed = throttle.list(project, 10).map(({ kind, id }) => [kind, id]);
    expect(listed).toEqual([
      ['session', 's30'],
      ['fingerprint', 'v'],
    ]);
  });

  it('count in the window of whoever has one', () => {
    const holder = { window: undefined };
    for (let index = 0; index < 31; index++) throttle.observe(project, 's', 'v', requestAt(clock.nowMs), holder);
    expect(throttle.levelOf(project, 'session', 's').criterion).toBe('requests_per_minute');
    expect(throttle.sizes.windows).toBe(0);
    throttle.observe(project, 's', 'v', requestAt(clock.nowMs));
    expect(throttle.sizes.windows).toBe(1);
  });

  it('do not rise for assets and beacons, nor for what happened long ago, nor for a fast search engine', () => {
    for (let index = 0; index < 100; index++) {
      throttle.observe(project, 's', '', requestAt(clock.nowMs, { countsAsRequest: false, botScore: 90 }));
      throttle.observe(project, 's', '', requestAt(clock.nowMs - COOLDOWN - 1, { botScore: 90 }));
      throttle.observe(project, 's', '', requestAt(clock.nowMs, { declaredSearchEngine: true, botScore: 90 }));
    }
    expect(levelOf('s')).toBe(ThrottleLevel.Normal);
    expect(throttle.sizes.levels).toBe(0);
  });

  it('are not held longer by a clock that runs ahead', () => {
    throttle.observe(project, 's', '', requestAt(clock.nowMs + 240 * SECOND, { botScore: 90 }));
    expect(throttle.levelOf(project, 'session', 's')).toMatchObject({ level: 1, lastEvidenceMs: clock.nowMs });
  });

  it('are listed highest and newest first', async () => {
    misbehave('a', '', 1);
    misbehave('b', '', 11);
    misbehave('c', '', 1);
    await throttle.setLevel({ projectId: project, kind: 'session', id: 'd' }, ThrottleLevel.Normal, 'Our own monitor.');
    expect(throttle.list(project, 10).map(({ id, state }) => [id, state.level])).toEqual([
      ['b', 2],
      ['c', 1],
      ['a', 1],
      ['d', 0],
    ]);
    expect(throttle.list(project, 2)).toHaveLength(2);
    expect(throttle.list('another', 10)).toEqual([]);
  });

  it('leave nobody in memory who is at the normal level', () => {
    for (let index = 0; index < 1000; index++) throttle.observe(project, `s${index}`, `v${index}`, requestAt(clock.nowMs));
    expect(throttle.sizes).toEqual({ levels: 0, windows: 1000 });
  });

  it('are forgotten when there are too many, but not the newest, and not those of a person', async () => {
    const small = await openTestThrottle({ store: contract.store, clock, levelsMax: 10 });
    await small.setLevel({ projectId: project, kind: 'session', id: 'held' }, ThrottleLevel.Blocked, 'A test.');
    for (let index = 0; index < 53; index++) small.observe(project, `s${index}`, '', requestAt(clock.nowMs, { botScore: 70 }));
    expect(small.sizes.levels).toBeLessThanOrEqual(11);
    const listed = small.list(project, 100).map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining(['held', 's48', 's49', 's50', 's51', 's52']));
    expect(listed).not.toContain('s42');
    await small.close();
  });
});

describe('a level set by hand', () => {
  const subject = (id: string) => ({ projectId: project, kind: 'session' as const, id });

  it('holds against evidence and time, until it is released', async () => {
    await throttle.setLevel(subject('s'), ThrottleLevel.Severe, 'Asked to be slow.');
    misbehave('s', '', 30);
    passTime(10 * COOLDOWN);
    expect(throttle.levelOf(project, 'session', 's')).toMatchObject({ level: 2, criterion: 'manual', reason: 'Asked to be slow.' });
    await throttle.release(subject('s'));
    expect(levelOf('s')).toBe(ThrottleLevel.Normal);
    expect((await ask('s')).allowed).toBe(true);
    misbehave('s', '', 1);
    expect(levelOf('s')).toBe(ThrottleLevel.Warning);
  });

  it('lets pass at once who was blocked', async () => {
    misbehave('s', '', 21);
    expect((await ask('s')).allowed).toBe(false);
    await throttle.setLevel(subject('s'), ThrottleLevel.Normal, 'A mistake.');
    expect(await ask('s')).toMatchObject({ allowed: true, limit: 60, reason: 'A mistake.' });
  });

  it('is stored when the call returns, and there after a restart', async () => {
    await throttle.setLevel(subject('s'), ThrottleLevel.Blocked, 'Never again.');
    const rows = await contract.store.query(
      render(sql`SELECT subject_id, level, criterion, reason FROM throttle_levels FINAL WHERE project_id = ${bind.string(project)}`),
    );
    expect(rows).toEqual([{ subject_id: 's', level: 3, criterion: 'manual', reason: 'Never again.' }]);
    await restart();
    passTime(100 * COOLDOWN);
    expect(levelOf('s')).toBe(ThrottleLevel.Blocked);
    await throttle.release(subject('s'));
    await restart();
    expect(levelOf('s')).toBe(ThrottleLevel.Normal);
  });

  it('needs somebody to set it for', async () => {
    await expect(throttle.setLevel(subject(''), ThrottleLevel.Blocked, '')).rejects.toMatchObject({ code: 'missing_field' });
  });
});

describe('a restart', () => {
  it('keeps levels, with reason, time and what is left of the cooldown', async () => {
    misbehave('s', 'v', 12);
    const before = throttle.levelOf(project, 'session', 's');
    expect(before.level).toBe(ThrottleLevel.Severe);
    await restart();
    expect(throttle.levelOf(project, 'session', 's')).toEqual(before);
    expect(throttle.levelOf(project, 'fingerprint', 'v')).toMatchObject({ level: 2, criterion: 'bot_score' });
    expect(await ask('s', 'v')).toMatchObject({ level: 2, limit: 15, reason: 'The bot score is 70; from 50 on the level is raised.' });
    clock.nowMs = before.lastEvidenceMs + COOLDOWN - 1;
    await restart();
    expect(levelOf('s')).toBe(ThrottleLevel.Severe);
    clock.nowMs += 1;
    expect(levelOf('s')).toBe(ThrottleLevel.Warning);
  });

  it('forgets what cooled down while nothing ran', async () => {
    misbehave('s', 'v', 30);
    clock.nowMs += 3 * COOLDOWN;
    await restart();
    expect(throttle.sizes.levels).toBe(0);
    expect(throttle.list(project, 10)).toEqual([]);
  });

  it('keeps blocked who went on until then', async () => {
    misbehave('s', '', 21);
    for (let minute = 0; minute < 60; minute++) {
      passTime(60 * SECOND);
      throttle.observe(project, 's', '', requestAt(clock.nowMs, { botScore: 70 }));
    }
    await restart();
    expect(levelOf('s')).toBe(ThrottleLevel.Blocked);
  });

  it('of a process that was killed loses at most what was not stored in the last second', async () => {
    const timer = manualTimer();
    const killed = await openTestThrottle({ store: contract.store, clock, timer });
    killed.observe(project, 's', '', requestAt(clock.nowMs, { botScore: 70 }));
    expect(timer.pauses).toContain(1000);
    timer.run(1000);
    await killed.flush();
    killed.observe(project, 'late', '', requestAt(clock.nowMs, { botScore: 70 }));
    const after = await openTestThrottle({ store: contract.store, clock });
    expect(after.list(project, 10).map(({ id }) => id)).toEqual(['s']);
    await after.close();
    await killed.close();
  });
});

describe('forgetting', () => {
  it('erases sessions and visitors everywhere, and nobody else', async () => {
    misbehave('s', 'v', 21);
    misbehave('other', 'w', 1);
    await throttle.flush();
    throttle.observe(project, 's', 'v', requestAt(clock.nowMs + COOLDOWN, { botScore: 70 }));
    await throttle.forget(project, ['s', 'unknown'], ['v']);
    const left = throttle.list(project, 10).map(({ id }) => id);
    expect(left.sort()).toEqual(['other', 'w']);
    expect(throttle.sizes).toEqual({ levels: 2, windows: 1 });
    expect(await ask('s', 'v')).toMatchObject({ level: 0, allowed: true });
    const rows = await contract.store.query<{ subject_id: string }>(
      render(sql`SELECT DISTINCT subject_id FROM throttle_levels WHERE project_id = ${bind.string(project)} ORDER BY subject_id`),
    );
    expect(rows.map((row) => row.subject_id)).toEqual(['other', 'w']);
    await restart();
    expect(throttle.levelOf(project, 'fingerprint', 'v').level).toBe(ThrottleLevel.Normal);
  });
});

describe('storing in the background', () => {
  it('writes levels together, tries again after a failure, and tells of it', async () => {
    const store = failingStore(contract.store);
    const timer = manualTimer();
    const failures: unknown[] = [];
    const service = await openTestThrottle({ store, clock, timer, onFailure: (error) => failures.push(error) });
    for (let index = 0; index < 20; index++) service.observe(project, `s${index}`, '', requestAt(clock.nowMs, { botScore: 70 }));
    store.failNextInsert('throttle_levels');
    timer.run(1000);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    await vi.waitFor(() => expect(timer.pauses).toContain(5000));
    timer.run(5000);
    await service.flush();
    expect(await storedLevels()).toEqual([{ level: 1, subjects: '20' }]);
    await service.close();
    expect(failures).toHaveLength(1);
  });

  it('writes levels that cooled down, too', async () => {
    const timer = manualTimer();
    const service = await openTestThrottle({ store: contract.store, clock, timer });
    service.observe(project, 's', '', requestAt(clock.nowMs, { botScore: 70 }));
    await service.flush();
    expect(await storedLevels()).toEqual([{ level: 1, subjects: '1' }]);
    clock.nowMs += COOLDOWN;
    timer.run(60_000);
    await service.flush();
    expect(await storedLevels()).toEqual([{ level: 0, subjects: '1' }]);
    expect(service.sizes.levels).toBe(0);
    await service.close();
    // What waits after closing does nothing.
    timer.run(60_000);
    timer.run(60_000);
    expect(timer.pauses).toEqual([]);
  });

  it('drops the counters of who is gone', async () => {
    const timer = manualTimer();
    const service = await openTestThrottle({ store: contract.store, clock, timer });
    service.observe(project, 's', 'v', requestAt(clock.nowMs));
    for (let minute = 0; minute < 10; minute++) timer.run(60_000);
    expect(service.sizes.windows).toBe(0);
    await service.close();
  });

  const storedLevels = (): Promise<unknown[]> =>
    contract.store.query(
      render(sql`SELECT level, count() AS subjects FROM throttle_levels FINAL WHERE project_id = ${bind.string(project)} GROUP BY level`),
    );
});

it.each([3, 0, -1, 1.5, Number.NaN])('%d requests per minute are no limit', async (requestsPerMinute) => {
  const limiter = await openRateLimiter({ redisUrl: '', pointsPerMinute: 60 });
  expect(() => new ThrottleService({ store: contract.store, clock: () => T0, limiter, requestsPerMinute })).toThrow(
    expect.objectContaining({ code: 'invalid_configuration' }),
  );
});
