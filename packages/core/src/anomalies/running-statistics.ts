/**
 * Count, mean and variance of numbers of which none is kept. One by one after Welford (1962), sets of them put together
 * after Chan, Golub and LeVeque (1979): neither loses digits where the mean is large and the variance small, as sums of
 * squares do.
 */
export class RunningStatistics {
  #count = 0;
  #mean = 0;
  #squares = 0;

  /** How many numbers there were. */
  get count(): number {
    return this.#count;
  }

  /** Their mean; 0 of none. */
  get mean(): number {
    return this.#mean;
  }

  /** Sum of their squared distances from the mean. */
  get squares(): number {
    return this.#squares;
  }

  /** Variance of the numbers themselves, not an estimate for others like them; 0 of none. */
  get variance(): number {
    return this.#count === 0 ? 0 : this.#squares / this.#count;
  }

  get standardDeviation(): number {
    return Math.sqrt(this.variance);
  }

  /** Takes a number in. */
  add(value: number): void {
    this.#count++;
    const before = value - this.#mean;
    this.#mean += before / this.#count;
    this.#squares += before * (value - this.#mean);
  }

  /** Takes in what is known of other numbers. */
  merge(count: number, mean: number, squares: number): void {
    if (count === 0) return;
    const total = this.#count + count;
    const distance = mean - this.#mean;
    this.#squares += squares + (distance * distance * this.#count * count) / total;
    this.#mean += (distance * count) / total;
    this.#count = total;
  }
}

/** A mean of fewer numbers than this says nothing. */
export const DEVIATION_RECENT_SAMPLES_MIN = 5;
/** Nor does the spread of fewer than this. */
export const DEVIATION_BASELINE_SAMPLES_MIN = 30;
/**
 * The spread is taken for at least this share of the mean: what always takes 2 ms would otherwise be far out of the
 * ordinary at 3 ms.
 */
const DEVIATION_SHARE_MIN = 0.1;

/**
 * How far the mean of recent numbers lies above the mean of a baseline, in the baseline's standard deviations; negative below
 * it. Undefined when there are too few numbers, or a baseline whose mean is not above 0.
 */
export function deviationOf(
  recent: Pick<RunningStatistics, 'count' | 'mean'>,
  baseline: Pick<RunningStatistics, 'count' | 'mean' | 'standardDeviation'>,
): number | undefined {
  if (recent.count < DEVIATION_RECENT_SAMPLES_MIN || baseline.count < DEVIATION_BASELINE_SAMPLES_MIN || !(baseline.mean > 0))
    return undefined;
  return (recent.mean - baseline.mean) / Math.max(baseline.standardDeviation, baseline.mean * DEVIATION_SHARE_MIN);
}
