import { AnalyticsError, LAYERS } from '@systemprompt-analytics/core';
import { isMissingUserAgent } from '../enrichment/bot-identity.js';
import type { Mark } from '../sessions/session-mark.js';
import { bind, identifier, join, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** Why a session is taken for what it is. */
export interface VerdictExplanation {
  readonly session_id: string;
  /** Null for a session without web traffic. */
  readonly traffic_class: string | null;
  readonly behavioral_bot_score: number;
  readonly behavioral_signals: readonly string[];
  /** Score of the layered profile, 0 to 100. */
  readonly layered_score: number;
  /** What each of its layers found, the weightiest first. */
  readonly layers: readonly ExplainedLayer[];
  /** What a person said of it, or null. */
  readonly mark: string | null;
  /** In the order in which they count. */
  readonly sentences: readonly string[];
}

/** What one layer found in a session. */
export interface ExplainedLayer {
  readonly layer: string;
  /** Negative for what speaks for a person. */
  readonly points: number;
  /** Sentences with the measured values. */
  readonly reason: string;
}

/** One slice of judging anew. */
export interface RescoredSlice {
  readonly rescored: number;
  /** The session to go on after; null when all are done. */
  readonly next: string | null;
}

/** Sessions judged anew by one call, so that whoever waits sees progress. */
const SESSIONS_PER_SLICE = 5_000;
const NOTE_LENGTH_MAX = 1_000;

export interface BotVerdictsOptions {
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Brings tables and snapshots up to date with all that was acknowledged, and with what was marked. */
  readonly catchUp: () => Promise<void>;
  readonly onSession: (projectId: string, sessionId: string) => void;
  /** Told of what a person said, once it is stored; the mark is done when it resolves. */
  readonly onMark: (projectId: string, sessionId: string, mark: Mark) => Promise<void>;
}

/**
 * Explains, corrects and renews what is concluded about sessions.
 *
 * @example
 * const verdicts: BotVerdicts = product.verdicts;
 * const explanation = await verdicts.explain('default', 'crawl-1');
 * const marked = await verdicts.mark('default', 'crawl-1', 'human', 'our own link checker');
 */
export class BotVerdicts {
  readonly #options: BotVerdictsOptions;

  constructor(options: BotVerdictsOptions) {
    this.#options = options;
  }

  /** Says why. @throws AnalyticsError `unknown_session` */
  async explain(projectId: string, sessionId: string): Promise<VerdictExplanation> {
    await this.#options.catchUp();
    const [row] = await this.#options.store.query<ExplainedRow>(
      render(sql`SELECT session_id, traffic_class, behavioral_bot_score, behavioral_signals, behavioral_reason, mark, is_bot, is_ai_crawler,
          is_scanner, is_behavioral_bot, is_layered_bot, is_ghost, bot_name, bot_category, bot_vendor, bot_purpose, user_agent, page_views,
          http_requests, layered_score, ${join(LAYERS.flatMap((layer) => [identifier(`${layer}_points`), identifier(`${layer}_reason`)]))}
        FROM user_sessions FINAL WHERE project_id = ${bind.string(projectId)} AND session_id = ${bind.string(sessionId)} AND events + http_requests > 0`),
    );
    if (row === undefined) {
      throw new AnalyticsError('unknown_session', `There is no session ${JSON.stringify(sessionId.slice(0, 80))}.`, { path: 'session_id' });
    }
    const layers = layersOf(row);
    return {
      session_id: row.session_id,
      traffic_class: row.traffic_class === '' ? null : row.traffic_class,
      behavioral_bot_score: Number(row.behavioral_bot_score),
      behavioral_signals: row.behavioral_signals,
      layered_score: Number(row.layered_score),
      layers,
      mark: row.mark === '' ? null : row.mark,
      sentences: sentencesOf(row, layers),
    };
  }

  /**
   * Notes what a person says of a session. It wins over every rule until it is taken back.
   *
   * @param note why, for others to read
   * @throws AnalyticsError `unknown_session` or `too_long`
   */
  async mark(projectId: string, sessionId: string, mark: Mark, note = ''): Promise<VerdictExplanation> {
    const { store, clock, onSession, onMark } = this.#options;
    if (note.length > NOTE_LENGTH_MAX) {
      throw new AnalyticsError('too_long', `note has ${note.length} characters; at most ${NOTE_LENGTH_MAX} are allowed.`, { path: 'note' });
    }
    await this.explain(projectId, sessionId);
    const nowMs = clock();
    const markedAt = new Date(nowMs).toISOString();
    await store.insert('session_marks', [
      { project_id: projectId, session_id: sessionId, mark, note, marked_at: markedAt, version: nowMs },
    ]);
    await onMark(projectId, sessionId, mark);
    onSession(projectId, sessionId);
    return this.explain(projectId, sessionId);
  }

  /**
   * Judges the web sessions of a range anew, by the rules as they are now, a slice of them at a time.
   *
   * @param sinceMs UTC milliseconds, included; the range is that of the sessions' starts
   * @param untilMs not included
   * @param after the session that the last slice ended with; empty for the first
   */
  async rescore(projectId: string, sinceMs: number, untilMs: number, after = ''): Promise<RescoredSlice> {
    const { store, catchUp, onSession } = this.#options;
    await catchUp();
    const rows = await store.query<{ session_id: string }>(
      render(sql`SELECT session_id FROM user_sessions FINAL WHERE project_id = ${bind.string(projectId)} AND session_id > ${bind.string(after)}
        AND started_at >= ${bind.timeMs(sinceMs)} AND started_at < ${bind.timeMs(untilMs)} AND traffic_class != ''
        ORDER BY session_id LIMIT ${bind.uint(SESSIONS_PER_SLICE)}`),
    );
    for (const { session_id: sessionId } of rows) onSession(projectId, sessionId);
    await catchUp();
    return { rescored: rows.length, next: rows.length < SESSIONS_PER_SLICE ? null : (rows.at(-1)?.session_id ?? null) };
  }
}

