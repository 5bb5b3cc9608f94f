import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnderCurve, evaluateScores, type Interval } from './evaluate-scores.js';
import type { LabelledScore } from './ranked-scores.js';
import { SeededChance } from './seeded-chance.js';

/** Sessions of a client each, from scores. */
function sessions(bots: readonly number[], people: readonly number[]): LabelledScore[] {
  return [
    ...bots.map((score, index) => ({ score, isBot: true, group: `bot ${index}` })),
    ...people.map((score, index) => ({ score, isBot: false, group: `person ${index}` })),
  ];
}

// Few distinct scores, so that many are equal.
const SAMPLES: fc.Arbitrary<LabelledScore[]> = fc.array(
  fc.record({
    score: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    isBot: fc.boolean(),
    group: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  }),
  { maxLength: 60 },
);

/** By its meaning: of all pairs of a bot and a person, how often the bot is ahead. */
function areaByPairs(samples: readonly LabelledScore[]): number | null {
  const bots = samples.filter(({ isBot }) => isBot);
  const people = samples.filter(({ isBot }) => !isBot);
  let ahead = 0;
  for (const bot of bots) for (const person of people) ahead += bot.score > person.score ? 1 : bot.score === person.score ? 0.5 : 0;
  return bots.length * people.length === 0 ? null : ahead / (bots.length * people.length);
}

/** Scores of bots and people that overlap, `sessionsEach` of each client. */
function overlapping(seed: number, clients: number, sessionsEach = 1): LabelledScore[] {
  const chance = new SeededChance(seed);
  return Array.from({ length: clients }, (_, client) => {
    const isBot = client % 3 === 0;
    const score = chance.below(60) + (isBot ? 40 : 0);
    return Array.from({ length: sessionsEach }, () => ({ score, isBot, group: `client ${client}` }));
  }).flat();
}

function widthOf(interval: Interval | null): number {
  return interval === null ? Number.NaN : interval[1] - interval[0];
}

describe('the area under the curve', () => {
  it.each([
    ['all bots are ahead', sessions([3, 4], [1, 2]), 1],
    ['all people are ahead', sessions([1, 2], [3, 4]), 0],
    ['all are equal', sessions([5, 5, 5], [5, 5]), 0.5],
    // Pairs: 3>2, 3>1, 1<2, 1=1.
    ['some are ahead', sessions([3, 1], [2, 1]), 2.5 / 4],
    ['there are no bots', sessions([], [1, 2]), null],
    ['there are no people', sessions([1, 2], []), null],
    ['there is nothing', [], null],
  ])('when %s', (_, samples, area) => {
    expect(areaUnderCurve(samples)).toBe(area);
  });

  it('is the share of pairs in which the bot is ahead', () => {
    fc.assert(
      fc.property(SAMPLES, (samples) => {
        const area = areaByPairs(samples);
        if (area === null) expect(areaUnderCurve(samples)).toBeNull();
        else expect(areaUnderCurve(samples)).toBeCloseTo(area, 12);
      }),
    );
  });

  it('asks for scores that are numbers', () => {
    for (const score of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => areaUnderCurve([{ score, isBot: true, group: 'a' }])).toThrow(`score is ${score}; it must be a finite number.`);
    }
  });
});

