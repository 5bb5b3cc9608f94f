import { describe, expect, it } from 'vitest';
import { formatChange, formatDuration, formatValue, precisionOf } from './format-value.js';

const show = (value: unknown, type: string, unit: string | null = null): string => formatValue(value, { type, unit, timeZone: 'UTC' });

describe('formatValue', () => {
  it.each([
    [null, 'integer', null, '-'],
    [undefined, 'usd', 'usd', '-'],
    ['', 'string', null, '-'],
    [0, 'integer', null, '0'],
    [999, 'integer', null, '999'],
    [1234567, 'integer', null, '1,234,567'],
    [-1234, 'integer', null, '-1,234'],
    ['18446744073709551615', 'integer', null, '18,446,744,073,709,551,615'],
    [1e21, 'integer', null, '1,000,000,000,000,000,000,000'],
    ['9007199254740993', 'microdollars', null, '9,007,199,254,740,993'],
    ['0.000000000001', 'usd', 'usd', '$0.000000000001'],
    ['1234567.10', 'usd', 'usd', '$1,234,567.10'],
    ['-1234.5', 'usd', 'usd', '-$1,234.5'],
    ['12', 'usd', 'usd', '$12'],
    ['123456789012345678.123456789012', 'usd', 'usd', '$123,456,789,012,345,678.123456789012'],
    [0, 'ratio', null, '0.0 %'],
    [1, 'ratio', null, '100.0 %'],
    [0.1234, 'ratio', null, '12.3 %'],
    [0.0002, 'ratio', null, '<0.1 %'],
    [0.99999, 'ratio', null, '>99.9 %'],
    [12345.678, 'number', 'ms', '12,345.7'],
    [0.5, 'number', null, '0.50'],
    [0.00123, 'number', null, '0.0012'],
    ['12.5', 'number', null, '12.50'],
    [12.34, 'number', 'percent', '12.3 %'],
    [true, 'boolean', null, 'yes'],
    [false, 'boolean', null, 'no'],
    ['2026-03-01T12:30:05.678Z', 'timestamp', null, '2026-03-01 12:30:05'],
    ['2026-03-01 12:30:05.678', 'timestamp', null, '2026-03-01 12:30:05'],
    ['soon', 'timestamp', null, 'soon'],
    ['a\u001b[2Jb', 'string', null, 'a␛[2Jb'],
    [['a', 'b'], 'list', null, 'a, b'],
    [[], 'list', null, '-'],
    [[{ error: 'timeout', count: 1200 }], 'list', null, 'timeout 1,200'],
  ])('%j as %s (%s) is %s', (value, type, unit, expected) => {
    expect(show(value, type, unit)).toBe(expected);
  });

  it('shows times in the time zone of the report', () => {
    const format = { type: 'timestamp', unit: null, timeZone: 'Europe/Berlin' };
    expect(formatValue('2026-03-01T23:30:00Z', format)).toBe('2026-03-02 00:30:00');
    expect(formatValue('2026-07-01T22:00:00Z', { ...format, precision: 'day' })).toBe('2026-07-02');
  });
});

it('takes the coarsest precision that loses nothing', () => {
  expect(precisionOf(['2026-03-01T00:00:00Z', null], 'UTC')).toBe('day');
  expect(precisionOf(['2026-03-01T00:00:00Z'], 'Asia/Kolkata')).toBe('minute');
  expect(precisionOf(['2026-03-01T00:00:00Z', '2026-03-01T00:00:01Z'], 'UTC')).toBe('second');
});

it.each([
  [0.12, '▲ 12 %'],
  [-0.5, '▼ 50 %'],
  [0.034, '▲ 3.4 %'],
  [0.05, '▲ 5 %'],
  [0, '= 0 %'],
  [-0.0001, '▼ <0.1 %'],
  [12.3, '▲ 1,230 %'],
  [Number.NaN, '-'],
])('a change of %d is %s', (ratio, expected) => {
  expect(formatChange(ratio)).toBe(expected);
});

it.each([
  [0, '0 ms'],
  [850.4, '850 ms'],
  [4200, '4.2 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms is %s', (milliseconds, expected) => {
  expect(formatDuration(milliseconds)).toBe(expected);
});
