import { formatIpAddress, parseIpAddress, readCampaign } from '@systemprompt-analytics/core';
import type { ClientFacts } from '../enrichment/client-facts.js';
import type { Enricher } from '../enrichment/enrich.js';
import { isHostingNetwork } from '../enrichment/hosting-networks.js';
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
 * - the place and network of an address that is not stored or that no database knows; of one of which the network alone is
 *   stored, what is known also stays where that network's addresses are not all in one place, and what is not known is filled;
 * - the language, and what Client Hints said beyond the user agent;
 * - campaign parameters and click ids that are not in the stored address of the page.
 *
 * @param hinted did the client send its own headers, which are not stored?
 */
export function refillOrigin(stored: StoredOrigin, enricher: Enricher, hinted: boolean): OriginColumns {
  const facts = addressesOf(stored.ip).map((ip) => enricher.clientFacts({ ip, userAgent: stored.user_agent }));
  const [client = enricher.clientFacts({ ip: '', userAgent: stored.user_agent })] = facts;
  return {
    locale: stored.locale,
    ...refillClient(stored, client, hinted && CHROMIUM.test(stored.user_agent)),
    ...refillPlace(stored, facts),
    ...refillNetwork(stored, facts),
    ...refillAcquisition(stored, enricher),
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
  if (version === 4 ? (first & rest) !== 0 : (second & rest) !== 0 || third !== 0 || fourth !== 0) return [ip];
  return NETWORK_PARTS.map((part) => {
    const within = Math.floor(part * rest);
    return formatIpAddress({ version, words: version === 4 ? [first + within] : [first, second + within, 0, 0] });
  });
}

/** What is known now, if anything; in place of something that is known already only what is certain. */
function choose(stored: string, found: string, certain: boolean): string {
  return found === '' || (stored !== '' && !certain) ? stored : found;
}

/** Country, region and city, each only as part of the one before. */
function refillPlace(stored: OriginColumns, facts: readonly ClientFacts[]): PlaceColumns {
  const { country, region, city } = stored;
  const [found] = facts;
  if (found === undefined) return { country, region, city };
  const sameCountry = facts.every((each) => each.country === found.country);
  const sameRegion = sameCountry && facts.every((each) => each.region === found.region);
  const sameCity = sameRegion && facts.every((each) => each.city === found.city);
  const nowCountry = choose(country, found.country, sameCountry);
  const [isStored, isFound] = [nowCountry === country, nowCountry === found.country];
  const nowRegion = choose(isStored ? region : '', isFound ? found.region : '', sameRegion);
  const isStoredRegion = isStored && nowRegion === region;
  const isFoundRegion = isFound && nowRegion === found.region;
  return { country: nowCountry, region: nowRegion, city: choose(isStoredRegion ? city : '', isFoundRegion ? found.city : '', sameCity) };
}

function refillNetwork(stored: OriginColumns, facts: readonly ClientFacts[]): NetworkColumns {
  const [found] = facts;
  const certain = facts.every((each) => each.asn === found?.asn);
  const known = found !== undefined && found.asn !== 0 && (stored.asn === 0 || certain || stored.asn === found.asn);
  const asn = known ? found.asn : stored.asn;
  const stays = !known || (found.network === '' && asn === stored.asn);
  const network = stays ? stored.network : found.network;
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
