import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_INGEST_LIMITS, defaultContentRouting, parseEvent } from '@systemprompt-analytics/core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IpPrivacy } from '../configuration.js';
import { type Enricher, openEnricher } from '../enrichment/enrich.js';
import { writeMmdb } from '../enrichment/testing/write-mmdb.js';
import { IncomingEvent, readTraits } from '../ingest/incoming-event.js';
import { PageReader } from '../ingest/page-reader.js';
import { prepareEvent, type Sender } from '../ingest/prepare-event.js';
import { storedIp } from '../ingest/stored-ip.js';
import type { OriginColumns } from '../ingest/web-rows.js';
import { loadPriceBook } from '../prices/load-price-book.js';
import { OriginReader } from './origin-reader.js';
import { refillOrigin, type StoredOrigin } from './refill-origin.js';

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';
const ANDROID = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';
const EDGE = `${CHROME} Edg/137.0.0.0`;
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const NOTHING: StoredOrigin = {
  ip: '',
  user_agent: '',
  page_url: '',
  referrer: '',
  locale: '',
  device_type: '',
  browser: '',
  browser_version: '',
  os: '',
  country: '',
  region: '',
  city: '',
  asn: 0,
  network: '',
  hosting: false,
  referrer_host: '',
  referrer_source: '',
  channel: 'Direct',
  utm_source: '',
  utm_medium: '',
  utm_campaign: '',
  utm_term: '',
  utm_content: '',
  click_id: '',
};

const folder = mkdtempSync(join(tmpdir(), 'refill-origin-'));
/** With databases that know nothing, and with some that do. */
let ignorant: Enricher;
let knowing: Enricher;

async function openWith(name: string, networks: Parameters<typeof writeMmdb>[0], systems: string): Promise<Enricher> {
  const geoDatabase = join(folder, `${name}.mmdb`);
  const asnDatabase = join(folder, `${name}.csv`);
  writeFileSync(geoDatabase, writeMmdb(networks));
  writeFileSync(asnDatabase, systems);
  return openEnricher({ geoDatabase, asnDatabase });
}

beforeAll(async () => {
  const inCity = (country: string, region: string, city: string): Parameters<typeof writeMmdb>[0][number]['record'] => ({
    country_code: country,
    state1: region,
    city,
  });
  ignorant = await openWith('ignorant', [{ network: '10.0.0.0/8', record: { country_code: 'ZZ' } }], '10.0.0.0,10.0.0.9,64512,None\n');
  knowing = await openWith(
    'knowing',
    [
      { network: '192.0.2.0/24', record: inCity('AT', 'Vienna', 'Vienna') },
      { network: '198.51.100.0/26', record: inCity('CH', 'Zurich', 'Uster') },
      { network: '198.51.100.64/26', record: inCity('CH', 'Zurich', 'Wald') },
      { network: '198.51.101.0/25', record: inCity('DE', 'Berlin', 'Berlin') },
      { network: '2001:db8::/48', record: inCity('FR', '', '') },
    ],
    '192.0.2.0,192.0.2.255,24940,Hetzner Online GmbH\n198.51.100.0,198.51.100.127,3303,Swisscom\n198.51.100.128,198.51.100.255,559,SWITCH\n',
  );
});
afterAll(() => {
  ignorant.close();
  knowing.close();
  rmSync(folder, { recursive: true });
});

const refill = (stored: Partial<StoredOrigin>, hinted = false): OriginColumns => refillOrigin({ ...NOTHING, ...stored }, knowing, hinted);

