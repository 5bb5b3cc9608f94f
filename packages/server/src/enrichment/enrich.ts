import {
  type Channel,
  CLICK_IDS,
  channelOf,
  formatIpAddress,
  headerValue,
  hostOf,
  parseIpAddress,
  type RequestHeaders,
  readCampaign,
  readLocale,
} from '@systemprompt-analytics/core';
import type { ClientFacts } from './client-facts.js';
import { type GeoFacts, type GeoIpReader, NOWHERE, openGeoReader } from './geo.js';
import { type NetworkFacts, type NetworkReader, NO_NETWORK, openNetworkReader } from './networks.js';
import { RecentCache } from './recent-cache.js';
import { loadReferrerSources, ReferrerReader } from './referrers.js';
import { UserAgentReader } from './user-agents.js';

/** What enrichment needs to know. */
export interface EnricherConfiguration {
  /** Path of a MaxMind database of countries or cities. @default the installed one, or none; empty likewise */
  readonly geoDatabase?: string;
  /** Path of a MaxMind database or CSV of autonomous systems. @default the installed one, or none; empty likewise */
  readonly asnDatabase?: string;
  /** Tells places instead of a database. */
  readonly geoReader?: GeoIpReader;
}

/** Who made a request, as far as enrichment needs it. */
export interface ClientRequest {
  /** The client's whole address; empty when it is not known. */
  readonly ip: string;
  readonly userAgent: string;
  /** Of the request, by lower-case name: for Client Hints, and for `accept-language` where it is not given apart. */
  readonly headers?: RequestHeaders;
  /** An `Accept-Language` header or a language tag. */
  readonly acceptLanguage?: string;
}

/** The first page of a visit, and what led to it. */
export interface Arrival {
  /** The page's whole address. */
  readonly pageUrl: string;
  /** Address of the page that linked to it; empty for none. */
  readonly referrer: string;
  /** Further hosts that are the site's own; those of the page's domain always are. */
  readonly ownHosts?: readonly string[];
}

/** Where a visit came from. Absent texts are empty. */
export interface Acquisition {
  /** Host of the other site. */
  readonly referrerHost: string;
  /** What that site is called; without a referrer, the known source that `utm_source` or a click id names. */
  readonly referrerSource: string;
  readonly channel: Channel;
  readonly utmSource: string;
  readonly utmMedium: string;
  readonly utmCampaign: string;
  readonly utmTerm: string;
  readonly utmContent: string;
  /** Name of the click id in the address, never its value. */
  readonly clickId: string;
}

interface AddressFacts extends GeoFacts, NetworkFacts {}

const NO_ADDRESS: AddressFacts = { ...NOWHERE, ...NO_NETWORK };
const ADDRESSES_REMEMBERED_MAX = 10_000;
const CLIENTS_REMEMBERED_MAX = 50_000;
const LOCALES_REMEMBERED_MAX = 1_000;

/** Tells from a request who made it and where the visitor came from. */
export class Enricher {
  readonly #geo: GeoIpReader;
  readonly #networks: NetworkReader;
  readonly #referrers: ReferrerReader;
  readonly #userAgents = new UserAgentReader();
  readonly #addresses = new RecentCache<string, AddressFacts>(ADDRESSES_REMEMBERED_MAX);
  /** Of every live session is held what its client is, and many are alike: they hold one and the same. */
  readonly #clients = new RecentCache<string, ClientFacts>(CLIENTS_REMEMBERED_MAX);
  readonly #locales = new RecentCache<string, string>(LOCALES_REMEMBERED_MAX);

  constructor(parts: { readonly geo: GeoIpReader; readonly networks: NetworkReader; readonly referrers: ReferrerReader }) {
    this.#geo = parts.geo;
    this.#networks = parts.networks;
    this.#referrers = parts.referrers;
  }

  /**
   * Reads the table of networks, if it is not read yet; until then {@link clientFacts} knows none. It goes on beside other
   * work for some hundred milliseconds.
   *
   * @throws AnalyticsError `invalid_configuration` when it cannot be read
   */
  load(): Promise<void> {
    return this.#networks.load();
  }

  /** What is known of the client that made a request. The answer may be shared, so it must not be changed. */
  clientFacts({ ip, userAgent, headers, acceptLanguage }: ClientRequest): ClientFacts {
    const { deviceType, browser, browserVersion, os, bot } = this.#userAgents.read(userAgent, headers);
    const { country, region, city, asn, network, hosting } = this.#addressFacts(ip);
    const language = acceptLanguage ?? (headers === undefined ? '' : headerValue(headers, 'accept-language'));
    const locale = language === '' ? '' : this.#locale(language);
    const key = [deviceType, browser, browserVersion, os, locale, country, region, city, asn, hosting, bot.name, bot.category].join('\n');
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const facts = { deviceType, browser, browserVersion, os, locale, country, region, city, asn, network, hosting, bot };
    this.#clients.set(key, facts);
    return facts;
  }

  /** Where a visit came from: its referrer, campaign and channel. */
  acquisition({ pageUrl, referrer, ownHosts = [] }: Arrival): Acquisition {
    const from = this.#referrers.referrerOf(referrer, hostOf(pageUrl), ownHosts);
    const campaign = readCampaign(pageUrl);
    const named = campaign.source === '' ? undefined : this.#referrers.sources.findNamed(campaign.source);
    const channel = channelOf({ referrerHost: from.host, referrerKind: from.kind, campaign, campaignKind: named?.kind ?? '' });
    return {
      referrerHost: from.host,
      referrerSource: from.source || (named?.name ?? CLICK_IDS.get(campaign.clickId)?.source ?? ''),
      channel,
      utmSource: campaign.source,
      utmMedium: campaign.medium,
      utmCampaign: campaign.campaign,
      utmTerm: campaign.term,
      utmContent: campaign.content,
      clickId: campaign.clickId,
    };
  }

  /** Lets go of what was remembered of clients. */
  close(): void {
    this.#addresses.clear();
    this.#clients.clear();
    this.#locales.clear();
    this.#userAgents.clear();
  }

  #addressFacts(ip: string): AddressFacts {
    if (ip === '') return NO_ADDRESS;
    const known = this.#addresses.get(ip);
    if (known !== undefined) return known;
    const address = parseIpAddress(ip);
    if (address === undefined) return NO_ADDRESS;
    const text = formatIpAddress(address);
    const facts = { ...this.#geo.lookup(text), ...this.#networks.lookup(address, text) };
    // What is asked before the table is there would be remembered without its network.
    if (this.#networks.loaded) this.#addresses.set(ip, facts);
    return facts;
  }

  #locale(language: string): string {
    const known = this.#locales.get(language);
    if (known !== undefined) return known;
    const locale = readLocale(language);
    this.#locales.set(language, locale);
    return locale;
  }
}

/**
 * Opens enrichment. Configured databases are read before it resolves; the installed table of networks is read by
 * {@link Enricher.load}, so that a server can answer its first requests beside it.
 *
 * @throws AnalyticsError `invalid_configuration` when a configured database cannot be read
 */
export async function openEnricher(configuration: EnricherConfiguration = {}): Promise<Enricher> {
  const { geoDatabase, asnDatabase, geoReader } = configuration;
  const [geo, networks] = await Promise.all([
    geoReader ?? openGeoReader(geoDatabase || undefined),
    openNetworkReader(asnDatabase || undefined),
  ]);
  return new Enricher({ geo, networks, referrers: new ReferrerReader(loadReferrerSources()) });
}
