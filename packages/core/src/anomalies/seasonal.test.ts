import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSeasonal, hourOfWeek, modifiedZScore, seasonalSamples } from './seasonal.js';

/** Monday, 2 March 2026, 10:00 UTC. */
const MONDAY_10 = Date.UTC(2026, 2, 2, 10) / 3_600_000;
const HOURS_PER_WEEK = 168;

describe('hourOfWeek', () => {
  it('starts on Monday at midnight and has 168 values', () => {
    expect(hourOfWeek(MONDAY_10)).toBe(10);
    expect(hourOfWeek(MONDAY_10 - 10)).toBe(0);
    expect(hourOfWeek(MONDAY_10 - 11)).toBe(167);
    expect(hourOfWeek(-1)).toBe(71);
  });

  it('is what the calendar says', () => {
    fc.assert(
      fc.property(fc.integer({ min: -500_000, max: 1_000_000 }), (hour) => {
        const date = new Date(hour * 3_600_000);
        expect(hourOfWeek(hour)).toBe(((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours());
      }),
    );
  });
});

describe('seasonalSamples', () => {
  const known = (...hours: readonly number[]): ((hour: number) => number | undefined) => {
    const values = new Map(hours.map((hour) => [hour, hour - MONDAY_10]));
    return (hour) => values.get(hour);
  };
  const weeksAgo = (weeks: number, more = 0): number => MONDAY_10 - weeks * HOURS_PER_WEEK + more;

  it('takes the same hour of at least three earlier weeks, newest first', () => {
    expect(seasonalSamples(MONDAY_10, known(weeksAgo(1), weeksAgo(2), weeksAgo(4), weeksAgo(1, 1)))).toEqual({
      basis: 'hour_of_week',
      values: [-168, -336, -672],
    });
  });

  it('does not look back more than six weeks, and never at the hour itself', () => {
    expect(seasonalSamples(MONDAY_10, known(MONDAY_10, weeksAgo(7), weeksAgo(8), weeksAgo(9), weeksAgo(1)))).toBeUndefined();
  });

  it('adds the hours beside it where there are fewer', () => {
    const hours = [weeksAgo(1, -1), weeksAgo(1), weeksAgo(1, 1), weeksAgo(2, -1), weeksAgo(2), weeksAgo(2, 1)];
    expect(seasonalSamples(MONDAY_10, known(...hours))).toEqual({
      basis: 'neighbouring_hours',
      values: [-169, -168, -167, -337, -336, -335],
    });
    expect(seasonalSamples(MONDAY_10, known(...hours.slice(1)))).toBeUndefined();
  });

  it('takes the same hour of other days where there are fewer still, from a week on', () => {
    const days = Array.from({ length: 7 }, (_, index) => MONDAY_10 - 24 * (index + 1));
    expect(seasonalSamples(MONDAY_10, known(...days))).toEqual({ basis: 'hour_of_day', values: days.map((hour) => hour - MONDAY_10) });
    expect(seasonalSamples(MONDAY_10, known(...days.slice(1)))).toBeUndefined();
  });

  it('says nothing without a history', () => {
    expect(seasonalSamples(MONDAY_10, () => undefined)).toBeUndefined();
  });
});

describe('modifiedZScore', () => {
  it.each([
    // Median 100, MAD 20.
    ['by the MAD', 160, [60, 80, 100, 120, 140], (0.6745 * 60) / 20],
    ['below the median', 40, [60, 80, 100, 120, 140], (0.6745 * -60) / 20],
    // Median 100, MAD 0, mean distance 20.
    ['by the mean distance where the MAD is 0', 160, [100, 100, 100, 40, 140], 60 / (1.253314 * 20)],
    ['by a share of the median where nothing varies', 130, [100, 100, 100], 2],
    ['by a share of the median where little varies', 130, [99, 100, 101], 2],
    ['of nothing against nothing', 0, [0, 0, 0], undefined],
    ['against a median of 0', 5, [0, 0, 9], undefined],
  ])('%s', (_name, value, samples, expected) => {
    const score = modifiedZScore(value, samples);
    if (expected === undefined) expect(score).toBeUndefined();
    else expect(score).toBeCloseTo(expected, 9);
  });

  it('is that of the sorted brute force wherever the values vary enough', () => {
    const samples = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 3, maxLength: 30 });
    const middleOf = (values: readonly number[]): number => {
      const sorted = [...values].sort((a, b) => a - b);
      const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0];
      return (low + high) / 2;
    };
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 5000 }), (values, value) => {
        const middle = middleOf(values);
        const spread = middleOf(values.map((each) => Math.abs(each - middle)));
        fc.pre(spread / 0.6745 > 0.15 * middle);
        expect(modifiedZScore(value, values)).toBeCloseTo((0.6745 * (value - middle)) / spread, 9);
      }),
    );
  });
});

describe('checkSeasonal', () => {
  it.each([
    ['as always', 100, 'normal'],
    ['a little more', 152, 'normal'],
    ['half as much again', 152.6, 'warning'],
    ['twice as much', 204, 'warning'],
    ['more than twice as much', 206, 'critical'],
    ['much less', 47, 'warning'],
    ['nothing', 0, 'warning'],
  ] as const)('%s, where nothing ever varied', (_name, value, level) => {
    expect(checkSeasonal(value, [100, 100, 100, 100])).toMatchObject({ method: 'seasonal', level, value, expected: 100 });
  });

  it('is normal against a median of 0, and says that it expected nothing', () => {
    expect(checkSeasonal(50, [0, 0, 0])).toEqual({ method: 'seasonal', level: 'normal', value: 50, expected: null, score: null });
  });

  it('never calls a usual value unusual', () => {
    const samples = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 3, maxLength: 18 });
    fc.assert(
      fc.property(samples, (values) => {
        const sorted = [...values].sort((a, b) => a - b);
        const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
        expect(checkSeasonal(middle, values).level).toBe('normal');
      }),
    );
  });

  it.each([
    [Number.NaN, [1, 2, 3]],
    [1, [1, Number.POSITIVE_INFINITY, 3]],
    [1, []],
  ])('refuses %d against %j', (value, samples) => {
    expect(() => checkSeasonal(value, samples)).toThrow(RangeError);
  });
});
