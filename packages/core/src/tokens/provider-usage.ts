import { readAnthropicUsage } from './anthropic-usage.js';
import { readGeminiUsage } from './gemini-usage.js';
import { CHAT_KEYS, RESPONSES_KEYS, readOpenAiUsage } from './openai-usage.js';
import { CountFault, type Fields, isFields } from './read-counts.js';
import { findUsageFault, type TokenUsage } from './token-usage.js';

export type UsageConvention = 'openai_chat' | 'openai_responses' | 'anthropic' | 'gemini';

/** What could be read but not proven, for example `cache_write_ttl_unknown`. Empty when everything was stated. */
export type UsageFlags = string[];

export type ProviderUsageResult =
  | { readonly ok: true; readonly usage: TokenUsage; readonly convention: UsageConvention; readonly flags: UsageFlags }
  | { readonly ok: false; readonly path: string; readonly message: string };

// A key that only this convention has. `input_tokens` alone belongs to two of them, which agree when there is no cache.
const MARKS: readonly (readonly [UsageConvention, readonly string[]])[] = [
  ['openai_chat', ['prompt_tokens', 'completion_tokens']],
  ['anthropic', ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation', 'server_tool_use']],
  ['openai_responses', ['input_tokens_details']],
  ['gemini', ['promptTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount', 'cachedContentTokenCount', 'totalTokenCount']],
];

/**
 * Turns a provider's raw usage object into disjoint buckets. The convention is recognised by its keys; counts that
 * contradict each other are refused with the values named and are never clamped. Null counts as absent.
 *
 * Flags: `cache_write_ttl_unknown` (writes without a stated time to live count as five minutes), `cached_modality_unknown`
 * (audio or images beside cached tokens, division not stated), `reasoning_beside_output` (the total proves that reasoning is
 * not in the completion), `total_tokens_mismatch`, `cached_image_tokens_not_separated`, `video_tokens_not_separated`.
 */
export function normaliseProviderUsage(usage: unknown): ProviderUsageResult {
  if (!isFields(usage)) return { ok: false, path: '', message: 'usage must be an object' };
  const flags: string[] = [];
  try {
    const convention = recognise(usage);
    const normalised = read(usage, convention, flags);
    const fault = findUsageFault(normalised);
    if (fault !== null) return { ok: false, path: fault.field, message: fault.message };
    return { ok: true, usage: normalised, convention, flags };
  } catch (error) {
    if (error instanceof CountFault) return { ok: false, path: error.path, message: error.message };
    throw error;
  }
}

function recognise(usage: Fields): UsageConvention {
  const found = MARKS.filter(([, keys]) => keys.some((key) => usage[key] !== undefined && Object.hasOwn(usage, key)));
  const first = found[0];
  if (found.length > 1) {
    throw new CountFault(
      '',
      `usage mixes the keys of ${found.map(([name]) => name).join(' and ')}: which counts include the cache is unknown`,
    );
  }
  if (first === undefined) {
    if (Object.hasOwn(usage, 'input_tokens')) return hasThinking(usage) ? 'anthropic' : 'openai_responses';
    throw new CountFault('', 'usage has the keys of no known convention (OpenAI chat, OpenAI responses, Anthropic, Gemini)');
  }
  if (first[0] === 'openai_chat' && Object.hasOwn(usage, 'input_tokens') && usage['input_tokens'] !== usage['prompt_tokens']) {
    throw new CountFault(
      'input_tokens',
      `input_tokens ${String(usage['input_tokens'])} and prompt_tokens ${String(usage['prompt_tokens'])} differ`,
    );
  }
  return first[0];
}

function hasThinking(usage: Fields): boolean {
  const details = usage['output_tokens_details'];
  return isFields(details) && Object.hasOwn(details, 'thinking_tokens');
}

function read(usage: Fields, convention: UsageConvention, flags: string[]): TokenUsage {
  switch (convention) {
    case 'openai_chat':
      return readOpenAiUsage(usage, CHAT_KEYS, flags);
    case 'openai_responses':
      return readOpenAiUsage(usage, RESPONSES_KEYS, flags);
    case 'anthropic':
      return readAnthropicUsage(usage, flags);
    case 'gemini':
      return readGeminiUsage(usage, flags);
  }
}
