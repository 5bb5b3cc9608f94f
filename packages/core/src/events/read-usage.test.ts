import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_USAGE, findUsageFault, type TokenUsage } from '../tokens/token-usage.js';
import { EventFaultError, type FieldValue } from './event-fault.js';
import { TOKENS_MAX } from './event-fields.js';
import { DEFAULT_INGEST_LIMITS } from './ingest-limits.js';
import { parseEvent } from './parse-event.js';
import { readUsage } from './read-usage.js';

type Fields = Record<string, FieldValue>;

function refusal(fields: Fields, raw?: unknown): string {
  try {
    readUsage({ ...fields }, raw);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof EventFaultError)) throw error;
    expect(error.message).toBe(error.fault.message);
    return `${error.fault.code} ${error.fault.path}`;
  }
}

describe('counts', () => {
  it.each<[string, Fields, Partial<TokenUsage>]>([
    ['a single zero', { output_tokens: 0 }, {}],
    ['searches alone', { web_searches: 2 }, { webSearches: 2 }],
    [
      'the cache beside the input',
      { input_tokens: 12, cache_read_tokens: 5000, cache_write_tokens: 1000, cache_write_1h_tokens: 400 },
      { inputTokens: 12, cacheReadTokens: 5000, cacheWriteTokens: 1000, cacheWrite1hTokens: 400 },
    ],
    [
      'the cache inside the input',
      { input_tokens: 6012, cache_read_tokens: 5000, cache_write_tokens: 1000, input_includes_cache: true },
      { inputTokens: 12, cacheReadTokens: 5000, cacheWriteTokens: 1000 },
    ],
    [
      'an input that is all cache',
      { input_tokens: 6000, cache_read_tokens: 5000, cache_write_tokens: 1000, input_includes_cache: true },
      { cacheReadTokens: 5000, cacheWriteTokens: 1000 },
    ],
    [
      'a cache said to be outside',
      { input_tokens: 1, cache_read_tokens: 5, input_includes_cache: false },
      { inputTokens: 1, cacheReadTokens: 5 },
    ],
    ['reasoning inside the output', { output_tokens: 42, reasoning_tokens: 42 }, { outputTokens: 42, reasoningTokens: 42 }],
    [
      'reasoning beside the output',
      { output_tokens: 2, reasoning_tokens: 40, output_includes_reasoning: false },
      { outputTokens: 42, reasoningTokens: 40 },
    ],
    ['reasoning alone, beside', { reasoning_tokens: 40, output_includes_reasoning: false }, { outputTokens: 40, reasoningTokens: 40 }],
    [
      'audio and images that fill their wholes',
      {
        input_tokens: 9,
        input_audio_tokens: 4,
        input_image_tokens: 5,
        output_tokens: 6,
        output_audio_tokens: 1,
        output_image_tokens: 2,
        reasoning_tokens: 3,
      },
      {
        inputTokens: 9,
        inputAudioTokens: 4,
        inputImageTokens: 5,
        outputTokens: 6,
        outputAudioTokens: 1,
        outputImageTokens: 2,
        reasoningTokens: 3,
      },
    ],
    [
      'the largest counts',
      { input_tokens: TOKENS_MAX, cache_read_tokens: TOKENS_MAX, output_tokens: TOKENS_MAX },
      { inputTokens: TOKENS_MAX, cacheReadTokens: TOKENS_MAX, outputTokens: TOKENS_MAX },
    ],
  ])('takes %s', (_what, fields, usage) => {
    expect(readUsage({ ...fields }, undefined)).toEqual({ usage: { ...EMPTY_USAGE, ...usage }, flags: [], raw: '' });
  });

  it.each<[string, Fields, string]>([
    [
      'an input below its cache',
      { input_tokens: 5999, cache_read_tokens: 5000, cache_write_tokens: 1000, input_includes_cache: true },
      'input_includes_cache',
    ],
    ['a cache inside an input nobody stated', { cache_read_tokens: 1, input_includes_cache: true }, 'input_includes_cache'],
    ['one-hour writes above all writes', { cache_write_tokens: 9, cache_write_1h_tokens: 10 }, 'cache_write_1h_tokens'],
    ['one-hour writes alone', { cache_write_1h_tokens: 10 }, 'cache_write_1h_tokens'],
    ['reasoning above the output', { output_tokens: 9, reasoning_tokens: 10 }, 'reasoning_tokens'],
    ['reasoning alone', { reasoning_tokens: 1 }, 'reasoning_tokens'],
    ['audio above the input', { input_tokens: 9, input_audio_tokens: 10 }, 'input_audio_tokens'],
    ['images above the input', { input_tokens: 9, input_image_tokens: 10 }, 'input_image_tokens'],
    ['audio and images above the input', { input_tokens: 9, input_audio_tokens: 5, input_image_tokens: 5 }, 'input_audio_tokens'],
    [
      'audio in what the cache leaves',
      { input_tokens: 9, cache_read_tokens: 5, input_audio_tokens: 5, input_includes_cache: true },
      'input_audio_tokens',
    ],
    ['audio above the output', { output_tokens: 9, output_audio_tokens: 10 }, 'output_audio_tokens'],
    ['images above the output', { output_tokens: 9, output_image_tokens: 10 }, 'output_image_tokens'],
    ['reasoning and audio above the output', { output_tokens: 9, reasoning_tokens: 5, output_audio_tokens: 5 }, 'reasoning_tokens'],
    [
      'reasoning, audio and images above the output',
      { output_tokens: 9, reasoning_tokens: 4, output_audio_tokens: 3, output_image_tokens: 3 },
      'reasoning_tokens',
    ],
  ])('refuses %s', (_what, fields, path) => {
    expect(refusal(fields)).toBe(`inconsistent_usage ${path}`);
  });

  it('names both sides of a contradiction', () => {
    const fields = { output_tokens: 9, output_audio_tokens: 3, output_image_tokens: 7 };
    expect(() => readUsage({ ...fields }, undefined)).toThrow('output_audio_tokens 3 + output_image_tokens 7 exceeds output_tokens 9');
  });

  it('are none when there are none, whatever was said about them', () => {
    expect(readUsage({ model: 'm', input_includes_cache: true, output_includes_reasoning: false }, undefined)).toBeUndefined();
    expect(readUsage({}, null)).toBeUndefined();
  });
});

