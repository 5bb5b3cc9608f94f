import { type AnomalyDimension, RunningStatistics } from '@systemprompt-analytics/core';
import type { Series } from './series.js';

/** Minutes kept: an hour to compare with, those that events may be late, and those that a sender's clock may be ahead. */
const MINUTES = 72;
const MINUTES_COMPARED = 60;
/** What is held of a minute: which one it is, how much happened and failed, and count, mean and squares of the durations. */
const [MINUTE, COUNT, FAILED, DURATIONS, MEAN, SQUARES] = [0, 1, 2, 3, 4, 5];
const FIELDS = 6;

/** What is known of one minute: how much happened, how much of it failed, and how long it took. */
export interface MinuteFacts {
  readonly count: number;
  readonly failed: number;
  readonly durations: number;
  readonly durationMean: number;
  /** Sum of the squared distances of the durations from their mean. */
  readonly durationSquares: number;
}

/** What happened in each of the last minutes, in 3.5 KB. Minutes are counted from 1970 on. */
export class MinuteSeries implements Series {
  readonly projectId: string;
  readonly dimension: AnomalyDimension;
  readonly dimensionValue: string;
  /** {@link FIELDS} numbers of each minute, one minute after the other. */
  readonly #facts = new Float64Array(MINUTES * FIELDS);
  #firstChanged = Number.POSITIVE_INFINITY;
  #lastChanged = Number.NEGATIVE_INFINITY;

  constructor(projectId: string, dimension: AnomalyDimension, dimensionValue: string) {
    this.projectId = projectId;
    this.dimension = dimension;
    this.dimensionValue = dimensionValue;
  }

  /** Notes that something happened. */
  add(minute: number, failed: boolean, durationMs: number | undefined): void {
    const at = this.#placeOf(minute);
    if (at === undefined) return;
    this.#increase(at + COUNT, 1);
    if (failed) this.#increase(at + FAILED, 1);
    if (durationMs !== undefined) {
      // One step of Welford's; see RunningStatistics.
      const count = this.#increase(at + DURATIONS, 1);
      const before = durationMs - this.#fact(at + MEAN);
      const mean = this.#increase(at + MEAN, before / count);
      this.#increase(at + SQUARES, before * (durationMs - mean));
    }
    if (minute < this.#firstChanged) this.#firstChanged = minute;
    if (minute > this.#lastChanged) this.#lastChanged = minute;
  }

  /** Takes in what is known of a minute from before the server started; it is something to compare with, and no news. */
  restore(minute: number, facts: MinuteFacts): void {
    const at = this.#placeOf(minute);
    if (at === undefined) return;
    this.#increase(at + COUNT, facts.count);
    this.#increase(at + FAILED, facts.failed);
    const durations = this.#durationsAt(minute, new RunningStatistics());
    durations.merge(facts.durations, facts.durationMean, facts.durationSquares);
    this.#facts[at + DURATIONS] = durations.count;
    this.#facts[at + MEAN] = durations.mean;
    this.#facts[at + SQUARES] = durations.squares;
  }

  /** Minutes before the given one in which something happened since the last call. */
  takeChanged(before: number): number[] {
    const changed: number[] = [];
    for (let minute = Math.max(this.#firstChanged, before - MINUTES); minute < before; minute++) {
      if (this.countAt(minute) > 0) changed.push(minute);
    }
    // What lies after it, by a sender's clock that is ahead, is looked at when its time has come.
    this.#firstChanged = this.#lastChanged >= before ? before : Number.POSITIVE_INFINITY;
    return changed;
  }

  /** How much happened in a minute. */
  countAt(minute: number): number {
    return this.#has(minute) ? this.#fact(placeOf(minute) + COUNT) : 0;
  }

  /** How much happened in each minute of the hour before one, and in that minute itself last; minutes with nothing are left out. */
  activityUpTo(minute: number): number[] {
    const counts: number[] = [];
    for (let each = minute - MINUTES_COMPARED; each <= minute; each++) {
      const count = this.countAt(each);
      if (count > 0 || each === minute) counts.push(count);
    }
    return counts;
  }

  /** How much happened, and failed, in so many minutes up to and including one. */
  outcomes(minute: number, minutes: number): { readonly count: number; readonly failed: number } {
    let count = 0;
    let failed = 0;
    for (let each = minute - minutes + 1; each <= minute; each++) {
      if (!this.#has(each)) continue;
      count += this.#fact(placeOf(each) + COUNT);
      failed += this.#fact(placeOf(each) + FAILED);
    }
    return { count, failed };
  }

  /** The durations of a minute, and those of the hour before it. */
  durations(minute: number): { readonly recent: RunningStatistics; readonly window: RunningStatistics } {
    const window = new RunningStatistics();
    for (let each = minute - MINUTES_COMPARED; each < minute; each++) this.#durationsAt(each, window);
    return { recent: this.#durationsAt(minute, new RunningStatistics()), window };
  }

  #durationsAt(minute: number, into: RunningStatistics): RunningStatistics {
    if (!this.#has(minute)) return into;
    const at = placeOf(minute);
    into.merge(this.#fact(at + DURATIONS), this.#fact(at + MEAN), this.#fact(at + SQUARES));
    return into;
  }

  #has(minute: number): boolean {
    return this.#facts[placeOf(minute) + MINUTE] === minute;
  }

  /** The place of a minute, cleared where it held an older one; undefined when a younger one has it. */
  #placeOf(minute: number): number | undefined {
    const at = placeOf(minute);
    const held = this.#fact(at + MINUTE);
    if (held > minute) return undefined;
    if (held < minute) {
      this.#facts.fill(0, at, at + FIELDS);
      this.#facts[at + MINUTE] = minute;
    }
    return at;
  }

  #fact(index: number): number {
    return this.#facts[index] ?? 0;
  }

  #increase(index: number, by: number): number {
    const value = this.#fact(index) + by;
    this.#facts[index] = value;
    return value;
  }
}

function placeOf(minute: number): number {
  return (minute % MINUTES) * FIELDS;
}
