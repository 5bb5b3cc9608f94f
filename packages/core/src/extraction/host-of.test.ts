import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf, withoutWww } from './host-of.js';
import { strippedUrl } from './stripped-url.js';

/** By the constructor alone; see `isAddress` for what `URL.canParse` does once it is asked often. */
function hostnameOf(address: string): string {
  try {
    return new URL(address).hostname;
  } catch {
    return '';
  }
}

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
    ['HTTPS://user:pass@EXAMPLE.org:8443?q', 'example.org'],
    ['https://[2001:0DB8::0001]/', '[2001:db8::1]'],
    ['https://[::ffff:192.0.2.1]/', '[::ffff:c000:201]'],
    ['https://192.0.2.1:80/', '192.0.2.1'],
    ['http://0xc0.0.2.1/', '192.0.2.1'],
    ['http://999/', '0.0.3.231'],
    ['http:example.org/p', 'example.org'],
    [' https://exam\tple.org/ ', 'example.org'],
    ['android-app://com.Slack/', 'com.slack'],
    ['android-app://com.example.7', 'com.example.7'],
    ['https://192.0.2.300/', ''],
    ['https://192.0.2.1.1/', ''],
    ['https://[2001:db8::g]/', ''],
    ['https://example.org:99999/', ''],
    ['https://xn--a.example/', ''],
    ['https://xn--bcher-kva.example/', 'xn--bcher-kva.example'],
    ['https://a..example/', ''],
    ['https://.../', ''],
    [`https://${'a'.repeat(64)}.example/`, ''],
    ['android-app://bücher/', ''],
    ['https://\ufffd\ufffd.example/', ''],
    ['file://user@host/', ''],
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

  it('is the one that the URL standard reads, or none, of any text', () => {
    const part = fc.constantFrom(
      'a',
      'B.example',
      'xn--',
      'xn--bcher-kva',
      'ü',
      '\xe4',
      '漢',
      '-',
      '_',
      '.',
      ':',
      '80',
      '99999',
      '@',
      '/',
      '?',
      '#',
    );
    const odd = fc.constantFrom('\\', '[::1]', '0x7f', '192.0.2.1', '300', '%41', ' ', '\t', '\ufffd', '\0', '\xad', '://');
    const scheme = fc.constantFrom('http://', 'HTTPS://', 'http:', 'https:/', 'android-app://', 'file://', 'javascript://', 'a', '//', '');
    const address = fc.tuple(scheme, fc.array(fc.oneof(part, odd), { maxLength: 6 })).map(([start, rest]) => start + rest.join(''));
    fc.assert(
      fc.property(address, (text) => {
        const host = hostOf(text);
        const beforeQuery = text.replace(/[?#].*$/s, '');
        const standard = hostnameOf(beforeQuery).toLowerCase().replace(/\.$/, '');
        expect([standard, '']).toContain(host);
        if (/^[a-z]+(?:\.[a-z]+)*$/.test(standard)) expect(host).toBe(standard);
        // What is stored of an address has the same host.
        expect(hostOf(strippedUrl(text) || beforeQuery)).toBe(host);
      }),
      { numRuns: 10_000 },
    );
  });

  it('is named without www.', () => {
    expect([withoutWww('www.example.org'), withoutWww('wwwx.example.org')]).toEqual(['example.org', 'wwwx.example.org']);
  });
});
