import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseProviderUsage } from './provider-usage.js';
import { EMPTY_USAGE, findUsageFault, type TokenUsage, totalInputTokens } from './token-usage.js';

type Case = [name: string, raw: unknown, convention: string, usage: Partial<TokenUsage>, flags?: string[]];

const cases: Case[] = [
  [
    'OpenAI chat',
    {
      prompt_tokens: 2_048,
      completion_tokens: 83,
      total_tokens: 2_131,
      prompt_tokens_details: { cached_tokens: 1_536, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 64, audio_tokens: 0, accepted_prediction_tokens: 0 },
    },
    'openai_chat',
    { inputTokens: 512, cacheReadTokens: 1_536, outputTokens: 83, reasoningTokens: 64 },
  ],
  ['OpenAI embeddings', { prompt_tokens: 7, total_tokens: 7 }, 'openai_chat', { inputTokens: 7 }],
  [
    'null details are absent',
    { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: null, completion_tokens_details: { reasoning_tokens: null } },
    'openai_chat',
    { inputTokens: 5, outputTokens: 2 },
  ],
  [
    'OpenAI chat, audio, no cache',
    {
      prompt_tokens: 50,
      completion_tokens: 40,
      prompt_tokens_details: { audio_tokens: 30 },
      completion_tokens_details: { audio_tokens: 25 },
    },
    'openai_chat',
    { inputTokens: 50, inputAudioTokens: 30, outputTokens: 40, outputAudioTokens: 25 },
  ],
  [
    'audio beside cached tokens, division stated',
    { prompt_tokens: 50, prompt_tokens_details: { audio_tokens: 30, cached_tokens: 20, cached_tokens_details: { audio_tokens: 12 } } },
    'openai_chat',
    { inputTokens: 30, inputAudioTokens: 18, cacheReadTokens: 20, cacheReadAudioTokens: 12 },
  ],
  [
    'audio beside cached tokens, division forced by the totals',
    { prompt_tokens: 50, prompt_tokens_details: { audio_tokens: 45, cached_tokens: 20 } },
    'openai_chat',
    { inputTokens: 30, inputAudioTokens: 30, cacheReadTokens: 20, cacheReadAudioTokens: 15 },
    ['cached_modality_unknown'],
  ],
  [
    'reasoning beside the completion, proven by the total',
    { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, completion_tokens_details: { reasoning_tokens: 94 } },
    'openai_chat',
    { inputTokens: 32, outputTokens: 103, reasoningTokens: 94 },
    ['reasoning_beside_output'],
  ],
  [
    'a total that does not add up',
    { prompt_tokens: 1, completion_tokens: 1, total_tokens: 5 },
    'openai_chat',
    { inputTokens: 1, outputTokens: 1 },
    ['total_tokens_mismatch'],
  ],
  [
    'DeepSeek cache',
    { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 6, prompt_cache_miss_tokens: 4 },
    'openai_chat',
    { inputTokens: 4, cacheReadTokens: 6, outputTokens: 1 },
  ],
  [
    'cache writes inside the prompt',
    { prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 5 } },
    'openai_chat',
    { inputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 5 },
    ['cache_write_ttl_unknown'],
  ],
  [
    'OpenAI responses',
    {
      input_tokens: 100,
      output_tokens: 50,
      total_tokens: 150,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens_details: { reasoning_tokens: 30 },
    },
    'openai_responses',
    { inputTokens: 60, cacheReadTokens: 40, outputTokens: 50, reasoningTokens: 30 },
  ],
  ['input and output only', { input_tokens: 3, output_tokens: 4 }, 'openai_responses', { inputTokens: 3, outputTokens: 4 }],
  [
    'OpenAI images',
    { input_tokens: 60, output_tokens: 9, input_tokens_details: { text_tokens: 10, image_tokens: 50 } },
    'openai_responses',
    { inputTokens: 60, inputImageTokens: 50, outputTokens: 9 },
  ],
  [
    'Anthropic',
    {
      input_tokens: 12,
      cache_read_input_tokens: 5_000,
      cache_creation_input_tokens: 1_000,
      cache_creation: { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 400 },
      output_tokens: 42,
      server_tool_use: { web_search_requests: 3 },
      service_tier: 'standard',
    },
    'anthropic',
    { inputTokens: 12, cacheReadTokens: 5_000, cacheWriteTokens: 1_000, cacheWrite1hTokens: 400, outputTokens: 42, webSearches: 3 },
  ],
  [
    'Anthropic, split does not cover the total',
    {
      input_tokens: 1,
      cache_creation_input_tokens: 10,
      cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 3 },
      output_tokens: 1,
    },
    'anthropic',
    { inputTokens: 1, cacheWriteTokens: 10, cacheWrite1hTokens: 3, outputTokens: 1 },
    ['cache_write_ttl_unknown'],
  ],
  [
    'Anthropic, no split',
    { input_tokens: 1, cache_creation_input_tokens: 10, cache_read_input_tokens: null, output_tokens: 1 },
    'anthropic',
    { inputTokens: 1, cacheWriteTokens: 10, outputTokens: 1 },
    ['cache_write_ttl_unknown'],
  ],
  [
    'Anthropic, split without total',
    { input_tokens: 1, cache_creation: { ephemeral_1h_input_tokens: 10 }, output_tokens: 1 },
    'anthropic',
    { inputTokens: 1, cacheWriteTokens: 10, cacheWrite1hTokens: 10, outputTokens: 1 },
  ],
  [
    'Anthropic thinking',
    { input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens: 5 } },
    'anthropic',
    { inputTokens: 1, outputTokens: 9, reasoningTokens: 5 },
  ],
  [
    'Gemini',
    {
      promptTokenCount: 1_000,
      cachedContentTokenCount: 400,
      candidatesTokenCount: 50,
      thoughtsTokenCount: 30,
      toolUsePromptTokenCount: 20,
      totalTokenCount: 1_100,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 342 },
        { modality: 'IMAGE', tokenCount: 258 },
        { modality: 'AUDIO', tokenCount: 400 },
      ],
      cacheTokensDetails: [
        { modality: 'TEXT', tokenCount: 300 },
        { modality: 'AUDIO', tokenCount: 100 },
      ],
      candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 50 }],
    },
    'gemini',
    {
      inputTokens: 620,
      inputAudioTokens: 300,
      inputImageTokens: 258,
      cacheReadTokens: 400,
      cacheReadAudioTokens: 100,
      outputTokens: 80,
      reasoningTokens: 30,
    },
  ],
  ['Gemini leaves zeros out', { promptTokenCount: 5, totalTokenCount: 5 }, 'gemini', { inputTokens: 5 }],
  [
    'Gemini image output',
    { promptTokenCount: 5, candidatesTokenCount: 1_290, candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }] },
    'gemini',
    { inputTokens: 5, outputTokens: 1_290, outputImageTokens: 1_290 },
  ],
  [
    'Gemini video stays in the total',
    { promptTokenCount: 500, promptTokensDetails: [{ modality: 'VIDEO', tokenCount: 490 }] },
    'gemini',
    { inputTokens: 500 },
    ['video_tokens_not_separated'],
  ],
];

