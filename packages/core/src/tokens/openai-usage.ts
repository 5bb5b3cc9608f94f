import { CountFault, type Fields, readCount, readFields, requireWithin } from './read-counts.js';
import { splitCached } from './split-cached.js';
import { EMPTY_USAGE, type TokenUsage } from './token-usage.js';

interface OpenAiKeys {
  readonly input: string;
  readonly output: string;
  readonly inputDetails: string;
  readonly outputDetails: string;
}

export const CHAT_KEYS: OpenAiKeys = {
  input: 'prompt_tokens',
  output: 'completion_tokens',
  inputDetails: 'prompt_tokens_details',
  outputDetails: 'completion_tokens_details',
};

export const RESPONSES_KEYS: OpenAiKeys = {
  input: 'input_tokens',
  output: 'output_tokens',
  inputDetails: 'input_tokens_details',
  outputDetails: 'output_tokens_details',
};

/**
 * Both OpenAI conventions: input includes cached tokens, output includes reasoning. Also read by the many providers that
 * copy them: `prompt_cache_hit_tokens` (DeepSeek), `cached_tokens` beside the totals (Moonshot), `cache_write_tokens` (OpenRouter).
 *
 * @throws CountFault
 */
export function readOpenAiUsage(usage: Fields, keys: OpenAiKeys, flags: string[]): TokenUsage {
  const input = readCount(usage, keys.input);
  if (input === undefined) throw new CountFault(keys.input, `${keys.input} is missing`);
  const inputDetails = readFields(usage, keys.inputDetails);
  const cachedDetails = readFields(inputDetails, 'cached_tokens_details');
  const inputPath = keys.inputDetails;

  const cacheRead =
    readCount(inputDetails, 'cached_tokens', inputPath) ??
    readCount(usage, 'prompt_cache_hit_tokens') ??
    readCount(usage, 'cached_tokens') ??
    0;
  const cacheWrite = readCount(inputDetails, 'cache_write_tokens', inputPath) ?? 0;
  requireWithin(cacheRead, `${inputPath}.cached_tokens`, input, keys.input);
  requireWithin(cacheRead + cacheWrite, `${inputPath}.cached_tokens + cache_write_tokens`, input, keys.input);
  if (cacheWrite > 0) flags.push('cache_write_ttl_unknown');
  const uncached = input - cacheRead - cacheWrite;

  const audioPath = `${inputPath}.audio_tokens`;
  const imagePath = `${inputPath}.image_tokens`;
  const audioAll = readCount(inputDetails, 'audio_tokens', inputPath) ?? 0;
  const imageAll = readCount(inputDetails, 'image_tokens', inputPath) ?? 0;
  requireWithin(audioAll + imageAll, imageAll === 0 ? audioPath : `${audioPath} + image_tokens`, input - cacheWrite, keys.input);
  const audioCached = readCount(cachedDetails, 'audio_tokens', `${inputPath}.cached_tokens_details`);
  if (audioCached !== undefined) {
    requireWithin(audioCached, `${inputPath}.cached_tokens_details.audio_tokens`, Math.min(audioAll, cacheRead), audioPath);
  }
  const imageCached = readCount(cachedDetails, 'image_tokens', `${inputPath}.cached_tokens_details`);
  if (imageCached !== undefined) {
    requireWithin(imageCached, `${inputPath}.cached_tokens_details.image_tokens`, Math.min(imageAll, cacheRead), imagePath);
  }
  const audio = splitCached(audioAll, audioCached, cacheRead, uncached);
  const image = splitCached(imageAll, imageCached, cacheRead - audio.cached, uncached - audio.uncached);
  requireWithin(audio.uncached + image.uncached, audioPath, uncached, `uncached ${keys.input}`);
  if (audio.assumed || image.assumed) flags.push('cached_modality_unknown');
  // Cached images have no bucket of their own and stay in the cache read.
  if (image.cached > 0) flags.push('cached_image_tokens_not_separated');

  return {
    ...EMPTY_USAGE,
    inputTokens: uncached,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    inputAudioTokens: audio.uncached,
    inputImageTokens: image.uncached,
    cacheReadAudioTokens: audio.cached,
    ...readOutput(usage, keys, input, flags),
  };
}

function readOutput(usage: Fields, keys: OpenAiKeys, input: number, flags: string[]): Partial<TokenUsage> {
  const path = keys.outputDetails;
  const details = readFields(usage, path);
  const stated = readCount(usage, keys.output) ?? 0;
  const reasoning = readCount(details, 'reasoning_tokens', path) ?? 0;
  const audio = readCount(details, 'audio_tokens', path) ?? 0;
  const image = readCount(details, 'image_tokens', path) ?? 0;
  const total = readCount(usage, 'total_tokens');
  let output = stated;
  // xAI reports reasoning beside the completion; its total is the proof, so this is read and not guessed.
  if (reasoning > 0 && total === input + stated + reasoning) {
    output += reasoning;
    flags.push('reasoning_beside_output');
  } else if (total !== undefined && total !== input + stated) {
    flags.push('total_tokens_mismatch');
  }
  requireWithin(reasoning, `${path}.reasoning_tokens`, output, keys.output);
  requireWithin(reasoning + audio + image, `${path}.reasoning_tokens + audio_tokens + image_tokens`, output, keys.output);
  return { outputTokens: output, reasoningTokens: reasoning, outputAudioTokens: audio, outputImageTokens: image };
}
