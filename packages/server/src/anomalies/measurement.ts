import type { AnomalyMetric, SeasonalSamples } from '@systemprompt-analytics/core';
import type { Series } from './series.js';

/** A value that is to be judged, with what it may be compared with besides fixed limits. */
export interface Measurement extends Series {
  readonly metric: AnomalyMetric;
  /** In the unit of the metric. */
  readonly value: number;
  /** When it was measured, UTC milliseconds. */
  readonly atMs: number;
  /** Values before it, oldest first, and itself last. */
  readonly recent?: readonly number[];
  /** Values of the same season. */
  readonly season?: SeasonalSamples | undefined;
  /** More about it for people, as the end of a sentence. */
  readonly detail?: string;
}
