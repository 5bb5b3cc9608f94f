import {
  type AccessLogEntry,
  accessLogUrl,
  PathTable,
  parseAddress,
  SessionBehavior,
  type SessionContext,
} from '@systemprompt-analytics/core';
import { isMissingUserAgent } from '../../enrichment/bot-identity.js';
import type { Enricher } from '../../enrichment/enrich.js';
import type { PageReader } from '../../ingest/page-reader.js';
import { SiteKnowledge } from '../site-knowledge.js';
import type { LoggedClient } from './session-labels.js';

const DAY_MS = 86_400_000;
/** A log is of one site. */
const SITE = '';

/** A session of a log. */
export interface LoggedSession {
  readonly client: LoggedClient;
  readonly behavior: SessionBehavior;
  /** What its behaviour is measured against, as far as the whole log tells: as the server judges a log that was imported. */
  readonly context: SessionContext;
  /** UTC milliseconds. */
  readonly firstMs: number;
}

export interface LogSessionsOptions {
  readonly enricher: Enricher;
  readonly pages: PageReader;
  /** Longest pause within a session, in milliseconds. */
  readonly gapMs: number;
  /** Origin of the site, for lines that name no host. */
  readonly site: string;
}

interface OpenSession {
  readonly client: LoggedClient;
  readonly behavior: SessionBehavior;
  firstMs: number;
  lastMs: number;
  /** Sessions of its visitor within 24 hours, this one included. */
  fingerprintSessions: number;
}

interface Visitor {
  readonly client: LoggedClient;
  session: OpenSession | undefined;
  /** When the sessions of the last day began. */
  starts: number[];
  lastMs: number;
}

/**
 * Puts the requests of an access log together to sessions, as the server does when it imports one: a visitor is an address with a user
 * agent, and a pause longer than the gap begins a new session. Memory grows with the sessions, by half a kilobyte for most.
 */
export class LogSessions {
  /** Lines that are more than the gap older than one before them. */
  outOfOrder = 0;
  /** Requests that no address can be made of. */
  unreadable = 0;
  readonly #options: LogSessionsOptions;
  readonly #visitors = new Map<string, Visitor>();
  readonly #paths = new PathTable();
  readonly #site = new SiteKnowledge();
  readonly #over: OpenSession[] = [];
  #nowMs = Number.NEGATIVE_INFINITY;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(options: LogSessionsOptions) {
    this.#options = options;
  }

  /** Takes the next request of the log. */
  add(entry: AccessLogEntry): void {
    const { pages, site, gapMs } = this.#options;
    const { timestampMs, method, statusCode } = entry;
    const address = accessLogUrl(entry, site);
    if (parseAddress(address) === undefined) {
      this.unreadable += 1;
      return;
    }
    const { path, queryRole } = pages.read(address);
    if (timestampMs < this.#nowMs - gapMs) this.outOfOrder += 1;
    this.#nowMs = Math.max(this.#nowMs, timestampMs);
    this.#sweep();
    const kind = pages.isPageView(address, method, statusCode) ? 'page' : pages.kindOf(path);
    this.#site.note({ projectId: SITE, requestKind: kind, path });
    const session = this.#sessionOf(this.#visitorOf(entry), timestampMs);
    session.behavior.observe({
      timestampMs,
      path,
      queryRole: queryRole ?? 'plain',
      kind,
      method,
      statusCode,
      hasReferrer: (entry.referrer ?? '') !== '',
    });
  }

  /** All sessions, after the last line. */
  *finish(): Generator<LoggedSession> {
    for (const visitor of this.#visitors.values()) this.#close(visitor);
    this.#visitors.clear();
    for (const session of this.#over) {
      const { client, behavior, firstMs } = session;
      yield { client, behavior, firstMs, context: this.#contextOf(session) };
    }
  }

  #contextOf({ client, lastMs, fingerprintSessions }: OpenSession): SessionContext {
    const { browser, browserVersion, bot, hosting, network } = client.facts;
    return this.#site.contextOf(SITE, {
      atMs: lastMs,
      fingerprintSessions,
      browser,
      browserVersion,
      hasUserAgent: !isMissingUserAgent(client.userAgent),
      bot,
      hosting,
      network,
      isServerTold: true,
      hasBeacons: false,
      recentPages: 0,
    });
  }

  #visitorOf({ ip, clientName, userAgent = '' }: AccessLogEntry): Visitor {
    const address = ip ?? clientName ?? '';
    const key = `${address}\n${userAgent}`;
    const known = this.#visitors.get(key);
    if (known !== undefined) return known;
    const facts = this.#options.enricher.clientFacts({ ip: ip ?? '', userAgent });
    const visitor: Visitor = {
      client: { address, userAgent, facts },
      session: undefined,
      starts: [],
      lastMs: Number.NEGATIVE_INFINITY,
    };
    this.#visitors.set(key, visitor);
    return visitor;
  }

  #sessionOf(visitor: Visitor, timestampMs: number): OpenSession {
    const { gapMs } = this.#options;
    visitor.lastMs = Math.max(visitor.lastMs, timestampMs);
    const { session } = visitor;
    if (session !== undefined && timestampMs <= session.lastMs + gapMs && timestampMs >= session.firstMs - gapMs) {
      session.firstMs = Math.min(session.firstMs, timestampMs);
      session.lastMs = Math.max(session.lastMs, timestampMs);
      return session;
    }
    this.#close(visitor);
    const { client } = visitor;
    const { bot, browser, browserVersion } = client.facts;
    if (!bot.declared) this.#site.noteBrowser(SITE, timestampMs, browser, browserVersion, client.address);
    const behavior = new SessionBehavior(this.#paths);
    const opened = { client, behavior, firstMs: timestampMs, lastMs: timestampMs, fingerprintSessions: 1 };
    visitor.session = opened;
    return opened;
  }

  #close(visitor: Visitor): void {
    const { session } = visitor;
    if (session === undefined) return;
    visitor.session = undefined;
    visitor.starts.push(session.firstMs);
    visitor.starts = visitor.starts.filter((startMs) => startMs > session.lastMs - DAY_MS);
    session.fingerprintSessions = Math.max(1, visitor.starts.length);
    this.#over.push(session);
  }

  /** Ends what is over and forgets who did not come for a day, each time the log is a gap further: not with every line. */
  #sweep(): void {
    const { gapMs } = this.#options;
    if (this.#nowMs - this.#sweptMs < gapMs) return;
    this.#sweptMs = this.#nowMs;
    for (const [key, visitor] of this.#visitors) {
      if (visitor.session !== undefined && visitor.session.lastMs < this.#nowMs - gapMs) this.#close(visitor);
      if (visitor.session === undefined && visitor.lastMs < this.#nowMs - DAY_MS - gapMs) this.#visitors.delete(key);
    }
  }
}
