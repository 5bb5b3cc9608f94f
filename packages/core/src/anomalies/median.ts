/**
 * The middle value; of an even number of values the mean of the middle two.
 *
 * @throws RangeError when there are no values
 */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) throw new RangeError('no values have no median');
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >> 1) - 1] ?? upper;
  // Halves are added, because the sum of two large values may be more than a double holds.
  return lower / 2 + upper / 2;
}

/**
 * Median of the distances from a centre: a measure of spread that half of the values may ruin before it breaks.
 *
 * @throws RangeError when there are no values
 */
export function medianAbsoluteDeviation(values: readonly number[], center: number): number {
  return median(values.map((value) => Math.abs(value - center)));
}

/**
 * Mean of the distances from a centre.
 *
 * @throws RangeError when there are no values
 */
export function meanAbsoluteDeviation(values: readonly number[], center: number): number {
  if (values.length === 0) throw new RangeError('no values have no mean deviation');
  return values.reduce((sum, value) => sum + Math.abs(value - center), 0) / values.length;
}