describe('an address', () => {
  it.each([
    ['192.0.2.7', { country: 'AT', region: 'Vienna', city: 'Vienna', asn: 24940, network: 'Hetzner Online GmbH', hosting: true }],
    ['192.0.2.0', { country: 'AT', region: 'Vienna', city: 'Vienna', asn: 24940, hosting: true }],
    ['198.51.100.70', { country: 'CH', region: 'Zurich', city: 'Wald', asn: 3303, network: 'Swisscom', hosting: false }],
    // Half of the network is nowhere, and it is of two systems.
    ['198.51.100.0', { country: '', region: '', city: '', asn: 0, network: '' }],
    ['2001:db8::', { country: 'FR', region: '' }],
    ['2001:db8:0:ffff::7', { country: 'FR' }],
    ['203.0.113.0', { country: '' }],
    ['', { country: '' }],
    ['not one', { country: '' }],
  ])('%j that is stored says where the visitor was', (ip, expected) => {
    expect(refill({ ip })).toMatchObject(expected);
  });

  const known = { country: 'AT', region: 'Tyrol', city: 'Hall', asn: 1, network: 'One' };
  it.each([
    ['', known],
    ['203.0.113.7', known],
    ['198.51.100.0', known],
    ['192.0.2.0', { country: 'AT', region: 'Vienna', city: 'Vienna', asn: 24940, network: 'Hetzner Online GmbH' }],
    // A region and a city of another country are not known of this one.
    ['2001:db8::7', { ...known, country: 'FR', region: '', city: '' }],
    ['198.51.101.7', { ...known, country: 'DE', region: 'Berlin', city: 'Berlin' }],
  ])('%j replaces what was known where more is known, and leaves the rest', (ip, expected) => {
    expect(refill({ ip, ...known })).toMatchObject(expected);
  });

  it('that is not there any more leaves its network, which may count as hosting now', () => {
    expect(refill({ asn: 24940, network: 'Hetzner Online GmbH' })).toMatchObject({ asn: 24940, hosting: true });
    expect(refill({ asn: 13335, network: 'Cloudflare, Inc.', hosting: true })).toMatchObject({ asn: 13335, hosting: false });
  });
});

describe('a client', () => {
  const KEPT: Partial<OriginColumns> = {};
  const stale = { device_type: 'mobile', browser: 'Opera Mini', browser_version: '8', os: 'Symbian' };
  it.each<[string, boolean, Partial<StoredOrigin>, Partial<OriginColumns>]>([
    [CHROME, false, stale, { device_type: 'desktop', browser: 'Chrome', browser_version: '137', os: 'Windows 10' }],
    [FIREFOX, true, stale, { device_type: 'desktop', browser: 'Firefox', browser_version: '140', os: 'Linux' }],
    ['', false, stale, stale],
    [CHROME, true, { os: 'Windows 11', browser: 'Brave', browser_version: '137.0.7151', device_type: 'desktop' }, KEPT],
    [CHROME, true, { os: 'Windows 10', browser: 'Chrome', browser_version: '137.0.7151', device_type: 'desktop' }, KEPT],
    [CHROME, true, { os: '', browser: '', browser_version: '', device_type: '' }, { os: 'Windows 10', browser: 'Chrome' }],
    [CHROME, true, { os: 'Windows', browser: 'Chrome', browser_version: '136' }, { os: 'Windows 10', browser_version: '137' }],
    [EDGE, true, { os: 'Windows 11', browser: 'Chrome', browser_version: '137' }, { os: 'Windows 11', browser: 'Edge' }],
    [MAC, true, { os: 'macOS 15.5', browser: 'Chrome', browser_version: '137' }, KEPT],
    [ANDROID, true, { os: 'Android 15', device_type: 'tablet', browser: 'Chrome' }, { os: 'Android 15', device_type: 'tablet' }],
    [`${CHROME} GPTBot/1.2`, true, { device_type: 'desktop', browser: 'Chrome' }, { device_type: 'bot' }],
  ])('%s, of a browser: %s, known as %j', (userAgent, hinted, known, expected) => {
    expect(refill({ user_agent: userAgent, ...known }, hinted)).toMatchObject(expected === KEPT ? known : expected);
  });
});

