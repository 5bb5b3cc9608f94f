import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpAddress, type IpAddress, parseIpAddress } from './ip-address.js';
import { IpNetworks, NETWORKS_MAX, readTrustedProxies } from './ip-networks.js';

function includes(list: string, address: string): boolean {
  const parsed = parseIpAddress(address);
  if (parsed === undefined) throw new TypeError(`${address} is no address`);
  return readTrustedProxies(list).includes(parsed);
}

describe('a list of networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.6', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '203.0.113.9', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:db8::1', '2001:db8::1', true],
    ['127.0.0.0/8 , ::1\n10.1.0.0/16', '::1', true],
    ['127.0.0.0/8 , ::1\n10.1.0.0/16', '10.1.2.3', true],
    ['127.0.0.0/8 , ::1\n10.1.0.0/16', '10.2.2.3', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['::ffff:10.1.2.3', '10.1.2.3', true],
    ['', '127.0.0.1', false],
  ])('%j includes %s: %s', (list, address, expected) => {
    expect(includes(list, address)).toBe(expected);
  });

  it.each([
    ['proxy.internal', '"proxy.internal" is not an IPv4 or IPv6 address or network'],
    ['10.0.0.0/8, 10.0.0/8', '"10.0.0/8" is not an IPv4 or IPv6 address or network'],
    ['fe80::1%eth0', '"fe80::1%eth0" is not an IPv4 or IPv6 address or network'],
    ['10.0.0.0/33', 'the prefix length of "10.0.0.0/33" must be a whole number from 0 to 32'],
    ['2001:db8::/129', 'the prefix length of "2001:db8::/129" must be a whole number from 0 to 128'],
    ['10.0.0.0/', 'the prefix length of "10.0.0.0/" must be'],
    ['10.0.0.0/-1', 'the prefix length of "10.0.0.0/-1" must be'],
    ['10.0.0.0/08', 'the prefix length of "10.0.0.0/08" must be'],
    ['10.0.0.1/8', '"10.0.0.1/8" has bits after its prefix; the network is 10.0.0.0/8'],
    ['2001:db8::1/32', '"2001:db8::1/32" has bits after its prefix; the network is 2001:db8::/32'],
    ['::ffff:10.0.0.0/104', '"::ffff:10.0.0.0/104" has to be written as an IPv4 network'],
  ])('refuses %j', (list, message) => {
    expect(() => readTrustedProxies(list)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(message) }),
    );
  });

  it('refuses more networks than a request can be compared with', () => {
    const list = Array.from({ length: NETWORKS_MAX + 1 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`).join(' ');
    expect(() => IpNetworks.parse(list, 'trusted proxies')).toThrow(
      `${NETWORKS_MAX + 1} entries are more than the ${NETWORKS_MAX} allowed`,
    );
  });
});

describe('any network', () => {
  const bitsOf = ({ version, words }: IpAddress): string =>
    words
      .map((word) => word.toString(2).padStart(32, '0'))
      .join('')
      .padStart(version === 4 ? 32 : 128, '0');
  const four = fc.tuple(fc.integer({ min: 0, max: 0xffffffff })).map((words): IpAddress => ({ version: 4, words }));
  // The first word keeps it from being an IPv4 address inside IPv6.
  const six = fc
    .tuple(fc.integer({ min: 1, max: 0xffffffff }), ...new Array(3).fill(fc.integer({ min: 0, max: 0xffffffff })))
    .map((words): IpAddress => ({ version: 6, words: words as number[] }));

  it.each([
    ['IPv4', four, 32],
    ['IPv6', six, 128],
  ] as const)('%s holds the addresses that begin as it does', (_, anyAddress, bits) => {
    const near = fc.tuple(anyAddress, anyAddress, fc.integer({ min: 0, max: bits }), fc.integer({ min: 0, max: bits }));
    fc.assert(
      fc.property(near, ([base, other, length, shared]) => {
        const network = bitsOf(base).slice(0, length).padEnd(bits, '0');
        const address = bitsOf(base).slice(0, shared) + bitsOf(other).slice(shared);
        const toWords = (text: string): number[] => (text.match(/.{32}/g) ?? []).map((word) => Number.parseInt(word, 2));
        const version = base.version;
        const text = formatIpAddress({ version, words: toWords(network) });
        const list = readTrustedProxies(`${text}/${length}`);
        expect(list.includes({ version, words: toWords(address) })).toBe(address.startsWith(network.slice(0, length)));
      }),
    );
  });
});
