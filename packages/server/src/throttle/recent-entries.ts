/**
 * A map of the entries used last, of bounded size. It keeps two generations: an entry that is used moves into the younger
 * one, and when that is full the older one is dropped as a whole. So nothing is sorted or linked: an entry costs what it costs
 * in a Map, and using it is one or two lookups.
 */
export class RecentEntries<Value> {
  readonly #generationMax: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** @param entriesMax at least 2; of these at least the half used last are kept */
  constructor(entriesMax: number) {
    this.#generationMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  /** Entries that are kept at the moment. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The value of a key, which is used by that. */
  use(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#add(key, old);
    return old;
  }

  /** Adds an entry whose key is not there. */
  add(key: string, value: Value): void {
    this.#add(key, value);
  }

  /** Drops an entry. */
  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** Drops what was not used since the last time. */
  age(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }

  #add(key: string, value: Value): void {
    if (this.#young.size >= this.#generationMax) this.age();
    this.#young.set(key, value);
  }
}
