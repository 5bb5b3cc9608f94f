const MINUTE_MS = 60_000;
/** Failures are looked at over this time and the part of the next one that has passed. */
const FAILURE_BLOCK_MINUTES = 5;

/** Keeps the window of a session or visitor, so that it need not be looked up. */
export interface WindowHolder {
  window: RequestWindow | undefined;
}

/**
 * How often a subject asks, and how often in vain: ten small numbers, whatever it does. Minutes and blocks are counted since
 * 1970 and whole, which the engine keeps in place; times in milliseconds would each be an object of their own.
 */
export class RequestWindow {
  #minute = 0;
  #inMinute = 0;
  #inMinuteBefore = 0;
  #block = 0;
  #requests = 0;
  #failed = 0;
  #requestsBefore = 0;
  #failedBefore = 0;

  /** Counts a request. One from before the minute before the newest is too late to count. */
  record(timestampMs: number, failed: boolean): void {
    const minute = Math.floor(timestampMs / MINUTE_MS);
    if (minute > this.#minute) {
      this.#inMinuteBefore = minute === this.#minute + 1 ? this.#inMinute : 0;
      this.#inMinute = 0;
      this.#minute = minute;
    }
    if (minute === this.#minute) this.#inMinute++;
    else if (minute === this.#minute - 1) this.#inMinuteBefore++;
    this.#recordOutcome(Math.floor(minute / FAILURE_BLOCK_MINUTES), failed);
  }

  #recordOutcome(block: number, failed: boolean): void {
    if (block > this.#block) {
      const isNext = block === this.#block + 1;
      this.#requestsBefore = isNext ? this.#requests : 0;
      this.#failedBefore = isNext ? this.#failed : 0;
      this.#requests = 0;
      this.#failed = 0;
      this.#block = block;
    }
    if (block === this.#block) {
      this.#requests++;
      if (failed) this.#failed++;
    } else if (block === this.#block - 1) {
      this.#requestsBefore++;
      if (failed) this.#failedBefore++;
    }
  }

  /**
   * Requests in the minute up to a time, whole. Of the calendar minute before, the share is counted that the minute still
   * covers, as if its requests had been spread evenly; for a request that came late only what is certain.
   */
  requestsPerMinute(timestampMs: number): number {
    if (Math.floor(timestampMs / MINUTE_MS) !== this.#minute) return this.#inMinute;
    const covered = 1 - (timestampMs % MINUTE_MS) / MINUTE_MS;
    return this.#inMinute + Math.floor(this.#inMinuteBefore * covered);
  }

  /** Requests of the last five to ten minutes. */
  get recentRequests(): number {
    return this.#requests + this.#requestsBefore;
  }

  /** How many of them failed. */
  get recentFailures(): number {
    return this.#failed + this.#failedBefore;
  }
}
