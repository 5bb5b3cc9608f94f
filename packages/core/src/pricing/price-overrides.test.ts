import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_USAGE, type TokenUsage } from '../tokens/token-usage.js';
import { createPriceBook } from './price-book.js';
import type { PriceBookData } from './price-book-data.js';
import { type PriceOverrides, parsePriceFile } from './price-overrides.js';
import { type PriceResult, priceRequest } from './price-request.js';

const data: PriceBookData = {
  version: 'test-1',
  source: { package: 'test', version: '1', license: 'MIT', url: 'https://example.org' },
  providers: [
    {
      id: 'openai',
      name: 'OpenAI',
      models: [{ id: 'alpha', match: { equals: 'alpha' }, prices: [{ rates: { input: { base: '10' }, output: { base: '20' } } }] }],
    },
  ],
};

function parse(json: unknown): PriceOverrides {
  const parsed = parsePriceFile(json);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.overrides;
}

function faults(json: unknown): string[] {
  const parsed = parsePriceFile(json);
  return parsed.ok ? [] : parsed.errors.map(({ path }) => path);
}

function price(
  files: unknown[],
  usage: Partial<TokenUsage>,
  at = '2026-06-01T00:00:00Z',
  model = 'alpha',
  provider = 'openai',
  serviceTier = '',
): PriceResult {
  const book = createPriceBook(data, files.map(parse));
  return priceRequest(book, { provider, model, timestampMs: Date.parse(at), usage: { ...EMPTY_USAGE, ...usage }, serviceTier });
}

function pico(result: PriceResult): bigint | string {
  return result.status === 'priced' ? result.costPicodollars : [result.reason, ...result.missing].join(' ');
}

const file = (...prices: unknown[]) => ({ version: '2026-11', prices });
const own = { provider: 'openai', model: 'alpha', usd_per_million: { input: '3', output: '15' } };

describe('own prices', () => {
  it('win over the book and are part of the version', () => {
    const result = price([file(own)], { inputTokens: 2, outputTokens: 1 });
    expect(result).toMatchObject({ status: 'priced', costPicodollars: 21_000_000n, priceProvider: 'openai', priceModel: 'alpha' });
    expect(result.priceVersion).toMatch(/^test-1\+override-2026-11-[0-9a-f]{8}$/);
  });

  it('change the version with their content, label or not', () => {
    const versions = ['3', '4'].map((input) => price([file({ ...own, usd_per_million: { input } })], {}).priceVersion);
    expect(new Set(versions).size).toBe(2);
  });

  it('apply from their date; before it, the book', () => {
    const files = [
      file(
        { ...own, effective_from: '2026-03-01T00:00:00Z', usd_per_million: { input: '5' } },
        { ...own, effective_from: '2026-01-01', usd_per_million: { input: '4' } },
      ),
    ];
    expect(pico(price(files, { inputTokens: 1 }, '2025-12-31T23:59:59.999Z'))).toBe(10n);
    expect(pico(price(files, { inputTokens: 1 }, '2026-01-01T00:00:00Z'))).toBe(4_000_000n);
    expect(pico(price(files, { inputTokens: 1 }, '2026-02-28T23:59:59.999Z'))).toBe(4_000_000n);
    expect(pico(price(files, { inputTokens: 1 }, '2026-03-01T00:00:00Z'))).toBe(5_000_000n);
  });

  it('of a later file win over an earlier one', () => {
    expect(pico(price([file(own), file({ ...own, usd_per_million: { input: '7' } })], { inputTokens: 1 }))).toBe(7_000_000n);
  });

  it('replace the price of the model, they are not merged', () => {
    expect(pico(price([file({ ...own, usd_per_million: { input: '3' } })], { outputTokens: 1 }))).toBe('missing_rate output');
  });

  it('bring providers the book does not have, and match the model whole', () => {
    const files = [file({ provider: 'My-Cluster', model: 'Llama', usd_per_million: { input: '0.000001' } })];
    expect(pico(price(files, { inputTokens: 3 }, undefined, 'llama', 'my-cluster'))).toBe(3n);
    expect(pico(price(files, { inputTokens: 3 }, undefined, 'llama-20260101', 'my-cluster'))).toBe('unknown_model');
    expect(pico(price(files, { inputTokens: 3 }, undefined, 'llama', 'other'))).toBe('unknown_provider');
  });

  it('are found by every name of their provider', () => {
    const files = [file({ provider: 'azure.ai.openai', model: 'chat', usd_per_million: { input: '1' } })];
    expect(pico(price(files, { inputTokens: 1 }, undefined, 'chat', 'azure'))).toBe(1_000_000n);
  });

  it('round half-even once when a discount leaves half a picodollar', () => {
    const files = [file({ ...own, usd_per_million: { input: '0.000001' } })];
    expect([1, 2, 3, 5].map((inputTokens) => pico(price(files, { inputTokens }, undefined, 'alpha', 'openai', 'batch')))).toEqual([
      0n,
      1n,
      2n,
      2n,
    ]);
  });

  it('have tiers in any order, and item prices', () => {
    const tiers = [
      { above_input_tokens: 100, usd_per_million: { input: '9' } },
      { above_input_tokens: 10, usd_per_million: { input: '6', output: '30' } },
    ];
    const files = [file({ ...own, tiers, usd_per_thousand: { web_searches: '10', requests: '1' } })];
    const fee = 1_000_000_000n;
    expect(pico(price(files, { inputTokens: 10, outputTokens: 1 }))).toBe(45_000_000n + fee);
    expect(pico(price(files, { inputTokens: 11, outputTokens: 1 }))).toBe(96_000_000n + fee);
    expect(pico(price(files, { inputTokens: 101, outputTokens: 1 }))).toBe(939_000_000n + fee);
    expect(pico(price(files, { webSearches: 2 }))).toBe(20_000_000_000n + fee);
  });
});

