import { DEFAULT_ESCALATION_CRITERIA, ThrottleLevel } from '@systemprompt-analytics/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { statement } from '../store/sql.js';
import type { ContractStore } from '../store/testing/open-contract-store.js';
import { openMigratedStore, openTestThrottle, requestAt, T0, type TestClock } from './testing/open-throttle.js';
import { startRedisServer, type TestRedis } from './testing/redis-server.js';
import type { ThrottleService } from './throttle-service.js';

const COOLDOWN = DEFAULT_ESCALATION_CRITERIA.cooldownMs;
const LIMIT = 20;

let redis: TestRedis;
let contract: ContractStore;
let clock: TestClock;
/** Two servers of one installation. */
let a: ThrottleService;
let b: ThrottleService;
let failures: unknown[];
let project: string;
let projects = 0;

const open = (redisUrl = redis.url): Promise<ThrottleService> =>
  openTestThrottle({ store: contract.store, clock, redisUrl, requestsPerMinute: LIMIT, onFailure: (error) => failures.push(error) });

beforeAll(async () => {
  redis = await startRedisServer();
  contract = await openMigratedStore();
});
afterAll(async () => {
  await contract.remove();
  await redis.close();
});
beforeEach(async () => {
  // What one server stored must not reach the other one but over Redis.
  await contract.store.command(statement('TRUNCATE TABLE throttle_levels'));
  project = `p${++projects}`;
  failures = [];
  clock = { nowMs: T0 };
  a = await open();
  b = await open();
});
afterEach(async () => {
  await a.close();
  await b.close();
});

const allowedOf = async (service: ThrottleService, times: number, sessionId: string, visitorId = ''): Promise<number> => {
  let allowed = 0;
  for (let index = 0; index < times; index++) if ((await service.decide({ projectId: project, sessionId, visitorId })).allowed) allowed++;
  return allowed;
};
const ask = (service: ThrottleService, sessionId: string, visitorId = ''): ReturnType<ThrottleService['decide']> =>
  service.decide({ projectId: project, sessionId, visitorId });
/** Raises a level of one server to the one asked for, and waits until the others can know. */
async function misbehave(service: ThrottleService, sessionId: string, visitorId: string, level: ThrottleLevel): Promise<void> {
  for (let step = 0; step < level; step++) {
    clock.nowMs += 10_000;
    service.observe(project, sessionId, visitorId, requestAt(clock.nowMs, { botScore: 70 }));
  }
  const other = service === a ? b : a;
  await vi.waitFor(async () => expect((await ask(other, sessionId, visitorId)).level).toBe(level));
}

