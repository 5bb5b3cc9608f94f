import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessLogEntry } from './access-log-entry.js';
import { inferSite } from './infer-site.js';
import { accessLogUrl, encodeTarget } from './request-target.js';

const ENTRY: AccessLogEntry = {
  timestampMs: 0,
  ip: '1.2.3.4',
  clientName: undefined,
  method: 'GET',
  target: '/',
  statusCode: 200,
  responseBytes: undefined,
  referrer: undefined,
  userAgent: undefined,
  host: undefined,
  scheme: undefined,
  durationMs: undefined,
};

describe('accessLogUrl', () => {
  it.each([
    [{ target: '/a?b' }, 'https://example.com/a?b'],
    [{ target: '//evil.example/x' }, 'https://example.com//evil.example/x'],
    [{ target: '' }, 'https://example.com/'],
    [{ target: 'http://example.com/a' }, 'https://example.com/a'],
    [{ target: 'HTTPS://EXAMPLE.com:443?b' }, 'https://example.com/?b'],
    [{ target: 'http://example.com' }, 'https://example.com/'],
    [{ target: 'http://example.com.evil.example/' }, 'https://example.com/http%3A%2F%2Fexample.com.evil.example%2F'],
    [{ target: 'http://evil.example/?x' }, 'https://example.com/http%3A%2F%2Fevil.example%2F%3Fx'],
    [{ target: '*', method: 'OPTIONS' }, 'https://example.com/*'],
    [{ target: 'a.example:443', method: 'CONNECT' }, 'https://example.com/a.example%3A443'],
    [{ target: '%16%03%01', method: '-' }, 'https://example.com/%16%03%01'],
    [{ target: '/x%20y', method: '-' }, 'https://example.com/%2Fx%20y'],
    [{ host: 'shop.example.com:8443' }, 'https://shop.example.com:8443/'],
    [{ host: 'shop.example.com', scheme: 'http' as const }, 'http://shop.example.com/'],
    [{ host: 'shop.example.com', target: 'http://example.com/' }, 'https://shop.example.com/http%3A%2F%2Fexample.com%2F'],
  ])('makes an address of %j', (change, expected) => {
    expect(accessLogUrl({ ...ENTRY, ...change }, 'https://example.com')).toBe(expected);
  });

  it('makes an address of this host of any target', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('GET', '-'), (text, method) => {
        const url = new URL(accessLogUrl({ ...ENTRY, method, target: encodeTarget(text) }, 'https://example.com'));
        expect(url.origin).toBe('https://example.com');
        expect(url.hash).toBe('');
      }),
    );
  });
});

it('encodes what may not stand in an address, once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = encodeTarget(text);
      expect(encoded).toMatch(/^[!-~]*$/);
      expect(encoded).not.toMatch(/["#<>\\]/);
      expect(encodeTarget(encoded)).toBe(encoded);
    }),
  );
});

describe('inferSite', () => {
  const asked = (target: string, referrer: string | undefined): AccessLogEntry => ({ ...ENTRY, target, referrer });
  it('is the origin that most assets were asked for by', () => {
    const entries = [
      asked('/a.css', 'https://Example.com/page'),
      asked('/b.js?v=1', 'https://example.com/'),
      asked('/c.PNG', 'https://forum.example.net/thread'),
      asked('/page', 'https://search.example.net/'),
      asked('/other', 'https://search.example.net/'),
      asked('/third', 'https://search.example.net/'),
      asked('/d.woff2', ''),
    ];
    expect(inferSite(entries)).toBe('https://example.com');
  });
  it('is not known where no asset has a referrer', () => {
    expect(inferSite([asked('/', 'https://a.example/'), asked('/a.css', 'about:blank'), asked('/a.css', undefined)])).toBeUndefined();
  });
});
