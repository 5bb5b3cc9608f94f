import { CountFault, type Fields, readCount, readFields, requireWithin } from './read-counts.js';
import { EMPTY_USAGE, type TokenUsage } from './token-usage.js';

/**
 * Anthropic messages: `input_tokens` excludes cache reads and writes, `output_tokens` includes thinking.
 *
 * @throws CountFault
 */
export function readAnthropicUsage(usage: Fields, flags: string[]): TokenUsage {
  const input = readCount(usage, 'input_tokens');
  if (input === undefined) throw new CountFault('input_tokens', 'input_tokens is missing');
  const split = readFields(usage, 'cache_creation');
  const written5m = readCount(split, 'ephemeral_5m_input_tokens', 'cache_creation');
  const written1h = readCount(split, 'ephemeral_1h_input_tokens', 'cache_creation');
  const writtenSplit = (written5m ?? 0) + (written1h ?? 0);
  const written = readCount(usage, 'cache_creation_input_tokens') ?? writtenSplit;
  requireWithin(
    writtenSplit,
    'cache_creation.ephemeral_5m_input_tokens + ephemeral_1h_input_tokens',
    written,
    'cache_creation_input_tokens',
  );
  // What the split does not cover is counted as the five-minute write, the provider's default.
  if (written > writtenSplit) flags.push('cache_write_ttl_unknown');

  const output = readCount(usage, 'output_tokens') ?? 0;
  const thinking = readCount(readFields(usage, 'output_tokens_details'), 'thinking_tokens', 'output_tokens_details') ?? 0;
  requireWithin(thinking, 'output_tokens_details.thinking_tokens', output, 'output_tokens');
  return {
    ...EMPTY_USAGE,
    inputTokens: input,
    cacheReadTokens: readCount(usage, 'cache_read_input_tokens') ?? 0,
    cacheWriteTokens: written,
    cacheWrite1hTokens: written1h ?? 0,
    outputTokens: output,
    reasoningTokens: thinking,
    webSearches: readCount(readFields(usage, 'server_tool_use'), 'web_search_requests', 'server_tool_use') ?? 0,
  };
}
