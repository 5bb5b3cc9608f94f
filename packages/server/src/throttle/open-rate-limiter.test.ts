import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRateLimiter, type RateLimiter } from './open-rate-limiter.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.UTC(2026, 9, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});
const open = (pointsPerMinute: number, keysMax?: number): Promise<RateLimiter> =>
  openRateLimiter({ redisUrl: '', pointsPerMinute, ...(keysMax === undefined ? {} : { keysMax }) });
const consumeTimes = async (limiter: RateLimiter, times: number, points: number, key = 'k'): Promise<number> => {
  let allowed = 0;
  for (let index = 0; index < times; index++) if ((await limiter.consume(key, points)).allowed) allowed++;
  return allowed;
};

describe('the limiter in memory', () => {
  it.each([
    [1, 100],
    [2, 50],
    [4, 25],
  ])('lets at %i points a request %i of 100 points pass', async (points, expected) => {
    expect(await consumeTimes(await open(100), 200, points)).toBe(expected);
  });

  it('says what is left and how long it lasts', async () => {
    const limiter = await open(10);
    expect(await limiter.consume('k', 4)).toEqual({ allowed: true, remainingPoints: 6, msBeforeNext: 60_000 });
    vi.advanceTimersByTime(15_000);
    expect(await limiter.consume('k', 4)).toEqual({ allowed: true, remainingPoints: 2, msBeforeNext: 45_000 });
    expect(await limiter.consume('k', 4)).toEqual({ allowed: false, remainingPoints: 0, msBeforeNext: 45_000 });
    vi.advanceTimersByTime(45_000);
    expect(await limiter.consume('k', 4)).toMatchObject({ allowed: true, remainingPoints: 6 });
  });

  it('refuses a blocked key for its time, and lets it in when it is unblocked', async () => {
    const limiter = await open(10);
    await limiter.block('k', 300);
    expect(await limiter.consume('k', 1)).toEqual({ allowed: false, remainingPoints: 0, msBeforeNext: 300_000 });
    expect((await limiter.consume('other', 1)).allowed).toBe(true);
    await limiter.unblock('k');
    expect(await limiter.consume('k', 1)).toMatchObject({ allowed: true, remainingPoints: 9 });
    await limiter.block('k', 300);
    vi.advanceTimersByTime(300_000);
    expect((await limiter.consume('k', 1)).allowed).toBe(true);
  });

  it('keeps as many keys as it may, the newest ones', async () => {
    const limiter = await open(10, 100);
    for (let index = 0; index < 250; index++) await consumeTimes(limiter, 10, 1, `k${index}`);
    expect(await consumeTimes(limiter, 1, 1, 'k249')).toBe(0);
    expect(await consumeTimes(limiter, 1, 1, 'k150')).toBe(0);
    expect(await consumeTimes(limiter, 1, 1, 'k149')).toBe(1);
  });

  it('shares nothing, and does not mind being closed', async () => {
    const limiter = await open(10);
    expect(limiter.shared).toBeUndefined();
    await limiter.close();
  });
});
