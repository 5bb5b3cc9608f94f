import {
  asksNotToBeTracked,
  type ContentRouting,
  clientAddressOf,
  DEFAULT_QUERY_PARAMETERS,
  headerValue,
  type IpNetworks,
  parseAddress,
  type RequestHeaders,
  strippedUrl,
} from '@systemprompt-analytics/core';
import type { ClientFacts } from './client-facts.js';
import type { Acquisition, Enricher } from './enrich.js';
import { type ClientHints, readClientHints } from './user-agents.js';

/** A request as a web server sees it. */
export interface SessionAnalyticsInput {
  /** Absolute address that was asked for. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: RequestHeaders;
  /** The other end of the connection. */
  readonly socketAddress: string;
  /** Where the visitor came from. @default the `referer` header */
  readonly referrer?: string;
}

/** What the extraction depends on besides the request. */
export interface SessionAnalyticsOptions {
  /** Whose forwarding headers are believed. */
  readonly trustedProxies: IpNetworks;
  /** Which paths are pages. */
  readonly routing: ContentRouting;
  /** Further hosts that are the site's own. @default none */
  readonly ownHosts?: readonly string[];
  /** Query parameters that are kept of addresses. @default utm_* */
  readonly queryParameters?: readonly string[];
}

/**
 * Everything that a request says of the session it belongs to. Absent texts are empty.
 *
 * @example
 * const analytics: SessionAnalytics = product.analytics.extract(request);
 * console.log(analytics.channel, '/', analytics.utmSource, '/', analytics.referrerHost);
 */
export interface SessionAnalytics extends ClientFacts, Acquisition {
  /** The client's whole address; stored only as the privacy setting says. */
  readonly ip: string;
  readonly userAgent: string;
  /** Undefined when the client sent none. */
  readonly clientHints: ClientHints | undefined;
  /** The whole list of languages as it was sent. */
  readonly acceptLanguage: string;
  /** Address the visitor came from, as it may be stored. */
  readonly referrer: string;
  /** Path of the page that was asked for; empty when it is no HTML page. */
  readonly landingPage: string;
  /** Address of that page as it may be stored; empty likewise. */
  readonly entryUrl: string;
  /** Id of the content that the page shows. */
  readonly contentId: string;
  /** Does the client ask not to be tracked (`DNT: 1` or `Sec-GPC: 1`)? */
  readonly doNotTrack: boolean;
}

/**
 * Reads everything that a request says of its session. A request for something that is no page has no landing page and no
 * entry; where the visitor came from is still told.
 */
export function extractSessionAnalytics(
  { url, headers, socketAddress, referrer = headerValue(headers, 'referer') }: SessionAnalyticsInput,
  enricher: Enricher,
  { trustedProxies, routing, ownHosts = [], queryParameters = DEFAULT_QUERY_PARAMETERS }: SessionAnalyticsOptions,
): SessionAnalytics {
  const ip = clientAddressOf({ socketAddress, headers, trustedProxies });
  const userAgent = headerValue(headers, 'user-agent');
  const { pathname: path = '', search = '' } = parseAddress(url) ?? {};
  const isPage = path !== '' && routing.isPage(path, search.slice(1));
  return {
    ...enricher.clientFacts({ ip, userAgent, headers }),
    ...enricher.acquisition({ pageUrl: url, referrer, ownHosts }),
    ip,
    userAgent,
    clientHints: readClientHints(headers),
    acceptLanguage: headerValue(headers, 'accept-language'),
    referrer: strippedUrl(referrer, queryParameters),
    landingPage: isPage ? path : '',
    entryUrl: isPage ? strippedUrl(url, queryParameters) : '',
    contentId: (isPage ? routing.contentIdOf(path) : undefined) ?? '',
    doNotTrack: asksNotToBeTracked(headers),
  };
}
