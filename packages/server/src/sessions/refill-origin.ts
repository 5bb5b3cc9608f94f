import { formatIpAddress, parseIpAddress, readCampaign } from '@systemprompt-analytics/core';
import type { ClientFacts } from '../enrichment/client-facts.js';
import type { Enricher } from '../enrichment/enrich.js';
import { isHostingNetwork } from '../enrichment/hosting-networks.js';
import { NO_NETWORK } from '../enrichment/networks.js';
import type { OriginColumns } from '../ingest/web-rows.js';

/** An event that says where the visitor of its session came from: what that was concluded from, and what was concluded. */
export interface StoredOrigin extends OriginColumns {
  /** As the privacy setting of its time let it be stored: whole, a network, or empty. */
  readonly ip: string;
  readonly user_agent: string;
  /** Without the query parameters that were not to be stored. */
  readonly page_url: string;
  readonly referrer: string;
}

type ClientColumns = Pick<OriginColumns, 'device_type' | 'browser' | 'browser_version' | 'os'>;
type PlaceColumns = Pick<OriginColumns, 'country' | 'region' | 'city'>;
type NetworkColumns = Pick<OriginColumns, 'asn' | 'network' | 'hosting'>;
type AcquisitionColumns = Omit<OriginColumns, 'locale' | keyof ClientColumns | keyof PlaceColumns | keyof NetworkColumns>;

/**
 * Where a visitor came from by the databases and lists as they are now, as far as what is stored tells it. The rest stays:
 *
 * - the place and network of an address that is not stored or that no database knows, and of one of which the network alone is
 *   stored what does not hold all over that network;
 * - the language, and what Client Hints said beyond the user agent;
 * - campaign parameters and click ids that are not in the stored address of the page.
 *
 * @param hinted did the client send its own headers, which are not stored?
 */
export function refillOrigin(stored: StoredOrigin, enricher: Enricher, hinted: boolean): OriginColumns {
  const found = findClient(stored, enricher);
  return {
    locale: stored.locale,
    ...refillClient(stored, found, hinted && CHROMIUM.test(stored.user_agent)),
    ...refillPlace(stored, found),
    ...refillNetwork(stored, found),
    ...refillAcquisition(stored, enricher),
  };
}

/** What is told by address and user agent; of a network what is told of all its addresses. */
function findClient({ ip, user_agent: userAgent }: StoredOrigin, enricher: Enricher): ClientFacts {
  const [first = '', ...others] = addressesOf(ip);
  const found = enricher.clientFacts({ ip: first, userAgent });
  const facts = others.map((address) => enricher.clientFacts({ ip: address, userAgent }));
  const sameCountry = facts.every(({ country }) => country === found.country);
  const sameRegion = sameCountry && facts.every(({ region }) => region === found.region);
  const sameCity = sameRegion && facts.every(({ city }) => city === found.city);
  return {
    ...found,
    country: sameCountry ? found.country : '',
    region: sameRegion ? found.region : '',
    city: sameCity ? found.city : '',
    ...(facts.every(({ asn }) => asn === found.asn) ? {} : NO_NETWORK),
  };
}

/** Parts of a stored network that are asked about: its ends, and between them. */
const NETWORK_PARTS = [0, 0.25, 0.5, 0.75, 1];

/** The address; of one that is a network, as it is stored by default (IPv4 /24, IPv6 /48), addresses all over it. */
function addressesOf(ip: string): string[] {
  const address = parseIpAddress(ip);
  if (address === undefined) return [];
  const { version, words } = address;
  const [first = 0, second = 0, third = 0, fourth = 0] = words;
  const rest = version === 4 ? 0xff : 0xffff;
  const isNetwork = version === 4 ? (first & rest) === 0 : (second & rest) === 0 && third === 0 && fourth === 0;
  if (!isNetwork) return [ip];
  return NETWORK_PARTS.map((part) => {
    const within = Math.floor(part * rest);
    return formatIpAddress({ version, words: version === 4 ? [first + within] : [first, second + within, 0, 0] });
  });
}

