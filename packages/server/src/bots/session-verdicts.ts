import type { BehavioralAnalysisResult, BehavioralBotDetector } from '@systemprompt-analytics/core';
import { NO_BOT } from '../enrichment/bot-identity.js';
import type { BotIdentity } from '../enrichment/client-facts.js';
import type { RequestKind } from '../live/observed-event.js';
import { FOUND_PREFIX } from '../sessions/live-sessions.js';
import type { SessionJudge } from '../sessions/session-snapshots.js';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { SitePages } from './site-pages.js';

const DAY_MS = 86_400_000;
/** Requests of a kind that are looked at in a session; what it does after so many changes nothing any more. */
const REQUESTS_MAX = 5_000;
const SESSIONS_MAX = 1_000_000;

/** The page views of a session and what its first event says of its client, as the store answers them. */
interface SessionFacts {
  readonly session_id: string;
  readonly visitor_id: string;
  readonly user_agent: string;
  /** Was it a client that has to name itself, rather than a program that speaks for one? */
  readonly is_told: number;
  readonly browser: string;
  readonly browser_version: string;
  readonly first_ms: string;
  readonly last_ms: string;
  /** Its requests in order; other events are none. */
  readonly requests: readonly (readonly [
    timestampMs: string,
    path: string,
    kind: RequestKind,
    method: string,
    statusCode: number,
    hasReferrer: number,
  ])[];
}

export interface SessionVerdictsOptions {
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly detector: BehavioralBotDetector;
  readonly pages: SitePages;
  /** What a user agent says of itself. */
  readonly identify: (userAgent: string) => BotIdentity;
}

/**
 * Concludes from the stored events of a session what its visitor is. The whole session is judged anew whenever it has new
 * events, so that neither order nor repetition, nor a change of the rules, leaves a verdict behind that its events do not bear out.
 */
export class SessionVerdicts implements SessionJudge {
  readonly #options: SessionVerdictsOptions;

  constructor(options: SessionVerdictsOptions) {
    this.#options = options;
  }

  async judge(projectId: string, sessionIds: readonly string[]): Promise<void> {
    const { store, clock, identify } = this.#options;
    const facts = await this.#factsOf(projectId, sessionIds);
    if (facts.length === 0) return;
    const startsByVisitor = await this.#startsOf(projectId, facts);
    const nowMs = clock();
    const rows = facts.map((session) => {
      const bot = session.user_agent === '' && session.is_told === 0 ? NO_BOT : identify(session.user_agent);
      const result = this.#analyze(projectId, session, startsByVisitor);
      const isAiCrawler = bot.purpose !== '';
      return {
        project_id: projectId,
        session_id: session.session_id,
        version: nowMs,
        computed_at: new Date(nowMs).toISOString(),
        is_bot: bot.declared && !isAiCrawler,
        is_ai_crawler: isAiCrawler,
        is_behavioral_bot: result.isSuspicious,
        bot_name: bot.name,
        bot_category: bot.category,
        bot_vendor: bot.vendor,
        bot_purpose: bot.purpose,
        behavioral_bot_score: result.score,
        behavioral_signals: result.signals.map(({ name }) => name),
        behavioral_reason: result.reason,
      };
    });
    await store.insert('session_verdicts', rows);
  }