describe('an arrival', () => {
  it.each<[Partial<StoredOrigin>, Partial<OriginColumns>]>([
    [
      { referrer: 'https://chatgpt.com/', channel: 'Referral' },
      { channel: 'AI Assistant', referrer_source: 'ChatGPT' },
    ],
    [{ referrer: 'https://a.github.io/', page_url: 'https://b.github.io/', channel: 'Direct' }, { referrer_host: 'a.github.io' }],
    [
      { referrer: 'https://www.a.example/', page_url: 'https://a.example/', referrer_host: 'www.a.example', channel: 'Referral' },
      { referrer_host: '', channel: 'Direct' },
    ],
    // Stored without its query: the click id is known by its name only.
    [
      { click_id: 'gclid', page_url: 'https://a.example/' },
      { click_id: 'gclid', channel: 'Paid Search', referrer_source: 'Google' },
    ],
    [
      { utm_source: 'news & more', utm_medium: 'e-mail' },
      { utm_source: 'news & more', channel: 'Email' },
    ],
    [
      { page_url: 'https://a.example/?utm_source=new&x=1', utm_medium: 'cpc' },
      { utm_source: 'new', utm_medium: 'cpc' },
    ],
    [
      { referrer_host: 'www.bing.com', channel: 'Referral' },
      { referrer_host: 'www.bing.com', channel: 'Organic Search' },
    ],
    [{ click_id: 'gone', channel: 'Display' }, { click_id: 'gone' }],
  ])('%j is read again', (stored, expected) => {
    expect(refill(stored)).toMatchObject(expected);
  });
});

