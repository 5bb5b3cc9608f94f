import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistinctWindow, hashText } from './distinct-window.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 9, 5);

describe('DistinctWindow', () => {
  it('counts each text once', () => {
    const window = new DistinctWindow();
    for (const text of ['a', 'b', 'a', '', 'b']) window.add(text, NOW_MS);
    expect(window.count(NOW_MS)).toBe(3);
  });

  it('counts a text for a day after it was seen last', () => {
    const window = new DistinctWindow();
    window.add('a', NOW_MS);
    window.add('b', NOW_MS + 1000);
    window.add('a', NOW_MS + 2000);
    expect(window.count(NOW_MS + DAY_MS + 999)).toBe(2);
    expect(window.count(NOW_MS + DAY_MS + 1000)).toBe(1);
    expect(window.count(NOW_MS + DAY_MS + 2000)).toBe(0);
  });

  it('is not led back by what arrives late', () => {
    const window = new DistinctWindow();
    window.add('a', NOW_MS);
    window.add('a', NOW_MS - 60_000);
    expect(window.count(NOW_MS + DAY_MS - 1)).toBe(1);
  });

  it('forgets a text', () => {
    const window = new DistinctWindow();
    window.add('a', NOW_MS);
    window.forget('a');
    window.forget('never seen');
    expect(window.count(NOW_MS)).toBe(0);
  });

  it('knows the last hundred of more', () => {
    const window = new DistinctWindow();
    for (let index = 0; index < 1000; index++) window.add(`s${index}`, NOW_MS + index);
    expect(window.count(NOW_MS + 1000)).toBe(100);
    window.forget('s999');
    window.forget('s899');
    expect(window.count(NOW_MS + 1000)).toBe(99);
  });
});

describe('hashText', () => {
  it('is a whole number of 53 bits, the same for the same text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hash = hashText(text);
        expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true);
        expect(hashText(`${text}`)).toBe(hash);
      }),
    );
  });

  it('tells 200,000 similar texts apart', () => {
    const hashes = new Set<number>();
    for (let index = 0; index < 100_000; index++)
      hashes.add(hashText(`session-${index}`)).add(hashText(`10.0.${index >> 8}.${index & 255}`));
    expect(hashes.size).toBe(200_000);
  });

  it('uses its upper bits as well as its lower ones', () => {
    const texts = Array.from({ length: 4096 }, (_, index) => hashText(String(index)));
    for (let bit = 0; bit < 53; bit++) {
      const set = texts.filter((hash) => Math.floor(hash / 2 ** bit) % 2 === 1).length;
      expect(set, `bit ${bit}`).toBeGreaterThan(1500);
      expect(set, `bit ${bit}`).toBeLessThan(2600);
    }
  });
});
