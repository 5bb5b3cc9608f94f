import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviationOf, RunningStatistics } from './running-statistics.js';

function statisticsOf(values: readonly number[]): RunningStatistics {
  const statistics = new RunningStatistics();
  for (const value of values) statistics.add(value);
  return statistics;
}

/** Mean and variance in two passes, the way they are defined. */
function twoPasses(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

const durations = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 100 });

describe('RunningStatistics', () => {
  it('of nothing', () => {
    expect(new RunningStatistics()).toMatchObject({ count: 0, mean: 0, variance: 0, standardDeviation: 0 });
  });

  it('is what two passes find', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const statistics = statisticsOf(values);
        const { mean, variance } = twoPasses(values);
        expect(statistics.count).toBe(values.length);
        expect(statistics.mean).toBeCloseTo(mean, 5);
        expect(Math.abs(statistics.variance - variance)).toBeLessThanOrEqual(1e-9 * (1 + variance));
      }),
    );
  });

  it('put together is that of all numbers', () => {
    fc.assert(
      fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), (groups) => {
        const merged = new RunningStatistics();
        for (const group of groups) {
          const { count, mean, squares } = statisticsOf(group);
          merged.merge(count, mean, squares);
        }
        merged.merge(0, 0, 0);
        const { mean, variance } = twoPasses(groups.flat());
        expect(merged.count).toBe(groups.flat().length);
        expect(merged.mean).toBeCloseTo(mean, 5);
        expect(Math.abs(merged.variance - variance)).toBeLessThanOrEqual(1e-9 * (1 + variance));
      }),
    );
  });

  it('keeps a small variance beside a large mean', () => {
    expect(statisticsOf([1e9, 1e9 + 1, 1e9 + 2]).variance).toBeCloseTo(2 / 3, 6);
  });
});

describe('deviationOf', () => {
  const window = { count: 30, mean: 100, standardDeviation: 20 };
  it.each([
    ['above', { count: 5, mean: 150 }, window, 2.5],
    ['below', { count: 5, mean: 90 }, window, -0.5],
    ['of too few recent ones', { count: 4, mean: 150 }, window, undefined],
    ['against too few', { count: 5, mean: 150 }, { ...window, count: 29 }, undefined],
    ['against a mean of 0', { count: 5, mean: 150 }, { ...window, mean: 0 }, undefined],
    ['against no spread at all', { count: 5, mean: 130 }, { ...window, standardDeviation: 0 }, 3],
    ['against less spread than a tenth', { count: 5, mean: 130 }, { ...window, standardDeviation: 1 }, 3],
  ])('%s', (_name, recent, against, expected) => {
    expect(deviationOf(recent, against)).toBe(expected);
  });
});
