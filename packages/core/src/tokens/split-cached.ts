/** How a part of the prompt (audio, image) divides over the cached and the uncached tokens. */
export interface CachedSplit {
  readonly uncached: number;
  readonly cached: number;
  /** The provider did not say; the division is the one with the fewest cached tokens that the totals allow. */
  readonly assumed: boolean;
}

/**
 * Divides the `part` tokens of a prompt over its cached and uncached tokens.
 *
 * @param part tokens of this modality in the whole prompt; the caller checks that they fit in it
 * @param cachedPart tokens of this modality in the cached prefix, when the provider says
 * @param cached all cached tokens
 * @param uncached all uncached tokens still free for this modality
 */
export function splitCached(part: number, cachedPart: number | undefined, cached: number, uncached: number): CachedSplit {
  if (cachedPart !== undefined) return { uncached: part - cachedPart, cached: cachedPart, assumed: false };
  if (part === 0 || cached === 0) return { uncached: part, cached: 0, assumed: false };
  const forced = Math.max(0, part - uncached);
  return { uncached: part - forced, cached: forced, assumed: true };
}
