import { nameOfLevel } from '@systemprompt-analytics/core';
import { NO_BOT } from '../enrichment/bot-identity.js';
import type { BotIdentity } from '../enrichment/client-facts.js';
import type { LiveSession, LiveSessions } from '../sessions/live-sessions.js';
import type { SessionAssignment } from '../sessions/session-assignment.js';
import { dayOf, type VisitorSalts } from '../sessions/visitor-salts.js';
import type { Decision, DecisionMaker, RequestDescription } from '../throttle/decision-maker.js';
import type { ThrottleService } from '../throttle/throttle-service.js';
import { type BotWatch, isSearchEngineBot } from './bot-watch.js';

export interface LiveDecisionsOptions {
  readonly live: LiveSessions;
  readonly salts: VisitorSalts;
  readonly assignment: SessionAssignment;
  readonly throttle: ThrottleService;
  readonly watch: BotWatch;
  /** What a user agent says of itself. */
  readonly identify: (userAgent: string) => BotIdentity;
}

/**
 * Decides about requests before they are answered. Asking charges the limit and tells nothing about the session: what its
 * server answered is told by the event it sends afterwards.
 */
export class LiveDecisions implements DecisionMaker {
  readonly #options: LiveDecisionsOptions;

  constructor(options: LiveDecisionsOptions) {
    this.#options = options;
  }

  async decide(projectId: string, descriptions: readonly RequestDescription[]): Promise<readonly Decision[]> {
    await this.#options.salts.ensure(new Set(descriptions.map(({ timestampMs }) => dayOf(timestampMs))));
    const decisions: Decision[] = [];
    for (const description of descriptions) decisions.push(await this.#decide(projectId, description));
    return decisions;
  }

  async #decide(projectId: string, description: RequestDescription): Promise<Decision> {
    const { throttle, watch, identify } = this.#options;
    const visitorId = this.#visitorOf(projectId, description);
    const session = this.#sessionOf(projectId, description, visitorId);
    const { level, allowed, limit, remaining, retryAfterSeconds, reason } = await throttle.decide({
      projectId,
      sessionId: session?.sessionId ?? description.sessionId,
      visitorId: session?.visitorId ?? visitorId,
      declaredSearchEngine:
        session === undefined ? isSearchEngineBot(identify(description.userAgent)) : isSearchEngineBot(session.client?.bot ?? NO_BOT),
    });
    return {
      level: nameOfLevel(level),
      level_number: level,
      allowed,
      limit,
      remaining,
      retry_after: retryAfterSeconds,
      reason,
      bot_score: session === undefined ? 0 : watch.botScoreOf(projectId, session),
    };
  }

  #visitorOf(projectId: string, { fingerprint, ip, userAgent, timestampMs }: RequestDescription): string {
    return this.#options.assignment.visitorOf(projectId, { fingerprint, ip, userAgent, headers: {}, anonymous: false }, timestampMs);
  }

  #sessionOf(projectId: string, { sessionId }: RequestDescription, visitorId: string): LiveSession | undefined {
    const { live } = this.#options;
    if (sessionId !== '') return live.find(projectId, sessionId);
    return visitorId === '' ? undefined : live.latestOfVisitor(projectId, visitorId);
  }
}
