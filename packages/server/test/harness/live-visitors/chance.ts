const GOLDEN_GAMMA = 0x9e3779b9;

/** Numbers that look random and are the same with every run: SplitMix32, seeded. */
export class Chance {
  #state: number;

  /** @param seed whole; visitors with different seeds are independent of each other */
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x85ebca6b);
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + GOLDEN_GAMMA) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from 0 to below a limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** One of these; there must be one. */
  of<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('there is nothing to choose from');
    return item;
  }

  /** A log-normal value of this median, as times that people take are: many short ones, a long tail. */
  logNormal(median: number, spread: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(spread * normal);
  }
}
