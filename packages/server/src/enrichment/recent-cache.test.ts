import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentCache } from './recent-cache.js';

describe('what is remembered', () => {
  it('forgets what was not asked for', () => {
    const cache = new RecentCache<string, number>(4);
    for (const [value, key] of ['a', 'b', 'c', 'd'].entries()) cache.set(key, value);
    expect(cache.get('a')).toBe(0);
    cache.set('e', 4);
    cache.set('f', 5);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => cache.get(key))).toEqual([0, undefined, undefined, undefined, 4, 5]);
  });

  it('takes a new value in the place of the old one', () => {
    const cache = new RecentCache<string, string>(2);
    cache.set('a', '');
    expect(cache.get('a')).toBe('');
    cache.set('a', 'x');
    expect(cache.get('a')).toBe('x');
    expect(cache.size).toBe(1);
  });

  it('can be cleared', () => {
    const cache = new RecentCache<string, number>(4);
    for (const key of 'abcd') cache.set(key, 1);
    cache.clear();
    expect([cache.size, cache.get('a')]).toEqual([0, undefined]);
  });

  it('never answers wrongly, never grows beyond its size, and has all of the last half', () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 12 }), set: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10 }), fc.array(step, { maxLength: 200 }), (entriesMax, steps) => {
        const cache = new RecentCache<number, number>(entriesMax);
        const truth = new Map<number, number>();
        const used: number[] = [];
        for (const [at, { key, set }] of steps.entries()) {
          const found = set ? undefined : cache.get(key);
          if (set) {
            cache.set(key, at);
            truth.set(key, at);
          } else if (found !== undefined) expect(found).toBe(truth.get(key));
          if (set || found !== undefined) used.push(key);
          expect(cache.size).toBeLessThanOrEqual(entriesMax);
        }
        const last = [...new Set(used.toReversed())].slice(0, Math.floor(entriesMax / 2));
        for (const key of last) expect(cache.get(key)).toBe(truth.get(key));
      }),
    );
  });
});
