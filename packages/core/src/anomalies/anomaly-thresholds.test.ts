import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWorse } from './anomaly-level.js';
import { ANOMALY_METRIC_NAMES, ANOMALY_METRICS, isAnomalyMetric } from './anomaly-metrics.js';
import { ANOMALY_THRESHOLDS, checkThreshold, defaultThresholdsOf, readAnomalyMetric, validateThresholds } from './anomaly-thresholds.js';

describe('the default thresholds', () => {
  it('are these', () => {
    expect(ANOMALY_THRESHOLDS).toEqual({
      requests_per_minute: { warning: 15, critical: 30 },
      session_count_per_fingerprint: { warning: 5, critical: 10 },
      avg_response_time_deviation: { warning: 2, critical: 5 },
      error_rate: { warning: 0.1, critical: 0.25 },
      unique_ips_per_fingerprint: { warning: 3, critical: 10 },
    });
  });

  it.each(ANOMALY_METRIC_NAMES)('of %s, if any, are ones that may be set', (metric) => {
    const defaults = defaultThresholdsOf(metric);
    expect(defaults !== undefined).toBe(metric in ANOMALY_THRESHOLDS);
    if (defaults !== undefined) expect(validateThresholds(metric, defaults)).toEqual(defaults);
    expect(ANOMALY_METRICS[metric].dimensions.length).toBeGreaterThan(0);
  });
});

describe('checkThreshold', () => {
  it.each([
    ['requests_per_minute', 14.999, 'normal'],
    ['requests_per_minute', 15, 'warning'],
    ['requests_per_minute', 29, 'warning'],
    ['requests_per_minute', 30, 'critical'],
    ['error_rate', 0.099, 'normal'],
    ['error_rate', 0.1, 'warning'],
    ['error_rate', 0.25, 'critical'],
    ['avg_response_time_deviation', -9, 'normal'],
    ['avg_response_time_deviation', 5, 'critical'],
    ['session_count_per_fingerprint', 5, 'warning'],
    ['unique_ips_per_fingerprint', 10, 'critical'],
    ['cost_per_hour', 1e12, 'normal'],
  ] as const)('%s of %d is %s', (metric, value, level) => {
    expect(checkThreshold(metric, value)).toMatchObject({ method: 'threshold', level, value });
  });

  it('says what it compared with', () => {
    expect(checkThreshold('error_rate', 0.2)).toEqual({ method: 'threshold', level: 'warning', value: 0.2, expected: 0.1, score: 2 });
    expect(checkThreshold('cost_per_hour', 5)).toEqual({ method: 'threshold', level: 'normal', value: 5, expected: null, score: null });
  });

  it('takes other thresholds, also equal ones', () => {
    expect(checkThreshold('cost_per_hour', 5, { warning: 5, critical: 6 }).level).toBe('warning');
    expect(checkThreshold('error_rate', 0.5, { warning: 0.5, critical: 0.5 }).level).toBe('critical');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (value) => {
    expect(() => checkThreshold('error_rate', value)).toThrow(RangeError);
  });

  it('never gets better when the value grows', () => {
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...ANOMALY_METRIC_NAMES), value, value, (metric, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(isWorse(checkThreshold(metric, low).level, checkThreshold(metric, high).level)).toBe(false);
      }),
    );
  });
});

describe('validateThresholds', () => {
  it.each([
    ['a text', { warning: '1', critical: 2 }, 'invalid_type', 'warning', /^warning of error_rate is a number of ratio/],
    ['nothing', { warning: 0.1, critical: undefined }, 'invalid_type', 'critical', /^critical of error_rate/],
    ['zero', { warning: 0, critical: 0.5 }, 'invalid_value', 'warning', /is 0; allowed: a number of ratio above 0, at most 1\./],
    ['less than zero', { warning: -1, critical: 0.5 }, 'invalid_value', 'warning', /is -1/],
    ['more than can be', { warning: 0.5, critical: 1.01 }, 'invalid_value', 'critical', /at most 1/],
    ['no number', { warning: Number.NaN, critical: 0.5 }, 'invalid_value', 'warning', /NaN/],
    ['no end', { warning: 0.5, critical: Number.POSITIVE_INFINITY }, 'invalid_value', 'critical', /Infinity/],
    ['the wrong order', { warning: 0.6, critical: 0.5 }, 'invalid_value', 'warning', /0\.6, which is above critical, 0\.5/],
  ] as const)('refuses %s', (_name, given, code, path, message) => {
    expect(() => validateThresholds('error_rate', given)).toThrow(
      expect.objectContaining({ code, path, message: expect.stringMatching(message) }),
    );
  });

  it('takes whatever it would answer', () => {
    const pair = fc.tuple(fc.double({ min: 1e-6, max: 1, noNaN: true }), fc.double({ min: 1e-6, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.constantFrom(...ANOMALY_METRIC_NAMES), pair, (metric, [a, b]) => {
        const given = { warning: Math.min(a, b), critical: Math.max(a, b) };
        expect(validateThresholds(metric, { ...given })).toEqual(given);
      }),
    );
  });
});

describe('readAnomalyMetric', () => {
  it.each(ANOMALY_METRIC_NAMES)('knows %s', (name) => {
    expect(readAnomalyMetric(name)).toBe(name);
  });

  it.each(['', 'constructor', '__proto__', 'Error_Rate', 'x'.repeat(10_000)])('refuses %j and names those there are', (name) => {
    expect(isAnomalyMetric(name)).toBe(false);
    expect(() => readAnomalyMetric(name)).toThrow(
      expect.objectContaining({
        code: 'invalid_parameter',
        path: 'metric',
        message: expect.stringMatching(/requests_per_minute, .*tokens_per_request\.$/),
      }),
    );
  });
});
