import type { AnomalyDimension } from '@systemprompt-analytics/core';
import { BoundedMap } from './bounded-map.js';
import { type HourlyMetric, HourSeries } from './hour-series.js';
import { MinuteSeries } from './minute-series.js';
import { dimensionValueOf } from './series.js';
import { VisitorActivity } from './visitor-activity.js';

/**
 * What is remembered of a project, at most. A quiet one takes a few megabytes; with every bound reached, and six full weeks of
 * hours each, it is about 120 MB.
 */
const VISITORS_MAX = 10_000;
const MINUTE_SERIES_MAX = 1_000;
const HOUR_SERIES_MAX = 500;
const HOUR_SERIES_OF_USERS_MAX = 2_000;

/**
 * The statistics of one project. Every metric and dimension has a bound of its own, so that users and paths, of which there
 * may be any number, cannot push out agents, models and tools.
 */
export class ProjectStatistics {
  readonly projectId: string;
  readonly visitors = new BoundedMap<VisitorActivity>(VISITORS_MAX);
  readonly #minutes = new Map<AnomalyDimension, BoundedMap<MinuteSeries>>();
  readonly #hours = new Map<HourlyMetric, Map<AnomalyDimension, BoundedMap<HourSeries>>>();

  constructor(projectId: string) {
    this.projectId = projectId;
  }

  /** What a visitor did, made when unknown. */
  visitor(visitorId: string): VisitorActivity {
    const value = dimensionValueOf(visitorId);
    return this.visitors.find(value) ?? this.visitors.put(value, new VisitorActivity(this.projectId, value));
  }

  /** The minutes of a series, made when unknown. */
  minuteSeries(dimension: AnomalyDimension, name: string): MinuteSeries {
    let series = this.#minutes.get(dimension);
    if (series === undefined) {
      series = new BoundedMap(MINUTE_SERIES_MAX);
      this.#minutes.set(dimension, series);
    }
    const value = dimensionValueOf(name);
    return series.find(value) ?? series.put(value, new MinuteSeries(this.projectId, dimension, value));
  }

  /** The hours of a series, made when unknown. */
  hourSeries(metric: HourlyMetric, dimension: AnomalyDimension, name: string): HourSeries {
    let ofMetric = this.#hours.get(metric);
    if (ofMetric === undefined) {
      ofMetric = new Map();
      this.#hours.set(metric, ofMetric);
    }
    let series = ofMetric.get(dimension);
    if (series === undefined) {
      series = new BoundedMap(dimension === 'user' ? HOUR_SERIES_OF_USERS_MAX : HOUR_SERIES_MAX);
      ofMetric.set(dimension, series);
    }
    const value = dimensionValueOf(name);
    const found = series.find(value);
    if (found !== undefined) return found;
    return series.put(value, new HourSeries(metric, { projectId: this.projectId, dimension, dimensionValue: value }));
  }

  /** Forgets people, whose names are values of dimensions. */
  forget(userIds: readonly string[], visitorIds: readonly string[]): void {
    for (const visitorId of visitorIds) this.visitors.delete(visitorId);
    const users = this.#hours.get('cost_per_hour')?.get('user');
    for (const userId of userIds) users?.delete(userId);
  }

  *allMinutes(): Generator<MinuteSeries> {
    for (const series of this.#minutes.values()) yield* series.values();
  }

  *allHours(): Generator<HourSeries> {
    for (const ofMetric of this.#hours.values()) for (const series of ofMetric.values()) yield* series.values();
  }
}
