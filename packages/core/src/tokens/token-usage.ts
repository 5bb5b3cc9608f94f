/**
 * Tokens of one model request in disjoint buckets. Input, cache read, cache write and output never overlap; the fields
 * documented as "part of" are subsets of the bucket they name. All are safe non-negative integers.
 */
export interface TokenUsage {
  /** Input neither read from nor written to a cache. Includes the audio and image parts below. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  /** All cache writes, whatever their time to live. */
  readonly cacheWriteTokens: number;
  /** Part of `cacheWriteTokens`: written with a one-hour time to live. The rest lives five minutes. */
  readonly cacheWrite1hTokens: number;
  /** Includes reasoning, audio and image output. */
  readonly outputTokens: number;
  /** Part of `outputTokens`. */
  readonly reasoningTokens: number;
  /** Part of `inputTokens`, so not cached. */
  readonly inputAudioTokens: number;
  /** Part of `inputTokens`, so not cached. */
  readonly inputImageTokens: number;
  /** Part of `cacheReadTokens`. */
  readonly cacheReadAudioTokens: number;
  /** Part of `outputTokens`. */
  readonly outputAudioTokens: number;
  /** Part of `outputTokens`. */
  readonly outputImageTokens: number;
  /** Billed web searches, a count of calls, not tokens. */
  readonly webSearches: number;
}

/** A request that used nothing. */
export const EMPTY_USAGE: TokenUsage = {
  inputTokens: 0,
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

/** Input + cache read + cache write: the number a provider's long-context price tier looks at. */
export function totalInputTokens(usage: TokenUsage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

/** The first way in which a usage breaks its own definition. */
export interface UsageFault {
  readonly field: keyof TokenUsage;
  readonly message: string;
}

/** Checks that every count is a safe non-negative integer and every part fits into its bucket; `null` when it holds. */
export function findUsageFault(usage: TokenUsage): UsageFault | null {
  for (const field of USAGE_FIELDS) {
    const count = usage[field];
    if (!Number.isSafeInteger(count) || count < 0) return { field, message: `${field} is ${count}, expected a non-negative integer` };
  }
  for (const [bucket, parts] of PARTS) {
    let sum = 0;
    for (const part of parts) sum += usage[part];
    if (sum > usage[bucket]) {
      const listed = parts.map((part) => `${part} ${usage[part]}`).join(' + ');
      return { field: bucket, message: `${listed} exceeds ${bucket} ${usage[bucket]}` };
    }
  }
  return null;
}

const USAGE_FIELDS: readonly (keyof TokenUsage)[] = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'inputImageTokens',
  'cacheReadAudioTokens',
  'outputAudioTokens',
  'outputImageTokens',
  'webSearches',
];

// Reasoning is text, so it shares the output bucket with audio and image without overlap.
const PARTS: readonly (readonly [keyof TokenUsage, readonly (keyof TokenUsage)[]])[] = [
  ['inputTokens', ['inputAudioTokens', 'inputImageTokens']],
  ['cacheReadTokens', ['cacheReadAudioTokens']],
  ['cacheWriteTokens', ['cacheWrite1hTokens']],
  ['outputTokens', ['reasoningTokens', 'outputAudioTokens', 'outputImageTokens']],
];
