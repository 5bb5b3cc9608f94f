import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MinuteSeries } from './minute-series.js';

const MINUTE = Date.UTC(2026, 9, 5, 12) / 60_000;
const series = (): MinuteSeries => new MinuteSeries('p', 'model', 'm');

describe('MinuteSeries', () => {
  it('counts each minute for itself', () => {
    const minutes = series();
    minutes.add(MINUTE, false, undefined);
    minutes.add(MINUTE, true, undefined);
    minutes.add(MINUTE + 2, false, undefined);
    expect([0, 1, 2].map((offset) => minutes.countAt(MINUTE + offset))).toEqual([2, 0, 1]);
    expect(minutes.outcomes(MINUTE + 2, 3)).toEqual({ count: 3, failed: 1 });
    expect(minutes.outcomes(MINUTE + 2, 2)).toEqual({ count: 1, failed: 0 });
    expect(minutes.activityUpTo(MINUTE + 2)).toEqual([2, 1]);
    expect(minutes.activityUpTo(MINUTE + 1)).toEqual([2, 0]);
  });

  it('takes what arrives late, and not what is too late', () => {
    const minutes = series();
    minutes.add(MINUTE, false, 10);
    minutes.add(MINUTE - 5, true, 10);
    minutes.add(MINUTE - 72, true, 10);
    expect(minutes.countAt(MINUTE - 5)).toBe(1);
    expect(minutes.countAt(MINUTE - 72)).toBe(0);
    expect(minutes.countAt(MINUTE)).toBe(1);
  });

  it('says once which minutes have changed, the ones that are over only', () => {
    const minutes = series();
    for (const offset of [0, -3, 1, 0]) minutes.add(MINUTE + offset, false, undefined);
    expect(minutes.takeChanged(MINUTE)).toEqual([MINUTE - 3]);
    expect(minutes.takeChanged(MINUTE + 1)).toEqual([MINUTE]);
    expect(minutes.takeChanged(MINUTE + 1)).toEqual([]);
    // A sender's clock was a minute ahead.
    expect(minutes.takeChanged(MINUTE + 2)).toEqual([MINUTE + 1]);
    expect(minutes.takeChanged(MINUTE + 3)).toEqual([]);
  });

  it('has what was restored to compare with, and not as news', () => {
    const minutes = series();
    minutes.restore(MINUTE, { count: 3, failed: 1, durations: 2, durationMean: 50, durationSquares: 200 });
    minutes.add(MINUTE, true, 50);
    expect(minutes.outcomes(MINUTE, 1)).toEqual({ count: 4, failed: 2 });
    expect(minutes.durations(MINUTE).recent).toMatchObject({ count: 3, mean: 50, squares: 200 });
    const untouched = series();
    untouched.restore(MINUTE, { count: 3, failed: 1, durations: 0, durationMean: 0, durationSquares: 0 });
    expect(untouched.takeChanged(MINUTE + 1)).toEqual([]);
  });

  it('has the mean and the spread of the hour before a minute as they are', () => {
    const durations = fc.array(fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 1, max: 5000 })), {
      minLength: 1,
      maxLength: 120,
    });
    fc.assert(
      fc.property(durations, (events) => {
        const minutes = series();
        for (const [ago, duration] of events) minutes.add(MINUTE - ago, false, duration);
        const { recent, window } = minutes.durations(MINUTE);
        const inWindow = events.flatMap(([ago, duration]) => (ago >= 1 && ago <= 60 ? [duration] : []));
        expect(recent.count).toBe(events.filter(([ago]) => ago === 0).length);
        expect(window.count).toBe(inWindow.length);
        if (inWindow.length === 0) return;
        const mean = inWindow.reduce((sum, value) => sum + value, 0) / inWindow.length;
        const variance = inWindow.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inWindow.length;
        expect(window.mean).toBeCloseTo(mean, 6);
        expect(window.variance).toBeCloseTo(variance, 3);
      }),
    );
  });
});
