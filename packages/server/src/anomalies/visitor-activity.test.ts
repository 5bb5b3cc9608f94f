import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedAddress } from './visitor-activity.js';

describe('countedAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0::'],
    ['2001:DB8:0:0:ffff:eeee:dddd:cccc', '2001:db8:0:0::'],
    ['2001:0db8:0000:0001::', '2001:db8:0:1::'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1::', '2001:db8:1:0::'],
    ['fe80::1%eth0', 'fe80:0:0:0::'],
    ['::1', '0:0:0:0::'],
    ['::', '0:0:0:0::'],
    ['', ''],
    ['unknown', 'unknown'],
  ])('of %s is %s', (ip, address) => {
    expect(countedAddress(ip)).toBe(address);
  });

  it('depends on the upper half of an IPv6 address only, however it is written', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.tuple(group, group, group, group), fc.tuple(group, group, group, group), (upper, lower) => {
        const short = [...upper, ...lower].map((each) => each.toString(16)).join(':');
        const long = [...upper, ...lower].map((each) => each.toString(16).toUpperCase().padStart(4, '0')).join(':');
        expect(countedAddress(short)).toBe(`${upper.map((each) => each.toString(16)).join(':')}::`);
        expect(countedAddress(long)).toBe(countedAddress(short));
      }),
    );
  });

  it('takes any text, quickly', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof countedAddress(text)).toBe('string');
      }),
    );
    for (const text of [':'.repeat(100_000), '0:'.repeat(50_000), `${':ffff'.repeat(20_000)}:1.2.3`]) countedAddress(text);
  });
});
