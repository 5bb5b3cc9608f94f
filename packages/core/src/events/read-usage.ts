import { normaliseProviderUsage } from '../tokens/provider-usage.js';
import { isFields } from '../tokens/read-counts.js';
import { EMPTY_USAGE, type TokenUsage } from '../tokens/token-usage.js';
import { EventFaultError, type FieldValue } from './event-fault.js';

/** Token counts of one model call as the contract states them. */
export interface ReportedUsage {
  readonly usage: TokenUsage;
  readonly flags: readonly string[];
  /** The provider's own object as JSON text, or an empty string. */
  readonly raw: string;
}

/** Wire names of the counts, each with the part of {@link TokenUsage} it is. */
const COUNT_FIELDS = {
  input_tokens: 'inputTokens',
  cache_read_tokens: 'cacheReadTokens',
  cache_write_tokens: 'cacheWriteTokens',
  cache_write_1h_tokens: 'cacheWrite1hTokens',
  output_tokens: 'outputTokens',
  reasoning_tokens: 'reasoningTokens',
  input_audio_tokens: 'inputAudioTokens',
  output_audio_tokens: 'outputAudioTokens',
  input_image_tokens: 'inputImageTokens',
  output_image_tokens: 'outputImageTokens',
  web_searches: 'webSearches',
} as const satisfies Record<string, keyof TokenUsage>;

/**
 * Takes the counts out of the fields of an `ai_request` and makes disjoint buckets of them. A raw `usage` object of
 * the provider is taken instead of counts, never beside them. Counts that contradict each other are refused.
 */
export function readUsage(fields: Record<string, FieldValue>, raw: unknown): ReportedUsage | undefined {
  const counts: { -readonly [Part in keyof TokenUsage]: number } = { ...EMPTY_USAGE };
  let counted: string | undefined;
  for (const [name, part] of Object.entries(COUNT_FIELDS)) {
    const value = fields[name];
    if (typeof value !== 'number') continue;
    counts[part] = value;
    counted ??= name;
    delete fields[name];
  }
  const includesCache = fields['input_includes_cache'] === true;
  const includesReasoning = fields['output_includes_reasoning'] !== false;
  delete fields['input_includes_cache'];
  delete fields['output_includes_reasoning'];
  if (raw !== undefined && raw !== null) {
    if (counted !== undefined)
      throw new EventFaultError('inconsistent_usage', counted, `Send either usage or counts such as ${counted}, not both.`);
    return readProviderUsage(raw);
  }
  if (counted === undefined) return undefined;
  if (includesCache) {
    const cached = counts.cacheReadTokens + counts.cacheWriteTokens;
    if (cached > counts.inputTokens) {
      throw new EventFaultError(
        'inconsistent_usage',
        'input_includes_cache',
        `input_tokens is ${counts.inputTokens}, less than the ${cached} cached tokens it is said to include.`,
      );
    }
    counts.inputTokens -= cached;
  }
  if (!includesReasoning) counts.outputTokens += counts.reasoningTokens;
  requireParts('cache_write_tokens', counts.cacheWriteTokens, { cache_write_1h_tokens: counts.cacheWrite1hTokens });
  requireParts('input_tokens', counts.inputTokens, {
    input_audio_tokens: counts.inputAudioTokens,
    input_image_tokens: counts.inputImageTokens,
  });
  // Reasoning is text: it shares the output with audio and images without overlap.
  requireParts('output_tokens', counts.outputTokens, {
    reasoning_tokens: counts.reasoningTokens,
    output_audio_tokens: counts.outputAudioTokens,
    output_image_tokens: counts.outputImageTokens,
  });
  return { usage: counts, flags: [], raw: '' };
}

/** Disjoint parts fit into their whole together, else the rest of it would be negative and could not be priced. */
function requireParts(wholeName: string, whole: number, parts: Readonly<Record<string, number>>): void {
  const stated = Object.entries(parts).filter(([, count]) => count > 0);
  const sum = stated.reduce((total, [, count]) => total + count, 0);
  if (sum <= whole) return;
  const listed = stated.map(([name, count]) => `${name} ${count}`).join(' + ');
  throw new EventFaultError(
    'inconsistent_usage',
    stated[0]?.[0] ?? wholeName,
    `${listed} exceeds ${wholeName} ${whole}, which includes it.`,
  );
}

function readProviderUsage(raw: unknown): ReportedUsage {
  if (!isFields(raw)) throw new EventFaultError('invalid_type', 'usage', "usage is the provider's object of token counts.");
  const outcome = normaliseProviderUsage(raw);
  if (!outcome.ok) {
    const path = outcome.path === '' ? 'usage' : `usage.${outcome.path}`;
    throw new EventFaultError('inconsistent_usage', path, outcome.message);
  }
  return { usage: outcome.usage, flags: outcome.flags, raw: JSON.stringify(raw) };
}