describe('the usage object of a provider', () => {
  it.each<[string, object, Partial<TokenUsage>, string[]]>([
    [
      'Anthropic',
      { input_tokens: 12, cache_read_input_tokens: 5000, cache_creation_input_tokens: 1000, output_tokens: 42 },
      { inputTokens: 12, cacheReadTokens: 5000, cacheWriteTokens: 1000, outputTokens: 42 },
      ['cache_write_ttl_unknown'],
    ],
    [
      'OpenAI chat',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 60 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      { inputTokens: 40, cacheReadTokens: 60, outputTokens: 20, reasoningTokens: 5 },
      [],
    ],
    [
      'OpenAI responses',
      { input_tokens: 100, output_tokens: 20, input_tokens_details: { cached_tokens: 60 } },
      { inputTokens: 40, cacheReadTokens: 60, outputTokens: 20 },
      [],
    ],
    [
      'Gemini',
      { promptTokenCount: 100, cachedContentTokenCount: 60, candidatesTokenCount: 15, thoughtsTokenCount: 5 },
      { inputTokens: 40, cacheReadTokens: 60, outputTokens: 20, reasoningTokens: 5 },
      [],
    ],
  ])('is read as %s means it and kept as it came', (_provider, raw, usage, flags) => {
    expect(readUsage({ model: 'm' }, raw)).toEqual({ usage: { ...EMPTY_USAGE, ...usage }, flags, raw: JSON.stringify(raw) });
  });

  it.each([true, 7, 'input_tokens=3', [], [{ input_tokens: 1 }]])('%j is no object', (raw) => {
    expect(refusal({}, raw)).toBe('invalid_type usage');
  });

  it.each([
    ['no known count', {}, 'usage'],
    ['names that objects have by nature', JSON.parse('{"__proto__":{"input_tokens":1},"constructor":1}'), 'usage'],
    ['the keys of two providers', { prompt_tokens: 1, promptTokenCount: 1 }, 'usage'],
    ['a text for a count', { input_tokens: '12' }, 'usage.input_tokens'],
    ['a negative count', { input_tokens: -1 }, 'usage.input_tokens'],
    ['a count above the limit', { input_tokens: TOKENS_MAX + 1 }, 'usage.input_tokens'],
    [
      'more cached than read',
      { prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 2 } },
      'usage.prompt_tokens_details.cached_tokens',
    ],
  ])('with %s is refused', (_what, raw, path) => {
    expect(refusal({}, raw)).toBe(`inconsistent_usage ${path}`);
  });

  it('never stands beside counts, of which the first is named', () => {
    expect(refusal({ output_tokens: 0, web_searches: 1 }, { input_tokens: 1 })).toBe('inconsistent_usage output_tokens');
    expect(refusal({ web_searches: 1 }, { input_tokens: 1 })).toBe('inconsistent_usage web_searches');
    expect(refusal({ input_includes_cache: true }, { input_tokens: 1 })).toBe('accepted');
    expect(refusal({ input_tokens: 1 }, null)).toBe('accepted');
  });
});

