/** How many equal lines there were, in a form that can be written down: key, count, and log time of the last. */
export type WindowSnapshot = readonly (readonly [key: string, count: number, timestampMs: number])[];

/** Equal lines are told apart within this much log time. They bear the same second, so they are close together. */
export const WINDOW_MS = 10 * 60_000;
/** And among this many different lines, which bounds the memory. */
export const WINDOW_LINES_MAX = 50_000;

/**
 * Numbers equal lines: two equal requests within one second are two requests, and an access log tells them apart by
 * nothing but their number. A line's number depends on the lines before it only, so reading the same log again, from its
 * beginning or from a snapshot, gives the same numbers.
 *
 * A line that comes again after the window has moved on is taken for the first: it will count once.
 */
export class LineWindow {
  /** In the order of the last occurrence. */
  readonly #lines = new Map<string, { readonly count: number; readonly timestampMs: number }>();
  #latestMs = 0;

  constructor(snapshot: WindowSnapshot = []) {
    for (const [key, count, timestampMs] of snapshot) {
      this.#lines.set(key, { count, timestampMs });
      this.#latestMs = Math.max(this.#latestMs, timestampMs);
    }
  }

  /**
   * How many lines with this key the window holds; this one is among them from now on.
   *
   * @param timestampMs time that the line bears
   */
  next(key: string, timestampMs: number): number {
    // Lines are written when an answer ends and bear the time when the request began, so their times go back and forth.
    this.#latestMs = Math.max(this.#latestMs, timestampMs);
    this.#forget();
    const count = this.peek(key);
    this.#lines.delete(key);
    this.#lines.set(key, { count: count + 1, timestampMs: this.#latestMs });
    return count;
  }

  /** The same, without counting this one. */
  peek(key: string): number {
    return this.#lines.get(key)?.count ?? 0;
  }

  clear(): void {
    this.#lines.clear();
  }

  snapshot(): WindowSnapshot {
    return Array.from(this.#lines, ([key, { count, timestampMs }]) => [key, count, timestampMs] as const);
  }

  #forget(): void {
    for (const [key, { timestampMs }] of this.#lines) {
      if (timestampMs >= this.#latestMs - WINDOW_MS && this.#lines.size < WINDOW_LINES_MAX) return;
      this.#lines.delete(key);
    }
  }
}
