const SECONDS = 60;

/** Counts events of the last 60 seconds, to the second, in the same memory however many there are. */
export class SlidingMinute {
  // Not a typed array: those lie outside of the heap, and most visitors are made for a request or two.
  readonly #counts = new Array<number>(SECONDS).fill(0);
  #newest = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #peak = 0;

  /** Counts an event; one that is a minute older than the newest no longer belongs to any window that is still open. */
  add(timestampMs: number): void {
    const second = Math.floor(timestampMs / 1000);
    if (second <= this.#newest - SECONDS) return;
    this.#advance(second);
    const slot = second % SECONDS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#sum++;
    if (this.#sum > this.#peak) this.#peak = this.#sum;
  }

  /** The most events that any 60 seconds had since the last call; those of the last 60 seconds count for the next one, too. */
  takePeak(nowMs: number): number {
    const peak = this.#peak;
    const oldest = Math.max(Math.floor(nowMs / 1000), this.#newest) - SECONDS + 1;
    this.#peak = 0;
    // What arrives late belongs to a window that ended before now, so the counts stay as they are.
    for (let second = oldest; second <= this.#newest; second++) this.#peak += this.#counts[second % SECONDS] ?? 0;
    return peak;
  }

  #advance(second: number): void {
    if (second <= this.#newest) return;
    const steps = Math.min(SECONDS, second - this.#newest);
    for (let step = 0; step < steps; step++) {
      const slot = (second - step) % SECONDS;
      this.#sum -= this.#counts[slot] ?? 0;
      this.#counts[slot] = 0;
    }
    this.#newest = second;
  }
}
