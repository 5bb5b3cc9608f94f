/** So many logs are remembered that are no longer beside the one that is read: one of them may be put back. */
export const ABSENT_LOGS_MAX = 1000;

/**
 * Heads of logs that nothing is wanted of any more: they were read to their end, or were there before the first import.
 * Whatever else is beside a log has come since and was never read. So neither names nor times of files decide what is read.
 */
export class KnownLogs {
  /** In the order in which they became known. */
  readonly #heads: Set<string>;

  /** @param heads SHA-256 in hexadecimal, those known longest first */
  constructor(heads: readonly string[]) {
    this.#heads = new Set(heads);
  }

  has(head: string): boolean {
    return this.#heads.has(head);
  }

  add(head: string): void {
    this.#heads.delete(head);
    this.#heads.add(head);
  }

  /** Forgets those that became known first of the ones that are gone, which bounds what is written down. @param beside heads that are there */
  forget(beside: ReadonlySet<string>): void {
    const absent = [...this.#heads].filter((head) => !beside.has(head));
    for (const head of absent.slice(0, -ABSENT_LOGS_MAX)) this.#heads.delete(head);
  }

  /** Those known longest first. */
  list(): readonly string[] {
    return [...this.#heads];
  }
}