  #analyze(projectId: string, session: SessionFacts, startsByVisitor: ReadonlyMap<string, readonly number[]>): BehavioralAnalysisResult {
    const lastMs = Number(session.last_ms);
    const starts = startsByVisitor.get(session.visitor_id) ?? [];
    return this.#options.detector.analyze({
      requests: session.requests.map(([timestampMs, path, kind, method, statusCode, hasReferrer]) => ({
        timestampMs: Number(timestampMs),
        path,
        kind,
        method: method || 'GET',
        statusCode: statusCode || undefined,
        hasReferrer: hasReferrer === 1,
      })),
      sitePages: this.#options.pages.countOf(projectId) || null,
      fingerprintSessions: Math.max(1, starts.filter((startMs) => startMs > lastMs - DAY_MS && startMs <= lastMs).length),
      browser: session.browser,
      browserVersion: session.browser_version,
    });
  }

  async #factsOf(projectId: string, sessionIds: readonly string[]): Promise<SessionFacts[]> {
    const condition = sql`project_id = ${bind.string(projectId)} AND session_id IN ${bind.strings(sessionIds)}`;
    return this.#options.store.query<SessionFacts>(
      render(sql`SELECT session_id, argMinIf(row.visitor_id, row.timestamp, row.visitor_id != '') AS visitor_id,
          argMinIf(row.user_agent, row.timestamp, row.user_agent != '') AS user_agent,
          toUInt8(max(row.status_code) > 0 OR startsWith(session_id, ${bind.string(FOUND_PREFIX)})) AS is_told,
          argMinIf(row.browser, row.timestamp, row.is_origin) AS browser,
          argMinIf(row.browser_version, row.timestamp, row.is_origin) AS browser_version,
          toUnixTimestamp64Milli(min(row.timestamp)) AS first_ms, toUnixTimestamp64Milli(max(row.timestamp)) AS last_ms,
          arraySort(groupArrayIf((toUnixTimestamp64Milli(row.timestamp), row.page_path, row.kind, row.method, row.status_code, row.has_referrer),
            row.kind != '')) AS requests
        FROM (
          SELECT session_id, visitor_id, user_agent, toString(browser) AS browser, toString(browser_version) AS browser_version, timestamp,
            page_path, is_origin, status_code, toString(method) AS method, if(event_type = 'page_view', 'page', '') AS kind,
            toUInt8(referrer != '') AS has_referrer
          FROM analytics_events FINAL WHERE ${condition} ORDER BY session_id, timestamp LIMIT ${bind.uint(REQUESTS_MAX)} BY session_id
          UNION ALL SELECT session_id, visitor_id, user_agent, toString(browser), toString(browser_version), timestamp, page_path, is_origin, status_code,
            toString(method), toString(request_kind), toUInt8(referrer != '')
          FROM http_requests FINAL WHERE ${condition} ORDER BY session_id, timestamp LIMIT ${bind.uint(REQUESTS_MAX)} BY session_id
        ) AS row GROUP BY session_id`),
      { rows: SESSIONS_MAX, seconds: 60 },
    );
  }

  /** When sessions of these visitors began: those in the store, and these themselves, which may not be there yet. */
  async #startsOf(projectId: string, facts: readonly SessionFacts[]): Promise<Map<string, number[]>> {
    const own = new Map(facts.map((session) => [session.session_id, session]));
    const visitorIds = [...new Set(facts.map((session) => session.visitor_id))].filter((visitorId) => visitorId !== '');
    const starts = new Map<string, number[]>(visitorIds.map((visitorId) => [visitorId, []]));
    for (const session of facts) starts.get(session.visitor_id)?.push(Number(session.first_ms));
    if (visitorIds.length === 0) return starts;
    const fromMs = Math.min(...facts.map((session) => Number(session.first_ms))) - DAY_MS;
    const rows = await this.#options.store.query<{ session_id: string; visitor_id: string; first_ms: string }>(
      render(sql`SELECT session_id, visitor_id, toUnixTimestamp64Milli(first_activity_at) AS first_ms FROM user_sessions FINAL
        WHERE project_id = ${bind.string(projectId)} AND visitor_id IN ${bind.strings(visitorIds)}
          AND first_activity_at >= ${bind.timeMs(Math.max(0, fromMs))} AND events + http_requests > 0`),
      { rows: SESSIONS_MAX },
    );
    for (const row of rows) if (!own.has(row.session_id)) starts.get(row.visitor_id)?.push(Number(row.first_ms));
    return starts;
  }
}