interface ExplainedRow {
  readonly session_id: string;
  readonly traffic_class: string;
  readonly behavioral_bot_score: number;
  readonly behavioral_signals: readonly string[];
  readonly behavioral_reason: string;
  readonly layered_score: number;
  readonly mark: string;
  readonly is_bot: boolean;
  readonly is_ai_crawler: boolean;
  readonly is_scanner: boolean;
  readonly is_behavioral_bot: boolean;
  readonly is_layered_bot: boolean;
  readonly is_ghost: boolean;
  readonly bot_name: string;
  readonly bot_category: string;
  readonly bot_vendor: string;
  readonly bot_purpose: string;
  readonly user_agent: string;
  readonly page_views: string;
  readonly http_requests: string;
  /** Points and reason of each layer. */
  readonly [layerColumn: string]: unknown;
}

function layersOf(row: ExplainedRow): ExplainedLayer[] {
  return LAYERS.map((layer) => ({
    layer,
    points: roundedPoints(Number(row[`${layer}_points`])),
    reason: String(row[`${layer}_reason`]),
  }))
    .filter(({ points, reason }) => points !== 0 || reason !== '')
    .sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
}

/** More digits than one say nothing. */
function roundedPoints(points: number): number {
  return Math.round(points * 10) / 10;
}

function sentencesOf(row: ExplainedRow, layers: readonly ExplainedLayer[]): string[] {
  if (row.traffic_class === '') return ['Nothing in the session came from a web client.'];
  const sentences: string[] = [];
  if (row.mark !== '') sentences.push(`A person marked the session as ${row.mark}.`);
  sentences.push(...declarationOf(row));
  if (row.is_scanner) sentences.push('It looks for weaknesses of the site.');
  const classic = row.is_behavioral_bot ? 'It behaves like a bot' : 'It does not behave like a bot';
  sentences.push(`${classic}: ${row.behavioral_bot_score} points. ${row.behavioral_reason}`);
  const layered = row.is_layered_bot ? 'a program' : 'a person';
  sentences.push(`By all layers together it is rather ${layered}: layered score ${row.layered_score} of 100.`);
  for (const { layer, points, reason } of layers)
    if (reason !== '') sentences.push(`${layer} (${points > 0 ? '+' : ''}${points}): ${reason}`);
  if (row.is_ghost) sentences.push(`It saw no page in ${row.http_requests} requests.`);
  return sentences;
}

function declarationOf(row: ExplainedRow): string[] {
  if (row.is_ai_crawler) {
    const vendor = row.bot_vendor === '' ? '' : ` of ${row.bot_vendor}`;
    return [`The user agent is that of ${row.bot_name}${vendor}, an AI crawler that comes for ${row.bot_purpose}.`];
  }
  if (!row.is_bot) return [];
  if (isMissingUserAgent(row.user_agent)) return ['There is no user agent; every browser sends one.'];
  return [`The user agent declares ${row.bot_name === '' ? 'a program' : row.bot_name} (${row.bot_category}).`];
}
