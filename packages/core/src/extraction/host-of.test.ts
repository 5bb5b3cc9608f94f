import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf, withoutWww } from './host-of.js';

describe('the host of an address', () => {
  it.each([
    ['https://www.Example.org/p?q#f', 'www.example.org'],
    ['http://example.org:8080', 'example.org'],
    ['https://user:pass@example.org/', 'example.org'],
    ['https://example.org.', 'example.org'],
    ['https://[2001:db8::1]:443/', '[2001:db8::1]'],
    ['android-app://com.google.android.gm/', 'com.google.android.gm'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['https://evil.example\\@good.example/', 'evil.example'],
    ['https://a b/', ''],
    ['//example.org/', ''],
    ['/path', ''],
    ['mailto:a@example.org', ''],
    ['about:blank', ''],
    ['', ''],
    [`https://${'a'.repeat(300)}.example/`, ''],
  ])('%s', (address, expected) => {
    expect(hostOf(address)).toBe(expected);
  });

  it('is the one that the URL standard reads, for any address of a page', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true, validSchemes: ['http', 'https'] }), (address) => {
        expect(hostOf(address)).toBe(new URL(address).hostname);
      }),
    );
  });

  it('is named without www.', () => {
    expect([withoutWww('www.example.org'), withoutWww('wwwx.example.org')]).toEqual(['example.org', 'wwwx.example.org']);
  });
});
