import {
  BehavioralBotDetector,
  type BotRules,
  describeScanning,
  isScanning,
  majorOf,
  type PathTable,
  REFUSED_STATUS,
  SessionBehavior,
  type SessionContext,
  type SessionScore,
  scoreSession,
  type ThrottleLevel,
} from '@systemprompt-analytics/core';
import { NO_BOT } from '../enrichment/bot-identity.js';
import type { BotIdentity } from '../enrichment/client-facts.js';
import type { EventObserver, ObservedEvent, RequestKind } from '../live/observed-event.js';
import { LiveSession } from '../sessions/live-sessions.js';
import type { BehaviorProfile } from '../sessions/session-row.js';
import type { ThrottleService } from '../throttle/throttle-service.js';
import type { SiteKnowledge } from './site-knowledge.js';

const DAY_MS = 86_400_000;
/** Engines whose crawling is wanted: how they behave alone never slows them down. */
const SEARCH_ENGINE_CATEGORY = 'search-engine';
/** Sessions of a visitor that are counted; more of them change no score. */
const VISITOR_SESSIONS_MAX = 64;

/** What a script in the browser reports; programs without a browser report none. */
const BEACON_TYPES: ReadonlySet<string> = new Set(['engagement', 'scroll', 'page_exit', 'link_click']);

export interface BotWatchOptions {
  readonly throttle: ThrottleService;
  readonly site: SiteKnowledge;
  readonly rules: BotRules;
  /** Which score is the one that slows down. */
  readonly behaviorProfile: BehaviorProfile;
  /** Shared with whoever judges stored sessions. */
  readonly paths: PathTable;
  /** Is there a flag on the visitor that a person set? */
  readonly isFlagged: (projectId: string, visitorId: string) => boolean;
  /** Who is told how sessions stand. @default nobody */
  readonly listener?: SessionListener;
}

/** Is told how sessions stand. */
export interface SessionListener {
  /** Does it want to know of the sessions of a project at the moment? Remembering them for nobody would cost every request. */
  isListening(projectId: string): boolean;
  /** Called once per commit with the sessions that something was observed of. */
  tell(sessions: readonly WatchedSession[]): void;
}

/** A session that something was observed of in a commit. */
export interface WatchedSession {
  readonly session: LiveSession;
  /** The last of it in the commit. */
  readonly event: ObservedEvent;
  /** Was nothing known of it before the commit? */
  readonly isNew: boolean;
  /** Its throttle level before the commit. */
  readonly levelBefore: ThrottleLevel;
}

/** Scores every session while it goes on: one request at a time, without reading its history again. */
export class BotWatch implements EventObserver {
  readonly #options: BotWatchOptions;
  readonly #detector: BehavioralBotDetector;

  constructor(options: BotWatchOptions) {
    this.#options = options;
    this.#detector = new BehavioralBotDetector(options.rules.classic);
  }

  observe(events: readonly ObservedEvent[]): void {
    const { site, listener } = this.#options;
    let watched: Map<LiveSession, WatchedSession> | undefined;
    for (const event of events) {
      const { projectId, session, requestKind } = event;
      const isBeacon = requestKind === undefined && BEACON_TYPES.has(event.type);
      if (requestKind === undefined && !isBeacon) continue;
      if (isBeacon) site.noteBeacon(projectId);
      else site.note(event);
      if (!(session instanceof LiveSession)) continue;
      if (listener?.isListening(projectId) === true) {
        watched ??= new Map();
        watched.set(session, this.#watched(event, session, watched.get(session)));
      }
      session.behavior ??= this.#open(event, session);
      if (requestKind === undefined) session.behavior.beacon(event.interacted);
      else this.#observe(event, requestKind, session, session.behavior);
    }
    if (watched !== undefined) listener?.tell([...watched.values()]);
  }

  /** A session as it stands before an event of a commit; `before` the one before it in the same commit. */
  #watched(event: ObservedEvent, session: LiveSession, before: WatchedSession | undefined): WatchedSession {
    if (before !== undefined) return { ...before, event };
    const { level } = this.#options.throttle.higherLevelOf(event.projectId, session.sessionId, session.visitorId);
    return { session, event, isNew: session.behavior === undefined, levelBefore: level };
  }

