import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentEntries } from './recent-entries.js';

describe('RecentEntries', () => {
  it('keeps at least the half used last, and never more than the bound', () => {
    const anyKeys = fc.array(fc.nat({ max: 30 }).map(String), { maxLength: 300 });
    fc.assert(
      fc.property(anyKeys, fc.integer({ min: 2, max: 20 }), (keys, entriesMax) => {
        const entries = new RecentEntries<string>(entriesMax);
        const used: string[] = [];
        for (const key of keys) {
          // The keys used last, each once.
          const recent = [...new Set(used.toReversed())].slice(0, Math.floor(entriesMax / 2));
          const value = entries.use(key);
          if (recent.includes(key)) expect(value).toBe(`value of ${key}`);
          if (value === undefined) entries.add(key, `value of ${key}`);
          else expect(value).toBe(`value of ${key}`);
          expect(entries.size).toBeLessThanOrEqual(entriesMax);
          used.push(key);
        }
      }),
    );
  });

  it('drops what is not used from one ageing to the next', () => {
    const entries = new RecentEntries<number>(100);
    entries.add('used', 1);
    entries.add('idle', 2);
    entries.age();
    expect(entries.use('used')).toBe(1);
    entries.age();
    expect([entries.use('used'), entries.use('idle'), entries.size]).toEqual([1, undefined, 1]);
  });
});
