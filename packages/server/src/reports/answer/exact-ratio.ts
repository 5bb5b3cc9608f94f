import { divideHalfEven, parseUsd, toDecimal12 } from '@systemprompt-analytics/core';

/** Digits of a ratio that a double holds. */
const RATIO_SCALE = 10n ** 15n;

/** Ratio of two exact integers, or null when there is nothing to divide by. */
export function ratioOf(part: bigint, whole: bigint): number | null {
  return whole === 0n ? null : Number(divideHalfEven(part * RATIO_SCALE, whole)) / Number(RATIO_SCALE);
}

/** An exact amount divided by a count, rounded half-even to the picodollar; null without a count. */
export function averageAmount(amount: unknown, count: bigint): string | null {
  return amount === null || count === 0n ? null : toDecimal12(divideHalfEven(parseUsd(String(amount)), count));
}

/** Share of an amount in the whole; null when either is not known. */
export function shareOfAmount(amount: unknown, whole: unknown): number | null {
  return amount === null || whole === null || whole === undefined ? null : ratioOf(parseUsd(String(amount)), parseUsd(String(whole)));
}
