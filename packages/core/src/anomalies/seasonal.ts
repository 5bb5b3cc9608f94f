import { type AnomalyCheckResult, AnomalyLevel, requireFinite } from './anomaly-level.js';
import { meanAbsoluteDeviation, median, medianAbsoluteDeviation } from './median.js';

export const HOURS_PER_WEEK = 168;
/** Whole weeks looked back on. */
export const SEASONAL_WEEKS = 6;

/**
 * Modified z-score from which a value is an outlier: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993),
 * section 3.3. Twice as far is critical.
 */
export const SEASONAL_WARNING_SCORE = 3.5;
export const SEASONAL_CRITICAL_SCORE = 7;
/** 0.75 quantile of the normal distribution: a median absolute deviation divided by it estimates a standard deviation. */
const MAD_PER_DEVIATION = 0.6745;
/** sqrt(pi / 2): a mean absolute deviation times it estimates a standard deviation; used where more than half of the values are equal. */
const DEVIATION_PER_MEAN_DISTANCE = 1.253314;
/**
 * The spread is taken for at least this share of the median. A handful of earlier values may lie close together by chance,
 * and then every value would be an outlier. With it no value below 1.525 times the median is a warning, and none below
 * 2.05 times it critical, which is about where a trend begins to be one.
 */
const SPREAD_SHARE_MIN = 0.15;

const SAME_HOUR_SAMPLES_MIN = 3;
const NEIGHBOUR_SAMPLES_MIN = 6;
const HOUR_OF_DAY_SAMPLES_MIN = 7;

/** What the earlier values have in common with the one that is checked. */
export type SeasonalBasis = 'hour_of_week' | 'neighbouring_hours' | 'hour_of_day';

/** Earlier values that tell what to expect. */
export interface SeasonalSamples {
  readonly basis: SeasonalBasis;
  readonly values: readonly number[];
}

/** Which of the 168 hours of a week an hour is, from Monday 00:00 UTC on; hours are counted from 1970 on. */
export function hourOfWeek(hour: number): number {
  // 1 January 1970 was a Thursday.
  return (((hour + 72) % HOURS_PER_WEEK) + HOURS_PER_WEEK) % HOURS_PER_WEEK;
}

/**
 * Earlier values of the same hour of the week, at least three. Where there are not as many yet, the hours before and after
 * it are added; then the same hour of all days is taken, at least a week of them. Less than that is no history.
 *
 * @param hour whole hours since 1970
 * @param valueAt the value of an hour, undefined where it is not known
 */
export function seasonalSamples(hour: number, valueAt: (hour: number) => number | undefined): SeasonalSamples | undefined {
  const weeks = Array.from({ length: SEASONAL_WEEKS }, (_, index) => hour - (index + 1) * HOURS_PER_WEEK);
  const known = (hours: readonly number[]): number[] => hours.map(valueAt).filter((value) => value !== undefined);
  const same = known(weeks);
  if (same.length >= SAME_HOUR_SAMPLES_MIN) return { basis: 'hour_of_week', values: same };
  const neighbours = known(weeks.flatMap((each) => [each - 1, each, each + 1]));
  if (neighbours.length >= NEIGHBOUR_SAMPLES_MIN) return { basis: 'neighbouring_hours', values: neighbours };
  const ofDay = known(Array.from({ length: SEASONAL_WEEKS * 7 }, (_, index) => hour - (index + 1) * 24));
  return ofDay.length >= HOUR_OF_DAY_SAMPLES_MIN ? { basis: 'hour_of_day', values: ofDay } : undefined;
}

/**
 * Distance of a value from the median of earlier ones, in estimated standard deviations: 0.6745 (x - median) / MAD, and
 * where the MAD is 0, (x - median) / (1.253314 mean distance), as IBM's documentation of the modified z-score has it.
 * Undefined when the median is not above 0, which is no expectation.
 */
export function modifiedZScore(value: number, samples: readonly number[]): number | undefined {
  const middle = median(samples);
  if (!(middle > 0)) return undefined;
  const distance = medianAbsoluteDeviation(samples, middle);
  const deviation = distance > 0 ? distance / MAD_PER_DEVIATION : meanAbsoluteDeviation(samples, middle) * DEVIATION_PER_MEAN_DISTANCE;
  return (value - middle) / Math.max(deviation, middle * SPREAD_SHARE_MIN);
}

/**
 * Compares a value with earlier ones of the same season. A value far below them has a negative score and the level of the
 * same distance above.
 *
 * @param samples at least one
 * @throws RangeError when a value is not finite
 */
export function checkSeasonal(value: number, samples: readonly number[]): AnomalyCheckResult {
  for (const each of [value, ...samples]) requireFinite(each);
  const score = modifiedZScore(value, samples);
  if (score === undefined) return { method: 'seasonal', level: AnomalyLevel.Normal, value, expected: null, score: null };
  const distance = Math.abs(score);
  const level =
    distance >= SEASONAL_CRITICAL_SCORE
      ? AnomalyLevel.Critical
      : distance >= SEASONAL_WARNING_SCORE
        ? AnomalyLevel.Warning
        : AnomalyLevel.Normal;
  return { method: 'seasonal', level, value, expected: median(samples), score };
}
