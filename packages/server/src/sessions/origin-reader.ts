import type { ClientFacts } from '../enrichment/client-facts.js';
import type { Enricher } from '../enrichment/enrich.js';
import type { IncomingEvent } from '../ingest/incoming-event.js';
import type { OriginColumns } from '../ingest/web-rows.js';

/** Where the visitor of an event came from, and with what. */
export interface Origin {
  readonly columns: OriginColumns;
  readonly client: ClientFacts;
}

/** Finds out where visitors come from: from the first event of a session, while its headers and whole address are at hand. */
export class OriginReader {
  readonly #enricher: Enricher;

  readonly #ready: () => Promise<void>;

  /** @param ready resolves when everything that can be known of an address is */
  constructor(enricher: Enricher, ready: () => Promise<void> = async () => undefined) {
    this.#enricher = enricher;
    this.#ready = ready;
  }

  /** Resolves when {@link read} knows what it can. */
  ready(): Promise<void> {
    return this.#ready();
  }

  read({ traits, pageUrl, referrer }: IncomingEvent): Origin {
    const { ip, userAgent, headers } = traits;
    const client = this.#enricher.clientFacts({ ip, userAgent, headers });
    const from = this.#enricher.acquisition({ pageUrl, referrer });
    const columns: OriginColumns = {
      locale: client.locale,
      device_type: client.deviceType,
      browser: client.browser,
      browser_version: client.browserVersion,
      os: client.os,
      country: client.country,
      region: client.region,
      city: client.city,
      asn: client.asn,
      network: client.network,
      hosting: client.hosting,
      referrer_host: from.referrerHost,
      referrer_source: from.referrerSource,
      channel: from.channel,
      utm_source: from.utmSource,
      utm_medium: from.utmMedium,
      utm_campaign: from.utmCampaign,
      utm_term: from.utmTerm,
      utm_content: from.utmContent,
      click_id: from.clickId,
    };
    return { columns, client };
  }
}
