import { type AnomalyCheckResult, AnomalyLevel, requireFinite } from './anomaly-level.js';

/** Latest value / average before it, above which it is a warning. */
export const TREND_WARNING_RATIO = 2;
/** The same for a critical one. */
export const TREND_CRITICAL_RATIO = 3;

/**
 * Compares the latest point of a window with the average of the points before it. The latest one is not part of the
 * average: of two points it could never be more than twice an average that it is half of, and a spike in a short window
 * would hide itself.
 *
 * Fewer than two points, or nothing but zeros before the latest, are no expectation, and normal.
 *
 * @param points oldest first
 * @throws RangeError when a point is not finite
 */
export function checkTrend(points: readonly number[]): AnomalyCheckResult {
  for (const point of points) requireFinite(point);
  const value = points.at(-1) ?? 0;
  const before = points.slice(0, -1);
  const average = before.length === 0 ? 0 : before.reduce((sum, point) => sum + point, 0) / before.length;
  if (!(average > 0)) return { method: 'trend', level: AnomalyLevel.Normal, value, expected: null, score: null };
  const ratio = value / average;
  const level =
    ratio > TREND_CRITICAL_RATIO ? AnomalyLevel.Critical : ratio > TREND_WARNING_RATIO ? AnomalyLevel.Warning : AnomalyLevel.Normal;
  return { method: 'trend', level, value, expected: average, score: ratio };
}
