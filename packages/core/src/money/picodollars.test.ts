import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideHalfEven, formatUsd, parseDecimal, parseUsd, toDecimal12, toMicrodollars } from './picodollars.js';

const amount = fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n });

describe('parseUsd and formatUsd', () => {
  it.each([
    ['0', 0n, '0'],
    ['-0', 0n, '0'],
    ['0.00000014', 140_000n, '0.00000014'],
    ['12.5', 12_500_000_000_000n, '12.5'],
    ['100', 100_000_000_000_000n, '100'],
    ['-3.000000000001', -3_000_000_000_001n, '-3.000000000001'],
    ['1.5000000000000000', 1_500_000_000_000n, '1.5'],
  ])('%s', (text, pico, formatted) => {
    expect(parseUsd(text)).toBe(pico);
    expect(formatUsd(pico)).toBe(formatted);
  });

  it.each(['', ' 1', '1 ', '+1', '1e3', '.5', '5.', '1,000', '0x10', 'NaN', '1.2.3', '--1', '١', `${'9'.repeat(41)}`])(
    'refuses %j',
    (text) => {
      expect(() => parseUsd(text)).toThrow(RangeError);
    },
  );

  it('refuses more than 12 decimals and says so', () => {
    expect(() => parseUsd('0.0000000000001')).toThrow(/13 decimals, at most 12/);
  });

  it('reads at another scale', () => {
    expect(parseDecimal('83333.3333333', 12)).toBe(83_333_333_333_300_000n);
  });

  it('comes back from both forms', () => {
    fc.assert(
      fc.property(amount, (pico) => {
        expect(parseUsd(formatUsd(pico))).toBe(pico);
        expect(parseUsd(toDecimal12(pico))).toBe(pico);
        expect(toDecimal12(pico)).toMatch(/^-?\d+\.\d{12}$/);
      }),
    );
  });

  it('writes 12 decimals', () => {
    expect(toDecimal12(0n)).toBe('0.000000000000');
    expect(toDecimal12(-1n)).toBe('-0.000000000001');
    expect(toDecimal12(1_234_500_000_000n)).toBe('1.234500000000');
  });
});

describe('divideHalfEven', () => {
  it.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [5n, -2n, -2n],
    [-5n, -2n, 2n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [-1n, 3n, 0n],
    [-2n, 3n, -1n],
    [0n, 9n, 0n],
  ])('%s / %s = %s', (numerator, denominator, quotient) => {
    expect(divideHalfEven(numerator, denominator)).toBe(quotient);
  });

  it('refuses zero', () => {
    expect(() => divideHalfEven(1n, 0n)).toThrow(RangeError);
  });

  it('is the nearest integer, even on a tie, and odd-symmetric', () => {
    fc.assert(
      fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 20n }), (n, d) => {
        const q = divideHalfEven(n, d);
        const twiceError = (q * d - n) * 2n;
        const size = twiceError < 0n ? -twiceError : twiceError;
        expect(size <= d).toBe(true);
        if (size === d) expect(q % 2n).toBe(0n);
        expect(divideHalfEven(-n, d)).toBe(-q);
      }),
    );
  });
});

describe('toMicrodollars', () => {
  it.each([
    [140_000n, 0n],
    [499_999n, 0n],
    [500_000n, 0n],
    [500_001n, 1n],
    [1_500_000n, 2n],
    [-500_000n, 0n],
    [-1_500_000n, -2n],
    [140_000_000n, 140n],
  ])('%s pUSD is %s microdollars', (pico, micro) => {
    expect(toMicrodollars(pico)).toBe(micro);
  });
});
