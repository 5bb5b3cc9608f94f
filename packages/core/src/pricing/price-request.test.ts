import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../money/picodollars.js';
import { EMPTY_USAGE, type TokenUsage } from '../tokens/token-usage.js';
import { createPriceBook } from './price-book.js';
import type { PriceBookData } from './price-book-data.js';
import { type PriceableRequest, priceRequest } from './price-request.js';

const data = JSON.parse(readFileSync(new URL('../../data/price-book.json', import.meta.url), 'utf8')) as PriceBookData;
const book = createPriceBook(data);
const NOON = '2026-11-20T12:00:00Z';

interface Given {
  readonly provider: string;
  readonly model: string;
  readonly usage: Partial<TokenUsage>;
  readonly at?: string;
  readonly tier?: string;
}

function request({ provider, model, usage, at = NOON, tier }: Given): PriceableRequest {
  return { provider, model, timestampMs: Date.parse(at), usage: { ...EMPTY_USAGE, ...usage }, serviceTier: tier };
}

function cost(given: Given): bigint {
  const result = priceRequest(book, request(given));
  if (result.status !== 'priced') throw new Error(`${result.reason} ${result.missing.join()}`);
  return result.costPicodollars;
}

function refusal(given: Given): string {
  const result = priceRequest(book, request(given));
  return result.status === 'unpriced' ? [result.reason, ...result.missing].join(' ') : 'priced';
}

