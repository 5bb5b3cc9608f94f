import { AnalyticsError } from '../../errors/analytics-error.js';
import type { ConfusionMatrix } from './confusion-matrix.js';

/** The score of a session of which it is known what it was. */
export interface LabelledScore {
  /** The higher, the more likely a bot. Any unit. */
  readonly score: number;
  readonly isBot: boolean;
  /**
   * Sessions that are not independent of each other, because they come from the same client: its address. A bootstrap draws groups and not
   * sessions, as a crawler that came a hundred times is one piece of evidence and not a hundred.
   */
  readonly group: string;
}

/** The same question asked of weighted sessions. */
export interface WeightedOutcome extends ConfusionMatrix {
  /** Area under the curve; `null` without bots or without people. */
  readonly auc: number | null;
}

/** Scores in order, so that any weighting of them is measured in one pass. */
export class RankedScores {
  /** Groups, numbered in the order in which they first appear. */
  readonly groups: number;
  readonly #scores: Float64Array;
  readonly #isBot: Uint8Array;
  readonly #group: Uint32Array;

  /** @throws AnalyticsError `invalid_value` when a score is not a finite number */
  constructor(samples: readonly LabelledScore[]) {
    const numbers = new Map<string, number>();
    for (const { score, group } of samples) {
      assertScore(score);
      if (!numbers.has(group)) numbers.set(group, numbers.size);
    }
    const ranked = samples.toSorted((one, other) => one.score - other.score);
    this.groups = numbers.size;
    this.#scores = Float64Array.from(ranked, ({ score }) => score);
    this.#isBot = Uint8Array.from(ranked, ({ isBot }) => Number(isBot));
    this.#group = Uint32Array.from(ranked, ({ group }) => numbers.get(group) ?? 0);
  }

  /**
   * Measures the sessions, each as often as its group has weight.
   *
   * The area is the probability that a bot scores higher than a person, where equal scores count half: the statistic of Mann and Whitney
   * (Hanley and McNeil, Radiology 143, 1982), here summed over runs of equal scores.
   *
   * @param weights whole numbers by the number of the group
   * @param threshold sessions with this score or more are called bots
   */
  measure(weights: Uint32Array, threshold: number): WeightedOutcome {
    let [truePositives, falsePositives, bots, people, pairs] = [0, 0, 0, 0, 0];
    const { length } = this.#scores;
    for (let index = 0; index < length; ) {
      const score = this.#scores[index] ?? 0;
      let [runBots, runPeople] = [0, 0];
      for (; index < length && this.#scores[index] === score; index += 1) {
        const weight = weights[this.#group[index] ?? 0] ?? 0;
        if (this.#isBot[index] === 1) runBots += weight;
        else runPeople += weight;
      }
      pairs += runBots * (people + runPeople / 2);
      bots += runBots;
      people += runPeople;
      if (score >= threshold) {
        truePositives += runBots;
        falsePositives += runPeople;
      }
    }
    const auc = bots === 0 || people === 0 ? null : pairs / (bots * people);
    return { truePositives, falsePositives, falseNegatives: bots - truePositives, trueNegatives: people - falsePositives, auc };
  }

  /** Every session once. */
  measureAll(threshold: number): WeightedOutcome {
    return this.measure(new Uint32Array(this.groups).fill(1), threshold);
  }
}

/** A score that is none has no place in an order. */
function assertScore(score: number): void {
  if (Number.isFinite(score)) return;
  throw new AnalyticsError('invalid_value', `score is ${score}; it must be a finite number.`, { path: 'score' });
}
