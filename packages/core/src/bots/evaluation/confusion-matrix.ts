/** How many sessions of each kind were called what. "Positive" is a session that was called a bot. */
export interface ConfusionMatrix {
  /** Bots that were called bots. */
  readonly truePositives: number;
  /** People who were called bots. */
  readonly falsePositives: number;
  /** Bots that were called people. */
  readonly falseNegatives: number;
  /** People who were called people. */
  readonly trueNegatives: number;
}

/**
 * The share of bots among what was called a bot, 0 to 1; `null` when nothing was.
 *
 * @example
 * ```ts
 * precisionOf({ truePositives: 9, falsePositives: 1, falseNegatives: 6, trueNegatives: 84 }); // 0.9
 * ```
 */
export function precisionOf({ truePositives, falsePositives }: ConfusionMatrix): number | null {
  return share(truePositives, falsePositives);
}

/**
 * The share of the bots that was called one, 0 to 1; `null` when there are no bots.
 *
 * @example
 * ```ts
 * recallOf({ truePositives: 9, falsePositives: 1, falseNegatives: 6, trueNegatives: 84 }); // 0.6
 * ```
 */
export function recallOf({ truePositives, falseNegatives }: ConfusionMatrix): number | null {
  return share(truePositives, falseNegatives);
}

/**
 * The share of the people who were called bots, 0 to 1; `null` when there are no people.
 *
 * @example
 * ```ts
 * falsePositiveRateOf({ truePositives: 9, falsePositives: 1, falseNegatives: 6, trueNegatives: 84 }); // 0.012 of 85
 * ```
 */
export function falsePositiveRateOf({ falsePositives, trueNegatives }: ConfusionMatrix): number | null {
  return share(falsePositives, trueNegatives);
}

function share(part: number, rest: number): number | null {
  return part + rest === 0 ? null : part / (part + rest);
}
