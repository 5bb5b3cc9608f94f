import { defaultContentRouting, IpNetworks, readTrustedProxies } from '@systemprompt-analytics/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Enricher, openEnricher } from './enrich.js';
import { extractSessionAnalytics, type SessionAnalyticsOptions } from './session-analytics.js';

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';

const options: SessionAnalyticsOptions = {
  trustedProxies: readTrustedProxies('10.0.0.0/8'),
  routing: defaultContentRouting({ content: ['/blog/*'] }),
};
let enricher: Enricher;

beforeAll(async () => {
  enricher = await openEnricher({ geoReader: { lookup: () => ({ country: 'AT', region: '', city: '' }) } });
});

describe('what a request says of its session', () => {
  it('is everything in its headers, its address and the connection', () => {
    const headers = {
      'user-agent': CHROME,
      'accept-language': 'de-AT,de;q=0.9',
      referer: 'https://user@www.google.com/search?q=private#x',
      'x-forwarded-for': '203.0.113.9, 10.0.0.3',
      'sec-ch-ua-platform': '"Windows"',
      'sec-ch-ua-platform-version': '"15.0.0"',
      'sec-gpc': '1',
    };
    const url = 'https://shop.example/blog/hello?utm_source=list&utm_medium=email&token=secret&gclid=g';
    expect(extractSessionAnalytics({ url, headers, socketAddress: '10.0.0.1' }, enricher, options)).toEqual({
      deviceType: 'desktop',
      browser: 'Chrome',
      browserVersion: '137',
      os: 'Windows 11',
      locale: 'de-AT',
      country: 'AT',
      region: '',
      city: '',
      asn: 0,
      network: '',
      hosting: false,
      bot: { declared: false, name: '', category: '', vendor: '', purpose: '' },
      referrerHost: 'www.google.com',
      referrerSource: 'Google',
      channel: 'Email',
      utmSource: 'list',
      utmMedium: 'email',
      utmCampaign: '',
      utmTerm: '',
      utmContent: '',
      clickId: 'gclid',
      ip: '203.0.113.9',
      userAgent: CHROME,
      clientHints: { brands: [], mobile: undefined, platform: 'Windows', platformVersion: '15.0.0', model: '' },
      acceptLanguage: 'de-AT,de;q=0.9',
      referrer: 'https://www.google.com/search',
      landingPage: '/blog/hello',
      entryUrl: 'https://shop.example/blog/hello?utm_source=list&utm_medium=email',
      contentId: 'hello',
      doNotTrack: true,
    });
  });

  it.each([
    ['/about', '/about', 'https://shop.example/about'],
    ['/style.css', '', ''],
    ['/feed', '', ''],
    ['/robots.txt', '', ''],
  ])('has a landing page and an entry for pages only: %s', (path, landingPage, entryUrl) => {
    const found = extractSessionAnalytics(
      { url: `https://shop.example${path}`, headers: {}, socketAddress: '192.0.2.1' },
      enricher,
      options,
    );
    expect(found).toMatchObject({
      landingPage,
      entryUrl,
      contentId: '',
      channel: 'Direct',
      doNotTrack: false,
      clientHints: undefined,
      country: 'AT',
    });
  });

  it('believes no header of a stranger', () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
    const input = { url: 'https://shop.example/', headers, socketAddress: '192.0.2.1' };
    expect(extractSessionAnalytics(input, enricher, options).ip).toBe('192.0.2.1');
    expect(
      extractSessionAnalytics({ ...input, socketAddress: '10.0.0.1' }, enricher, { ...options, trustedProxies: IpNetworks.NONE }).ip,
    ).toBe('10.0.0.1');
  });

  it('takes a referrer that is given instead of the header, own hosts and parameters that are kept', () => {
    const headers = { referer: 'https://www.bing.com/' };
    const input = {
      url: 'https://shop.example/?page=2&x=1',
      headers,
      socketAddress: '192.0.2.1',
      referrer: 'https://partner.example/a?page=1&b=2',
    };
    const found = extractSessionAnalytics(input, enricher, { ...options, ownHosts: ['partner.example'], queryParameters: ['page'] });
    expect(found).toMatchObject({
      referrerHost: '',
      channel: 'Direct',
      referrer: 'https://partner.example/a?page=1',
      entryUrl: 'https://shop.example/?page=2',
    });
  });

  it('can be read of an address that is none', () => {
    const found = extractSessionAnalytics({ url: '/relative', headers: { referer: 'nonsense' }, socketAddress: '' }, enricher, options);
    expect(found).toMatchObject({
      ip: '',
      landingPage: '',
      entryUrl: '',
      referrer: '',
      referrerHost: '',
      channel: 'Direct',
      deviceType: 'bot',
    });
  });
});
