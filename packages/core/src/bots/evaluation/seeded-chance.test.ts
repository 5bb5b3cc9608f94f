import { describe, expect, it } from 'vitest';
import { SeededChance } from './seeded-chance.js';

/** The first numbers of a seed. */
function numbersOf(seed: number, count: number, limit = 2 ** 32): number[] {
  const chance = new SeededChance(seed);
  return Array.from({ length: count }, () => chance.below(limit));
}

/** The generator once more, as its authors write it down, with whole numbers of any size. */
function referenceNumbers(seed: number, count: number): number[] {
  const word = (value: bigint): bigint => value & 0xffffffffn;
  const rotate = (value: bigint, by: bigint): bigint => word((value << by) | (value >> (32n - by)));
  const s: bigint[] = [];
  for (let state = BigInt(seed), place = 0; place < 4; place++) {
    state = word(state + 0x9e3779b9n);
    let mixed = word((state ^ (state >> 16n)) * 0x21f0aaadn);
    mixed = word((mixed ^ (mixed >> 15n)) * 0x735a2d97n);
    s.push(mixed ^ (mixed >> 15n));
  }
  let [a = 0n, b = 0n, c = 0n, d = 0n] = s;
  return Array.from({ length: count }, () => {
    const result = word(rotate(word(b * 5n), 7n) * 9n);
    const shifted = word(b << 9n);
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11n);
    return Number(result);
  });
}

describe('chance from a seed', () => {
  it.each([0, 1, 2, 0xffffffff])('is the generator it says it is, from seed %i', (seed) => {
    expect(numbersOf(seed, 500)).toEqual(referenceNumbers(seed, 500));
  });

  it('is another one with another seed', () => {
    expect(numbersOf(1, 20)).not.toEqual(numbersOf(2, 20));
  });

  it('draws each of a few numbers about as often, and no other', () => {
    const counts = new Map<number, number>();
    for (const number of numbersOf(7, 70_000, 7)) counts.set(number, (counts.get(number) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    // Five standard deviations of a binomial count around 10,000.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(470);
  });
});
