/**
 * Says how far an import may claim to have come when requests are answered in any order: up to the latest state before
 * which everything was answered.
 */
export class Checkpoints<State> {
  #settledBelow = 0;
  readonly #settled = new Map<number, State | undefined>();

  /**
   * Notes that a batch was answered.
   *
   * @param number of the batch, counted from 0 in the order of the log
   * @param state how far the log was read when the batch was cut
   * @returns the state that may be written down now, if there is a new one
   */
  settle(number: number, state: State | undefined): State | undefined {
    this.#settled.set(number, state);
    let latest: State | undefined;
    for (; this.#settled.has(this.#settledBelow); this.#settledBelow += 1) {
      latest = this.#settled.get(this.#settledBelow) ?? latest;
      this.#settled.delete(this.#settledBelow);
    }
    return latest;
  }
}
