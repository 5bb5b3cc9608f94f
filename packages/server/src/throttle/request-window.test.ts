import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestWindow } from './request-window.js';

const T0 = Date.UTC(2026, 9, 1, 12);
const SECOND = 1000;
const MINUTE = 60 * SECOND;

function windowOf(times: readonly number[], failed = false): RequestWindow {
  const window = new RequestWindow();
  for (const time of times) window.record(time, failed);
  return window;
}

describe('requestsPerMinute', () => {
  it('counts the calendar minute and what the last 60 seconds still cover of the one before', () => {
    const window = windowOf(Array.from({ length: 40 }, (_, index) => T0 + index * SECOND));
    expect(window.requestsPerMinute(T0 + 40 * SECOND)).toBe(40);
    window.record(T0 + MINUTE, false);
    expect(window.requestsPerMinute(T0 + MINUTE)).toBe(41);
    window.record(T0 + MINUTE + 30 * SECOND, false);
    expect(window.requestsPerMinute(T0 + MINUTE + 30 * SECOND)).toBe(22);
    window.record(T0 + 3 * MINUTE, false);
    expect(window.requestsPerMinute(T0 + 3 * MINUTE)).toBe(1);
  });

  it('is exact for requests that come evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.nat({ max: 600 }), (gapSeconds, seconds) => {
        const times: number[] = [];
        for (let time = T0; time <= T0 + 3 * MINUTE + seconds * SECOND; time += gapSeconds * SECOND) times.push(time);
        const last = times.at(-1) ?? T0;
        const inLastMinute = times.filter((time) => time > last - MINUTE).length;
        expect(Math.abs(windowOf(times).requestsPerMinute(last) - inLastMinute)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('never leaves the bounds that the two calendar minutes set', () => {
    const anyTimes = fc.array(fc.nat({ max: 4 * MINUTE }), { minLength: 1, maxLength: 100 }).map((gaps) => gaps.sort((a, b) => a - b));
    fc.assert(
      fc.property(anyTimes, (offsets) => {
        const times = offsets.map((offset) => T0 + offset);
        const last = times.at(-1) ?? T0;
        const minuteOf = (time: number): number => Math.floor(time / MINUTE);
        const current = times.filter((time) => minuteOf(time) === minuteOf(last)).length;
        const before = times.filter((time) => minuteOf(time) === minuteOf(last) - 1).length;
        const rate = windowOf(times).requestsPerMinute(last);
        expect(rate).toBeGreaterThanOrEqual(current);
        expect(rate).toBeLessThanOrEqual(current + before);
      }),
    );
  });

  it('says of a time that has passed only what is certain', () => {
    const window = windowOf([T0, T0 + 1, T0 + 2, T0 + MINUTE]);
    expect(window.requestsPerMinute(T0 + 10)).toBe(1);
  });
});

describe('failures', () => {
  it('are those of the current five minutes and the five before', () => {
    const anyRequests = fc.array(fc.record({ time: fc.nat({ max: 30 * MINUTE }), failed: fc.boolean() }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(anyRequests, (requests) => {
        const ordered = requests.map(({ time, failed }) => ({ time: T0 + time, failed })).sort((a, b) => a.time - b.time);
        const window = new RequestWindow();
        for (const { time, failed } of ordered) window.record(time, failed);
        const blockOf = (time: number): number => Math.floor(time / (5 * MINUTE));
        const newest = blockOf(ordered.at(-1)?.time ?? T0);
        const recent = ordered.filter(({ time }) => blockOf(time) >= newest - 1);
        expect(window.recentRequests).toBe(recent.length);
        expect(window.recentFailures).toBe(recent.filter(({ failed }) => failed).length);
      }),
    );
  });

  it('count where they belong when they come late, and not at all when they come much later', () => {
    const window = windowOf([T0 + 6 * MINUTE]);
    window.record(T0 + 4 * MINUTE, true);
    expect([window.recentRequests, window.recentFailures]).toEqual([2, 1]);
    window.record(T0 - MINUTE, true);
    expect([window.recentRequests, window.recentFailures]).toEqual([2, 1]);
  });
});
