import { ANOMALY_METRIC_NAMES, type AnomalyDimension, type AnomalyLevel, type AnomalyMetric } from '@systemprompt-analytics/core';
import { BoundedMap } from './bounded-map.js';
import { seriesKey } from './series.js';

/** A measured value that was recorded, with the level it had. */
export interface AnomalyEvent {
  readonly projectId: string;
  readonly metric: AnomalyMetric;
  readonly dimension: AnomalyDimension;
  readonly dimensionValue: string;
  readonly value: number;
  /** UTC milliseconds. */
  readonly atMs: number;
  readonly level: AnomalyLevel;
}

const SERIES_MAX = 1_000;
const EVENTS_PER_SERIES = 60;

/** The last recorded values of each series, in memory and bounded. */
export class RecentEvents {
  readonly #series = new BoundedMap<AnomalyEvent[]>(SERIES_MAX);

  /** Keeps a value; the oldest of its series goes when there are more than 60. */
  add(event: AnomalyEvent): void {
    const key = keyOf(event);
    const events = this.#series.find(key) ?? this.#series.put(key, []);
    events.push(event);
    if (events.length > EVENTS_PER_SERIES) events.shift();
  }

  /** Values of one series since a time, oldest first. */
  ofSeries(series: Omit<AnomalyEvent, 'value' | 'atMs' | 'level'>, sinceMs: number): readonly AnomalyEvent[] {
    const events = this.#series.find(keyOf(series)) ?? [];
    return events.filter(({ atMs }) => atMs >= sinceMs).sort((a, b) => a.atMs - b.atMs);
  }

  /** Forgets the values of some series of a project. */
  forget(projectId: string, dimension: AnomalyDimension, dimensionValues: readonly string[]): void {
    for (const dimensionValue of dimensionValues) {
      for (const metric of ANOMALY_METRIC_NAMES) this.#series.delete(keyOf({ metric, projectId, dimension, dimensionValue }));
    }
  }

  /** Values of a project, newest first. */
  ofProject(projectId: string, limit: number): AnomalyEvent[] {
    return [...this.#series.values()]
      .flat()
      .filter((event) => event.projectId === projectId)
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, limit);
  }
}

function keyOf({ metric, projectId, dimension, dimensionValue }: Omit<AnomalyEvent, 'value' | 'atMs' | 'level'>): string {
  return `${metric} ${seriesKey(projectId, dimension, dimensionValue)}`;
}