// Each expected cost is worked out by hand from the published price per million tokens, in the comment.
describe('hand-calculated costs in USD', () => {
  const sonnet = { inputTokens: 12, cacheReadTokens: 5_000, cacheWriteTokens: 1_000, cacheWrite1hTokens: 400, outputTokens: 42 };
  const deepseek = { inputTokens: 1_000, cacheReadTokens: 200, outputTokens: 100 };
  const cases: readonly (Given & { name: string; usd: string })[] = [
    // 12 x 3 + 5000 x 0.30 + 600 x 3.75 + 400 x 6 + 42 x 15 = 6816 per million
    { name: 'Anthropic, both cache writes', provider: 'anthropic', model: 'claude-sonnet-4-6', usage: sonnet, usd: '0.006816' },
    // half of it
    { name: 'Anthropic, batch', provider: 'anthropic', model: 'claude-sonnet-4-6', usage: sonnet, tier: 'batch', usd: '0.003408' },
    // 3408 per million and two searches at 10 per thousand, which batch does not halve
    {
      name: 'Anthropic, batch with searches',
      provider: 'anthropic',
      model: 'claude-sonnet-4-6',
      usage: { ...sonnet, webSearches: 2 },
      tier: 'batch',
      usd: '0.023408',
    },
    // 512 x 0.40 + 1536 x 0.10 + 83 x 1.60 = 491.2 per million
    {
      name: 'OpenAI, cached',
      provider: 'openai',
      model: 'gpt-4.1-mini-2025-04-14',
      usage: { inputTokens: 512, cacheReadTokens: 1_536, outputTokens: 83 },
      usd: '0.0004912',
    },
    // 7 x 0.02 per million
    { name: 'embedding', provider: 'openai', model: 'text-embedding-3-small', usage: { inputTokens: 7 }, usd: '0.00000014' },
    // 200000 x 1.25 + 100 x 10 = 251000 per million
    {
      name: 'Gemini at the threshold',
      provider: 'google',
      model: 'gemini-2.5-pro',
      usage: { inputTokens: 200_000, outputTokens: 100 },
      usd: '0.251',
    },
    // 200001 x 2.50 + 100 x 15 = 501502.5 per million
    {
      name: 'Gemini above it',
      provider: 'google',
      model: 'gemini-2.5-pro',
      usage: { inputTokens: 200_001, outputTokens: 100 },
      usd: '0.5015025',
    },
    // the cached tokens count for the threshold: 100000 x 2.50 + 100001 x 0.25 = 275000.25 per million
    {
      name: 'Gemini above it by its cache',
      provider: 'gcp.gemini',
      model: 'gemini-2.5-pro',
      usage: { inputTokens: 100_000, cacheReadTokens: 100_001 },
      usd: '0.27500025',
    },
    // image input is text input: 300 x 1.25
    {
      name: 'Gemini, image',
      provider: 'google',
      model: 'gemini-2.5-pro',
      usage: { inputTokens: 300, inputImageTokens: 258 },
      usd: '0.000375',
    },
    // (1000 - 400) x 0.30 + 400 x 1 + 50 x 2.50 = 705 per million
    {
      name: 'Gemini, audio',
      provider: 'google',
      model: 'gemini-2.5-flash',
      usage: { inputTokens: 1_000, inputAudioTokens: 400, outputTokens: 50, reasoningTokens: 20 },
      usd: '0.000705',
    },
    // 1000 x 0.27 + 200 x 0.07 + 100 x 1.10 = 394 per million
    {
      name: 'DeepSeek, first ms of peak',
      provider: 'deepseek',
      model: 'deepseek-chat',
      usage: deepseek,
      at: '2026-11-20T00:30:00Z',
      usd: '0.000394',
    },
    {
      name: 'DeepSeek, last ms of peak',
      provider: 'deepseek',
      model: 'deepseek-chat',
      usage: deepseek,
      at: '2026-11-20T16:29:59.999Z',
      usd: '0.000394',
    },
    // 1000 x 0.135 + 200 x 0.035 + 100 x 0.55 = 197 per million
    {
      name: 'DeepSeek, off-peak',
      provider: 'deepseek',
      model: 'deepseek-chat',
      usage: deepseek,
      at: '2026-11-20T16:30:00Z',
      usd: '0.000197',
    },
    // a daily window that came with a price list does not reach back before it: 1000 x 0.14
    {
      name: 'window before its date',
      provider: 'deepseek',
      model: 'deepseek-v4-flash',
      usage: { inputTokens: 1_000 },
      at: '2026-08-16T02:00:00Z',
      usd: '0.00014',
    },
    {
      name: 'window after its date',
      provider: 'deepseek',
      model: 'deepseek-v4-flash',
      usage: { inputTokens: 1_000 },
      at: '2026-08-17T02:00:00Z',
      usd: '0.00044',
    },
    {
      name: 'outside the window',
      provider: 'deepseek',
      model: 'deepseek-v4-flash',
      usage: { inputTokens: 1_000 },
      at: '2026-08-17T04:00:00Z',
      usd: '0.00022',
    },
    // 10 before the price cut, 2 from its first millisecond
    {
      name: 'before a price cut',
      provider: 'openai',
      model: 'o3',
      usage: { inputTokens: 1 },
      at: '2025-06-09T23:59:59.999Z',
      usd: '0.00001',
    },
    { name: 'after a price cut', provider: 'openai', model: 'o3', usage: { inputTokens: 1 }, at: '2025-06-10T00:00:00Z', usd: '0.000002' },
    { name: 'flex', provider: 'openai', model: 'o3', usage: { inputTokens: 1 }, tier: 'Flex', usd: '0.000001' },
    // 1000 x 2 + 30 x 8 (20 of them reasoning, which has no own rate)
    {
      name: 'reasoning is output',
      provider: 'openai',
      model: 'o3',
      usage: { inputTokens: 1_000, outputTokens: 30, reasoningTokens: 20 },
      usd: '0.00224',
    },
    // 10 x 8 + 20 x 3
    {
      name: 'reasoning has its own rate',
      provider: 'perplexity',
      model: 'sonar-deep-research',
      usage: { outputTokens: 30, reasoningTokens: 20 },
      usd: '0.00014',
    },
    // 10 x 3 + 10 x 15 = 180 per million, and 14 per thousand requests
    { name: 'request fee', provider: 'perplexity', model: 'sonar-pro', usage: { inputTokens: 10, outputTokens: 10 }, usd: '0.01418' },
    // 7 x 0.0833333333333 per million = 583333.3333331 pUSD
    {
      name: 'fractional rate',
      provider: 'openrouter',
      model: 'google/gemini-2.5-flash-lite',
      usage: { cacheWriteTokens: 7 },
      usd: '0.000000583333',
    },
    // 100 x 32 + 50 x 4 + 20 x 0.40 + 10 x 0.40 + 30 x 64 + 5 x 16 = 5412 per million
    {
      name: 'realtime audio',
      provider: 'openai',
      model: 'gpt-realtime',
      usage: {
        inputTokens: 150,
        inputAudioTokens: 100,
        cacheReadTokens: 30,
        cacheReadAudioTokens: 10,
        outputTokens: 35,
        outputAudioTokens: 30,
      },
      usd: '0.005412',
    },
    { name: 'nothing used', provider: 'openai', model: 'gpt-4o', usage: {}, usd: '0' },
    { name: 'free by name', provider: 'openrouter', model: 'meta-llama/llama-3.1-8b-instruct:free', usage: { inputTokens: 9 }, usd: '0' },
  ];
  it.each(cases)('$name: $usd', ({ usd, ...given }) => {
    expect(formatUsd(cost(given))).toBe(usd);
  });

  it('reports what it was priced with', () => {
    expect(priceRequest(book, request({ provider: 'azure.ai.openai', model: 'gpt-4o', usage: { inputTokens: 1 } }))).toEqual({
      status: 'priced',
      costPicodollars: 2_500_000n,
      priceVersion: data.version,
      priceProvider: 'openai',
      priceModel: 'gpt-4o',
    });
  });
});

