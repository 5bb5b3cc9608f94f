const HOUR_MS = 3_600_000;

/** Hours since 1970 in which visitors did something, by project and fingerprint. */
export type HoursByVisitor = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<number>>>;

/** What has to be computed anew. */
export interface TouchedWork {
  readonly hours: HoursByVisitor;
  /** When the first event of these hours arrived, UTC milliseconds; Infinity when there is none. */
  readonly oldestReceivedMs: number;
  /** Everything received from this time on, UTC milliseconds; undefined when `hours` says it all. */
  readonly receivedSinceMs: number | undefined;
}

/**
 * Notes which hours of which visitors have new rows. Their number is bounded: beyond the bound only the time is noted since
 * when there are new rows, and everything received since is computed anew.
 */
export class TouchedHours {
  readonly #pairsMax: number;
  #hours = new Map<string, Map<string, Set<number>>>();
  #pairs = 0;
  #oldestReceivedMs = Number.POSITIVE_INFINITY;
  #receivedSinceMs: number | undefined;

  /** @param pairsMax pairs of visitor and hour that are kept one by one */
  constructor(pairsMax: number) {
    this.#pairsMax = pairsMax;
  }

  /** Is there nothing to compute? */
  get isEmpty(): boolean {
    return this.#pairs === 0 && this.#receivedSinceMs === undefined;
  }

  /**
   * Notes an event of a visitor.
   *
   * @param hour hours since 1970 in which it happened, see {@link hourOf}
   * @param receivedMs when it arrived, UTC milliseconds
   */
  add(projectId: string, fingerprint: string, hour: number, receivedMs: number): void {
    if (this.#receivedSinceMs !== undefined) {
      this.addSince(receivedMs);
      return;
    }
    this.#oldestReceivedMs = Math.min(this.#oldestReceivedMs, receivedMs);
    this.#addPair(projectId, fingerprint, hour);
    if (this.#pairs > this.#pairsMax) this.addSince(this.#oldestReceivedMs);
  }

  /** Notes that everything received from a time on has to be computed anew. */
  addSince(receivedMs: number): void {
    this.#receivedSinceMs = Math.min(this.#receivedSinceMs ?? receivedMs, this.#oldestReceivedMs, receivedMs);
    this.#hours = new Map();
    this.#pairs = 0;
  }

  /** Hands over what was noted, and starts anew. */
  take(): TouchedWork {
    const work = { hours: this.#hours, oldestReceivedMs: this.#oldestReceivedMs, receivedSinceMs: this.#receivedSinceMs };
    this.#hours = new Map();
    this.#pairs = 0;
    this.#oldestReceivedMs = Number.POSITIVE_INFINITY;
    this.#receivedSinceMs = undefined;
    return work;
  }

  /** Notes again what could not be computed. */
  putBack({ hours, oldestReceivedMs, receivedSinceMs }: TouchedWork): void {
    if (receivedSinceMs !== undefined) this.addSince(receivedSinceMs);
    for (const [projectId, visitors] of hours) {
      for (const [fingerprint, ofVisitor] of visitors) {
        for (const hour of ofVisitor) this.add(projectId, fingerprint, hour, oldestReceivedMs);
      }
    }
  }

  #addPair(projectId: string, fingerprint: string, hour: number): void {
    let visitors = this.#hours.get(projectId);
    if (visitors === undefined) {
      visitors = new Map();
      this.#hours.set(projectId, visitors);
    }
    const hours = visitors.get(fingerprint);
    if (hours === undefined) visitors.set(fingerprint, new Set([hour]));
    else if (hours.has(hour)) return;
    else hours.add(hour);
    this.#pairs++;
  }
}

/** Whole hours since 1970, UTC. */
export function hourOf(timestampMs: number): number {
  return Math.floor(timestampMs / HOUR_MS);
}