describe('parsePriceFile', () => {
  it.each<[string, unknown, string[]]>([
    ['not an object', [], ['', 'version', 'prices']],
    ['no version', { prices: [] }, ['version']],
    ['version with a space', { version: 'a b', prices: [] }, ['version']],
    ['unknown key', { version: '1', prices: [], price: 1 }, ['price']],
    ['prices not a list', { version: '1', prices: {} }, ['prices']],
    [
      'price is null',
      file(null),
      ['prices[0]', 'prices[0].provider', 'prices[0].model', 'prices[0].usd_per_million', 'prices[0].usd_per_million'],
    ],
    ['a float', file({ ...own, usd_per_million: { input: 3 } }), ['prices[0].usd_per_million.input', 'prices[0].usd_per_million']],
    ['negative', file({ ...own, usd_per_million: { input: '1', output: '-1' } }), ['prices[0].usd_per_million.output']],
    ['exponent', file({ ...own, usd_per_million: { input: '1', output: '1e3' } }), ['prices[0].usd_per_million.output']],
    ['too fine', file({ ...own, usd_per_million: { input: '1', output: `0.${'0'.repeat(18)}1` } }), ['prices[0].usd_per_million.output']],
    ['unknown kind', file({ ...own, usd_per_million: { input: '1', outputs: '1' } }), ['prices[0].usd_per_million.outputs']],
    ['no such day', file({ ...own, effective_from: '2026-02-30' }), ['prices[0].effective_from']],
    ['no offset', file({ ...own, effective_from: '2026-02-03T00:00:00' }), ['prices[0].effective_from']],
    ['not a date', file({ ...own, effective_from: 'yesterday' }), ['prices[0].effective_from']],
    ['a date of null', file({ ...own, effective_from: null }), ['prices[0].effective_from']],
    ['twice', file(own, { ...own, model: 'ALPHA' }), ['prices[1]']],
    [
      'tier without base',
      file({ ...own, tiers: [{ above_input_tokens: 1, usd_per_million: { cache_read: '1' } }] }),
      ['prices[0].tiers[0].usd_per_million.cache_read'],
    ],
    [
      'tier at a fraction',
      file({ ...own, tiers: [{ above_input_tokens: 1.5, usd_per_million: {} }] }),
      ['prices[0].tiers[0].above_input_tokens'],
    ],
    ['control character', file({ ...own, model: 'a\nb' }), ['prices[0].model']],
    ['two faults', file({ ...own, provider: '', model: 7 }), ['prices[0].provider', 'prices[0].model']],
  ])('%s', (_name, json, paths) => {
    expect(faults(json)).toEqual(paths);
  });

  it('says why a number is refused', () => {
    const parsed = parsePriceFile(file({ ...own, usd_per_million: { input: 0.3, output: '1' } }));
    expect(parsed).toMatchObject({
      ok: false,
      errors: [{ message: 'must be a decimal string such as "0.3": a JSON number is a float and not exact' }],
    });
  });

  it('reports and never throws, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        parsePriceFile(a);
        parsePriceFile({ version: '1', prices: [a, { ...own, effective_from: b, usd_per_million: a, tiers: b }] });
      }),
    );
  });
});
