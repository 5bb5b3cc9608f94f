import { isSamePage, type KnownPath } from './path-table.js';
import { DISTINCT_PAGES_MAX, SEQUENCE_PAGES_MAX } from './session-request.js';

/**
 * The pages of one session: how many distinct ones, and how far the order of the first {@link SEQUENCE_PAGES_MAX} equals their sorted order.
 * Grows by small exact steps, because there is one per live session and most see a handful of pages: the array that `push` makes
 * would have 17 places. From the 33rd view on a set of 32-bit hashes takes over the counting of distinct pages.
 */
export class VisitedPages {
  /** Visited and sorted side by side: place 2i holds the i-th page visited, place 2i + 1 the i-th in order. */
  #slots: KnownPath[] = new Array<KnownPath>(4);
  #length = 0;
  #sequenceDistinct = 0;
  #matches = 0;
  #distinct = 0;
  #hashes: Int32Array | null = null;

  get sequenceLength(): number {
    return this.#length;
  }

  get sequenceDistinct(): number {
    return this.#sequenceDistinct;
  }

  get sequenceMatches(): number {
    return this.#matches;
  }

  get distinct(): number {
    return this.#distinct;
  }

  /** Takes the next page view; says whether its page was seen before. */
  add(page: KnownPath): boolean {
    if (this.#length < SEQUENCE_PAGES_MAX) {
      const seen = this.#wasVisited(page);
      if (!seen) {
        this.#sequenceDistinct += 1;
        this.#distinct += 1;
      }
      this.#place(page);
      return seen;
    }
    this.#hashes ??= this.#hashesOfSequence();
    return this.#addHash(page.hash);
  }

  /** The pages in the order they were visited, the first {@link SEQUENCE_PAGES_MAX} page views. */
  get sequence(): KnownPath[] {
    const pages: KnownPath[] = [];
    for (let index = 0; index < this.#length; index += 1) {
      const page = this.#slots[2 * index];
      if (page !== undefined) pages.push(page);
    }
    return pages;
  }

  /** Takes the pages of another session that came after these; says how many distinct ones of them were seen before. */
  append(later: VisitedPages): number {
    const before = this.#distinct;
    for (const page of later.sequence) this.add(page);
    if (later.#hashes !== null) {
      this.#hashes ??= this.#hashesOfSequence();
      for (const hash of later.#hashes) if (hash !== 0) this.#addHash(hash);
    }
    return later.#distinct - (this.#distinct - before);
  }

  #wasVisited(page: KnownPath): boolean {
    for (let index = 0; index < this.#length; index += 1) {
      const visited = this.#slots[2 * index];
      if (visited !== undefined && isSamePage(visited, page)) return true;
    }
    return false;
  }

  #place(page: KnownPath): void {
    if (2 * this.#length === this.#slots.length) this.#grow();
    const slots = this.#slots;
    slots[2 * this.#length] = page;
    let position = this.#length;
    for (; position > 0; position -= 1) {
      const before = slots[2 * position - 1];
      if (before === undefined || before.path <= page.path) break;
      slots[2 * position + 1] = before;
    }
    slots[2 * position + 1] = page;
    this.#length += 1;
    let matches = 0;
    for (let index = 0; index < 2 * this.#length; index += 2) {
      const visited = slots[index];
      const sorted = slots[index + 1];
      if (visited !== undefined && sorted !== undefined && isSamePage(visited, sorted)) matches += 1;
    }
    this.#matches = matches;
  }

  #grow(): void {
    const pages = this.#length < 6 ? this.#length + 2 : Math.min(SEQUENCE_PAGES_MAX, Math.ceil(this.#length * 1.6));
    const slots = new Array<KnownPath>(2 * pages);
    for (let index = 0; index < this.#slots.length; index += 1) {
      const page = this.#slots[index];
      if (page !== undefined) slots[index] = page;
    }
    this.#slots = slots;
  }

  #hashesOfSequence(): Int32Array {
    const hashes = new Int32Array(128);
    for (let index = 0; index < this.#length; index += 1) {
      const visited = this.#slots[2 * index];
      if (visited !== undefined) hashes[freeSlot(hashes, visited.hash)] = visited.hash;
    }
    return hashes;
  }

  #addHash(hash: number): boolean {
    let hashes = this.#hashes ?? this.#hashesOfSequence();
    const slot = freeSlot(hashes, hash);
    if (hashes[slot] === hash) return true;
    if (this.#distinct >= DISTINCT_PAGES_MAX) return false;
    hashes[slot] = hash;
    this.#distinct += 1;
    // Half full at most, so that a look-up takes a step or two.
    if (this.#distinct * 2 > hashes.length) hashes = enlarged(hashes);
    this.#hashes = hashes;
    return false;
  }
}

/** The slot that holds `hash`, or the free one where it belongs. */
function freeSlot(hashes: Int32Array, hash: number): number {
  const mask = hashes.length - 1;
  let slot = hash & mask;
  for (;;) {
    const held = hashes[slot];
    if (held === hash || held === 0) return slot;
    slot = (slot + 1) & mask;
  }
}

function enlarged(hashes: Int32Array): Int32Array {
  const larger = new Int32Array(hashes.length * 2);
  for (const hash of hashes) if (hash !== 0) larger[freeSlot(larger, hash)] = hash;
  return larger;
}
