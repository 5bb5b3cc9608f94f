import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { MatchExpression, PriceBookData } from './price-book-data.js';
import { parsePriceLists } from './rates.js';

const file = new URL('../../data/price-book.json', import.meta.url);
const text = readFileSync(file, 'utf8');
const data = JSON.parse(text) as PriceBookData;

describe('data/price-book.json', () => {
  it('is what the installed source data gives', () => {
    const script = fileURLToPath(new URL('../../../../scripts/build-price-book.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('names its version and is small', () => {
    expect(data.version).toMatch(/^genai-prices-\d+\.\d+\.\d+\+[0-9a-f]{8}$/);
    expect(Buffer.byteLength(text)).toBeLessThan(700_000);
    expect(data.providers.length).toBeGreaterThan(40);
  });

  it('has rates, dates and tiers that all parse', () => {
    let rates = 0;
    for (const provider of data.providers) {
      for (const model of provider.models) {
        const lists = parsePriceLists(model);
        const first = lists[0];
        expect(first?.fromMs, `${provider.id} ${model.id}`).toBe(Number.NEGATIVE_INFINITY);
        expect(first?.window).toBeNull();
        for (const list of lists) {
          for (const rate of list.rates.values()) {
            rates += 1 + rate.tiers.length;
            expect(rate.base >= 0n && rate.tiers.every((tier) => tier.rate >= 0n && Number.isSafeInteger(tier.aboveInputTokens))).toBe(
              true,
            );
          }
        }
      }
    }
    expect(rates).toBeGreaterThan(4_000);
  });

  it('has only expressions that compile', () => {
    const check = (match: MatchExpression): void => {
      if ('or' in match) match.or.forEach(check);
      else if ('and' in match) match.and.forEach(check);
      else if ('regex' in match) expect(() => new RegExp(match.regex)).not.toThrow();
      else expect(Object.values(match)[0]).toBeTypeOf('string');
    };
    for (const provider of data.providers) for (const model of provider.models) check(model.match);
  });

  it('keeps to whole picodollars per token except where the source does not', () => {
    const fractions = text.match(/"\d+\.\d+"/g) ?? [];
    expect([...new Set(fractions)]).toEqual(['"83333.3333333"']);
  });
});
