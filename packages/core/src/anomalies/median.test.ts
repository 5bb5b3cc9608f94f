import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanAbsoluteDeviation, median, medianAbsoluteDeviation } from './median.js';

const numbers = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 });

/** The median by its definition, without sorting: the value with as many on either side, or the two nearest to the middle. */
function medianByCounting(values: readonly number[]): number {
  const rank = (value: number): readonly [number, number] => [
    values.filter((each) => each < value).length,
    values.filter((each) => each <= value).length,
  ];
  const at = (position: number): number => {
    const found = values.find((value) => rank(value)[0] <= position && position < rank(value)[1]);
    if (found === undefined) throw new Error('no value has this rank');
    return found;
  };
  const middle = Math.floor(values.length / 2);
  return values.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}

describe('median', () => {
  it.each([
    [[5], 5],
    [[1, 3], 2],
    [[3, 1, 2], 2],
    [[10, 9, 2, 100], 9.5],
    [[-1, -1, 5], -1],
    // As text 10 would come before 9.
    [[9, 10, 11], 10],
    [[Number.MAX_VALUE, Number.MAX_VALUE], Number.MAX_VALUE],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('is what counting finds', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        expect(median(values)).toBeCloseTo(medianByCounting(values), 4);
      }),
    );
  });

  it('leaves its argument as it is', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('medianAbsoluteDeviation', () => {
  it.each([
    [[1, 1, 2, 2, 4, 6, 9], 2, 1],
    [[5, 5, 5], 5, 0],
    [[0, 10], 5, 5],
  ])('of %j around %d is %d', (values, center, expected) => {
    expect(medianAbsoluteDeviation(values, center)).toBe(expected);
  });

  it('does not break when less than half of the values are ruined', () => {
    const values = [10, 11, 9, 10, 12, 8, 10];
    const ruined = [10, 11, 9, 10, 1e12, -1e12, 1e15];
    expect(medianAbsoluteDeviation(values, median(values))).toBeLessThanOrEqual(1);
    expect(medianAbsoluteDeviation(ruined, median(ruined))).toBeLessThanOrEqual(1);
  });

  it('is the median of the distances', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: -1000, max: 1000 }), (values, center) => {
        expect(medianAbsoluteDeviation(values, center)).toBeCloseTo(medianByCounting(values.map((value) => Math.abs(value - center))), 4);
      }),
    );
  });
});

describe('meanAbsoluteDeviation', () => {
  it('is the mean of the distances, at least 0', () => {
    expect(meanAbsoluteDeviation([1, 2, 6], 2)).toBeCloseTo(5 / 3, 12);
    expect(() => meanAbsoluteDeviation([], 0)).toThrow(RangeError);
    fc.assert(
      fc.property(numbers, (values) => {
        expect(meanAbsoluteDeviation(values, median(values))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
