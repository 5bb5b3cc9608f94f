import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjustedLimit,
  allowsRequests,
  findThrottleLevel,
  nameOfLevel,
  rateMultiplierOf,
  requestCost,
  shiftLevel,
  THROTTLE_LEVELS,
  ThrottleLevel,
} from './throttle-level.js';

const anyLevel = fc.constantFrom(...THROTTLE_LEVELS.map(({ level }) => level));

describe('throttle levels', () => {
  it.each([
    ['Normal', ThrottleLevel.Normal, 0, 'normal', 1, true],
    ['Warning', ThrottleLevel.Warning, 1, 'warning', 0.5, true],
    ['Severe', ThrottleLevel.Severe, 2, 'severe', 0.25, true],
    ['Blocked', ThrottleLevel.Blocked, 3, 'blocked', 0, false],
  ] as const)('%s', (_name, level, number, wireName, multiplier, allows) => {
    expect(level).toBe(number);
    expect(nameOfLevel(level)).toBe(wireName);
    expect(rateMultiplierOf(level)).toBe(multiplier);
    expect(allowsRequests(level)).toBe(allows);
    expect(findThrottleLevel(number)).toBe(level);
    expect(findThrottleLevel(wireName)).toBe(level);
    expect(THROTTLE_LEVELS[number]?.level).toBe(level);
  });

  it.each(['Normal', '', '0', 4, -1, 0.5, Number.NaN, null, undefined, {}])('%j is none', (given) => {
    expect(findThrottleLevel(given)).toBeUndefined();
  });

  it('shifts within what there is', () => {
    fc.assert(
      fc.property(anyLevel, fc.integer({ min: -9, max: 9 }), (level, steps) => {
        expect(shiftLevel(level, steps)).toBe([0, 1, 2, 3].at(Math.max(0, Math.min(3, level + steps))));
      }),
    );
  });
});

describe('adjustedLimit', () => {
  it.each([
    [100, [100, 50, 25, 0]],
    [60, [60, 30, 15, 0]],
    [10, [10, 5, 2, 0]],
    [1, [1, 0, 0, 0]],
    [0, [0, 0, 0, 0]],
  ])('%i becomes %j', (base, limits) => {
    expect(THROTTLE_LEVELS.map(({ level }) => adjustedLimit(base, level))).toEqual(limits);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (base) => {
    expect(() => adjustedLimit(base, ThrottleLevel.Normal)).toThrow(expect.objectContaining({ code: 'invalid_value', path: 'limit' }));
  });

  it('is what a limiter lets through that takes the cost of each request off the base', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), anyLevel, (base, level) => {
        let passed = 0;
        for (let left = base - requestCost(level); left >= 0; left -= requestCost(level)) passed++;
        expect(adjustedLimit(base, level)).toBe(passed);
      }),
    );
  });
});
