import { ANOMALY_THRESHOLDS } from '@systemprompt-analytics/core';
import { describe, expect, it } from 'vitest';
import { describeAnomaly } from './describe-anomaly.js';
import { judgeMeasurement } from './judge-measurement.js';
import type { Measurement } from './measurement.js';

const measurement = (more: Partial<Measurement> & Pick<Measurement, 'metric' | 'value'>): Measurement => ({
  projectId: 'p',
  dimension: 'agent',
  dimensionValue: 'billing',
  atMs: 0,
  ...more,
});
const levels = (given: Measurement, thresholds?: { warning: number; critical: number }): string[] =>
  judgeMeasurement(given, thresholds).map(({ method, level }) => `${method} ${level}`);

describe('judgeMeasurement', () => {
  it('compares with limits, where there are some', () => {
    expect(levels(measurement({ metric: 'error_rate', value: 0.2 }), ANOMALY_THRESHOLDS.error_rate)).toEqual(['threshold warning']);
    expect(levels(measurement({ metric: 'error_rate', value: 0.2 }))).toEqual([]);
  });

  it('compares requests per minute of a visitor with limits, those of an agent or project with what was before', () => {
    const limits = ANOMALY_THRESHOLDS.requests_per_minute;
    const value = 40;
    expect(levels(measurement({ metric: 'requests_per_minute', value, dimension: 'fingerprint' }), limits)).toEqual(['threshold critical']);
    const recent = [...new Array<number>(10).fill(35), value];
    expect(levels(measurement({ metric: 'requests_per_minute', value, recent }), limits)).toEqual(['trend normal']);
  });

  const before = (count: number, each: number): number[] => new Array<number>(count).fill(each);
  it.each([
    ['a spike', [...before(10, 20), 61], 'critical'],
    ['a smaller one', [...before(10, 20), 45], 'warning'],
    ['after too few minutes', [...before(9, 20), 61], 'normal'],
    ['of too few requests', [...before(10, 2), 29], 'normal'],
    ['that chance may bring: 33 after 15', [...before(10, 15), 33], 'normal'],
    ['that chance hardly brings: 35 after 15', [...before(10, 15), 35], 'warning'],
  ])('finds %s', (_name, recent, level) => {
    const value = recent.at(-1) ?? 0;
    expect(levels(measurement({ metric: 'requests_per_minute', value, recent }))).toEqual([`trend ${level}`]);
  });

  it.each([
    ['enough', [100_000, 100_000, 100_000, 250_000], 'warning'],
    ['after too few hours', [100_000, 100_000, 250_000], 'normal'],
    ['less than ten cents', [10, 10, 10, 99_999], 'normal'],
  ])('finds a spike of costs: %s', (_name, recent, level) => {
    expect(levels(measurement({ metric: 'cost_per_hour', value: recent.at(-1) ?? 0, recent }))).toEqual([`trend ${level}`]);
  });

  it.each([
    ['much more', 500_000, 'critical'],
    ['half as much again', 160_000, 'warning'],
    ['as much', 110_000, 'normal'],
    ['nothing', 0, 'normal'],
    ['much more, but only cents', 99_999, 'normal'],
  ])('compares with the season: %s', (_name, value, level) => {
    const usual = value === 99_999 ? 1000 : 100_000;
    const season = { basis: 'hour_of_week', values: [usual, usual, usual] } as const;
    expect(levels(measurement({ metric: 'cost_per_hour', value, season }))).toEqual([`seasonal ${level}`]);
  });
});

describe('describeAnomaly', () => {
  const first = (given: Measurement, thresholds?: { warning: number; critical: number }): string => {
    const [result] = judgeMeasurement(given, thresholds);
    if (result === undefined) throw new Error('nothing was judged');
    return describeAnomaly(given, result);
  };

  it.each([
    [
      first(measurement({ metric: 'error_rate', value: 0.125, detail: '5 of 40 failed' }), ANOMALY_THRESHOLDS.error_rate),
      'error_rate of agent "billing" is 12.5 %, at or above the limit of 10 % (5 of 40 failed).',
    ],
    [
      first(measurement({ metric: 'cost_per_hour', value: 1_234_567, recent: [400_000, 400_000.4, 400_000, 1_234_567] })),
      'cost_per_hour of agent "billing" is $1.234567, 3.09 times the average of $0.4 before it.',
    ],
    [
      first(measurement({ metric: 'tokens_per_request', value: 5000, season: { basis: 'hour_of_day', values: [1000, 1000] } })),
      'tokens_per_request of agent "billing" is 5000 tokens, 26.67 deviations above 1000 tokens, the median of this hour of earlier days.',
    ],
    [
      first(
        measurement({
          metric: 'requests_per_hour',
          value: 500,
          dimension: 'project',
          dimensionValue: '',
          season: { basis: 'neighbouring_hours', values: [100] },
        }),
      ),
      'requests_per_hour of the project is 500 requests, 26.67 deviations above 100 requests, the median of this and the neighbouring hours of earlier weeks.',
    ],
    [
      first(measurement({ metric: 'avg_response_time_deviation', value: 4.5678, dimension: 'path', dimensionValue: '/a"b' }), {
        warning: 2,
        critical: 5,
      }),
      'avg_response_time_deviation of path "/a\\"b" is 4.57 standard deviations, at or above the limit of 2 standard deviations.',
    ],
  ])('%s', (message, expected) => {
    expect(message).toBe(expected);
  });
});
