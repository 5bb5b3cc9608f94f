import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelMatcher } from './match-model.js';
import { createPriceBook } from './price-book.js';
import type { PriceBookData, ProviderData } from './price-book-data.js';

const data = JSON.parse(readFileSync(new URL('../../data/price-book.json', import.meta.url), 'utf8')) as PriceBookData;
const book = createPriceBook(data);
const NOW = Date.parse('2026-11-20T12:00:00Z');

function modelOf(provider: string, name: string): string | null {
  const price = book.find(provider, name, NOW);
  return price.found ? `${price.provider}:${price.model}` : null;
}

describe('names that are a known model', () => {
  it.each([
    ['openai', 'gpt-4.1-mini', 'openai:gpt-4.1-mini'],
    ['openai', 'gpt-4.1-mini-2025-04-14', 'openai:gpt-4.1-mini'],
    ['openai', 'GPT-4o-2024-08-06 ', 'openai:gpt-4o'],
    ['openai', 'openai/gpt-4o', 'openai:gpt-4o'],
    ['openai', 'gpt-4-0613', 'openai:gpt-4'],
    ['openai', 'gpt-4o-2024-05-13', 'openai:gpt-4o-2024-05-13'],
    ['openai', 'gpt-4o-audio-preview-2024-10-01', 'openai:gpt-4o-audio-preview'],
    ['openai', 'gpt-4o-realtime-preview-2024-12-17', 'openai:gpt-4o-realtime-preview'],
    ['openai', 'gpt-5.6-sol-2026-07-09', 'openai:gpt-5.6-sol'],
    ['openai', 'text-embedding-3-small', 'openai:text-embedding-3-small'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:acme::abc123', 'openai:ft:gpt-4o-mini'],
    ['openai', 'ft:gpt-3.5-turbo-0125:acme:support:abc123', 'openai:ft:gpt-3.5-turbo-'],
    ['anthropic', 'claude-sonnet-4-6', 'anthropic:claude-sonnet-4-6'],
    ['anthropic', 'anthropic/claude-sonnet-4-6', 'anthropic:claude-sonnet-4-6'],
    ['anthropic', 'claude-sonnet-4-5-20250929', 'anthropic:claude-sonnet-4-5'],
    ['anthropic', 'claude-sonnet-4-20250514', 'anthropic:claude-sonnet-4-0'],
    ['anthropic', 'claude-opus-5-20260401', 'anthropic:claude-opus-5'],
    ['anthropic', 'claude-3-5-haiku-latest', 'anthropic:claude-3-5-haiku-latest'],
    ['google', 'gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['google', 'models/gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['google', 'gemini-2.5-pro-preview-05-06', 'google:gemini-2.5-pro'],
    ['google', 'gemini-2.5-pro-preview-tts', 'google:gemini-2.5-pro-tts'],
    ['google', 'gemini-2.0-flash-001', 'google:gemini-2.0-flash'],
    ['google', 'gemini-2.5-flash-lite-preview-09-2025', 'google:gemini-2.5-flash-lite'],
    ['gcp.vertex_ai', 'projects/p/locations/eu/publishers/google/models/gemini-2.5-flash', 'google:gemini-2.5-flash'],
    ['gcp.vertex_ai', 'publishers/anthropic/models/claude-sonnet-4-5@20250929', 'google:claude-sonnet-4-5'],
    ['gcp.vertex_ai', 'claude-haiku-4-5@20251001', 'anthropic:claude-haiku-4-5'],
    ['aws.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'aws:regional.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['aws.bedrock', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0', 'aws:regional.anthropic.claude-haiku-4-5-20251001-v1:0'],
    ['aws.bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', 'aws:global.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['aws.bedrock', 'us.meta.llama3-1-8b-instruct-v1:0', 'aws:meta.llama3-1-8b-instruct-v1:0'],
    ['aws.bedrock', 'mistral.mistral-7b-instruct-v0:2', 'aws:mistral.mistral-7b-instruct-v0:2'],
    ['aws.bedrock', 'openai.gpt-oss-120b-1:0', 'aws:openai.gpt-oss-120b-1:0'],
    [
      'aws.bedrock',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0',
      'aws:regional.anthropic.claude-opus-4-5-v1:0',
    ],
    ['azure.ai.openai', 'gpt-4o-mini', 'openai:gpt-4o-mini'],
    ['azure.ai.inference', 'phi-4', 'azure:phi-4'],
    ['openrouter', 'anthropic/claude-sonnet-4.5', 'openrouter:anthropic/claude-sonnet-4.5'],
    ['mistral_ai', 'magistral-small-2506', 'mistral:magistral-small'],
    ['fireworks_ai', 'accounts/fireworks/models/deepseek-v4-pro', 'fireworks:deepseek-v4-pro'],
    ['x_ai', 'grok-4.3-20260401', 'x-ai:grok-4.3'],
  ])('%s %s', (provider, name, expected) => {
    expect(modelOf(provider, name)).toBe(expected);
  });
});

describe('names that are not, and would be under a prefix match', () => {
  it.each([
    ['anthropic', 'claude-sonnet-5-5'],
    ['anthropic', 'claude-sonnet-5-5-20261101'],
    ['anthropic', 'claude-haiku-5-5'],
    ['anthropic', 'claude-haiku-4-5-1'],
    ['anthropic', 'claude-sonnet-4-5-foo-bar'],
    ['anthropic', 'claude-sonnet-4-5-20250929-fast'],
    ['anthropic', 'claude-sonnet-4-5-20251399'],
    ['anthropic', 'claude-20250101'],
    ['anthropic', 'xclaude-v2'],
    ['anthropic', 'my-claude-sonnet-4-5'],
    ['openai', 'gpt-6.1'],
    ['openai', 'gpt-4.1-mini-foo'],
    ['openai', 'gpt-4o-audio-preview-large'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18-large:acme'],
    ['google', 'gemini-3.5-pro'],
    ['google', 'gemini-3.6-flash-lite'],
    ['google', 'gemini-1.5-flash-8b'],
    ['google', 'gemini-2.5-pro-exp-03-25'],
    ['aws', 'us.anthropic.claude-sonnet-5-5-v1:0'],
    ['aws', 'amazon.titan-embed-text-v2:0'],
    ['aws', 'xx.yy.anthropic.claude-3-haiku-20240307-v1:0'],
    ['deepseek', 'deepseek-v4-pro-max'],
    ['openrouter', 'anthropic/claude-sonnet-4.5:free'],
    ['openai', ''],
    ['openai', 'gpt-4o'.padEnd(300, '0')],
    ['openai', '__proto__'],
    ['openai', 'constructor'],
  ])('%s %s', (provider, name) => {
    expect(modelOf(provider, name)).toBeNull();
  });

  it('takes no extension of any known name', () => {
    for (const provider of data.providers) {
      const matcher = new ModelMatcher(provider);
      for (const model of provider.models) {
        if (model.id.startsWith('ft:')) continue;
        expect(matcher.find(`${model.id}-zz9`), `${provider.id} ${model.id}`).toBeNull();
      }
    }
  });
});

describe('ModelMatcher', () => {
  it('finds every id of the book as itself', () => {
    for (const provider of data.providers) {
      const matcher = new ModelMatcher(provider);
      for (const model of provider.models) expect(matcher.find(model.id)?.id, `${provider.id} ${model.id}`).toBe(model.id);
    }
  });

  it('takes the longest known name, whatever the order', () => {
    const model = (id: string, text: string) => ({ id, match: { starts_with: text }, prices: [] });
    const models = [model('short', 'alpha-1'), model('long', 'alpha-1-20260101')];
    for (const order of [models, [...models].reverse()]) {
      const provider: ProviderData = { id: 'p', name: 'P', models: order };
      expect(new ModelMatcher(provider).find('alpha-1-20260101-latest')?.id).toBe('long');
      expect(new ModelMatcher(provider).find('alpha-1-20260202')?.id).toBe('short');
    }
  });

  it('gives the same answer from memory, also when the memory is full', () => {
    const provider: ProviderData = { id: 'p', name: 'P', models: [{ id: 'alpha', match: { starts_with: 'alpha' }, prices: [] }] };
    const matcher = new ModelMatcher(provider);
    for (let index = 0; index < 5_000; index += 1) expect(matcher.find(`unknown-${index}`)).toBeNull();
    expect(matcher.find('alpha-20260101')?.id).toBe('alpha');
    expect(matcher.find('alpha-20260101')?.id).toBe('alpha');
    expect(matcher.find('unknown-0')).toBeNull();
  });

  it('answers hostile names quickly and never throws', () => {
    const google = data.providers.find((provider) => provider.id === 'google');
    expect(google).toBeDefined();
    if (google === undefined) return;
    const matcher = new ModelMatcher(google);
    const piece = fc.constantFrom('gemini-2.5-pro', '-preview', '-05', '-tts', '-001', '/', 'models/', 'a-', '(', '\u0000', '\\', '-2025');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const started = performance.now();
        matcher.find(pieces.join(''));
        expect(performance.now() - started).toBeLessThan(250);
      }),
    );
  });
});

describe('provider names', () => {
  it.each([
    ['OpenAI', 'gpt-4o', 'openai'],
    ['gcp.gemini', 'gemini-2.5-pro', 'google'],
    ['gcp.gen_ai', 'gemini-2.5-pro', 'google'],
    ['gemini', 'gemini-2.5-pro', 'google'],
    ['xai', 'grok-4.3', 'x-ai'],
    ['moonshot_ai', 'kimi-k2.5', 'moonshotai'],
    ['bedrock', 'amazon.nova-lite-v1:0', 'aws'],
    ['groq', 'qwen/qwen3-32b', 'groq'],
    ['cohere', 'command-light', 'cohere'],
    ['perplexity', 'sonar', 'perplexity'],
    ['together_ai', 'Qwen/Qwen1.5-72B', 'together'],
  ])('%s', (name, model, expected) => {
    expect(modelOf(name, model)).toMatch(new RegExp(`^${expected}:`));
  });

  it.each(['', 'open-ai', 'anthropic2', 'azure.ai', '__proto__', 'constructor', 'openai.com'])('%j is no provider', (name) => {
    expect(book.find(name, 'gpt-4o', NOW)).toEqual({ found: false, reason: 'unknown_provider' });
  });
});
