/**
 * How far a value is from what is normal.
 *
 * @example
 * console.log(check.level === AnomalyLevel.Critical, check.expected);
 */
export const AnomalyLevel = { Normal: 'normal', Warning: 'warning', Critical: 'critical' } as const;
export type AnomalyLevel = (typeof AnomalyLevel)[keyof typeof AnomalyLevel];

const RANKS: Readonly<Record<AnomalyLevel, number>> = { normal: 0, warning: 1, critical: 2 };

/** Is the first level more serious than the second? */
export function isWorse(level: AnomalyLevel, than: AnomalyLevel): boolean {
  return RANKS[level] > RANKS[than];
}

/** How an anomaly is recognised: a fixed limit, a spike against the recent average, or against the same hour of earlier weeks. */
export const ANOMALY_METHODS = ['threshold', 'trend', 'seasonal'] as const;
export type AnomalyMethod = (typeof ANOMALY_METHODS)[number];

/**
 * The outcome of one check.
 *
 * @example
 * const check: AnomalyCheckResult = anomalies.checkAnomaly('error_rate', 0.3);
 * console.log(check.level === AnomalyLevel.Critical, check.expected);
 */
export interface AnomalyCheckResult {
  readonly method: AnomalyMethod;
  readonly level: AnomalyLevel;
  /** What was measured, in the unit of its metric. */
  readonly value: number;
  /** What it was compared with: the limit of the warning, the average of the window, or the median; null when there was nothing. */
  readonly expected: number | null;
  /** How far it is from that: the ratio of value and expectation, for `seasonal` the modified z-score; null without an expectation. */
  readonly score: number | null;
}

/** @throws RangeError */
export function requireFinite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`an anomaly check needs a finite number, not ${value}`);
  return value;
}
