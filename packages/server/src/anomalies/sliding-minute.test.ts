import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingMinute } from './sliding-minute.js';

const START_MS = Date.UTC(2026, 9, 5, 12);

function peakOf(...offsetsMs: readonly number[]): number {
  const minute = new SlidingMinute();
  for (const offset of offsetsMs) minute.add(START_MS + offset);
  return minute.takePeak(START_MS + Math.max(...offsetsMs));
}

describe('SlidingMinute', () => {
  it.each([
    ['one', [0], 1],
    ['all of one second', [0, 1, 999], 3],
    ['59 seconds apart', [0, 59_999], 2],
    ['60 seconds apart', [0, 60_000], 1],
    ['across the minute of the clock', [50_000, 70_000], 2],
    ['the fullest of several minutes', [0, 1000, 2000, 300_000], 3],
    ['out of order', [30_000, 0, 20_000], 3],
    ['too late to be in a window that is still open', [120_000, 0, 0, 0], 1],
  ])('%s', (_name, offsets, peak) => {
    expect(peakOf(...offsets)).toBe(peak);
  });

  it('goes on with those of the last 60 seconds after each look', () => {
    const minute = new SlidingMinute();
    for (const second of [0, 10, 50]) minute.add(START_MS + second * 1000);
    expect(minute.takePeak(START_MS + 65_000)).toBe(3);
    expect(minute.takePeak(START_MS + 75_000)).toBe(2);
    expect(minute.takePeak(START_MS + 200_000)).toBe(1);
    expect(minute.takePeak(START_MS + 201_000)).toBe(0);
  });

  it('counts what arrives a while after it happened', () => {
    const minute = new SlidingMinute();
    expect(minute.takePeak(START_MS)).toBe(0);
    for (let second = 0; second < 20; second++) minute.add(START_MS - 200_000 + second * 1000);
    expect(minute.takePeak(START_MS)).toBe(20);
  });

  it('finds in order what counting every window finds', () => {
    const seconds = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(seconds, (unordered) => {
        const ordered = [...unordered].sort((a, b) => a - b);
        const windows = ordered.map((end) => ordered.filter((second) => second <= end && second > end - 60).length);
        expect(peakOf(...ordered.map((second) => second * 1000))).toBe(Math.max(...windows));
      }),
    );
  });
});
