import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { hostOf, type ReferrerSourceData, ReferrerSources, type SourceKind, withoutWww } from '@systemprompt-analytics/core';
import { getDomain } from 'tldts';
import { RecentCache } from './recent-cache.js';

/** The site that a visitor came from. Absent texts are empty. */
export interface Referrer {
  /** Its host, `www.google.de`. */
  readonly host: string;
  /** What it is called: `Google`; of a site that is not known its host without `www.`. */
  readonly source: string;
  readonly kind: SourceKind | '';
}

/** No other site: the visitor came by himself, or from a page of this site. */
export const NO_REFERRER: Referrer = { host: '', source: '', kind: '' };

const HOSTS_REMEMBERED_MAX = 5_000;

/** Reads the map of referrers that lies beside core's price book. It is part of the product, so it is not checked again. */
export function loadReferrerSources(): ReferrerSources {
  const folder = dirname(createRequire(import.meta.url).resolve('@systemprompt-analytics/core/price-book.json'));
  const data: ReferrerSourceData = JSON.parse(readFileSync(join(folder, 'referrer-sources.json'), 'utf8'));
  return new ReferrerSources(data);
}

/** Tells where visitors come from, and remembers what it looked up. */
export class ReferrerReader {
  readonly sources: ReferrerSources;
  readonly #domains = new RecentCache<string, string>(HOSTS_REMEMBERED_MAX);
  readonly #referrers = new RecentCache<string, Referrer>(HOSTS_REMEMBERED_MAX);

  constructor(sources: ReferrerSources) {
    this.sources = sources;
  }

  /**
   * The other site that a visitor came from. A site is a registrable domain with everything under it: `shop.example.co.uk`
   * and `www.example.co.uk` are one, `a.github.io` and `b.github.io` are two.
   *
   * @param referrer address of the page, as the header or `document.referrer` gives it
   * @param pageHost host of the page that was visited, which is own
   * @param ownHosts further hosts that are own
   */
  referrerOf(referrer: string, pageHost: string, ownHosts: readonly string[]): Referrer {
    if (referrer === '') return NO_REFERRER;
    const host = hostOf(referrer);
    if (host === '') return NO_REFERRER;
    const domain = this.#domainOf(host);
    if (domain === this.#domainOf(pageHost) || ownHosts.some((own) => domain === this.#domainOf(own))) return NO_REFERRER;
    return this.#find(host);
  }

  #find(host: string): Referrer {
    const known = this.#referrers.get(host);
    if (known !== undefined) return known;
    const source = this.sources.find(host);
    const found: Referrer = { host, source: source?.name ?? withoutWww(host), kind: source?.kind ?? '' };
    this.#referrers.set(host, found);
    return found;
  }

  /** The registrable domain; of an address or a host without one the host itself, without port. */
  #domainOf(host: string): string {
    const known = this.#domains.get(host);
    if (known !== undefined) return known;
    const domain = getDomain(host, { allowPrivateDomains: true }) ?? host.toLowerCase().replace(/:\d+$/, '');
    this.#domains.set(host, domain);
    return domain;
  }
}
