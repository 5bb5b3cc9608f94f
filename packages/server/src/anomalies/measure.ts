import { deviationOf, seasonalSamples } from '@systemprompt-analytics/core';
import type { HourSeries } from './hour-series.js';
import type { Measurement } from './measurement.js';
import type { MinuteSeries } from './minute-series.js';
import type { Series } from './series.js';
import type { VisitorActivity } from './visitor-activity.js';

const MINUTE_MS = 60_000;
/** A rate of errors is that of so many minutes, and of so many outcomes at least. */
const ERROR_RATE_MINUTES = 5;
const ERROR_RATE_OUTCOMES_MIN = 20;
/** The mean of fewer calls of an hour is not judged. */
const MEAN_CALLS_MIN = 20;

const seriesOf = ({ projectId, dimension, dimensionValue }: Series): Series => ({ projectId, dimension, dimensionValue });

/** What is to be judged of a visitor. */
export function measureVisitor(visitor: VisitorActivity, nowMs: number): Measurement[] {
  const of = { ...seriesOf(visitor), atMs: nowMs };
  return [
    { ...of, metric: 'requests_per_minute', value: visitor.requests.takePeak(nowMs) },
    { ...of, metric: 'session_count_per_fingerprint', value: visitor.sessions.count(nowMs) },
    { ...of, metric: 'unique_ips_per_fingerprint', value: visitor.addresses.count(nowMs) },
  ];
}

/** What is to be judged of a minute that is over. */
export function measureMinute(series: MinuteSeries, minute: number): Measurement[] {
  const of = { ...seriesOf(series), atMs: (minute + 1) * MINUTE_MS };
  const measurements: Measurement[] = [];
  const { dimension } = series;
  if (dimension === 'project' || dimension === 'agent') {
    const value = series.countAt(minute);
    measurements.push({ ...of, metric: 'requests_per_minute', value, recent: series.activityUpTo(minute) });
  }
  if (dimension !== 'path') {
    const { count, failed } = series.outcomes(minute, ERROR_RATE_MINUTES);
    if (count >= ERROR_RATE_OUTCOMES_MIN) {
      measurements.push({ ...of, metric: 'error_rate', value: failed / count, detail: `${failed} of ${count} failed within 5 minutes` });
    }
  }
  if (dimension === 'path' || dimension === 'model' || dimension === 'tool') {
    const { recent, window } = series.durations(minute);
    const value = deviationOf(recent, window);
    if (value !== undefined) {
      const detail = `${Math.round(recent.mean)} ms on average, ${Math.round(window.mean)} ms in the hour before`;
      measurements.push({ ...of, metric: 'avg_response_time_deviation', value, detail });
    }
  }
  return measurements;
}

/** What is to be judged of an hour, over or not. */
export function measureHour(series: HourSeries, hour: number, nowMs: number): Measurement[] {
  const samples = series.samplesAt(hour);
  const value = series.valueAt(hour);
  if (samples === 0 || value === undefined) return [];
  if (series.metric === 'tokens_per_request' && samples < MEAN_CALLS_MIN) return [];
  const season = seasonalSamples(hour, (each) => series.valueAt(each));
  // The hour goes on: what it has so far is compared with whole hours, so a spike shows as soon as it is one.
  return [{ ...seriesOf(series), metric: series.metric, value, atMs: nowMs, recent: series.activityUpTo(hour), season }];
}
