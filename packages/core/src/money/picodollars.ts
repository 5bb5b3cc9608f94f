/**
 * Exact money. Every amount is a bigint count of picodollars (1 USD = 10^12 pUSD): the smallest published token price
 * of the book is a whole number of picodollars per token, so sums and products never round.
 */

/** Picodollars in one US dollar. */
export const PICODOLLARS_PER_USD = 1_000_000_000_000n;

const DECIMALS = 12;
const PICODOLLARS_PER_MICRODOLLAR = 1_000_000n;
const DECIMAL_PATTERN = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/;

/**
 * Reads a plain decimal number as an integer of `scale` decimals: `parseDecimal('1.5', 3)` is `1500n`.
 * No exponent, no plus sign, no spaces, no thousands separator; trailing zeros beyond `scale` are allowed.
 *
 * @throws RangeError when the text is not such a number or needs more than `scale` decimals.
 */
export function parseDecimal(text: string, scale: number): bigint {
  const match = DECIMAL_PATTERN.exec(text);
  if (match === null) throw new RangeError(`not a plain decimal number: ${JSON.stringify(text.slice(0, 60))}`);
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > scale) throw new RangeError(`${JSON.stringify(text)} has ${digits.length} decimals, at most ${scale} are exact here`);
  const value = BigInt(whole + digits.padEnd(scale, '0'));
  return sign === '-' ? -value : value;
}

/**
 * Reads US dollars as picodollars: `parseUsd('0.00000014')` is `140000n`.
 *
 * @throws RangeError when malformed or finer than 12 decimals.
 */
export function parseUsd(text: string): bigint {
  return parseDecimal(text, DECIMALS);
}

/** Writes picodollars as exact US dollars with all 12 decimals, for a Decimal(38,12) column: `1n` is `0.000000000001`. */
export function toDecimal12(pico: bigint): string {
  const negative = pico < 0n;
  const digits = (negative ? -pico : pico).toString().padStart(DECIMALS + 1, '0');
  const split = digits.length - DECIMALS;
  return `${negative ? '-' : ''}${digits.slice(0, split)}.${digits.slice(split)}`;
}

/** Writes picodollars as exact US dollars without trailing zeros: `0`, `12.5`, `0.00000014`. */
export function formatUsd(pico: bigint): string {
  return toDecimal12(pico).replace(/\.?0+$/, '');
}

/**
 * Integer division rounding to the nearest, a tie going to the even quotient (IEEE 754 roundTiesToEven), so that
 * rounding many amounts does not drift to one side.
 *
 * @throws RangeError when the denominator is zero.
 */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new RangeError('division by zero');
  const n = denominator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const truncated = n / d;
  // BigInt division truncates towards zero; the floor makes the remainder non-negative for either sign.
  const floor = n % d < 0n ? truncated - 1n : truncated;
  const twice = (n - floor * d) * 2n;
  if (twice < d) return floor;
  if (twice > d) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/** Picodollars as whole microdollars (1 USD = 10^6), rounded half-even. Round a sum once, never its terms. */
export function toMicrodollars(pico: bigint): bigint {
  return divideHalfEven(pico, PICODOLLARS_PER_MICRODOLLAR);
}