  /** The scores of a session in memory; undefined when nothing was observed of it. */
  scoresOf(projectId: string, session: LiveSession): SessionScore | undefined {
    const { rules } = this.#options;
    return session.behavior === undefined ? undefined : scoreSession(session.behavior, this.#contextOf(projectId, session), rules);
  }

  /**
   * The score that slows a session down: that of the profile in use, unless a person said what the session is. Of a program that says
   * what it is that is known already; how it behaves decides whether it is slowed down.
   */
  botScoreOf(projectId: string, session: LiveSession): number {
    const { behavior, client, mark } = session;
    if (mark !== '') return mark === 'bot' ? 100 : 0;
    if (behavior === undefined) return 0;
    const { behaviorProfile, rules, site } = this.#options;
    if (behaviorProfile === 'layered' && client?.bot.declared !== true) {
      return Math.floor(scoreSession(behavior, this.#contextOf(projectId, session), rules).score * 10) / 10;
    }
    return this.#detector.score(behavior, {
      sitePages: site.pagesOf(projectId),
      fingerprintSessions: sessionsOfVisitor(session),
      browser: client?.browser ?? '',
      browserMajor: client === undefined ? null : majorOf(client.browserVersion),
    });
  }

  /** The first of a session that is observed tells what browser its visitor has. */
  #open({ projectId, timestampMs }: ObservedEvent, { client, visitorId }: LiveSession): SessionBehavior {
    if (client !== undefined && !client.bot.declared && visitorId !== '') {
      this.#options.site.noteBrowser(projectId, timestampMs, client.browser, client.browserVersion, visitorId);
    }
    return new SessionBehavior(this.#options.paths);
  }

  #observe(event: ObservedEvent, kind: RequestKind, session: LiveSession, behavior: SessionBehavior): void {
    const { projectId, sessionId, visitorId, timestampMs, path, queryRole, statusCode } = event;
    const { throttle, isFlagged } = this.#options;
    if (statusCode !== undefined) session.isServerTold = true;
    const hasReferrer = event.referrer !== '';
    const refused = statusCode === REFUSED_STATUS;
    behavior.observe({ timestampMs, path, queryRole: queryRole ?? 'plain', kind, method: event.method || 'GET', statusCode, hasReferrer });
    const isProbing = !refused && session.mark === '' && isScanning(behavior, this.#options.rules.layered.weights);
    const request = {
      timestampMs,
      countsAsRequest: kind !== 'asset',
      // Its refusal is no further reason to refuse it, or nobody who waits as told would ever be let in again.
      failed: event.failed && !refused,
      botScore: refused ? 0 : this.botScoreOf(projectId, session),
      declaredSearchEngine: isSearchEngineBot(session.client?.bot ?? NO_BOT),
      scanner: isProbing ? describeScanning(behavior) : '',
      flagged: visitorId !== '' && isFlagged(projectId, visitorId),
    };
    throttle.observe(projectId, sessionId, visitorId, request, session.visitor ?? session);
  }

  #contextOf(projectId: string, session: LiveSession): SessionContext {
    const { client, behavior, isServerTold, given } = session;
    // A program that speaks for a client need not name it; whoever speaks for itself has to.
    const hasUserAgent = session.hasUserAgent || (given && !isServerTold);
    const isNamed = session.hasUserAgent || !hasUserAgent;
    return this.#options.site.contextOf(projectId, {
      atMs: session.lastMs,
      fingerprintSessions: sessionsOfVisitor(session),
      browser: client?.browser ?? '',
      browserVersion: client?.browserVersion ?? '',
      bot: isNamed ? (client?.bot ?? NO_BOT) : NO_BOT,
      hasUserAgent,
      hosting: client?.hosting ?? false,
      network: client?.network ?? '',
      isServerTold,
      hasBeacons: (behavior?.beacons ?? 0) > 0,
      recentPages: 1,
    });
  }
}

/** Does a client say that it is the crawler of a search engine? */
export function isSearchEngineBot({ category }: BotIdentity): boolean {
  return category === SEARCH_ENGINE_CATEGORY;
}

/** Sessions of a visitor within a day, this one included. */
function sessionsOfVisitor({ visitor, lastMs }: LiveSession): number {
  return Math.max(1, visitor?.startedWithin(lastMs - DAY_MS, lastMs, VISITOR_SESSIONS_MAX) ?? 1);
}
