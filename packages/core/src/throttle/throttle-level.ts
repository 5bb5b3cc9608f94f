import { AnalyticsError } from '../errors/analytics-error.js';

/**
 * How far the requests of a session or visitor are slowed down; the numbers are stored and sent.
 *
 * @example
 * await throttle.setLevel(visitor, ThrottleLevel.Severe, 'too fast for the shop');
 */
export const ThrottleLevel = { Normal: 0, Warning: 1, Severe: 2, Blocked: 3 } as const;
export type ThrottleLevel = (typeof ThrottleLevel)[keyof typeof ThrottleLevel];

/** The levels as they are named on the wire. */
export type ThrottleLevelName = 'normal' | 'warning' | 'severe' | 'blocked';

interface LevelDefinition {
  readonly level: ThrottleLevel;
  readonly name: ThrottleLevelName;
  /** Share of the usual requests that is let through. */
  readonly rateMultiplier: number;
  readonly allowsRequests: boolean;
}

/** Every level, lowest first: its place is its number. */
export const THROTTLE_LEVELS: readonly LevelDefinition[] = [
  { level: ThrottleLevel.Normal, name: 'normal', rateMultiplier: 1, allowsRequests: true },
  { level: ThrottleLevel.Warning, name: 'warning', rateMultiplier: 0.5, allowsRequests: true },
  { level: ThrottleLevel.Severe, name: 'severe', rateMultiplier: 0.25, allowsRequests: true },
  { level: ThrottleLevel.Blocked, name: 'blocked', rateMultiplier: 0, allowsRequests: false },
];

/** The level with this number or name, or undefined when there is none. */
export function findThrottleLevel(given: unknown): ThrottleLevel | undefined {
  return THROTTLE_LEVELS.find(({ level, name }) => level === given || name === given)?.level;
}

/** The level so many steps above (or below) another, within what there is. */
export function shiftLevel(level: ThrottleLevel, steps: number): ThrottleLevel {
  return THROTTLE_LEVELS[Math.min(ThrottleLevel.Blocked, Math.max(ThrottleLevel.Normal, level + steps))]?.level ?? level;
}

/** The name of a level on the wire. */
export function nameOfLevel(level: ThrottleLevel): ThrottleLevelName {
  return definitionOf(level).name;
}

/** Share of the usual requests that a level lets through, 0 to 1. */
export function rateMultiplierOf(level: ThrottleLevel): number {
  return definitionOf(level).rateMultiplier;
}

/** Does a level let any request through? */
export function allowsRequests(level: ThrottleLevel): boolean {
  return definitionOf(level).allowsRequests;
}

/**
 * What one request uses up of a limit that is the same at every level: 1 over the rate multiplier. So one limiter serves all
 * levels, and what was used before a change of level still counts after it. Infinity where no request is allowed.
 */
export function requestCost(level: ThrottleLevel): number {
  return 1 / rateMultiplierOf(level);
}

/**
 * The limit that remains of a base limit at a level, in whole requests; 0 when blocked.
 *
 * @throws AnalyticsError `invalid_value` unless the base is a whole number from 0
 */
export function adjustedLimit(base: number, level: ThrottleLevel): number {
  if (!Number.isSafeInteger(base) || base < 0) {
    throw new AnalyticsError('invalid_value', `The base limit is ${base}; it is a whole number from 0.`, { path: 'limit' });
  }
  return Math.floor(base * rateMultiplierOf(level));
}

function definitionOf(level: ThrottleLevel): LevelDefinition {
  const definition = THROTTLE_LEVELS[level];
  if (definition === undefined) throw new TypeError(`${String(level)} is not a throttle level`);
  return definition;
}
