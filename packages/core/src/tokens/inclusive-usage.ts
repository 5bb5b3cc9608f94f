import { CountFault, checkCount, requireWithin } from './read-counts.js';
import { splitCached } from './split-cached.js';
import { EMPTY_USAGE, type TokenUsage } from './token-usage.js';

/** Counts as the GenAI semantic conventions define them: input includes cache reads and writes, output includes reasoning. */
export interface InclusiveCounts {
  readonly inputTokens?: number | null | undefined;
  readonly cacheReadTokens?: number | null | undefined;
  readonly cacheWriteTokens?: number | null | undefined;
  readonly cacheWrite1hTokens?: number | null | undefined;
  readonly outputTokens?: number | null | undefined;
  readonly reasoningTokens?: number | null | undefined;
  readonly inputAudioTokens?: number | null | undefined;
  readonly outputAudioTokens?: number | null | undefined;
}

export type InclusiveUsageResult =
  | { readonly ok: true; readonly usage: TokenUsage; readonly flags: string[] }
  | { readonly ok: false; readonly path: string; readonly message: string };

/**
 * Builds disjoint buckets from counts whose input includes the cache. Producers disagree with the convention, so two
 * contradictions are read the only way that keeps every stated number, and flagged:
 *
 * - `input_excludes_cache_assumed`: cache read + write exceed the input, so the input is taken as beside them;
 * - `reasoning_beside_output_assumed`: reasoning exceeds the output, so output becomes output + reasoning;
 * - `cache_write_ttl_unknown`: writes whose time to live is not stated count as five minutes;
 * - `cached_modality_unknown`: audio beside cached tokens, division not stated.
 */
export function normaliseInclusive(input: InclusiveCounts): InclusiveUsageResult {
  try {
    return { ok: true, ...read(input) };
  } catch (error) {
    if (error instanceof CountFault) return { ok: false, path: error.path, message: error.message };
    throw error;
  }
}

function read(input: InclusiveCounts): { usage: TokenUsage; flags: string[] } {
  const flags: string[] = [];
  const count = (key: keyof InclusiveCounts): number | undefined => checkCount(input[key], key);
  const statedInput = count('inputTokens') ?? 0;
  const cacheRead = count('cacheReadTokens') ?? 0;
  const written1h = count('cacheWrite1hTokens');
  const cacheWrite = count('cacheWriteTokens') ?? written1h ?? 0;
  requireWithin(written1h ?? 0, 'cacheWrite1hTokens', cacheWrite, 'cacheWriteTokens');
  if (cacheWrite > 0 && written1h === undefined) flags.push('cache_write_ttl_unknown');

  const exclusive = cacheRead + cacheWrite > statedInput;
  if (exclusive) flags.push('input_excludes_cache_assumed');
  const uncached = exclusive ? statedInput : statedInput - cacheRead - cacheWrite;

  const audioAll = count('inputAudioTokens') ?? 0;
  requireWithin(audioAll, 'inputAudioTokens', uncached + cacheRead, 'inputTokens');
  const audio = splitCached(audioAll, undefined, cacheRead, uncached);
  if (audio.assumed) flags.push('cached_modality_unknown');

  const statedOutput = count('outputTokens') ?? 0;
  const reasoning = count('reasoningTokens') ?? 0;
  const outputAudio = count('outputAudioTokens') ?? 0;
  const beside = reasoning > statedOutput;
  if (beside) flags.push('reasoning_beside_output_assumed');
  const output = beside ? statedOutput + reasoning : statedOutput;
  requireWithin(reasoning + outputAudio, 'reasoningTokens + outputAudioTokens', output, 'outputTokens');

  const usage: TokenUsage = {
    ...EMPTY_USAGE,
    inputTokens: uncached,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: written1h ?? 0,
    outputTokens: output,
    reasoningTokens: reasoning,
    inputAudioTokens: audio.uncached,
    cacheReadAudioTokens: audio.cached,
    outputAudioTokens: outputAudio,
  };
  return { usage, flags };
}
