import { AnalyticsError } from '../errors/analytics-error.js';
import { type AnomalyCheckResult, AnomalyLevel, requireFinite } from './anomaly-level.js';
import { ANOMALY_METRIC_NAMES, ANOMALY_METRICS, type AnomalyMetric, isAnomalyMetric } from './anomaly-metrics.js';

/** Two limits of a metric, in its unit; a value at or above a limit has its level. */
export interface AnomalyThresholds {
  readonly warning: number;
  readonly critical: number;
}

/** The limits that hold until a project sets its own. A metric that is not in the table has none until then. */
export const ANOMALY_THRESHOLDS = {
  requests_per_minute: { warning: 15, critical: 30 },
  session_count_per_fingerprint: { warning: 5, critical: 10 },
  avg_response_time_deviation: { warning: 2, critical: 5 },
  error_rate: { warning: 0.1, critical: 0.25 },
  unique_ips_per_fingerprint: { warning: 3, critical: 10 },
} as const satisfies Partial<Record<AnomalyMetric, AnomalyThresholds>>;

/** The default limits of a metric, or undefined. */
export function defaultThresholdsOf(metric: AnomalyMetric): AnomalyThresholds | undefined {
  const defaults: Partial<Record<AnomalyMetric, AnomalyThresholds>> = ANOMALY_THRESHOLDS;
  return defaults[metric];
}

/**
 * Compares a value with two limits.
 *
 * @param thresholds the default ones of the metric when absent; a metric without any is always normal
 * @throws RangeError when the value is not finite
 */
export function checkThreshold(
  metric: AnomalyMetric,
  value: number,
  thresholds: AnomalyThresholds | undefined = defaultThresholdsOf(metric),
): AnomalyCheckResult {
  requireFinite(value);
  if (thresholds === undefined) return { method: 'threshold', level: AnomalyLevel.Normal, value, expected: null, score: null };
  const level =
    value >= thresholds.critical ? AnomalyLevel.Critical : value >= thresholds.warning ? AnomalyLevel.Warning : AnomalyLevel.Normal;
  return { method: 'threshold', level, value, expected: thresholds.warning, score: value / thresholds.warning };
}

/**
 * The metric with this name.
 *
 * @throws AnalyticsError `invalid_parameter`
 */
export function readAnomalyMetric(name: string): AnomalyMetric {
  if (isAnomalyMetric(name)) return name;
  throw new AnalyticsError(
    'invalid_parameter',
    `metric is ${JSON.stringify(name.slice(0, 80))}; allowed: ${ANOMALY_METRIC_NAMES.join(', ')}.`,
    { path: 'metric' },
  );
}

/**
 * Checks limits that somebody wants to set: numbers above 0, the warning not above the critical one, none that can never
 * be reached.
 *
 * @throws AnalyticsError `invalid_type` or `invalid_value`, naming the metric, the limit and what is allowed
 */
export function validateThresholds(
  metric: AnomalyMetric,
  given: { readonly warning: unknown; readonly critical: unknown },
): AnomalyThresholds {
  const { unit, thresholdMax } = ANOMALY_METRICS[metric];
  const read = (name: 'warning' | 'critical'): number => {
    const value = given[name];
    if (typeof value !== 'number') {
      throw new AnalyticsError('invalid_type', `${name} of ${metric} is a number of ${unit}.`, { path: name });
    }
    if (!(value > 0 && value <= thresholdMax)) {
      const message = `${name} of ${metric} is ${value}; allowed: a number of ${unit} above 0, at most ${thresholdMax}.`;
      throw new AnalyticsError('invalid_value', message, { path: name });
    }
    return value;
  };
  const thresholds = { warning: read('warning'), critical: read('critical') };
  if (thresholds.warning > thresholds.critical) {
    throw new AnalyticsError(
      'invalid_value',
      `warning of ${metric} is ${thresholds.warning}, which is above critical, ${thresholds.critical}; a warning comes first or together with it.`,
      { path: 'warning' },
    );
  }
  return thresholds;
}
