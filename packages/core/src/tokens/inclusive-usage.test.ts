import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InclusiveCounts, normaliseInclusive } from './inclusive-usage.js';
import { EMPTY_USAGE, findUsageFault, type TokenUsage, totalInputTokens } from './token-usage.js';

describe('normaliseInclusive', () => {
  it.each<[string, InclusiveCounts, Partial<TokenUsage>, string[]]>([
    ['nothing', {}, {}, []],
    ['input and output', { inputTokens: 10, outputTokens: 5 }, { inputTokens: 10, outputTokens: 5 }, []],
    [
      'cache inside the input',
      { inputTokens: 100, cacheReadTokens: 60, cacheWriteTokens: 30, cacheWrite1hTokens: 10, outputTokens: 5, reasoningTokens: 4 },
      { inputTokens: 10, cacheReadTokens: 60, cacheWriteTokens: 30, cacheWrite1hTokens: 10, outputTokens: 5, reasoningTokens: 4 },
      [],
    ],
    ['all of the input cached', { inputTokens: 100, cacheReadTokens: 100 }, { cacheReadTokens: 100 }, []],
    [
      'cache beside the input',
      { inputTokens: 12, cacheReadTokens: 5_000 },
      { inputTokens: 12, cacheReadTokens: 5_000 },
      ['input_excludes_cache_assumed'],
    ],
    [
      'writes of unknown life',
      { inputTokens: 12, cacheWriteTokens: 2 },
      { inputTokens: 10, cacheWriteTokens: 2 },
      ['cache_write_ttl_unknown'],
    ],
    [
      'only one-hour writes stated',
      { inputTokens: 12, cacheWrite1hTokens: 2 },
      { inputTokens: 10, cacheWriteTokens: 2, cacheWrite1hTokens: 2 },
      [],
    ],
    [
      'reasoning beside the output',
      { outputTokens: 3, reasoningTokens: 10 },
      { outputTokens: 13, reasoningTokens: 10 },
      ['reasoning_beside_output_assumed'],
    ],
    [
      'audio',
      { inputTokens: 10, inputAudioTokens: 4, outputTokens: 9, outputAudioTokens: 8 },
      { inputTokens: 10, inputAudioTokens: 4, outputTokens: 9, outputAudioTokens: 8 },
      [],
    ],
    [
      'audio beside cached tokens',
      { inputTokens: 10, cacheReadTokens: 6, inputAudioTokens: 5 },
      { inputTokens: 4, inputAudioTokens: 4, cacheReadTokens: 6, cacheReadAudioTokens: 1 },
      ['cached_modality_unknown'],
    ],
    ['null is absent', { inputTokens: 1, cacheReadTokens: null }, { inputTokens: 1 }, []],
  ])('%s', (_name, input, usage, flags) => {
    expect(normaliseInclusive(input)).toEqual({ ok: true, usage: { ...EMPTY_USAGE, ...usage }, flags });
  });

  it.each<[InclusiveCounts, string]>([
    [{ inputTokens: -1 }, 'inputTokens'],
    [{ outputTokens: 1.5 }, 'outputTokens'],
    [{ inputTokens: 10_000_000_001 }, 'inputTokens'],
    [{ inputTokens: 9, cacheWriteTokens: 1, cacheWrite1hTokens: 2 }, 'cacheWrite1hTokens'],
    [{ inputTokens: 1, inputAudioTokens: 2 }, 'inputAudioTokens'],
    [{ outputTokens: 1, outputAudioTokens: 2 }, 'reasoningTokens + outputAudioTokens'],
  ])('refuses %j', (input, path) => {
    expect(normaliseInclusive(input)).toMatchObject({ ok: false, path });
  });

  it('is consistent, and without a flag loses and adds no token', () => {
    const count = fc.option(fc.nat({ max: 1_000 }), { nil: undefined });
    const input = fc.record({
      inputTokens: count,
      cacheReadTokens: count,
      cacheWriteTokens: count,
      cacheWrite1hTokens: count,
      outputTokens: count,
      reasoningTokens: count,
      inputAudioTokens: count,
      outputAudioTokens: count,
    });
    fc.assert(
      fc.property(input, (counts) => {
        const result = normaliseInclusive(counts);
        if (!result.ok) return;
        expect(findUsageFault(result.usage)).toBeNull();
        if (!result.flags.includes('input_excludes_cache_assumed')) expect(totalInputTokens(result.usage)).toBe(counts.inputTokens ?? 0);
        if (!result.flags.includes('reasoning_beside_output_assumed')) expect(result.usage.outputTokens).toBe(counts.outputTokens ?? 0);
      }),
      { numRuns: 2_000 },
    );
  });
});
