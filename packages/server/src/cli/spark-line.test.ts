import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkLine } from './spark-line.js';

describe('sparkLine', () => {
  it.each([
    ['every height', [0, 1, 2, 3, 4, 5, 6, 7], undefined, '▁▂▃▄▅▆▇█'],
    ['scales from the smallest value, not from 0', [100, 107], undefined, '▁█'],
    ['negative values', [-10, 0, 10], undefined, '▁▅█'],
    ['a gap', [0, null, 7], undefined, '▁ █'],
    ['constant', [5, 5, 5], undefined, '▄▄▄'],
    ['constant nothing', [0, 0], undefined, '▁▁'],
    ['only gaps', [null, null], undefined, '  '],
    ['none', [], undefined, ''],
    ['a grouped peak stays', [0, 0, 9, 0, 0, 0], 3, '▁█▁'],
    ['a grouped gap stays when nothing is in it', [null, null, 1, 2], 2, ' ▄'],
  ])('%s', (_, values, widthMax, expected) => {
    expect(sparkLine(values, widthMax)).toBe(expected);
  });

  it('is never wider than allowed', () => {
    const values = fc.array(fc.option(fc.double({ noNaN: true, min: -1e9, max: 1e9 })), { maxLength: 400 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (series, width) => {
        expect(sparkLine(series, width)).toHaveLength(Math.min(series.length, width));
      }),
    );
  });
});
