import { type BehavioralBotDetector, type BehavioralContext, majorOf, PathTable, SessionBehavior } from '@systemprompt-analytics/core';
import type { EventObserver, ObservedEvent, RequestKind } from '../live/observed-event.js';
import type { LiveSession, LiveSessions } from '../sessions/live-sessions.js';
import type { ThrottleService } from '../throttle/throttle-service.js';
import type { SitePages } from './site-pages.js';

const DAY_MS = 86_400_000;
/** Engines whose crawling is wanted: how they behave alone never slows them down. */
const SEARCH_ENGINE_CATEGORY = 'search-engine';

/** What a script in the browser reports; programs without a browser report none. */
const BEACON_TYPES: ReadonlySet<string> = new Set(['engagement', 'scroll', 'page_exit', 'link_click']);

export interface BotWatchOptions {
  readonly live: LiveSessions;
  readonly throttle: ThrottleService;
  readonly pages: SitePages;
  readonly detector: BehavioralBotDetector;
}

/** Scores every session while it goes on: one request at a time, without reading its history again. */
export class BotWatch implements EventObserver {
  readonly #options: BotWatchOptions;
  readonly #paths = new PathTable();

  constructor(options: BotWatchOptions) {
    this.#options = options;
  }

  observe(events: readonly ObservedEvent[]): void {
    for (const event of events) {
      if (event.requestKind !== undefined) this.#observe(event, event.requestKind);
      else if (BEACON_TYPES.has(event.type)) this.#observeBeacon(event);
    }
  }

  /** The behavioural score of a session in memory; 0 for one that is not. */
  scoreOf(projectId: string, session: LiveSession): number {
    if (session.behavior === undefined) return 0;
    return this.#options.detector.score(session.behavior, this.contextOf(projectId, session));
  }

  /** What is known of a session besides its requests. */
  contextOf(projectId: string, session: LiveSession): BehavioralContext {
    return {
      sitePages: this.#options.pages.countOf(projectId) || null,
      fingerprintSessions: this.#sessionsOfVisitor(projectId, session),
      browser: session.client?.browser ?? '',
      browserMajor: majorOf(session.client?.browserVersion ?? ''),
    };
  }

  #observe(event: ObservedEvent, kind: RequestKind): void {
    const { projectId, sessionId, visitorId, timestampMs, path } = event;
    const { live, pages, throttle } = this.#options;
    // A page that was shown counts as one; what failed or was asked for in another way does not tell how people read.
    if (kind === 'page') pages.note(projectId, path);
    const session = sessionId === '' ? undefined : live.find(projectId, sessionId);
    if (session === undefined) return;
    session.behavior ??= new SessionBehavior(this.#paths);
    session.behavior.observe({
      timestampMs,
      path,
      kind,
      method: event.method || 'GET',
      statusCode: event.statusCode,
      hasReferrer: event.referrer !== '',
    });
    throttle.observe(projectId, sessionId, visitorId, {
      timestampMs,
      countsAsRequest: kind !== 'asset',
      failed: event.failed,
      botScore: this.scoreOf(projectId, session),
      declaredSearchEngine: session.client?.bot.category === SEARCH_ENGINE_CATEGORY,
    });
  }

  #observeBeacon({ projectId, sessionId, type }: ObservedEvent): void {
    const session = sessionId === '' ? undefined : this.#options.live.find(projectId, sessionId);
    if (session === undefined) return;
    session.behavior ??= new SessionBehavior(this.#paths);
    session.behavior.beacon(type !== 'page_exit');
  }

  #sessionsOfVisitor(projectId: string, session: LiveSession): number {
    if (session.visitorId === '') return 1;
    let count = 0;
    for (const other of this.#options.live.ofVisitor(projectId, session.visitorId)) {
      if (other.firstMs > session.lastMs - DAY_MS && other.firstMs <= session.lastMs) count++;
    }
    return Math.max(1, count);
  }
}