/** A region that was known is one of the country that was known, and a city likewise. */
function refillPlace(stored: OriginColumns, found: ClientFacts): PlaceColumns {
  const country = found.country || stored.country;
  const region = found.region || (country === stored.country ? stored.region : '');
  const isStoredRegion = country === stored.country && region === stored.region;
  return { country, region, city: found.city || (isStoredRegion ? stored.city : '') };
}

/** A name that was known is that of the number that was known. What hosting is changes with its list, too. */
function refillNetwork(stored: OriginColumns, found: ClientFacts): NetworkColumns {
  const asn = found.asn || stored.asn;
  const network = found.network || (asn === stored.asn ? stored.network : '');
  return { asn, network, hosting: asn === 0 ? stored.hosting : isHostingNetwork(asn, network) };
}

/** Browsers that send Client Hints say so in their user agents. */
const CHROMIUM = /\bChrom(?:e|ium)\//;
/** Names that the user agents of other browsers bear, too. */
const GENERIC_BROWSERS: ReadonlySet<string> = new Set(['', 'Chrome', 'Chromium']);
/** What user agents say of systems that only Client Hints tell apart. */
const FROZEN_SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['Windows 10', 'Windows 11'],
  ['Linux', 'Android'],
]);

/** Device, browser and system: by the user agent, unless Client Hints said more of them. */
function refillClient(stored: StoredOrigin, found: ClientFacts, hinted: boolean): ClientColumns {
  const { device_type: deviceType, browser, browser_version: version, os } = stored;
  if (stored.user_agent === '') return { device_type: deviceType, browser, browser_version: version, os };
  if (!hinted) return { device_type: found.deviceType, browser: found.browser, browser_version: found.browserVersion, os: found.os };
  const { browserVersion } = found;
  const keepsVersion = browserVersion === '' || version.startsWith(`${browserVersion}.`);
  const keepsBrowser = browser === found.browser ? keepsVersion : GENERIC_BROWSERS.has(found.browser);
  const keepsSystem = found.os === '' || os.startsWith(`${found.os} `) || os.startsWith(FROZEN_SYSTEMS.get(found.os) ?? '\n');
  // A program and a television are told by their user agents alone.
  const keepsDevice = deviceType !== '' && found.deviceType !== 'bot' && found.deviceType !== 'tv';
  return {
    device_type: keepsDevice ? deviceType : found.deviceType,
    ...(browser !== '' && keepsBrowser
      ? { browser, browser_version: version }
      : { browser: found.browser, browser_version: browserVersion }),
    os: keepsSystem ? os : found.os,
  };
}

/** Referrer, campaign and channel, from an address of the page that bears again what was not stored of it. */
function refillAcquisition(stored: StoredOrigin, enricher: Enricher): AcquisitionColumns {
  const written = readCampaign(stored.page_url);
  const clickId = stored.click_id || written.clickId;
  const query = new URLSearchParams({
    utm_source: written.source || stored.utm_source,
    utm_medium: written.medium || stored.utm_medium,
    utm_campaign: written.campaign || stored.utm_campaign,
    utm_term: written.term || stored.utm_term,
    utm_content: written.content || stored.utm_content,
    ...(clickId === '' ? {} : { [clickId]: '1' }),
  });
  const page = stored.page_url.split(/[?#]/, 1)[0] ?? '';
  const referrer = stored.referrer === '' && stored.referrer_host !== '' ? `https://${stored.referrer_host}/` : stored.referrer;
  const from = enricher.acquisition({ pageUrl: `${page}?${query}`, referrer });
  return {
    referrer_host: from.referrerHost,
    referrer_source: from.referrerSource,
    channel: from.channel,
    utm_source: from.utmSource,
    utm_medium: from.utmMedium,
    utm_campaign: from.utmCampaign,
    utm_term: from.utmTerm,
    utm_content: from.utmContent,
    click_id: from.clickId || stored.click_id,
  };
}