describe('an evaluation', () => {
  const options = { threshold: 50, rounds: 200, seed: 1 };

  it('counts as by hand', () => {
    const result = evaluateScores(sessions([90, 50, 20], [10, 49.9, 60, 50]), options);
    expect(result.confusion).toEqual({ truePositives: 2, falsePositives: 2, falseNegatives: 1, trueNegatives: 2 });
    expect(result.precision).toBe(0.5);
    expect(result.recall).toBe(2 / 3);
    expect(result.falsePositiveRate).toBe(0.5);
    // 90 is ahead of four, 50 of two and equal to one, 20 of one.
    expect(result.auc).toBe((4 + 2.5 + 1) / 12);
  });

  it('counts like a loop over the sessions', () => {
    fc.assert(
      fc.property(SAMPLES, fc.integer({ min: -4, max: 4 }), (samples, threshold) => {
        const count = (called: boolean, isBot: boolean): number =>
          samples.filter((sample) => sample.score >= threshold === called && sample.isBot === isBot).length;
        expect(evaluateScores(samples, { threshold, rounds: 0, seed: 1 }).confusion).toEqual({
          truePositives: count(true, true),
          falsePositives: count(true, false),
          falseNegatives: count(false, true),
          trueNegatives: count(false, false),
        });
      }),
    );
  });

  it('says null of what it cannot know', () => {
    const noPeople = evaluateScores(sessions([10, 90], []), options);
    expect([noPeople.falsePositiveRate, noPeople.auc, noPeople.intervals.falsePositiveRate, noPeople.intervals.auc]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect([noPeople.recall, noPeople.precision]).toEqual([0.5, 1]);
    const noBots = evaluateScores(sessions([], [10, 20]), options);
    expect([noBots.precision, noBots.recall, noBots.auc, noBots.intervals.recall, noBots.intervals.auc]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(noBots.falsePositiveRate).toBe(0);
    const nothing = evaluateScores([], options);
    expect(nothing.confusion).toEqual({ truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 });
    expect([nothing.precision, nothing.recall, nothing.falsePositiveRate, nothing.auc]).toEqual([null, null, null, null]);
  });

  it('has no interval without rounds, or when all sessions are of one client', () => {
    const none = { precision: null, recall: null, falsePositiveRate: null, auc: null };
    const samples = overlapping(1, 50);
    expect(evaluateScores(samples, { ...options, rounds: 0 }).intervals).toEqual(none);
    expect(
      evaluateScores(
        samples.map((sample) => ({ ...sample, group: 'the one' })),
        options,
      ).intervals,
    ).toEqual(none);
  });

  it('draws the same rounds from the same seed, and others from another', () => {
    const samples = overlapping(3, 60);
    expect(evaluateScores(samples, options)).toEqual(evaluateScores(samples, options));
    expect(evaluateScores(samples, options).intervals).not.toEqual(evaluateScores(samples, { ...options, seed: 2 }).intervals);
  });

  it('has intervals around what it found', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 30, max: 120 }), (seed, clients) => {
        const result = evaluateScores(overlapping(seed, clients), { ...options, seed });
        for (const rate of ['precision', 'recall', 'falsePositiveRate', 'auc'] as const) {
          const [lower, upper] = result.intervals[rate] ?? [Number.NaN, Number.NaN];
          expect(lower).toBeLessThanOrEqual(result[rate] ?? Number.NaN);
          expect(upper).toBeGreaterThanOrEqual(result[rate] ?? Number.NaN);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('covers the truth about as often as it says', () => {
    // Bots score 40 to 99 and people 0 to 59, in whole numbers: of the 3,600 pairs the person is ahead in 190, and 20 are equal.
    const truth = 1 - (190 + 20 / 2) / 3600;
    let covered = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const [lower, upper] = evaluateScores(overlapping(seed, 150), options).intervals.auc ?? [Number.NaN, Number.NaN];
      if (lower <= truth && truth <= upper) covered += 1;
    }
    // 95 % of 200 is 190; the percentile bootstrap of 50 bots covers a little less.
    expect(covered).toBeGreaterThanOrEqual(176);
  });

  it('is not made surer by the same client coming again', () => {
    const once = evaluateScores(overlapping(5, 90), options);
    const often = evaluateScores(overlapping(5, 90, 20), options);
    expect(often.auc).toBe(once.auc);
    expect(widthOf(often.intervals.auc)).toBe(widthOf(once.intervals.auc));
    const asIfOthers = overlapping(5, 90, 20).map((sample, index) => ({ ...sample, group: `session ${index}` }));
    expect(widthOf(evaluateScores(asIfOthers, options).intervals.auc)).toBeLessThan(widthOf(once.intervals.auc) / 3);
  });

  it('tells of each round', () => {
    const rounds: number[] = [];
    evaluateScores(overlapping(1, 20), { ...options, rounds: 3, onRound: (round) => rounds.push(round) });
    expect(rounds).toEqual([1, 2, 3]);
  });

  it.each([
    ['rounds', -1],
    ['rounds', 1.5],
    ['seed', Number.NaN],
    ['seed', -3],
  ] as const)('refuses %s of %d', (name, value) => {
    expect(() => evaluateScores([], { ...options, [name]: value })).toThrow(`${name} is ${value}; it must be a whole number from 0.`);
  });
});
