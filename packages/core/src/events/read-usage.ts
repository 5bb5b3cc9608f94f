import { normaliseProviderUsage } from '../tokens/provider-usage.js';
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
    if (counted !== undefined) throw new EventFaultError('inconsistent_usage', counted, `Send either usage or counts such as ${counted}, not both.`);
    return readProviderUsage(raw);
  }
  if (counted === undefined) return undefined;
  if (includesCache) {
    const cached = counts.cacheReadTokens + counts.cacheWriteTokens;
    if (cached > counts.inputTokens) {
      throw new EventFaultError('inconsistent_usage', 'input_tokens', `input_tokens is ${counts.inputTokens}, less than the ${cached} cached tokens it is said to include.`);
    }
    counts.inputTokens -= cached;
  }
  if (!includesReasoning) counts.outputTokens += counts.reasoningTokens;
  requirePart('cache_write_1h_tokens', counts.cacheWrite1hTokens, 'cache_write_tokens', counts.cacheWriteTokens);
  requirePart('reasoning_tokens', counts.reasoningTokens, 'output_tokens', counts.outputTokens);
  requirePart('input_audio_tokens', counts.inputAudioTokens + counts.inputImageTokens, 'input_tokens', counts.inputTokens);
  requirePart('output_audio_tokens', counts.outputAudioTokens + counts.outputImageTokens, 'output_tokens', counts.outputTokens);
  return { usage: counts, flags: [], raw: '' };
}

function requirePart(partName: string, part: number, wholeName: string, whole: number): void {
  if (part > whole) {
    throw new EventFaultError('inconsistent_usage', partName, `${partName} is ${part}, more than the ${whole} of ${wholeName} it is a part of.`);
  }
}

function readProviderUsage(raw: unknown): ReportedUsage {
  const outcome = normaliseProviderUsage(raw);
  if (!outcome.ok) {
    const path = outcome.path === '' ? 'usage' : `usage.${outcome.path}`;
    throw new EventFaultError('inconsistent_usage', path, outcome.message);
  }
  return { usage: outcome.usage, flags: outcome.flags, raw: JSON.stringify(raw) };
}