describe('two servers over one Redis', () => {
  it('share a limit', async () => {
    expect(await allowedOf(a, 12, 's', 'v')).toBe(12);
    expect(await ask(b, 's', 'v')).toMatchObject({ allowed: true, remaining: LIMIT - 13 });
    expect(await allowedOf(b, 30, 'another', 'v')).toBe(LIMIT - 13);
    expect(await ask(a, 's', 'v')).toMatchObject({ allowed: false, remaining: 0, reason: 'The 20 requests of this minute are used up.' });
  });

  it('share a limit that is asked for at the same time', async () => {
    const both = await Promise.all([allowedOf(a, 50, 's'), allowedOf(b, 50, 's')]);
    expect(both[0] + both[1]).toBe(LIMIT);
  });

  it.each(['session', 'fingerprint'] as const)('share the level of a %s, its reason and its end', async (kind) => {
    const [sessionId, visitorId] = kind === 'session' ? ['x', ''] : ['', 'x'];
    await misbehave(a, sessionId, visitorId, ThrottleLevel.Blocked);
    expect(await ask(b, sessionId, visitorId)).toEqual({
      level: ThrottleLevel.Blocked,
      allowed: false,
      limit: 0,
      remaining: 0,
      retryAfterSeconds: COOLDOWN / 1000,
      reason: 'The bot score is 70; from 50 on the level is raised.',
    });
    expect(b.levelOf(project, kind, 'x')).toEqual(a.levelOf(project, kind, 'x'));
    clock.nowMs += COOLDOWN;
    expect((await ask(a, sessionId, visitorId)).level).toBe(ThrottleLevel.Severe);
    expect((await ask(b, sessionId, visitorId)).level).toBe(ThrottleLevel.Severe);
  });

  it('go on from what the other one knows, and never undo it', async () => {
    await misbehave(a, 's', '', ThrottleLevel.Severe);
    clock.nowMs += 10_000;
    b.observe(project, 's', '', requestAt(clock.nowMs, { botScore: 70 }));
    await vi.waitFor(async () => expect((await ask(a, 's')).level).toBe(ThrottleLevel.Blocked));
    // A server that only now sees the session, and asks nobody before it raises the level from normal.
    const late = await open();
    late.observe(project, 's', '', requestAt(clock.nowMs + 1, { botScore: 70 }));
    expect((await ask(late, 's')).level).toBe(ThrottleLevel.Blocked);
    expect((await ask(a, 's')).level).toBe(ThrottleLevel.Blocked);
    await late.close();
  });

  it('hear of what a person did at the other one', async () => {
    const subject = { projectId: project, kind: 'fingerprint' as const, id: 'v' };
    await a.setLevel(subject, ThrottleLevel.Blocked, 'Never again.');
    expect(await ask(b, 's', 'v')).toMatchObject({ allowed: false, retryAfterSeconds: null, reason: 'Never again.' });
    clock.nowMs += 1000;
    await b.release(subject);
    expect(await ask(a, 's', 'v')).toMatchObject({ level: ThrottleLevel.Normal, allowed: true });
    // Whoever misbehaves after the release is slowed down again, at every server.
    await misbehave(b, '', 'v', ThrottleLevel.Warning);
    expect((await ask(a, '', 'v')).level).toBe(ThrottleLevel.Warning);
  });

  it('forget together', async () => {
    await misbehave(a, 's', 'v', ThrottleLevel.Blocked);
    await a.forget(project, ['s'], ['v']);
    const fresh = await open();
    expect(await ask(fresh, 's', 'v')).toMatchObject({ level: ThrottleLevel.Normal, allowed: true });
    await fresh.close();
  });

  it('are refused by the limiter itself where a level cannot be read', async () => {
    await misbehave(a, '', 'v', ThrottleLevel.Blocked);
    const { openRateLimiter } = await import('./open-rate-limiter.js');
    const limiter = await openRateLimiter({ redisUrl: redis.url, pointsPerMinute: LIMIT });
    const consumed = await limiter.consume(`f:${project}\nv`, 1);
    expect(consumed.allowed).toBe(false);
    expect(consumed.msBeforeNext).toBeGreaterThan(COOLDOWN - 10_000);
    await limiter.close();
  });
});

describe('a Redis that is away', () => {
  it('leaves every server with the levels it knows and a limit of its own, and is taken up when it is back', async () => {
    await misbehave(a, 's', '', ThrottleLevel.Warning);
    await redis.stop();
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0));
    expect(await allowedOf(a, 30, 's')).toBe(LIMIT / 2);
    expect(await allowedOf(b, 30, 's')).toBe(LIMIT / 2);
    expect(await ask(a, 's')).toMatchObject({ level: ThrottleLevel.Warning, allowed: false });
    await redis.start();
    // Nothing of before is known to it.
    await vi.waitFor(async () => expect(await ask(a, 's')).toMatchObject({ allowed: true }), { timeout: 30_000, interval: 100 });
    await vi.waitFor(async () => expect(await ask(b, 's')).toMatchObject({ allowed: true }), { timeout: 30_000, interval: 100 });
    expect((await allowedOf(a, 10, 's')) + (await allowedOf(b, 10, 's'))).toBeLessThan(LIMIT / 2);
  });

  it('does not keep a server from starting', async () => {
    await redis.stop();
    const alone = await open();
    expect(failures.length).toBeGreaterThan(0);
    expect(await allowedOf(alone, 30, 'fresh')).toBe(LIMIT);
    await alone.setLevel({ projectId: project, kind: 'session', id: 'fresh' }, ThrottleLevel.Blocked, 'A test.');
    expect((await ask(alone, 'fresh')).allowed).toBe(false);
    await alone.close();
    await redis.start();
  });
});
