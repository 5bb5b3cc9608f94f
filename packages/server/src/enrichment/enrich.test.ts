import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Acquisition, type Enricher, openEnricher } from './enrich.js';
import type { GeoIpReader } from './geo.js';
import { writeMmdb } from './testing/write-mmdb.js';

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';

const folder = mkdtempSync(join(tmpdir(), 'enrich-'));
const geoDatabase = join(folder, 'geo.mmdb');
const asnDatabase = join(folder, 'asn.csv');
let enricher: Enricher;

beforeAll(async () => {
  writeFileSync(
    geoDatabase,
    writeMmdb([
      { network: '192.0.2.0/24', record: { country: { iso_code: 'AT' }, city: { names: { en: 'Vienna' } } } },
      { network: '2001:db8::/32', record: { country_code: 'FR' } },
    ]),
  );
  writeFileSync(asnDatabase, '192.0.2.0,192.0.2.255,24940,Hetzner Online GmbH\n');
  enricher = await openEnricher({ geoDatabase, asnDatabase });
});
afterAll(() => {
  enricher.close();
  rmSync(folder, { recursive: true });
});

describe('the client of a request', () => {
  const known = {
    deviceType: 'desktop',
    browser: 'Chrome',
    browserVersion: '137',
    os: 'Windows 10',
    locale: 'de-AT',
    country: 'AT',
    region: '',
    city: 'Vienna',
    asn: 24940,
    network: 'Hetzner Online GmbH',
    hosting: true,
    bot: { declared: false, name: '', category: '', vendor: '', purpose: '' },
  };

  it('is told from its address, user agent and languages', () => {
    const request = { ip: '192.0.2.7', userAgent: CHROME, acceptLanguage: 'de-AT,de;q=0.9' };
    expect(enricher.clientFacts(request)).toEqual(known);
    expect(enricher.clientFacts(request)).toEqual(known);
  });

  it('is told from its headers', () => {
    const headers = { 'accept-language': 'de-AT', 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"15.0.0"' };
    expect(enricher.clientFacts({ ip: '::ffff:192.0.2.7', userAgent: CHROME, headers })).toEqual({ ...known, os: 'Windows 11' });
    expect(enricher.clientFacts({ ip: '192.0.2.7', userAgent: CHROME, headers, acceptLanguage: 'fr' }).locale).toBe('fr');
  });

  it.each([
    ['', { country: '', asn: 0 }],
    ['unknown', { country: '', asn: 0 }],
    ['203.0.113.1', { country: '', asn: 0 }],
    ['2001:db8::1', { country: 'FR', asn: 0 }],
  ])('at the address %j', (ip, expected) => {
    expect(enricher.clientFacts({ ip, userAgent: '' })).toMatchObject({ ...expected, city: '', hosting: false, deviceType: 'bot' });
  });

  it('is placed by the reader that a host brings', async () => {
    const geoReader: GeoIpReader = { lookup: (address) => ({ country: 'XX', region: '', city: address }) };
    const own = await openEnricher({ geoReader, asnDatabase });
    expect(own.clientFacts({ ip: '::ffff:10.0.0.1', userAgent: CHROME })).toMatchObject({ country: 'XX', city: '10.0.0.1' });
  });

  it('is in a network once the installed table is read, also where it was asked for before', async () => {
    const own = await openEnricher({ geoDatabase, asnDatabase: '' });
    const before = own.clientFacts({ ip: '8.8.8.8', userAgent: CHROME });
    await own.load();
    const after = own.clientFacts({ ip: '8.8.8.8', userAgent: CHROME });
    expect(before).toMatchObject({ asn: 0, network: '' });
    expect(after).toEqual({ ...before, ...(after.asn === 0 ? {} : { asn: 15169, network: 'Google LLC', hosting: true }) });
  });

  it.each([
    [{ geoDatabase: '/nowhere/geo.mmdb' }, 'The geo database /nowhere/geo.mmdb cannot be read'],
    [{ asnDatabase: '/nowhere/asn.csv' }, 'The ASN database /nowhere/asn.csv cannot be read'],
  ])('is not told with a faulty configuration: %j', async (configuration, message) => {
    await expect(openEnricher(configuration)).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(message),
    });
  });
});

describe('where a visit came from', () => {
  const NOTHING = {
    referrerHost: '',
    referrerSource: '',
    channel: 'Direct',
    utmSource: '',
    utmMedium: '',
    utmCampaign: '',
    utmTerm: '',
    utmContent: '',
    clickId: '',
  } as const;
  const page = 'https://www.shop.example/p';

  it.each<[string, string, Partial<Acquisition>]>([
    ['', '', {}],
    ['', 'https://blog.shop.example/', {}],
    ['', 'https://www.google.de/', { referrerHost: 'www.google.de', referrerSource: 'Google', channel: 'Organic Search' }],
    ['', 'https://www.blog.example/', { referrerHost: 'www.blog.example', referrerSource: 'blog.example', channel: 'Referral' }],
    ['', 'https://chatgpt.com/', { referrerHost: 'chatgpt.com', referrerSource: 'ChatGPT', channel: 'AI Assistant' }],
    ['?utm_source=chatgpt.com', '', { referrerSource: 'ChatGPT', channel: 'AI Assistant', utmSource: 'chatgpt.com' }],
    [
      '?utm_source=google&utm_medium=cpc&utm_campaign=a&utm_term=b&utm_content=c&gclid=secret',
      'https://www.google.com/',
      {
        referrerHost: 'www.google.com',
        referrerSource: 'Google',
        channel: 'Paid Search',
        utmSource: 'google',
        utmMedium: 'cpc',
        utmCampaign: 'a',
        utmTerm: 'b',
        utmContent: 'c',
        clickId: 'gclid',
      },
    ],
    ['?gclid=secret', '', { referrerSource: 'Google', channel: 'Paid Search', clickId: 'gclid' }],
    [
      '?fbclid=secret',
      'https://l.facebook.com/',
      { referrerHost: 'l.facebook.com', referrerSource: 'Facebook', channel: 'Organic Social', clickId: 'fbclid' },
    ],
    [
      '?utm_source=fb&utm_medium=paid_social',
      '',
      { referrerSource: 'Facebook', channel: 'Paid Social', utmSource: 'fb', utmMedium: 'paid_social' },
    ],
    ['?utm_source=list&utm_medium=email', '', { channel: 'Email', utmSource: 'list', utmMedium: 'email' }],
    ['?utm_source=list&utm_medium=email', 'https://www.shop.example/', { channel: 'Email', utmSource: 'list', utmMedium: 'email' }],
  ])('%s %s', (query, referrer, expected) => {
    const found = enricher.acquisition({ pageUrl: page + query, referrer });
    expect(found).toEqual({ ...NOTHING, ...expected });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('takes the hosts of the project for its own', () => {
    expect(enricher.acquisition({ pageUrl: page, referrer: 'https://pay.other.example/', ownHosts: ['other.example'] })).toEqual(NOTHING);
  });
});