describe('normaliseProviderUsage', () => {
  it.each(cases)('%s', (_name, raw, convention, usage, flags = []) => {
    expect(normaliseProviderUsage(raw)).toEqual({ ok: true, convention, usage: { ...EMPTY_USAGE, ...usage }, flags });
  });

  it.each<[string, unknown, string]>([
    ['null', null, ''],
    ['an array', [], ''],
    ['no known key', { tokens: 5 }, ''],
    ['output only', { output_tokens: 5 }, ''],
    ['two conventions', { prompt_tokens: 5, cache_read_input_tokens: 1 }, ''],
    ['two inputs', { prompt_tokens: 5, completion_tokens: 1, input_tokens: 4 }, 'input_tokens'],
    [
      'cached above prompt',
      { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 11 } },
      'prompt_tokens_details.cached_tokens',
    ],
    [
      'reasoning above output',
      { input_tokens: 1, output_tokens: 4, input_tokens_details: {}, output_tokens_details: { reasoning_tokens: 5 } },
      'output_tokens_details.reasoning_tokens',
    ],
    ['audio above prompt', { prompt_tokens: 10, prompt_tokens_details: { audio_tokens: 11 } }, 'prompt_tokens_details.audio_tokens'],
    ['a fraction', { prompt_tokens: 1.5, completion_tokens: 1 }, 'prompt_tokens'],
    ['negative', { input_tokens: 1, output_tokens: -1 }, 'output_tokens'],
    ['a string', { input_tokens: '12', output_tokens: 1 }, 'input_tokens'],
    ['too many', { prompt_tokens: 10_000_000_001 }, 'prompt_tokens'],
    ['not a number', { prompt_tokens: Number.NaN }, 'prompt_tokens'],
    ['details not an object', { prompt_tokens: 1, prompt_tokens_details: 3 }, 'prompt_tokens_details'],
    [
      'Anthropic split above total',
      { input_tokens: 1, cache_creation_input_tokens: 5, cache_creation: { ephemeral_5m_input_tokens: 6 } },
      'cache_creation.ephemeral_5m_input_tokens + ephemeral_1h_input_tokens',
    ],
    ['Gemini cached above prompt', { promptTokenCount: 4, cachedContentTokenCount: 5 }, 'cachedContentTokenCount'],
    [
      'Gemini details above prompt',
      { promptTokenCount: 4, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 5 }] },
      'promptTokensDetails',
    ],
    ['Gemini detail not an object', { promptTokenCount: 4, promptTokensDetails: [7] }, 'promptTokensDetails[0]'],
    [
      'Gemini details too long',
      { promptTokenCount: 4, promptTokensDetails: Array.from({ length: 33 }, () => ({})) },
      'promptTokensDetails',
    ],
    [
      'Gemini cached audio above audio',
      {
        promptTokenCount: 9,
        cachedContentTokenCount: 9,
        promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 1 }],
        cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 2 }],
      },
      'cacheTokensDetails AUDIO',
    ],
  ])('refuses %s', (_name, raw, path) => {
    expect(normaliseProviderUsage(raw)).toMatchObject({ ok: false, path });
  });

  it('names both values of a contradiction', () => {
    const result = normaliseProviderUsage({ prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 11 } });
    expect(result).toMatchObject({ message: 'prompt_tokens_details.cached_tokens 11 exceeds prompt_tokens 10' });
  });

  it('never throws, and what it accepts is consistent', () => {
    const number = fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(null, undefined, -1, 1.5, '3', 2e10));
    const details = fc.oneof(
      fc.record(
        { cached_tokens: number, audio_tokens: number, image_tokens: number, reasoning_tokens: number, cache_write_tokens: number },
        { requiredKeys: [] },
      ),
      fc.constantFrom(null, 4, []),
    );
    const modalities = fc.oneof(
      fc.array(fc.record({ modality: fc.constantFrom('TEXT', 'AUDIO', 'IMAGE', 'VIDEO'), tokenCount: number })),
      fc.constant('x'),
    );
    const raw = fc.oneof(
      fc.record(
        {
          prompt_tokens: number,
          completion_tokens: number,
          total_tokens: number,
          prompt_tokens_details: details,
          completion_tokens_details: details,
        },
        { requiredKeys: [] },
      ),
      fc.record(
        { input_tokens: number, output_tokens: number, input_tokens_details: details, output_tokens_details: details },
        { requiredKeys: [] },
      ),
      fc.record(
        {
          input_tokens: number,
          output_tokens: number,
          cache_read_input_tokens: number,
          cache_creation_input_tokens: number,
          cache_creation: fc.record({ ephemeral_5m_input_tokens: number, ephemeral_1h_input_tokens: number }, { requiredKeys: [] }),
        },
        { requiredKeys: [] },
      ),
      fc.record(
        {
          promptTokenCount: number,
          cachedContentTokenCount: number,
          candidatesTokenCount: number,
          thoughtsTokenCount: number,
          promptTokensDetails: modalities,
          cacheTokensDetails: modalities,
          candidatesTokensDetails: modalities,
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(raw, (value) => {
        const result = normaliseProviderUsage(value);
        if (result.ok) expect(findUsageFault(result.usage)).toBeNull();
        else expect(result.message).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps every OpenAI prompt token in exactly one bucket', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (a, b, c) => {
        const result = normaliseProviderUsage({ prompt_tokens: a + b, completion_tokens: c, prompt_tokens_details: { cached_tokens: b } });
        expect(result.ok && totalInputTokens(result.usage)).toBe(a + b);
        expect(result.ok && result.usage.outputTokens).toBe(c);
      }),
    );
  });
});