describe('unpriced, never zero and never another kind', () => {
  const input = { inputTokens: 10 };
  it.each<[Given, string]>([
    [{ provider: 'nobody', model: 'gpt-4o', usage: input }, 'unknown_provider'],
    [{ provider: 'openai', model: 'gpt-6.1', usage: input }, 'unknown_model'],
    [{ provider: 'openai', model: 'gpt-4o', usage: input, tier: 'priority' }, 'unknown_service_tier'],
    [{ provider: 'anthropic', model: 'claude-sonnet-4-6', usage: input, tier: 'flex' }, 'unknown_service_tier'],
    [{ provider: 'groq', model: 'qwen/qwen3-32b', usage: input, tier: 'batch' }, 'unknown_service_tier'],
    [{ provider: 'openai', model: 'gpt-4o', usage: input, tier: '__proto__' }, 'unknown_service_tier'],
    [
      {
        provider: 'openai',
        model: 'gpt-4o-audio-preview',
        usage: { inputTokens: 10, inputAudioTokens: 4, outputTokens: 9, outputAudioTokens: 9 },
      },
      'missing_rate input_audio output_audio',
    ],
    [{ provider: 'openai', model: 'gpt-4o', usage: { cacheWriteTokens: 1 } }, 'missing_rate cache_write'],
    [{ provider: 'openai', model: 'o1-pro', usage: { cacheReadTokens: 1 } }, 'missing_rate cache_read'],
    [{ provider: 'openai', model: 'text-embedding-3-small', usage: { inputTokens: 7, outputTokens: 1 } }, 'missing_rate output'],
    [{ provider: 'openai', model: 'text-embedding-3-small', usage: { outputTokens: 1, reasoningTokens: 1 } }, 'missing_rate output'],
    [{ provider: 'openai', model: 'text-embedding-3-small', usage: { inputTokens: 7, webSearches: 1 } }, 'missing_rate web_searches'],
    [{ provider: 'openai', model: 'gpt-4o', usage: { inputTokens: 2, inputImageTokens: 1 } }, 'missing_rate input_image'],
    [
      { provider: 'aws', model: 'us.anthropic.claude-sonnet-4-6', usage: { cacheWriteTokens: 2, cacheWrite1hTokens: 1 } },
      'missing_rate cache_write_1h',
    ],
    // billed by the hour of audio, which no token count shows
    [{ provider: 'openai', model: 'whisper-1', usage: {} }, 'missing_rate audio_hours input_audio_hours'],
    // in the book without any price
    [{ provider: 'google', model: 'gemma-3', usage: {} }, 'missing_rate input'],
    [{ provider: 'google', model: 'gemma-3', usage: input }, 'missing_rate input'],
  ])('%j: %s', (given, expected) => {
    expect(refusal(given)).toBe(expected);
  });

  it.each([undefined, '', 'standard', 'default', 'auto', 'on_demand', 'STANDARD'])('tier %j is the list price', (serviceTier) => {
    const given = { ...request({ provider: 'groq', model: 'qwen/qwen3-32b', usage: { inputTokens: 100 } }), serviceTier };
    expect(priceRequest(book, given)).toMatchObject({ status: 'priced', costPicodollars: 29_000_000n });
  });

  it('refuses a usage that contradicts itself', () => {
    expect(() => cost({ provider: 'openai', model: 'gpt-4o', usage: { inputTokens: 1, inputAudioTokens: 2 } })).toThrow(
      /inputAudioTokens 2 \+ inputImageTokens 0 exceeds inputTokens 1/,
    );
    expect(() => cost({ provider: 'openai', model: 'gpt-4o', usage: { outputTokens: 1.5 } })).toThrow(RangeError);
    expect(() => cost({ provider: 'openai', model: 'gpt-4o', usage: {}, at: 'never' })).toThrow(/timestampMs/);
  });
});
