/** Points below this are not worth a sentence. */
const SAID_FROM_POINTS = 1;

/**
 * Adds up points, and the sentences for them only when they are asked for: the same code then serves the score of every request,
 * which must not build text, and the verdict that people read.
 */
export class LayerTally {
  #points = 0;
  readonly #sentences: string[] | null;

  constructor(withSentences: boolean) {
    this.#sentences = withSentences ? [] : null;
  }

  get points(): number {
    return this.#points;
  }

  get reason(): string {
    return this.#sentences?.join(' ') ?? '';
  }

  /** Adds points; true when a sentence for them is wanted. */
  add(points: number): boolean {
    this.#points += points;
    return this.#sentences !== null && Math.abs(points) >= SAID_FROM_POINTS;
  }

  /** Starts on the next layer. */
  reset(): void {
    this.#points = 0;
    this.#sentences?.splice(0);
  }

  say(sentence: string): void {
    this.#sentences?.push(sentence);
  }
}

/** 0 up to `from`, 1 from `to` on, and a straight line between. */
export function ramp(value: number, from: number, to: number): number {
  if (value <= from) return 0;
  return value >= to ? 1 : (value - from) / (to - from);
}

/** `value`, but at least -1 and at most 1. */
export function within(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

/** How much evidence weighs that grows with its amount: 0 without any, a half at `half`, towards 1. */
export function confidence(amount: number, half: number): number {
  return amount / (amount + half);
}
