import type { Timer } from '../../timer.js';

/** A clock and a timer that stand still until a test moves them on. */
export class ManualTime implements Timer {
  nowMs: number;
  #waiting: { readonly atMs: number; readonly run: () => void }[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** How many calls are to come. */
  get waiting(): number {
    return this.#waiting.length;
  }

  readonly clock = (): number => this.nowMs;

  readonly after = (milliseconds: number, run: () => void): void => {
    this.#waiting.push({ atMs: this.nowMs + milliseconds, run });
  };

  /** Moves on, and runs what is due on the way, at its time. */
  advance(milliseconds: number): void {
    const untilMs = this.nowMs + milliseconds;
    for (;;) {
      const [next] = this.#waiting.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = untilMs;
  }
}
