import type { AnomalyDimension, AnomalyLevel, AnomalyMethod, AnomalyMetric } from '@systemprompt-analytics/core';

/** Something out of the ordinary: it opens once, lasts, and resolves once. */
export interface Anomaly {
  readonly anomaly_id: string;
  readonly project_id: string;
  readonly metric: AnomalyMetric;
  readonly dimension: AnomalyDimension;
  /** Empty when it is about the whole project. */
  readonly dimension_value: string;
  readonly method: AnomalyMethod;
  /** The worst level that it had; it does not sink again while the anomaly lasts. */
  readonly level: AnomalyLevel;
  /** The worst value that was measured, in the unit of the metric. */
  readonly value: number;
  /** What that value was compared with. */
  readonly expected: number | null;
  /** ISO 8601, as the other times. */
  readonly opened_at: string;
  readonly last_seen_at: string;
  /** Null while it lasts. */
  readonly resolved_at: string | null;
  /** One sentence. */
  readonly message: string;
}

/** What became of an anomaly. */
export interface AnomalyChange {
  readonly change: 'opened' | 'updated' | 'resolved';
  readonly anomaly: Anomaly;
}

export const ANOMALY_STATUSES = ['open', 'resolved', 'all'] as const;
export type AnomalyStatus = (typeof ANOMALY_STATUSES)[number];

/** Which anomalies of a project. */
export interface AnomalyFilter {
  /** @default 'open' */
  readonly status?: AnomalyStatus;
  /** Those seen since then, UTC milliseconds. */
  readonly sinceMs?: number | undefined;
  /** At most so many. @default 100 */
  readonly limit?: number;
}
