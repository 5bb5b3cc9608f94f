import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HourSeries } from './hour-series.js';

const HOUR = Date.UTC(2026, 9, 5, 12) / 3_600_000;
const WEEK = 168;
const series = (metric: HourSeries['metric']): HourSeries =>
  new HourSeries(metric, { projectId: 'p', dimension: 'model', dimensionValue: 'm' });

describe('HourSeries', () => {
  it('is in the unit of its metric', () => {
    const values = (['requests_per_hour', 'cost_per_hour', 'tokens_per_request'] as const).map((metric) => {
      const hours = series(metric);
      hours.add(HOUR, 4, 6_499_999n);
      hours.add(HOUR, 1, 2n);
      return hours.valueAt(HOUR);
    });
    // 6,500,001 picodollars are rounded once: their parts alone would give 6 microdollars.
    expect(values).toEqual([5, 7, 1_300_000.2]);
  });

  it('has nothing in an hour without anything, and knows nothing of hours before the first', () => {
    const costs = series('cost_per_hour');
    costs.add(HOUR, 1, 5_000_000n);
    costs.add(HOUR + 2, 1, 7_000_000n);
    expect([-1, 0, 1, 2].map((offset) => costs.valueAt(HOUR + offset))).toEqual([undefined, 5, 0, 7]);
    expect(costs.activityUpTo(HOUR + 2)).toEqual([5, 7]);
  });

  it('knows no mean of fewer than five calls', () => {
    const tokens = series('tokens_per_request');
    tokens.add(HOUR, 4, 400n);
    expect(tokens.valueAt(HOUR)).toBeUndefined();
    tokens.add(HOUR, 1, 100n);
    expect(tokens.valueAt(HOUR)).toBe(100);
  });

  it('looks back six weeks, and takes what arrives weeks late', () => {
    const costs = series('cost_per_hour');
    costs.add(HOUR, 1, 1_000_000n);
    costs.add(HOUR - 6 * WEEK, 1, 2_000_000n);
    costs.add(HOUR - 8 * WEEK, 1, 3_000_000n);
    costs.takeUnsaved();
    expect(costs.valueAt(HOUR - 6 * WEEK)).toBe(2);
    expect(costs.samplesAt(HOUR - 8 * WEEK)).toBe(0);
    costs.add(HOUR + 4 * WEEK, 1, 4_000_000n);
    costs.takeUnsaved();
    expect(costs.samplesAt(HOUR - 6 * WEEK)).toBe(0);
    expect(costs.valueAt(HOUR)).toBe(1);
  });

  it('gives what is to be saved once, and takes it back', () => {
    const costs = series('cost_per_hour');
    costs.restore({ hour: HOUR, samples: 10, total: 10n });
    expect(costs.hasUnsaved).toBe(false);
    costs.add(HOUR, 1, 2n);
    costs.add(HOUR, 2, 3n);
    const taken = costs.takeUnsaved();
    expect(taken).toEqual([{ hour: HOUR, samples: 3, total: 5n }]);
    expect(costs.takeUnsaved()).toEqual([]);
    costs.add(HOUR, 1, 1n);
    for (const facts of taken) costs.unsave(facts);
    expect(costs.takeUnsaved()).toEqual([{ hour: HOUR, samples: 4, total: 6n }]);
    expect(costs.samplesAt(HOUR)).toBe(14);
  });

  it('does not turn negative where a sum is more than 64 bits', () => {
    const costs = series('cost_per_hour');
    for (let time = 0; time < 3; time++) costs.add(HOUR, 1, 2n ** 62n);
    expect(costs.valueAt(HOUR)).toBe(13_835_058_055_282);
    costs.takeUnsaved();
    expect(costs.valueAt(HOUR)).toBe(9_223_372_036_855);
  });

  it('sums exactly, whatever the order', () => {
    const adds = fc.array(fc.tuple(fc.integer({ min: -900, max: 0 }), fc.bigInt({ min: 0n, max: 10n ** 15n })), { maxLength: 60 });
    fc.assert(
      fc.property(adds, (events) => {
        const tokens = series('tokens_per_request');
        const sums = new Map<number, bigint>();
        for (const [offset, total] of events) {
          tokens.add(HOUR + offset, 1, total);
          sums.set(offset, (sums.get(offset) ?? 0n) + total);
        }
        const saved = new Map(tokens.takeUnsaved().map(({ hour, total }) => [hour - HOUR, total]));
        expect(saved).toEqual(sums);
      }),
    );
  });
});
