import type { AnalyticsSession, ContentRouting, IpNetworks, SessionSource } from '@systemprompt-analytics/core';
import type { IpPrivacy } from '../configuration.js';
import type { Enricher } from '../enrichment/enrich.js';
import { extractSessionAnalytics, type SessionAnalytics, type SessionAnalyticsInput } from '../enrichment/session-analytics.js';
import { storedIp } from '../ingest/stored-ip.js';
import type { NewSession, SessionRepository } from './session-repository.js';
import { dayOf, type VisitorSalts } from './visitor-salts.js';

export interface AnalyticsServiceOptions {
  readonly enricher: Enricher;
  readonly sessions: SessionRepository;
  readonly salts: VisitorSalts;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Whose forwarding headers are believed. */
  readonly trustedProxies: IpNetworks;
  /** Which paths are pages, and which content they show. */
  readonly routing: ContentRouting;
  /** Query parameters that are kept of addresses. */
  readonly queryParameters: readonly string[];
  /** How much of an address is stored. */
  readonly ipPrivacy: IpPrivacy;
  /** Is a visitor who asks not to be tracked nobody? */
  readonly honourDoNotTrack: boolean;
  /** Longest pause within a session, in milliseconds. */
  readonly sessionGapMs: number;
}

/** What an application knows of a session that a request does not say. */
export interface SessionFacts {
  /** @default 'web' */
  readonly source?: SessionSource;
  readonly userId?: string;
}

/**
 * Sessions for an application that answers requests itself: what a request says of its visitor, and the session it belongs to.
 *
 * @example
 * const service: AnalyticsService = product.analytics;
 * const request = { url: 'https://example.com/', headers: { 'user-agent': 'Mozilla/5.0' }, socketAddress: '192.0.2.1' };
 * const analytics = service.extract(request);
 * const session = await service.findOrCreateSession('default', analytics);
 */
export class AnalyticsService {
  readonly #options: AnalyticsServiceOptions;

  constructor(options: AnalyticsServiceOptions) {
    this.#options = options;
  }

  /** Everything that a request says of the session it belongs to. Nothing of it is stored by this. */
  extract(request: SessionAnalyticsInput): SessionAnalytics {
    const { enricher, trustedProxies, routing, queryParameters } = this.#options;
    return extractSessionAnalytics(request, enricher, { trustedProxies, routing, queryParameters });
  }

  /**
   * The fingerprint that stands for a visitor where its client names none: a hash that is another one on another day. Empty
   * for a visitor without an address, and for one who asks not to be tracked.
   */
  async fingerprintOf(projectId: string, { ip, userAgent, doNotTrack }: SessionAnalytics): Promise<string> {
    const { salts, clock, honourDoNotTrack } = this.#options;
    if (ip === '' || (doNotTrack && honourDoNotTrack)) return '';
    const day = dayOf(clock());
    await salts.ensure(new Set([day]));
    return salts.visitorId(day, projectId, ip, userAgent);
  }

  /** The visitor's session that still goes on; undefined when there is none. */
  findRecentSession(projectId: string, fingerprint: string): Promise<AnalyticsSession | undefined> {
    if (fingerprint === '') return Promise.resolve(undefined);
    return this.#options.sessions.findRecentByFingerprint(projectId, fingerprint, this.#options.sessionGapMs);
  }

  /** Opens a session with what a request said of it. Of a visitor who asks not to be tracked nothing is stored that tells who it is. */
  async createSession(projectId: string, analytics: SessionAnalytics, facts: SessionFacts = {}): Promise<AnalyticsSession> {
    const { source = 'web', userId } = facts;
    const nobody = analytics.doNotTrack && this.#options.honourDoNotTrack;
    return this.#options.sessions.create(projectId, {
      source,
      visitorId: await this.fingerprintOf(projectId, analytics),
      origin: nobody ? {} : this.#originOf(analytics),
      ...(userId === undefined || nobody ? {} : { userId }),
    });
  }

  /** The visitor's session that still goes on, kept alive, or a new one. */
  async findOrCreateSession(projectId: string, analytics: SessionAnalytics, facts: SessionFacts = {}): Promise<AnalyticsSession> {
    const found = await this.findRecentSession(projectId, await this.fingerprintOf(projectId, analytics));
    if (found === undefined) return this.createSession(projectId, analytics, facts);
    await this.#options.sessions.touch(projectId, found.sessionId);
    return found;
  }

  #originOf(analytics: SessionAnalytics): NonNullable<NewSession['origin']> {
    return {
      locale: analytics.locale,
      device_type: analytics.deviceType,
      browser: analytics.browser,
      browser_version: analytics.browserVersion,
      os: analytics.os,
      country: analytics.country,
      region: analytics.region,
      city: analytics.city,
      asn: analytics.asn,
      network: analytics.network,
      hosting: analytics.hosting,
      referrer_host: analytics.referrerHost,
      referrer_source: analytics.referrerSource,
      channel: analytics.channel,
      utm_source: analytics.utmSource,
      utm_medium: analytics.utmMedium,
      utm_campaign: analytics.utmCampaign,
      utm_term: analytics.utmTerm,
      utm_content: analytics.utmContent,
      click_id: analytics.clickId,
      ip: storedIp(analytics.ip, this.#options.ipPrivacy),
      user_agent: analytics.userAgent,
      entry_url: analytics.entryUrl,
      entry_page: analytics.landingPage,
    };
  }
}
