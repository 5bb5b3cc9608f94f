import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { priceRequest } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPriceBook } from './load-price-book.js';

const PRICE_FILE = JSON.stringify({
  version: 'ours-1',
  prices: [{ provider: 'our-gpu', model: 'house-model-7b', usd_per_million: { input: '0.123456789', output: '1' } }],
});
const USAGE = {
  inputTokens: 1_000_000,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  inputImageTokens: 0,
  cacheReadAudioTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  webSearches: 0,
};

describe('loadPriceBook', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-prices-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const fileWith = (content: string): string => {
    const path = join(folder, 'prices.json');
    writeFileSync(path, content);
    return path;
  };
  const priceOf = (priceFile: string, provider: string, model: string) =>
    priceRequest(loadPriceBook(priceFile), { provider, model, usage: USAGE, serviceTier: '', timestampMs: Date.UTC(2026, 9, 1) });

  it('without a file prices known models and no others', () => {
    expect(priceOf('', 'openai', 'gpt-4.1-mini')).toMatchObject({ status: 'priced', costPicodollars: 400_000_000_000n });
    expect(priceOf('', 'our-gpu', 'house-model-7b')).toMatchObject({ status: 'unpriced' });
    expect(loadPriceBook('').version).toMatch(/\S/);
  });

  it('with a file prices what the file says, exactly, under another version', () => {
    const path = fileWith(PRICE_FILE);
    expect(priceOf(path, 'our-gpu', 'house-model-7b')).toMatchObject({ status: 'priced', costPicodollars: 123_456_789_000n });
    expect(priceOf(path, 'openai', 'gpt-4.1-mini')).toMatchObject({ status: 'priced', costPicodollars: 400_000_000_000n });
    expect(loadPriceBook(path).version).not.toBe(loadPriceBook('').version);
  });

  it.each([
    ['is not JSON', '{'],
    ['is a list', '[]'],
    ['is null', 'null'],
    ['has fields that are none', '{"version":"1","prices":[],"modells":[]}'],
    ['has a price that is a number', '{"version":"1","prices":[{"provider":"p","model":"m","usd_per_million":{"input":3}}]}'],
  ])('refuses a file that %s, naming it', (_name, content) => {
    const path = fileWith(content);
    expect(() => loadPriceBook(path)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(path) }),
    );
  });

  it('tells every fault of a file at once', () => {
    const price = { provider: 'p', model: 'm', usd_per_million: { input: 'free', outptu: '1' } };
    const path = fileWith(JSON.stringify({ version: 'ours 1', prices: [price, { model: 'm' }] }));
    for (const fault of ['version: ', 'prices[0].usd_per_million.input: ', 'outptu', 'prices[1].provider: ']) {
      expect(() => loadPriceBook(path)).toThrow(fault);
    }
  });

  it('refuses a file that is not there or a folder', () => {
    for (const path of [join(folder, 'missing.json'), folder]) {
      expect(() => loadPriceBook(path)).toThrow(
        expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(path) }),
      );
    }
  });
});
