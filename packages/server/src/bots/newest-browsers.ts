/** Visitors who must have shown a major version, or a later one, before it counts. */
const VISITORS_MIN = 3;
/** Browsers that are kept apart; user agents name a few dozen. */
const BROWSERS_MAX = 500;

/** A visitor and the newest major version that they showed. */
interface Showing {
  major: number;
  readonly visitorKey: string;
}

/**
 * The newest major version of each browser that was seen so far, so that a browser's age is measured against its own time and no limit
 * grows stale. Anybody can write `Chrome/999` into a user agent; so the newest is the highest major version that three different
 * visitors have shown, or a later one: the third highest of what each visitor showed at most. It never falls.
 *
 * Constant time and three visitors in memory per browser, 500 browsers at most, as names can be made up too. Who sends a forged version from three addresses
 * is believed; what that does is limited to the points of the layer `browser_age`.
 *
 * @example
 * ```ts
 * const newest = new NewestBrowsers();
 * newest.note('Chrome', 141, ip);
 * newest.newestOf('Chrome'); // null: one visitor is not enough
 * ```
 */
export class NewestBrowsers {
  /** The visitors with the highest versions of a browser, the highest first. */
  readonly #highest = new Map<string, Showing[]>();

  /**
   * Notes what a visitor's user agent says. Clients that declare a program should not be noted: the browser they name is not theirs.
   *
   * @param browser such as `Chrome`; nothing is noted of an empty one
   * @param major its major version; nothing is noted when it is not known
   * @param visitorKey what tells visitors apart. The address is better than a hash with the user agent in it, since one client can send many
   */
  note(browser: string, major: number | null, visitorKey: string): void {
    if (browser === '' || major === null || !Number.isFinite(major)) return;
    const highest = this.#highest.get(browser) ?? this.#open(browser);
    const last = highest[VISITORS_MIN - 1];
    if (last !== undefined && major <= last.major) return;
    const own = highest.find((showing) => showing.visitorKey === visitorKey);
    if (own === undefined) highest.push({ major, visitorKey });
    else own.major = Math.max(own.major, major);
    highest.sort((one, other) => other.major - one.major).splice(VISITORS_MIN);
  }

  /** The newest major version of a browser; null while fewer than three visitors have shown any. */
  newestOf(browser: string): number | null {
    return this.#highest.get(browser)?.[VISITORS_MIN - 1]?.major ?? null;
  }

  /** Browsers that were not shown by enough visitors make way; where all were, one more is not kept and nothing is known of it. */
  #open(browser: string): Showing[] {
    if (this.#highest.size >= BROWSERS_MAX) {
      for (const [name, showings] of this.#highest) if (showings.length < VISITORS_MIN) this.#highest.delete(name);
    }
    const highest: Showing[] = [];
    if (this.#highest.size < BROWSERS_MAX) this.#highest.set(browser, highest);
    return highest;
  }
}
