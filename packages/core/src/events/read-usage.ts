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

const COUNT_ENTRIES = Object.entries(COUNT_FIELDS);

/** Fields of an `ai_request` that say how much it used; they become a {@link TokenUsage} and are no columns of their own. */
export const USAGE_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(COUNT_FIELDS),
  'input_includes_cache',
  'output_includes_reasoning',
]);

/**
 * Makes disjoint buckets of the {@link USAGE_FIELDS} of an `ai_request`. A raw `usage` object of
 * the provider is taken instead of counts, never beside them. Counts that contradict each other are refused.
 */
export function readUsage(fields: Readonly<Record<string, FieldValue>>, raw: unknown): ReportedUsage | undefined {
  const counts: { -readonly [Part in keyof TokenUsage]: number } = { ...EMPTY_USAGE };
  let counted: string | undefined;
  for (const [name, part] of COUNT_ENTRIES) {
    const value = fields[name];
    if (typeof value !== 'number') continue;
    counts[part] = value;
    counted ??= name;
  }
  const includesCache = fields['input_includes_cache'] === true;
  const includesReasoning = fields['output_includes_reasoning'] !== false;
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
  let sum = 0;
  for (const name in parts) sum += parts[name] ?? 0;
  if (sum <= whole) return;
  const stated = Object.entries(parts).filter(([, count]) => count > 0);
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
