import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.js';

describe('BoundedMap', () => {
  it('finds what was put in', () => {
    const map = new BoundedMap<number>(10);
    expect(map.find('a')).toBeUndefined();
    expect(map.put('a', 1)).toBe(1);
    expect(map.find('a')).toBe(1);
    expect([...map.values()]).toEqual([1]);
  });

  it('forgets what was deleted, in either generation', () => {
    const map = new BoundedMap<number>(4);
    for (const key of ['a', 'b', 'c']) map.put(key, 1);
    map.delete('a');
    map.delete('c');
    expect([map.find('a'), map.find('b'), map.find('c')]).toEqual([undefined, 1, undefined]);
    expect(map.size).toBe(1);
  });

  it('keeps the more recently used half and is never larger than allowed', () => {
    const uses = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), uses, (sizeMax, keys) => {
        const map = new BoundedMap<string>(sizeMax);
        const order: string[] = [];
        for (const each of keys) {
          const key = String(each);
          if (map.find(key) === undefined) map.put(key, key);
          if (order.includes(key)) order.splice(order.indexOf(key), 1);
          order.push(key);
          expect(map.size).toBeLessThanOrEqual(sizeMax);
        }
        const values = new Set(map.values());
        expect(values.size).toBe(map.size);
        for (const key of order.slice(-Math.floor(sizeMax / 2))) expect(values).toContain(key);
      }),
    );
  });
});
