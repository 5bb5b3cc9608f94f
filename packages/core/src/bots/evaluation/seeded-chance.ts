/**
 * Numbers that look like chance and are the same with every run of the same seed: xoshiro128** of Blackman and Vigna
 * (ACM Transactions on Mathematical Software 47, 2021), its state filled by splitmix32. Not for secrets.
 *
 * @example
 * ```ts
 * const chance = new SeededChance(1);
 * chance.below(6); // the same number in every run
 * ```
 */
export class SeededChance {
  readonly #state = new Uint32Array(4);

  /** @param seed a whole number; its lower 32 bits count */
  constructor(seed: number) {
    let state = seed >>> 0;
    for (let place = 0; place < 4; place += 1) {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      this.#state[place] = mixed ^ (mixed >>> 15);
    }
  }

  /** From 0 to below `limit`, which is at most 2^32. Each is as likely to within one part in 2^32 / limit. */
  below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit);
  }

  /** 32 bits. */
  #next(): number {
    const state = this.#state;
    const [first = 0, second = 0, third = 0, fourth = 0] = state;
    const result = Math.imul(rotated(Math.imul(second, 5), 7), 9) >>> 0;
    const mixedThird = third ^ first;
    const mixedFourth = fourth ^ second;
    state[0] = first ^ mixedFourth;
    state[1] = second ^ mixedThird;
    state[2] = mixedThird ^ (second << 9);
    state[3] = rotated(mixedFourth, 11);
    return result;
  }
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
