import { type EventFault, findUsageFault, type InclusiveCounts, normaliseInclusive, type TokenUsage } from '@systemprompt-analytics/core';
import { type CanonicalField, findNumber, hasAttribute, readText } from './attribute-precedence.js';
import type { OtlpSpan } from './decode-traces.js';

/** Token counts of a model call's span. */
export interface SpanUsage {
  /** Absent when the span reports no counts. */
  readonly usage: TokenUsage | undefined;
  readonly flags: readonly string[];
  /** The attributes that were read, as JSON, or an empty string. */
  readonly raw: string;
}

export type SpanUsageOutcome = ({ readonly ok: true } & SpanUsage) | { readonly ok: false; readonly fault: EventFault };

const USAGE_FIELDS = [
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'output_tokens',
  'reasoning_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'input_image_tokens',
  'output_image_tokens',
  'compaction_input_tokens',
  'compaction_output_tokens',
] as const satisfies readonly CanonicalField[];

type UsageField = (typeof USAGE_FIELDS)[number];
type Counts = Partial<Record<UsageField, number>>;

/** Instrumentations that report input tokens and never how many of them were cached: their cost is an upper bound. */
const SCOPES_WITHOUT_CACHED_COUNT: ReadonlySet<string> = new Set(['@opentelemetry/instrumentation-openai']);

/**
 * Reads the token counts of a model call into disjoint buckets. Besides the flags of `normaliseInclusive`:
 *
 * - `cached_tokens_not_reported`: the instrumentation is known never to report cached tokens;
 * - `cache_write_ttl_unknown`: a part of the cache writes is in neither the 5 minute nor the 1 hour count;
 * - `compaction_cache_split_unknown`: tokens of context compactions are counted as uncached input;
 * - `cached_modality_unknown`: image tokens beside cached tokens, division not stated, so images are not told apart;
 * - `unreadable_usage_ignored`: a count was sent that is no number.
 */
export function readSpanUsage(span: OtlpSpan): SpanUsageOutcome {
  const counts: Counts = {};
  const sent: Record<string, number> = {};
  const flags: string[] = [];
  for (const field of USAGE_FIELDS) {
    const found = findNumber(span.attributes, field);
    if (found === undefined) {
      if (hasAttribute(span.attributes, field)) addFlag(flags, 'unreadable_usage_ignored');
      continue;
    }
    counts[field] = found.value;
    sent[found.name] = found.value;
  }
  if (Object.keys(counts).length === 0) return { ok: true, usage: undefined, flags, raw: '' };

  const inconsistent = (message: string): SpanUsageOutcome => ({
    ok: false,
    fault: { code: 'inconsistent_usage', path: 'attributes', message },
  });
  for (const [name, count] of Object.entries(sent)) {
    if (!Number.isSafeInteger(count) || count < 0) return inconsistent(`${name} is ${count}; it is a whole number of tokens.`);
  }
  const writes = readCacheWrites(counts);
  if (writes.overrun !== undefined) return inconsistent(writes.overrun);
  const normalised = normaliseInclusive(inclusiveCounts(counts, writes));
  if (!normalised.ok) return inconsistent(`${normalised.message}.`);
  for (const flag of normalised.flags) addFlag(flags, flag);
  if (writes.ttlUnknown) addFlag(flags, 'cache_write_ttl_unknown');
  if (reportsNoCachedCount(span, counts)) addFlag(flags, 'cached_tokens_not_reported');

  const usage = addCompactions(addImages(normalised.usage, counts, flags), counts, flags);
  const fault = findUsageFault(usage);
  if (fault !== null) return inconsistent(`${fault.message}.`);
  return { ok: true, usage, flags, raw: JSON.stringify(sent) };
}

interface CacheWrites {
  readonly total: number | undefined;
  /** Absent when the span does not divide the writes by time to live. */
  readonly oneHour: number | undefined;
  readonly ttlUnknown: boolean;
  /** What is wrong when the parts exceed the whole. */
  readonly overrun: string | undefined;
}

function readCacheWrites(counts: Counts): CacheWrites {
  const { cache_write_tokens: stated, cache_write_5m_tokens: fiveMinutes, cache_write_1h_tokens: oneHour } = counts;
  if (fiveMinutes === undefined && oneHour === undefined)
    return { total: stated, oneHour: undefined, ttlUnknown: false, overrun: undefined };
  const parts = (fiveMinutes ?? 0) + (oneHour ?? 0);
  const total = stated ?? parts;
  const overrun =
    parts > total ? `The cache writes for 5 minutes and 1 hour are ${parts} tokens, more than the ${total} written.` : undefined;
  return { total, oneHour: oneHour ?? 0, ttlUnknown: parts < total, overrun };
}

function inclusiveCounts(counts: Counts, writes: CacheWrites): InclusiveCounts {
  return {
    inputTokens: counts.input_tokens,
    cacheReadTokens: counts.cache_read_tokens,
    cacheWriteTokens: writes.total,
    cacheWrite1hTokens: writes.oneHour,
    outputTokens: counts.output_tokens,
    reasoningTokens: counts.reasoning_tokens,
    inputAudioTokens: counts.input_audio_tokens,
    outputAudioTokens: counts.output_audio_tokens,
  };
}

/** Embeddings have no cache, so nothing is missing there. */
function reportsNoCachedCount(span: OtlpSpan, counts: Counts): boolean {
  return (
    SCOPES_WITHOUT_CACHED_COUNT.has(span.scopeName) &&
    counts.cache_read_tokens === undefined &&
    readText(span.attributes, 'operation') !== 'embeddings'
  );
}

function addImages(usage: TokenUsage, counts: Counts, flags: string[]): TokenUsage {
  const { input_image_tokens: input = 0, output_image_tokens: output = 0 } = counts;
  if (input + output === 0) return usage;
  const separable = input === 0 || usage.cacheReadTokens === 0;
  if (!separable) addFlag(flags, 'cached_modality_unknown');
  return { ...usage, inputImageTokens: separable ? input : 0, outputImageTokens: output };
}

function addCompactions(usage: TokenUsage, counts: Counts, flags: string[]): TokenUsage {
  const { compaction_input_tokens: input = 0, compaction_output_tokens: output = 0 } = counts;
  if (input + output === 0) return usage;
  if (input > 0) addFlag(flags, 'compaction_cache_split_unknown');
  return { ...usage, inputTokens: usage.inputTokens + input, outputTokens: usage.outputTokens + output };
}

function addFlag(flags: string[], flag: string): void {
  if (!flags.includes(flag)) flags.push(flag);
}
