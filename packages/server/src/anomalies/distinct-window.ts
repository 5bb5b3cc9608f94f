import { DISTINCT_COUNT_MAX } from '@systemprompt-analytics/core';

const WINDOW_MS = 24 * 3_600_000;
/** No hash of a text: those are not negative. */
const NONE = -1;

/**
 * Counts distinct texts seen within 24 hours, up to {@link DISTINCT_COUNT_MAX}; of more the latest are known. Texts are
 * kept as numbers of 53 bits: neither their length nor what they say stays in memory.
 */
export class DistinctWindow {
  /** The first text; most visitors have one session and one address, for which a map would be a waste. */
  #firstToken = NONE;
  #firstSeenMs = 0;
  /** When each other one was seen last, in about that order. */
  #othersSeenMs: Map<number, number> | undefined;

  /** Notes that a text was seen. */
  add(text: string, atMs: number): void {
    const token = hashText(text);
    if (this.#firstToken === NONE || this.#firstToken === token) {
      // A text that has been forgotten as the first one may be among the others.
      this.#othersSeenMs?.delete(token);
      this.#firstSeenMs = this.#firstToken === NONE ? atMs : Math.max(this.#firstSeenMs, atMs);
      this.#firstToken = token;
    } else {
      this.#othersSeenMs ??= new Map();
      const before = this.#othersSeenMs.get(token);
      if (before !== undefined && before >= atMs) return;
      this.#othersSeenMs.delete(token);
      this.#othersSeenMs.set(token, atMs);
    }
    if (this.#othersSeenMs !== undefined && this.#othersSeenMs.size >= DISTINCT_COUNT_MAX) this.#forgetOldest(this.#othersSeenMs);
  }

  /** Counts a text no longer. */
  forget(text: string): void {
    const token = hashText(text);
    if (this.#firstToken === token) this.#firstToken = NONE;
    else this.#othersSeenMs?.delete(token);
  }

  /** How many distinct texts were seen in the 24 hours before a time. */
  count(nowMs: number): number {
    const sinceMs = nowMs - WINDOW_MS;
    if (this.#firstSeenMs <= sinceMs) this.#firstToken = NONE;
    const first = this.#firstToken === NONE ? 0 : 1;
    const others = this.#othersSeenMs;
    if (others === undefined) return first;
    for (const [token, seenMs] of others) {
      if (seenMs > sinceMs) break;
      others.delete(token);
    }
    return first + others.size;
  }

  #forgetOldest(others: Map<number, number>): void {
    for (const [token, seenMs] of others) {
      if (this.#firstToken !== NONE && this.#firstSeenMs < seenMs) this.#firstToken = NONE;
      else others.delete(token);
      return;
    }
  }
}

/** 53 bits of a text: two FNV-1a hashes with different starts and primes. Two of 100 texts meet once in 10^12 windows. */
export function hashText(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b1;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  // The last characters reach the upper bits only by such a mixing.
  low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d);
  high = Math.imul(high ^ (high >>> 13), 0x297a2d39);
  return ((high ^ (high >>> 16)) & 0x1fffff) * 0x100000000 + ((low ^ (low >>> 12)) >>> 0);
}