describe('any visit', () => {
  const prices = loadPriceBook('');
  const clients: readonly { readonly userAgent: string; readonly headers: Record<string, string> }[] = [
    ...[CHROME, ANDROID, MAC, EDGE, IPHONE, FIREFOX, 'curl/8.5.0', '-', '', `${CHROME} GPTBot/1.2`].map((userAgent) => ({
      userAgent,
      headers: {},
    })),
    {
      userAgent: CHROME,
      headers: { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"15.0.0"', 'accept-language': 'fr' },
    },
    {
      userAgent: CHROME,
      headers: { 'sec-ch-ua': '"Brave";v="137", "Chromium";v="137"', 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Windows"' },
    },
    { userAgent: CHROME, headers: { 'signature-agent': '"https://chatgpt.com"' } },
    { userAgent: CHROME, headers: { 'sec-ch-ua': '"HeadlessChrome";v="137"' } },
    { userAgent: MAC, headers: { 'sec-ch-ua-platform': '"macOS"', 'sec-ch-ua-platform-version': '"15.5.0"', 'accept-language': 'de-AT' } },
    {
      userAgent: ANDROID,
      headers: { 'sec-ch-ua-mobile': '?1', 'sec-ch-ua-platform': '"Android"', 'sec-ch-ua-platform-version': '"15.0.0"' },
    },
  ];
  const host = fc.integer({ min: 0, max: 255 });
  const word = fc.oneof(fc.constantFrom('google', 'cpc', 'email', 'x y', '100%', 'ü&='), fc.string({ maxLength: 8 }));
  const query = fc.dictionary(fc.constantFrom('utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'gclid', 'fbclid', 'q'), word);
  const anyVisit = fc.record({
    ip: fc.oneof(
      fc.constantFrom('', '2001:db8::1', '2001:db8:0:9::1', '::ffff:192.0.2.9'),
      fc.tuple(fc.constantFrom('192.0.2', '198.51.100', '198.51.101', '203.0.113'), host).map(([network, last]) => `${network}.${last}`),
    ),
    client: fc.constantFrom(...clients),
    page: fc.option(
      query.map((fields) => `https://www.shop.example/p?${new URLSearchParams(fields)}`),
      { nil: undefined },
    ),
    referrer: fc.option(
      fc.oneof(
        fc.constantFrom(
          'https://www.google.de/',
          'https://chatgpt.com/?q=1',
          'https://shop.example/a',
          'android-app://com.slack/',
          'not one',
        ),
        fc.webUrl(),
      ),
      { nil: undefined },
    ),
    browser: fc.boolean(),
    privacy: fc.constantFrom<IpPrivacy>('none', 'truncated', 'full'),
    parameters: fc.constantFrom(['utm_*'], [], ['utm_source', 'gclid']),
  });
  type Visit = typeof anyVisit extends fc.Arbitrary<infer Each> ? Each : never;

  /** A visit as it is stored when it arrives, by the path that events take. */
  function arrive(visit: Visit, enricher: Enricher): StoredOrigin {
    const { userAgent, headers } = visit.client;
    const sender: Sender = { projectId: 'default', keyId: '', trusted: !visit.browser, ip: visit.ip, userAgent, headers };
    const told = visit.browser ? {} : { ip: visit.ip || undefined, user_agent: userAgent || undefined, locale: 'nl-BE' };
    const nowMs = Date.UTC(2026, 5, 1);
    const type = visit.page === undefined ? 'signup' : 'page_view';
    const event = { type, timestamp: nowMs, page_url: visit.page, referrer: visit.referrer || undefined, ...told };
    const outcome = parseEvent(JSON.parse(JSON.stringify(event)), { nowMs, limits: DEFAULT_INGEST_LIMITS, trusted: sender.trusted });
    if (!outcome.ok) throw new TypeError(outcome.fault.message);
    const pages = new PageReader(defaultContentRouting({ pages: [], notPages: [], content: [] }), visit.parameters);
    const prepared = prepareEvent(outcome.event, {
      sender,
      nowMs,
      receivedAt: '',
      nextArrival: () => 0,
      prices,
      ipPrivacy: visit.privacy,
      pages,
    });
    const incoming = new IncomingEvent(outcome.event, prepared, readTraits(outcome.event, sender, true), nowMs);
    const text = (name: 'ip' | 'user_agent' | 'page_url' | 'referrer'): string => String(incoming.web?.[name] ?? '');
    const columns = new OriginReader(enricher).read(incoming).columns;
    return { ip: text('ip'), user_agent: text('user_agent'), page_url: text('page_url'), referrer: text('referrer'), ...columns };
  }
  const columnsOf = ({ ip: _ip, user_agent: _agent, page_url: _page, referrer: _referrer, ...columns }: StoredOrigin): OriginColumns =>
    columns;

  it('is told the same again while databases and lists are the same', () => {
    fc.assert(
      fc.property(anyVisit, (visit) => {
        const stored = arrive(visit, knowing);
        expect(refillOrigin(stored, knowing, visit.browser)).toEqual(columnsOf(stored));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is told the same when the databases are gone', () => {
    fc.assert(
      fc.property(anyVisit, (visit) => {
        const stored = arrive(visit, knowing);
        expect(refillOrigin(stored, ignorant, visit.browser)).toEqual(columnsOf(stored));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is told as if it came later, as far as its address is stored', () => {
    fc.assert(
      fc.property(anyVisit, (visit) => {
        const later = columnsOf(arrive(visit, knowing));
        const found = refillOrigin(arrive(visit, ignorant), knowing, visit.browser);
        if (storedIp(visit.ip, visit.privacy) === storedIp(visit.ip, 'full') && !visit.ip.endsWith('.0')) expect(found).toEqual(later);
        else for (const name of ['country', 'region', 'city', 'network'] as const) expect(['', later[name]]).toContain(found[name]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is told once for all, whatever was known of it', () => {
    const place = fc.constantFrom('', 'AT', 'FR', 'Vienna', 'Uster');
    const known = fc.record({ country: place, region: place, city: place, asn: fc.constantFrom(0, 559, 24940), network: place });
    const more = fc.record({
      browser: fc.constantFrom('', 'Chrome', 'Brave'),
      browser_version: fc.constantFrom('', '137', '137.0.7'),
      os: place,
    });
    fc.assert(
      fc.property(anyVisit, known, more, (visit, ...facts) => {
        const stored: StoredOrigin = Object.assign(arrive(visit, ignorant), ...facts);
        const once = refillOrigin(stored, knowing, visit.browser);
        expect(refillOrigin({ ...stored, ...once }, knowing, visit.browser)).toEqual(once);
        if (stored.country !== '') expect(once.country).not.toBe('');
        if (stored.asn !== 0) expect(once.asn).not.toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
