import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonKeepingIntegers } from './json-integers.js';

describe('parseJsonKeepingIntegers', () => {
  it.each([
    ['[1795452059050000001]', ['1795452059050000001']],
    ['{"a":-9223372036854775808,"b":7}', { a: '-9223372036854775808', b: 7 }],
    ['[123456789012345]', [123456789012345]],
    [
      '[1234567890123456.5, 0.12345678901234566, 1e20, 12345678901234567E2]',
      [1234567890123456.5, 0.12345678901234566, 1e20, Number('12345678901234567E2')],
    ],
    ['["a\\\\", 1795452059050000001, "\\": 1795452059050000001"]', ['a\\', '1795452059050000001', '": 1795452059050000001']],
    ['[17954520590500000]', ['17954520590500000']],
  ])('%s', (text, value) => {
    expect(parseJsonKeepingIntegers(text)).toEqual(value);
  });

  it('does not run out of stack on long strings of escapes', () => {
    const text = `{"n":1795452059050000001,"s":"${'\\n'.repeat(10_000_000)}"}`;
    expect(parseJsonKeepingIntegers(text)).toMatchObject({ n: '1795452059050000001' });
  });

  it('is JSON.parse wherever there are no long integers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify({ value, long: 0 }).replace(/0\}$/, '1795452059050000001}');
        const short = JSON.stringify(value);
        if (!/\d{16}/.test(short))
          expect(parseJsonKeepingIntegers(text)).toEqual({ value: JSON.parse(short), long: '1795452059050000001' });
      }),
    );
  });
});
