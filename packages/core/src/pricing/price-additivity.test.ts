import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMicrodollars } from '../money/picodollars.js';
import { EMPTY_USAGE, type TokenUsage } from '../tokens/token-usage.js';
import { createPriceBook } from './price-book.js';
import type { PriceBookData } from './price-book-data.js';
import { priceRequest } from './price-request.js';

const data = JSON.parse(readFileSync(new URL('../../data/price-book.json', import.meta.url), 'utf8')) as PriceBookData;
const book = createPriceBook(data);
const NOW = Date.parse('2026-11-20T12:00:00Z');

function cost({ provider, model, usage }: { provider: string; model: string; usage: Partial<TokenUsage> }): bigint {
  const result = priceRequest(book, { provider, model, timestampMs: NOW, usage: { ...EMPTY_USAGE, ...usage } });
  if (result.status !== 'priced') throw new Error(`${result.reason} ${result.missing.join()}`);
  return result.costPicodollars;
}

describe('the cost of requests', () => {
  const SONNET = { provider: 'anthropic', model: 'claude-sonnet-4-6' };
  const count = fc.nat({ max: 50_000_000 });
  const usage = fc
    .record({ input: count, read: count, write: count, hour: count, output: count, reasoning: count, searches: fc.nat({ max: 50 }) })
    .map(
      (u): TokenUsage => ({
        ...EMPTY_USAGE,
        inputTokens: u.input,
        cacheReadTokens: u.read,
        cacheWriteTokens: u.write + u.hour,
        cacheWrite1hTokens: u.hour,
        outputTokens: u.output + u.reasoning,
        reasoningTokens: u.reasoning,
        webSearches: u.searches,
      }),
    );
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
  const add = (a: TokenUsage, b: TokenUsage): TokenUsage => {
    const keys = Object.keys(EMPTY_USAGE) as (keyof TokenUsage)[];
    return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as TokenUsage;
  };

  it('a thousand costs of 0.14 microdollars are 140 microdollars', () => {
    const one = cost({ provider: 'openai', model: 'text-embedding-3-small', usage: { inputTokens: 7 } });
    expect(one).toBe(140_000n);
    expect(toMicrodollars(sum(Array.from({ length: 1_000 }, () => one)))).toBe(140n);
  });

  it('a cost is additive without tiers: the parts of any partition, in any order, sum to the whole', () => {
    fc.assert(
      fc.property(fc.array(usage, { minLength: 1, maxLength: 8 }), (parts) => {
        const whole = parts.reduce(add, EMPTY_USAGE);
        const costs = parts.map((part) => cost({ ...SONNET, usage: part }));
        expect(sum(costs)).toBe(cost({ ...SONNET, usage: whole }));
        expect(sum([...costs].reverse())).toBe(sum(costs));
      }),
    );
  });

  it('more tokens never cost less, across the threshold too', () => {
    fc.assert(
      fc.property(fc.nat({ max: 400_000 }), fc.nat({ max: 400_000 }), fc.nat({ max: 10_000 }), (inputTokens, more, outputTokens) => {
        const price = (tokens: number) =>
          cost({ provider: 'google', model: 'gemini-2.5-pro', usage: { inputTokens: tokens, outputTokens } });
        expect(price(inputTokens) <= price(inputTokens + more)).toBe(true);
      }),
    );
  });

  it('agrees with a calculation of its own: fractions of dollars, straight from the file', () => {
    // Another route to the same number: each price as a fraction, summed over a common denominator, no shared code.
    const entry = data.providers
      .find((provider) => provider.id === 'openrouter')
      ?.models.find(({ id }) => id === 'google/gemini-2.5-flash-lite');
    const rates = entry?.prices[0]?.rates ?? {};
    const fraction = (kind: string): [bigint, bigint] => {
      const [whole = '0', decimals = ''] = (rates[kind]?.base ?? '').split('.');
      return [BigInt(whole + decimals), 10n ** BigInt(decimals.length)];
    };
    fc.assert(
      fc.property(count, count, count, count, (inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens) => {
        const counts: [string, number][] = [
          ['input', inputTokens],
          ['cache_read', cacheReadTokens],
          ['cache_write', cacheWriteTokens],
          ['output', outputTokens],
        ];
        let [n, d] = [0n, 1n];
        for (const [kind, tokens] of counts) {
          const [rn, rd] = fraction(kind);
          [n, d] = [n * rd + rn * BigInt(tokens) * d, d * rd];
        }
        const rounded = (2n * n + d) / (2n * d);
        const tie = (2n * n + d) % (2n * d) === 0n;
        const expected = tie && rounded % 2n === 1n ? rounded - 1n : rounded;
        const given = { provider: 'openrouter', model: 'google/gemini-2.5-flash-lite' };
        expect(cost({ ...given, usage: { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens } })).toBe(expected);
      }),
    );
  });
});
