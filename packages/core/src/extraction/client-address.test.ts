import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddressOf } from './client-address.js';
import { readTrustedProxies } from './ip-networks.js';

const trustedProxies = readTrustedProxies('10.0.0.0/8, ::1, 2001:db8:ffff::/48');

describe('whose request it is', () => {
  it.each([
    [
      'a stranger is not believed',
      '203.0.113.9',
      { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=1.1.1.1', 'x-real-ip': '1.1.1.1' },
      '203.0.113.9',
    ],
    ['a proxy that says nothing is the client', '10.0.0.1', {}, '10.0.0.1'],
    ['X-Forwarded-For of a proxy', '10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['a proxy in IPv6 notation', '::ffff:10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['the last stranger counts', '10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' }, '203.0.113.9'],
    [
      'trusted proxies are passed over',
      '10.0.0.1',
      { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.3, 2001:db8:ffff::2' },
      '203.0.113.9',
    ],
    ['all trusted: the first', '10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
    ['what cannot be read hides the client', '10.0.0.1', { 'x-forwarded-for': '1.1.1.1, garbage, 10.0.0.2' }, ''],
    ['garbage before a stranger does not matter', '10.0.0.1', { 'x-forwarded-for': 'garbage, 203.0.113.9' }, '203.0.113.9'],
    ['several headers are one list', '10.0.0.1', { 'x-forwarded-for': ['1.1.1.1', '203.0.113.9'] }, '203.0.113.9'],
    ['Forwarded', '::1', { forwarded: 'for=1.1.1.1, for="[2001:db8::7]:99";proto=https' }, '2001:db8::7'],
    ['a hidden client', '::1', { forwarded: 'for=_hidden' }, ''],
    ['X-Real-IP', '::1', { 'x-real-ip': ' 203.0.113.9 ' }, '203.0.113.9'],
    [
      'X-Forwarded-For before the others',
      '::1',
      { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=1.1.1.1', 'x-real-ip': '2.2.2.2' },
      '203.0.113.9',
    ],
    ['Forwarded before X-Real-IP', '::1', { forwarded: 'for=203.0.113.9', 'x-real-ip': '2.2.2.2' }, '203.0.113.9'],
    ['one spelling', '::1', { 'x-forwarded-for': '2001:DB8:0::0:7' }, '2001:db8::7'],
    ['a local socket has no address', '', { 'x-forwarded-for': '203.0.113.9' }, ''],
  ])('%s', (_, socketAddress, headers, expected) => {
    expect(clientAddressOf({ socketAddress, headers, trustedProxies })).toBe(expected);
  });

  it('is never what a client wrote, whatever it writes, once a proxy adds whom it spoke to', () => {
    const client = '203.0.113.9';
    const written = fc.oneof(
      fc.string({ unit: fc.constantFrom('for=', '"', '\\', ';', ',', ' ', '[', ']', ':', '1.1.1.1', '10.0.0.9', '::1'), maxLength: 60 }),
      fc.array(fc.ipV4(), { maxLength: 5 }).map((list) => list.join(', ')),
    );
    fc.assert(
      fc.property(written, (text) => {
        const forwardedFor = clientAddressOf({
          socketAddress: '10.0.0.1',
          headers: { 'x-forwarded-for': `${text}, ${client}` },
          trustedProxies,
        });
        const forwarded = clientAddressOf({ socketAddress: '10.0.0.1', headers: { forwarded: `${text}, for=${client}` }, trustedProxies });
        expect(forwardedFor).toBe(client);
        expect([client, '']).toContain(forwarded);
      }),
      { numRuns: 2_000 },
    );
  });
});
