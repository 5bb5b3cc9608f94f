/**
 * A map of at most so many entries, which loses those that were not used for longest. Entries move between two
 * generations instead of being put in order at every use, so that finding one costs one look-up: what was used since the
 * younger generation began is kept, and that is always at least half of the entries allowed.
 */
export class BoundedMap<Value> {
  readonly #generationMax: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** @param sizeMax at least 2 */
  constructor(sizeMax: number) {
    this.#generationMax = Math.max(1, Math.floor(sizeMax / 2));
  }

  /** How many entries there are. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The value of a key, which counts as a use of it. */
  find(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#keep(key, old);
    return old;
  }

  /** Puts in a value whose key is not there, and gives it back. */
  put(key: string, value: Value): Value {
    this.#keep(key, value);
    return value;
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** All values, in no particular order. */
  *values(): Generator<Value> {
    yield* this.#old.values();
    yield* this.#young.values();
  }

  #keep(key: string, value: Value): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
