import { describe, expect, it } from 'vitest';
import { type ConfusionMatrix, falsePositiveRateOf, precisionOf, recallOf } from './confusion-matrix.js';

interface Case {
  readonly name: string;
  readonly matrix: ConfusionMatrix;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly falsePositiveRate: number | null;
}

// Worked out by hand.
const CASES: readonly Case[] = [
  {
    name: 'some of each',
    matrix: { truePositives: 9, falsePositives: 1, falseNegatives: 6, trueNegatives: 84 },
    precision: 0.9,
    recall: 0.6,
    falsePositiveRate: 1 / 85,
  },
  {
    name: 'nothing is called a bot',
    matrix: { truePositives: 0, falsePositives: 0, falseNegatives: 4, trueNegatives: 5 },
    precision: null,
    recall: 0,
    falsePositiveRate: 0,
  },
  {
    name: 'everything is called a bot',
    matrix: { truePositives: 3, falsePositives: 1, falseNegatives: 0, trueNegatives: 0 },
    precision: 0.75,
    recall: 1,
    falsePositiveRate: 1,
  },
  {
    name: 'there are no bots',
    matrix: { truePositives: 0, falsePositives: 2, falseNegatives: 0, trueNegatives: 8 },
    precision: 0,
    recall: null,
    falsePositiveRate: 0.2,
  },
  {
    name: 'there are no people',
    matrix: { truePositives: 2, falsePositives: 0, falseNegatives: 2, trueNegatives: 0 },
    precision: 1,
    recall: 0.5,
    falsePositiveRate: null,
  },
  {
    name: 'there is nothing',
    matrix: { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 },
    precision: null,
    recall: null,
    falsePositiveRate: null,
  },
];

describe('rates of a confusion matrix', () => {
  it.each(CASES)('when $name', ({ matrix, precision, recall, falsePositiveRate }) => {
    expect(precisionOf(matrix)).toBe(precision);
    expect(recallOf(matrix)).toBe(recall);
    expect(falsePositiveRateOf(matrix)).toBe(falsePositiveRate);
  });
});
