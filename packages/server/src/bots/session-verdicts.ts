import { type BotRules, judgeSession, LAYERS, type LayerName, type PathTable, type SessionVerdict } from '@systemprompt-analytics/core';
import { isMissingUserAgent } from '../enrichment/bot-identity.js';
import type { BotIdentity } from '../enrichment/client-facts.js';
import type { SessionJudge } from '../sessions/session-snapshots.js';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { behaviorOf, clientOf, declaredBotOf, readSessionFacts, type SessionFacts } from './session-facts.js';
import type { SiteKnowledge } from './site-knowledge.js';

const DAY_MS = 86_400_000;
const SESSIONS_MAX = 1_000_000;

export interface SessionVerdictsOptions {
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly rules: BotRules;
  readonly site: SiteKnowledge;
  /** Shared with whoever watches sessions live. */
  readonly paths: PathTable;
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
    const { store, clock, site } = this.#options;
    await site.ready();
    const facts = await readSessionFacts(store, projectId, sessionIds);
    if (facts.length === 0) return;
    const startsByVisitor = await this.#startsOf(projectId, facts);
    const nowMs = clock();
    await store.insert(
      'session_verdicts',
      facts.map((session) => this.#rowOf(projectId, session, startsByVisitor.get(session.visitor_id) ?? [], nowMs)),
    );
  }

  #rowOf(projectId: string, session: SessionFacts, starts: readonly number[], nowMs: number): object {
    const { site, paths, rules, identify } = this.#options;
    const lastMs = Number(session.last_ms);
    const bot = declaredBotOf(session, identify);
    const client = clientOf(session, bot);
    const context = site.contextOf(projectId, {
      atMs: lastMs,
      fingerprintSessions: Math.max(1, starts.filter((startMs) => startMs > lastMs - DAY_MS && startMs <= lastMs).length),
      browser: client.browser,
      browserVersion: client.browserVersion,
      bot,
      hasUserAgent: session.is_told === 0 || !isMissingUserAgent(session.user_agent),
      hosting: client.hosting,
      network: client.network,
      isServerTold: session.is_server_told === 1,
      hasBeacons: Number(session.beacons) > 0,
      recentPages: 0,
    });
    const verdict = judgeSession(behaviorOf(session, paths), context, rules);
    const { classic } = verdict;
    return {
      project_id: projectId,
      session_id: session.session_id,
      version: nowMs,
      computed_at: new Date(nowMs).toISOString(),
      is_bot: verdict.isBot,
      is_ai_crawler: verdict.isAiCrawler,
      is_scanner: verdict.isScanner,
      is_behavioral_bot: verdict.isBehavioralBot,
      is_layered_bot: verdict.isLayeredBot,
      bot_name: bot.name,
      bot_category: bot.category,
      bot_vendor: bot.vendor,
      bot_purpose: bot.purpose,
      behavioral_bot_score: classic.score,
      behavioral_signals: classic.signals.map(({ name }) => name),
      behavioral_reason: classic.reason,
      // More digits than one say nothing.
      layered_score: Math.floor(verdict.score * 10) / 10,
      ...layerColumnsOf(verdict),
    };
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

/** Two columns per layer, its points and its reason; see the table's migration. */
function layerColumnsOf({ findings }: SessionVerdict): Record<string, number | string> {
  const columns: Record<string, number | string> = {};
  const found = new Map<LayerName, SessionVerdict['findings'][number]>(findings.map((finding) => [finding.layer, finding]));
  for (const layer of LAYERS) {
    columns[`${layer}_points`] = found.get(layer)?.points ?? 0;
    columns[`${layer}_reason`] = found.get(layer)?.reason ?? '';
  }
  return columns;
}
