import { AnalyticsError } from '../../errors/analytics-error.js';
import { type ConfusionMatrix, falsePositiveRateOf, precisionOf, recallOf } from './confusion-matrix.js';
import { type LabelledScore, RankedScores, type WeightedOutcome } from './ranked-scores.js';
import { SeededChance } from './seeded-chance.js';

/** How well a score tells bots from people. A rate of nothing is `null`, never 0 or 1. */
export interface Rates {
  /** Share of bots among what was called a bot. */
  readonly precision: number | null;
  /** Share of the bots that was called one. */
  readonly recall: number | null;
  /** Share of the people who were called bots. */
  readonly falsePositiveRate: number | null;
  /** Area under the curve: how likely a bot scores higher than a person, whatever the threshold. */
  readonly auc: number | null;
}

/** Lower and upper end. */
export type Interval = readonly [lower: number, upper: number];

/** The outcome of an evaluation. */
export interface ScoreEvaluation extends Rates {
  readonly threshold: number;
  readonly confusion: ConfusionMatrix;
  /** 95 % intervals; `null` where there is none to tell. */
  readonly intervals: { readonly [Rate in keyof Rates]: Interval | null };
}

export interface EvaluationOptions {
  /** Sessions with this score or more are called bots. */
  readonly threshold: number;
  /** Rounds of the bootstrap, a whole number from 0; with 0 there are no intervals. */
  readonly rounds: number;
  /** A whole number; the same seed draws the same rounds. */
  readonly seed: number;
  /** Told after each round. */
  readonly onRound?: (round: number) => void;
}

const RATES = ['precision', 'recall', 'falsePositiveRate', 'auc'] as const;
const LOWER_SHARE = 0.025;
const UPPER_SHARE = 0.975;

/**
 * Confusion matrix and rates of labelled scores, with 95 % intervals by the percentile bootstrap (Efron and Tibshirani, An Introduction to
 * the Bootstrap, chapter 13) over groups of sessions: as many groups as there are, drawn with replacement.
 *
 * A rate that is the same in every draw has an interval of no width: of people who were never called bots in the data, the bootstrap cannot
 * tell how rare it is.
 *
 * @throws AnalyticsError `invalid_value` when a score is not finite, or `rounds` or `seed` is no whole number from 0
 *
 * @example
 * ```ts
 * const { auc, intervals } = evaluateScores(samples, { threshold: 50, rounds: 1000, seed: 1 });
 * ```
 */
export function evaluateScores(samples: readonly LabelledScore[], options: EvaluationOptions): ScoreEvaluation {
  const { threshold } = options;
  const ranked = new RankedScores(samples);
  const { auc, ...confusion } = ranked.measureAll(threshold);
  const rates = ratesOf({ ...confusion, auc });
  return { threshold, confusion, ...rates, intervals: bootstrap(ranked, options) };
}

/**
 * The area under the curve of labelled scores, 0 to 1: how likely a bot scores higher than a person, where equal scores count half.
 * `null` without bots or without people.
 *
 * @throws AnalyticsError `invalid_value` when a score is not a finite number
 *
 * @example
 * ```ts
 * areaUnderCurve([{ score: 90, isBot: true, group: 'a' }, { score: 10, isBot: false, group: 'b' }]); // 1
 * ```
 */
export function areaUnderCurve(samples: readonly LabelledScore[]): number | null {
  return new RankedScores(samples).measureAll(0).auc;
}

function bootstrap(ranked: RankedScores, options: EvaluationOptions): ScoreEvaluation['intervals'] {
  const { threshold, seed, onRound } = options;
  assertWhole('rounds', options.rounds);
  assertWhole('seed', seed);
  const drawn: Record<keyof Rates, number[]> = { precision: [], recall: [], falsePositiveRate: [], auc: [] };
  const chance = new SeededChance(seed);
  const weights = new Uint32Array(ranked.groups);
  // Of a single group every draw is the same, which would look like certainty.
  const rounds = ranked.groups < 2 ? 0 : options.rounds;
  for (let round = 1; round <= rounds; round += 1) {
    weights.fill(0);
    for (let draw = 0; draw < ranked.groups; draw += 1) {
      const group = chance.below(ranked.groups);
      weights[group] = (weights[group] ?? 0) + 1;
    }
    const rates = ratesOf(ranked.measure(weights, threshold));
    for (const name of RATES) {
      const rate = rates[name];
      if (rate !== null) drawn[name].push(rate);
    }
    onRound?.(round);
  }
  const interval = (rate: keyof Rates): Interval | null => intervalOf(drawn[rate], rounds);
  return {
    precision: interval('precision'),
    recall: interval('recall'),
    falsePositiveRate: interval('falsePositiveRate'),
    auc: interval('auc'),
  };
}

function ratesOf(outcome: WeightedOutcome): Rates {
  return {
    precision: precisionOf(outcome),
    recall: recallOf(outcome),
    falsePositiveRate: falsePositiveRateOf(outcome),
    auc: outcome.auc,
  };
}

/** None when most rounds had nothing to compute the rate from: what the others say is not what was asked. */
function intervalOf(values: readonly number[], rounds: number): Interval | null {
  if (values.length * 2 <= rounds) return null;
  const sorted = Float64Array.from(values).sort();
  const last = sorted.length - 1;
  const lower = sorted[Math.floor(LOWER_SHARE * last)];
  const upper = sorted[Math.ceil(UPPER_SHARE * last)];
  return lower === undefined || upper === undefined ? null : [lower, upper];
}

function assertWhole(name: 'rounds' | 'seed', value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new AnalyticsError('invalid_value', `${name} is ${value}; it must be a whole number from 0.`, { path: name });
}
