import {
  type AnomalyCheckResult,
  AnomalyLevel,
  type AnomalyMetric,
  type AnomalyThresholds,
  checkSeasonal,
  checkThreshold,
  checkTrend,
} from '@systemprompt-analytics/core';
import type { Measurement } from './measurement.js';

/** From when on a comparison with what was before says something. */
interface ComparisonRule {
  /** Smaller values are never a spike, however small the others were: nobody gets up for a few cents. */
  readonly valueMin: number;
  /** Earlier points needed for a trend; one or two are chance. */
  readonly pointsMin: number;
  /**
   * Does the value count independent things? Then it must also lie five times the square root of the average above it, the
   * spread that chance alone gives to counts (a Poisson distribution): 31 requests after an average of 15 are rare, and not odd.
   */
  readonly counts: boolean;
}

/** Ten cents. */
const COST_MIN_MICRODOLLARS = 100_000;
const TREND_RULES: Readonly<Partial<Record<AnomalyMetric, ComparisonRule>>> = {
  requests_per_minute: { valueMin: 30, pointsMin: 10, counts: true },
  cost_per_hour: { valueMin: COST_MIN_MICRODOLLARS, pointsMin: 3, counts: false },
  tokens_per_request: { valueMin: 100, pointsMin: 3, counts: false },
};
/** Smallest value that a comparison with earlier weeks calls too much. */
const SEASONAL_VALUES_MIN: Readonly<Partial<Record<AnomalyMetric, number>>> = {
  requests_per_hour: 100,
  cost_per_hour: COST_MIN_MICRODOLLARS,
  tokens_per_request: 100,
};
const CHANCE_DEVIATIONS = 5;

/**
 * Every check that applies to a measurement, by whichever method, normal outcomes among them. Of a trend and a season only
 * too much counts: a server cannot tell too little from having been away.
 *
 * @param thresholds the project's limits of the metric, undefined when it has none
 */
export function judgeMeasurement(measurement: Measurement, thresholds: AnomalyThresholds | undefined): AnomalyCheckResult[] {
  const results: AnomalyCheckResult[] = [];
  const { metric, value } = measurement;
  if (thresholds !== undefined && hasLimits(measurement)) results.push(checkThreshold(metric, value, thresholds));
  const rule = TREND_RULES[metric];
  if (rule !== undefined && measurement.recent !== undefined) results.push(judgeTrend(measurement.recent, rule));
  const valueMin = SEASONAL_VALUES_MIN[metric];
  if (valueMin !== undefined && measurement.season !== undefined) {
    const result = checkSeasonal(value, measurement.season.values);
    results.push(value >= valueMin && (result.score ?? 0) > 0 ? result : normal(result));
  }
  return results;
}

/** The limits of requests per minute are those of one visitor; a project or an agent has no such limit, only its trend. */
function hasLimits({ metric, dimension }: Measurement): boolean {
  return metric !== 'requests_per_minute' || dimension === 'fingerprint';
}

function judgeTrend(points: readonly number[], rule: ComparisonRule): AnomalyCheckResult {
  const result = checkTrend(points);
  const { value, expected } = result;
  const enough = points.length > rule.pointsMin && value >= rule.valueMin;
  const byChance = rule.counts && expected !== null && value - expected < CHANCE_DEVIATIONS * Math.sqrt(expected);
  return enough && !byChance ? result : normal(result);
}

function normal(result: AnomalyCheckResult): AnomalyCheckResult {
  return { ...result, level: AnomalyLevel.Normal };
}
