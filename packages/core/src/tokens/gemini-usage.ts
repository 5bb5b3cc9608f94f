import { CountFault, type Fields, isFields, readCount, requireWithin } from './read-counts.js';
import { splitCached } from './split-cached.js';
import { EMPTY_USAGE, type TokenUsage } from './token-usage.js';

const MODALITIES_MAX = 32;

/**
 * Gemini `usageMetadata`: the prompt includes cached content, candidates exclude thoughts, tool-use prompt tokens are beside
 * the prompt and billed as input. Counts of zero are left out of the JSON, so absent is zero.
 *
 * @throws CountFault
 */
export function readGeminiUsage(usage: Fields, flags: string[]): TokenUsage {
  const prompt = readCount(usage, 'promptTokenCount') ?? 0;
  const cached = readCount(usage, 'cachedContentTokenCount') ?? 0;
  const toolPrompt = readCount(usage, 'toolUsePromptTokenCount') ?? 0;
  const candidates = readCount(usage, 'candidatesTokenCount') ?? 0;
  const thoughts = readCount(usage, 'thoughtsTokenCount') ?? 0;
  requireWithin(cached, 'cachedContentTokenCount', prompt, 'promptTokenCount');

  const promptParts = readModalities(usage, 'promptTokensDetails', prompt, 'promptTokenCount');
  const cachedParts = readModalities(usage, 'cacheTokensDetails', cached, 'cachedContentTokenCount');
  const toolParts = readModalities(usage, 'toolUsePromptTokensDetails', toolPrompt, 'toolUsePromptTokenCount');
  const outputParts = readModalities(usage, 'candidatesTokensDetails', candidates, 'candidatesTokenCount');
  if (cachedParts.listed) {
    requireWithin(cachedParts.audio, 'cacheTokensDetails AUDIO', promptParts.audio, 'promptTokensDetails AUDIO');
    requireWithin(cachedParts.image, 'cacheTokensDetails IMAGE', promptParts.image, 'promptTokensDetails IMAGE');
  }
  const uncached = prompt - cached;
  const audio = splitCached(promptParts.audio, cachedParts.listed ? cachedParts.audio : undefined, cached, uncached);
  const image = splitCached(
    promptParts.image,
    cachedParts.listed ? cachedParts.image : undefined,
    cached - audio.cached,
    uncached - audio.uncached,
  );
  requireWithin(audio.uncached + image.uncached, 'promptTokensDetails AUDIO + IMAGE', uncached, 'uncached promptTokenCount');
  if (audio.assumed || image.assumed) flags.push('cached_modality_unknown');
  // Video has no bucket of its own: its tokens stay in the text of the same total.
  if (promptParts.video + toolParts.video + outputParts.video > 0) flags.push('video_tokens_not_separated');
  const total = readCount(usage, 'totalTokenCount');
  if (total !== undefined && total !== prompt + toolPrompt + candidates + thoughts) flags.push('total_tokens_mismatch');

  return {
    ...EMPTY_USAGE,
    inputTokens: uncached + toolPrompt,
    cacheReadTokens: cached,
    outputTokens: candidates + thoughts,
    reasoningTokens: thoughts,
    inputAudioTokens: audio.uncached + toolParts.audio,
    inputImageTokens: image.uncached + toolParts.image,
    cacheReadAudioTokens: audio.cached,
    outputAudioTokens: outputParts.audio,
    outputImageTokens: outputParts.image,
  };
}

interface ModalityCounts {
  readonly listed: boolean;
  readonly audio: number;
  readonly image: number;
  readonly video: number;
}

function readModalities(usage: Fields, key: string, whole: number, wholeKey: string): ModalityCounts {
  const list = usage[key];
  if (list === undefined || list === null) return { listed: false, audio: 0, image: 0, video: 0 };
  if (!Array.isArray(list) || list.length > MODALITIES_MAX) {
    throw new CountFault(key, `${key} must be an array of at most ${MODALITIES_MAX} {modality, tokenCount}`);
  }
  const sums = { AUDIO: 0, IMAGE: 0, VIDEO: 0 };
  let all = 0;
  list.forEach((entry: unknown, index) => {
    const path = `${key}[${index}]`;
    if (!isFields(entry)) throw new CountFault(path, `${path} must be an object {modality, tokenCount}`);
    const count = readCount(entry, 'tokenCount', path) ?? 0;
    const modality = entry['modality'];
    all += count;
    if (modality === 'AUDIO' || modality === 'IMAGE' || modality === 'VIDEO') sums[modality] += count;
  });
  requireWithin(all, key, whole, wholeKey);
  return { listed: true, audio: sums.AUDIO, image: sums.IMAGE, video: sums.VIDEO };
}