describe('usage in an event', () => {
  const context = { nowMs: Date.UTC(2026, 10, 1), limits: DEFAULT_INGEST_LIMITS, trusted: false };
  const parse = (fields: object): ReturnType<typeof parseEvent> => parseEvent({ type: 'ai_request', model: 'm', ...fields }, context);

  it('comes from the object or from the counts', () => {
    const usage = { input_tokens: 3, output_tokens: 4 };
    expect(parse({ usage })).toMatchObject({
      ok: true,
      event: { usage: { inputTokens: 3 }, rawUsage: JSON.stringify(usage), fields: { model: 'm' } },
    });
    expect(parse({ ...usage, usage: null })).toMatchObject({ ok: true, event: { usage: { inputTokens: 3 }, rawUsage: '' } });
  });

  it('is bounded in depth: deeper, it could not be written as text', () => {
    const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
    const { nestingMax } = DEFAULT_INGEST_LIMITS;
    expect(parse({ usage: { input_tokens: 1, extra: nested(nestingMax - 1) } })).toMatchObject({ ok: true });
    expect(parse({ usage: { input_tokens: 1, extra: nested(nestingMax) } })).toMatchObject({ fault: { code: 'too_deep', path: 'usage' } });
    expect(parse({ usage: { input_tokens: 1, extra: nested(10_000) } })).toMatchObject({ fault: { code: 'too_deep', path: 'usage' } });
  });

  it.each(['tool_execution', 'signup'])('is a field of model calls only, not of %s', (type) => {
    expect(parseEvent({ type, tool: 't', usage: { input_tokens: 1 } }, context)).toMatchObject({
      ok: false,
      fault: { code: 'unknown_field' },
    });
  });

  it('can always be priced once it was taken', () => {
    const count = fc.option(fc.oneof(fc.nat(12), fc.constant(TOKENS_MAX)), { nil: undefined });
    const counts = fc.record({
      input_tokens: count,
      cache_read_tokens: count,
      cache_write_tokens: count,
      cache_write_1h_tokens: count,
      output_tokens: count,
      reasoning_tokens: count,
      input_audio_tokens: count,
      output_audio_tokens: count,
      input_image_tokens: count,
      output_image_tokens: count,
      web_searches: fc.option(fc.nat(3), { nil: undefined }),
      input_includes_cache: fc.option(fc.boolean(), { nil: undefined }),
      output_includes_reasoning: fc.option(fc.boolean(), { nil: undefined }),
    });
    fc.assert(
      fc.property(counts, (fields) => {
        const outcome = parse(fields);
        if (!outcome.ok) expect(fields).toHaveProperty(outcome.fault.path, expect.anything());
        else if (outcome.event.usage !== undefined) expect(findUsageFault(outcome.event.usage)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });
});
