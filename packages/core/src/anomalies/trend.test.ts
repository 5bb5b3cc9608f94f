import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTrend } from './trend.js';

describe('checkTrend', () => {
  it.each([
    ['of nothing', [], 'normal', null, null],
    ['of one point', [100], 'normal', null, null],
    ['at twice the average', [10, 20], 'normal', 10, 2],
    ['just above twice the average', [10, 20.1], 'warning', 10, 2.01],
    ['at three times the average', [10, 30], 'warning', 10, 3],
    ['just above three times the average', [10, 30.1], 'critical', 10, 3.01],
    ['against several points', [1, 2, 3, 10], 'critical', 2, 5],
    ['of a fall', [10, 10, 1], 'normal', 10, 0.1],
    ['after nothing but zeros', [0, 0, 50], 'normal', null, null],
    ['after a mean below zero', [-5, 3, 50], 'normal', null, null],
  ] as const)('%s', (_name, points, level, expected, score) => {
    const result = checkTrend(points);
    expect(result).toMatchObject({ method: 'trend', level, expected, value: points.at(-1) ?? 0 });
    if (score === null) expect(result.score).toBeNull();
    else expect(result.score).toBeCloseTo(score, 9);
  });

  it.each([[[1, Number.NaN]], [[Number.POSITIVE_INFINITY, 1]]])('refuses %j', (points) => {
    expect(() => checkTrend(points)).toThrow(RangeError);
  });

  it('does not depend on the unit', () => {
    const points = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(points, fc.constantFrom(2, 8, 1024), (values, factor) => {
        expect(checkTrend(values.map((value) => value * factor)).level).toBe(checkTrend(values).level);
      }),
    );
  });

  it('says what exact fractions say', () => {
    const points = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(points, (values) => {
        const latest = values.at(-1) ?? 0;
        const before = values.slice(0, -1);
        const sum = before.reduce((total, value) => total + value, 0);
        // latest / (sum / count) > ratio without a division.
        const above = (ratio: number): boolean => sum > 0 && latest * before.length > ratio * sum;
        expect(checkTrend(values).level).toBe(above(3) ? 'critical' : above(2) ? 'warning' : 'normal');
      }),
    );
  });
});
