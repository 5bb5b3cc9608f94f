/** Rows older than this are read again before they are believed: another node may have changed them. */
const BELIEVED_MS_MAX = 30_000;
/** A key or project that is not known may have just been made by another node; guessing must not become a query each. */
const RELOAD_PAUSE_MS = 2_000;

/** A small table kept in memory, read again when it is old or when something is missing from it. */
export class RefreshedRows<Row> {
  readonly #read: () => Promise<readonly Row[]>;
  readonly #keyOf: (row: Row) => string;
  readonly #clock: () => number;
  #rows = new Map<string, Row>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  /**
   * @param read reads the whole table
   * @param keyOf what a row is found by
   * @param clock UTC milliseconds
   */
  constructor(read: () => Promise<readonly Row[]>, keyOf: (row: Row) => string, clock: () => number) {
    this.#read = read;
    this.#keyOf = keyOf;
    this.#clock = clock;
  }

  /** The row with this key, or undefined. */
  async find(key: string): Promise<Row | undefined> {
    const ageMs = this.#clock() - this.#readAtMs;
    // A clock that went back says nothing about the age.
    const old = ageMs < 0 || ageMs > BELIEVED_MS_MAX;
    if (old || (ageMs > RELOAD_PAUSE_MS && !this.#rows.has(key))) await this.#readOnce();
    return this.#rows.get(key);
  }

  /** Reads the table again; called after every change made here. */
  async reload(): Promise<void> {
    // A reading that began before the change does not show it.
    await this.#reading?.catch(() => undefined);
    await this.#readOnce();
  }

  /** One reading serves all who need one meanwhile. */
  #readOnce(): Promise<void> {
    this.#reading ??= this.#load().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #load(): Promise<void> {
    const startMs = this.#clock();
    const rows = await this.#read();
    this.#rows = new Map(rows.map((row) => [this.#keyOf(row), row]));
    this.#readAtMs = startMs;
  }
}
