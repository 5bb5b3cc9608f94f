import { BlockList, isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedIp } from './stored-ip.js';

describe('storedIp', () => {
  it.each([
    ['192.0.2.17', '192.0.2.0', '192.0.2.17'],
    ['255.255.255.255', '255.255.255.0', '255.255.255.255'],
    ['0.0.0.0', '0.0.0.0', '0.0.0.0'],
    ['::ffff:192.0.2.17', '192.0.2.0', '192.0.2.17'],
    ['::FFFF:192.0.2.17', '192.0.2.0', '192.0.2.17'],
    ['::ffff:c000:211', '192.0.2.0', '192.0.2.17'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', '2001:db8:aaaa::', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'],
    ['2001:DB8:AAAA::1', '2001:db8:aaaa::', '2001:db8:aaaa::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::', '2001:db8::1'],
    ['::1', '::', '::1'],
    ['::', '::', '::'],
    ['1::', '1::', '1::'],
    ['1::2:3:4:5:6:7', '1:0:2::', '1:0:2:3:4:5:6:7'],
    ['1::2:3:4:5:192.0.2.1', '1:0:2::', '1:0:2:3:4:5:c000:201'],
    ['fe80::1%eth0', 'fe80::', 'fe80::1'],
  ])('%s is stored as %s, or in full as %s', (address, truncated, full) => {
    expect(storedIp(address, 'truncated')).toBe(truncated);
    expect(storedIp(address, 'full')).toBe(full);
    expect(storedIp(address, 'none')).toBe('');
  });

  it.each([
    '',
    'localhost',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1:80',
    '[::1]',
    '1::2::3',
    'gggg::',
    "'; DROP TABLE projects",
    '::1%',
    '1.2.3.4, 5.6.7.8',
  ])('%j is no address and not stored', (text) => {
    for (const privacy of ['none', 'truncated', 'full'] as const) expect(storedIp(text, privacy)).toBe('');
  });

  const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');
  const mapped = new BlockList();
  mapped.addSubnet('::ffff:0:0', 96, 'ipv6');

  it('of any address keeps the network that it lies in and nothing more', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const network = storedIp(address, 'truncated');
        const family = familyOf(network);
        const prefix = family === 'ipv4' ? 24 : 48;
        const block = new BlockList();
        block.addSubnet(network, prefix, family);
        const plain = family === 'ipv4' ? storedIp(address, 'full') : address;
        expect(block.check(plain, family)).toBe(true);
        // What is stored of the network itself is the network: no bit of the host is left in it.
        expect(storedIp(network, 'truncated')).toBe(network);
      }),
      { numRuns: 2000 },
    );
  });

  it('of two addresses of one network keeps the same', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const host = fc.array(group, { minLength: 5, maxLength: 5 }).map((groups) => groups.join(':'));
    fc.assert(
      fc.property(fc.array(group, { minLength: 3, maxLength: 3 }), host, host, (network, one, other) => {
        const prefix = network.join(':');
        fc.pre(!mapped.check(`${prefix}:${one}`, 'ipv6') && !mapped.check(`${prefix}:${other}`, 'ipv6'));
        expect(storedIp(`${prefix}:${one}`, 'truncated')).toBe(storedIp(`${prefix}:${other}`.toUpperCase(), 'truncated'));
      }),
    );
  });

  it('any text gives an address or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%]{1,40}$/)), (text) => {
        for (const privacy of ['truncated', 'full'] as const) {
          const stored = storedIp(text, privacy);
          expect(stored === '' || isIP(stored) > 0).toBe(true);
          expect(stored !== '' || isIP(text) === 0).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
