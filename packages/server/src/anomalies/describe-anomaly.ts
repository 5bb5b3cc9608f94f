import { ANOMALY_METRICS, type AnomalyCheckResult, type AnomalyMetric, formatUsd, PICODOLLARS_PER_USD } from '@systemprompt-analytics/core';
import type { Measurement } from './measurement.js';

/** Says in one sentence what is out of the ordinary. */
export function describeAnomaly(measurement: Measurement, result: AnomalyCheckResult): string {
  const { metric, dimension, dimensionValue, detail } = measurement;
  const whose = dimension === 'project' ? 'the project' : `${dimension} ${JSON.stringify(dimensionValue)}`;
  const found = `${metric} of ${whose} is ${formatMeasured(metric, result.value)}, ${compare(measurement, result)}`;
  return detail === undefined ? `${found}.` : `${found} (${detail}).`;
}

function compare({ metric, season }: Measurement, { method, expected, score }: AnomalyCheckResult): string {
  const than = expected === null ? 'nothing' : formatMeasured(metric, expected);
  switch (method) {
    case 'threshold':
      return `at or above the limit of ${than}`;
    case 'trend':
      return `${round(score ?? 0)} times the average of ${than} before it`;
    case 'seasonal':
      return `${round(score ?? 0)} deviations above ${than}, the median of ${SEASONS[season?.basis ?? 'hour_of_week']}`;
  }
}

const SEASONS = {
  hour_of_week: 'this hour of earlier weeks',
  neighbouring_hours: 'this and the neighbouring hours of earlier weeks',
  hour_of_day: 'this hour of earlier days',
} as const;

/** A value of a metric with its unit. */
function formatMeasured(metric: AnomalyMetric, value: number): string {
  const { unit } = ANOMALY_METRICS[metric];
  if (unit === 'microdollars') return `$${formatUsd((BigInt(Math.round(value)) * PICODOLLARS_PER_USD) / 1_000_000n)}`;
  if (unit === 'ratio') return `${round(value * 100)} %`;
  return `${round(value)} ${unit}`;
}

/** Whole numbers as they are, others with as many decimals as people compare. */
function round(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 100 ? 2 : 0)));
}
