/** Paths of which the order is looked at: the first ones of a session. A crawl shows itself in fewer. */
export const SEQUENCE_MAX = 50;
/** Different paths that are told apart; beyond it there are at least so many. */
export const DISTINCT_PATHS_MAX = 4096;
/** As long as there are fewer, a list takes less memory than a set and is searched as fast. */
const LIST_MAX = 16;

/**
 * What is kept of the page requests of a session, as they come: the numbers of which the signals are made. A request is
 * noted in constant time, and memory is bounded whatever the session does.
 *
 * @example
 * const behavior = new SessionBehavior();
 * behavior.observe(Date.UTC(2026, 0, 1), '/');
 * behavior.observe(Date.UTC(2026, 0, 1, 0, 1), '/about');
 * behavior.pagesPerMinute; // 2
 */
export class SessionBehavior {
  #requests = 0;
  #firstMs = 0;
  #lastMs = 0;
  #gapSum = 0;
  #gapSquareSum = 0;
  #paths: number[] | Set<number> = [];
  /** The first paths in the order of the visit. */
  #sequence: string[] = [];
  /** The share was worked out of so many paths. */
  #sharedAt = 0;
  #share = 0;

  /**
   * Notes a page request. Requests come in the order of their time; one that is earlier than the last counts as one at the
   * same time, and what is stored of the session decides later.
   *
   * @param timestampMs UTC milliseconds
   * @param path without its query
   */
  observe(timestampMs: number, path: string): void {
    if (this.#requests === 0) {
      this.#firstMs = timestampMs;
      this.#lastMs = timestampMs;
    } else {
      const gap = Math.max(0, timestampMs - this.#lastMs);
      this.#gapSum += gap;
      this.#gapSquareSum += gap * gap;
      this.#lastMs = Math.max(this.#lastMs, timestampMs);
    }
    this.#requests++;
    this.#notePath(path);
    if (this.#sequence.length < SEQUENCE_MAX) this.#sequence.push(path);
  }

  /** Page requests so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Different paths, exactly up to {@link DISTINCT_PATHS_MAX} but for hashes that are the same by chance (1 in 2^32 a pair). */
  get distinctPaths(): number {
    return Array.isArray(this.#paths) ? this.#paths.length : this.#paths.size;
  }

  /** Of the first {@link SEQUENCE_MAX} paths the share that stand where they would stand if the visit were sorted; 0 without any. */
  get sortedShare(): number {
    if (this.#sharedAt !== this.#sequence.length) {
      this.#share = sortedShareOf(this.#sequence);
      this.#sharedAt = this.#sequence.length;
    }
    return this.#share;
  }

  /** Standard deviation / mean of the gaps between requests; undefined without gaps that take time. */
  get timingVariation(): number | undefined {
    return variationOf(this.#requests - 1, this.#gapSum, this.#gapSquareSum);
  }

  /** Pages a minute from the first to the last request, of at least a minute: two quick clicks are no hundred a minute. */
  get pagesPerMinute(): number {
    return pagesPerMinuteOf(this.#requests, this.#lastMs - this.#firstMs);
  }

  #notePath(path: string): void {
    const hash = hashOf(path);
    if (!Array.isArray(this.#paths)) {
      if (this.#paths.size < DISTINCT_PATHS_MAX) this.#paths.add(hash);
      return;
    }
    if (this.#paths.includes(hash)) return;
    this.#paths.push(hash);
    if (this.#paths.length > LIST_MAX) this.#paths = new Set(this.#paths);
  }
}

/** The share of paths that stand where they would stand in their own sorted order (by code units); 0 without any. */
export function sortedShareOf(sequence: readonly string[]): number {
  if (sequence.length === 0) return 0;
  const sorted = [...sequence].sort();
  let inPlace = 0;
  sequence.forEach((path, index) => {
    if (path === sorted[index]) inPlace++;
  });
  return inPlace / sequence.length;
}

/** Population standard deviation / mean, from the sums of some gaps and of their squares. */
export function variationOf(count: number, sum: number, squareSum: number): number | undefined {
  if (count < 1 || sum === 0) return undefined;
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squareSum / count - mean * mean)) / mean;
}

/** Pages / minutes, of at least one minute; 0 for fewer than two pages. */
export function pagesPerMinuteOf(pages: number, spanMs: number): number {
  return pages < 2 ? 0 : pages / Math.max(1, spanMs / 60_000);
}

/** FNV-1a, 32 bits, over the code units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
