import {
  type AnomalyDimension,
  type AnomalyMetric,
  HOURS_PER_WEEK,
  hourOfWeek,
  SEASONAL_WEEKS,
  toMicrodollars,
} from '@systemprompt-analytics/core';
import type { Series } from './series.js';

/** Metrics that are measured by the hour. */
export type HourlyMetric = Extract<AnomalyMetric, 'requests_per_hour' | 'cost_per_hour' | 'tokens_per_request'>;

/** Hours that are remembered at most. */
export const HISTORY_HOURS = (SEASONAL_WEEKS + 1) * HOURS_PER_WEEK;
/** The mean of fewer calls is not worth comparing with. */
const MEAN_SAMPLES_MIN = 5;
/** Hours that a trend looks back on. */
const TREND_HOURS = 24;
/** Totals are held in 64 bits: 9.2 million dollars an hour in picodollars. What is more is shown as that. */
const TOTAL_MAX = 2n ** 63n - 1n;

/** One hour of a series. */
export interface HourFacts {
  /** Whole hours since 1970. */
  readonly hour: number;
  /** How many requests or calls. */
  readonly samples: number;
  /** What they sum up to: picodollars, tokens, or the requests themselves. */
  readonly total: bigint;
}

interface Hour {
  samples: number;
  total: bigint;
}

interface Week {
  readonly samples: Float64Array;
  readonly totals: BigInt64Array;
}

/** A quantity hour by hour over the last weeks, exact, in 2.7 KB for each week in which there was something. */
export class HourSeries implements Series {
  readonly projectId: string;
  readonly metric: HourlyMetric;
  readonly dimension: AnomalyDimension;
  readonly dimensionValue: string;
  /** Did something happen since it was judged last? */
  touched = false;
  /** What is saved, by the number of the week. */
  readonly #weeks = new Map<number, Week>();
  #newestWeek = Number.NEGATIVE_INFINITY;
  #firstHour = Number.POSITIVE_INFINITY;
  /** What came since, by the hour. A series that is forgotten before it is saved never has a week. */
  #unsaved = new Map<number, Hour>();

  constructor(metric: HourlyMetric, { projectId, dimension, dimensionValue }: Series) {
    this.projectId = projectId;
    this.metric = metric;
    this.dimension = dimension;
    this.dimensionValue = dimensionValue;
  }

  /** Adds what happened, now or, when it arrives late, weeks ago. */
  add(hour: number, samples: number, total: bigint): void {
    const unsaved = this.#unsaved.get(hour);
    if (unsaved === undefined) {
      this.#unsaved.set(hour, { samples, total });
      if (hour < this.#firstHour) this.#firstHour = hour;
      return;
    }
    unsaved.samples += samples;
    unsaved.total += total;
  }

  /** Adds what is stored already. */
  restore({ hour, samples, total }: HourFacts): void {
    const week = this.#weekOf(hour);
    if (week === undefined) return;
    const index = hourOfWeek(hour);
    const sum = (week.totals[index] ?? 0n) + total;
    week.totals[index] = sum > TOTAL_MAX ? TOTAL_MAX : sum;
    week.samples[index] = (week.samples[index] ?? 0) + samples;
    if (hour < this.#firstHour) this.#firstHour = hour;
  }

  /** Is there anything that was added and is not being saved? */
  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  /** What was added since the last call, to be saved; what cannot be saved is taken back with `unsave`. */
  takeUnsaved(): HourFacts[] {
    const facts = [...this.#unsaved].map(([hour, { samples, total }]) => ({ hour, samples, total }));
    this.#unsaved = new Map();
    for (const each of facts) this.restore(each);
    return facts;
  }

  /** Takes back what could not be saved. */
  unsave({ hour, samples, total }: HourFacts): void {
    this.restore({ hour, samples: -samples, total: -total });
    this.add(hour, samples, total);
  }

  /** How many requests or calls an hour had. */
  samplesAt(hour: number): number {
    const saved = this.#weeks.get(weekNumber(hour))?.samples[hourOfWeek(hour)] ?? 0;
    return saved + (this.#unsaved.get(hour)?.samples ?? 0);
  }

  /**
   * The value of an hour in the unit of the metric. Hours without anything had nothing, from the first one on that had
   * something; a mean of too few calls, and what was before the first hour, is not known.
   */
  valueAt(hour: number): number | undefined {
    if (hour < this.#firstHour) return undefined;
    const samples = this.samplesAt(hour);
    switch (this.metric) {
      case 'requests_per_hour':
        return samples;
      case 'cost_per_hour':
        return Number(toMicrodollars(this.#totalAt(hour)));
      case 'tokens_per_request':
        return samples < MEAN_SAMPLES_MIN ? undefined : Number(this.#totalAt(hour)) / samples;
    }
  }

  /** The values of the hours of the day before one, of those in which there was something, and that of the hour itself last. */
  activityUpTo(hour: number): number[] {
    const values: number[] = [];
    for (let each = hour - TREND_HOURS; each <= hour; each++) {
      const value = this.samplesAt(each) > 0 ? this.valueAt(each) : undefined;
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  #totalAt(hour: number): bigint {
    const saved = this.#weeks.get(weekNumber(hour))?.totals[hourOfWeek(hour)] ?? 0n;
    return saved + (this.#unsaved.get(hour)?.total ?? 0n);
  }

  /** The week of an hour, made when absent; undefined for one that nothing is compared with any more. */
  #weekOf(hour: number): Week | undefined {
    const number = weekNumber(hour);
    const known = this.#weeks.get(number);
    if (known !== undefined) return known;
    if (number < this.#newestWeek - SEASONAL_WEEKS) return undefined;
    const made = { samples: new Float64Array(HOURS_PER_WEEK), totals: new BigInt64Array(HOURS_PER_WEEK) };
    this.#weeks.set(number, made);
    this.#newestWeek = Math.max(this.#newestWeek, number);
    for (const each of this.#weeks.keys()) if (each < this.#newestWeek - SEASONAL_WEEKS) this.#weeks.delete(each);
    return made;
  }
}

/** Weeks since the Monday before 1970, whole ones. */
function weekNumber(hour: number): number {
  return (hour - hourOfWeek(hour)) / HOURS_PER_WEEK;
}
