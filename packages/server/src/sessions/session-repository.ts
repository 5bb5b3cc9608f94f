import { randomUUID } from 'node:crypto';
import {
  AnalyticsError,
  type AnalyticsSession,
  parseUsd,
  SESSION_SOURCES,
  type SessionId,
  type SessionSource,
  type ThrottleLevel,
  TRAFFIC_CLASSES,
  type UserId,
  type VisitorId,
} from '@systemprompt-analytics/core';
import type { OriginColumns } from '../ingest/web-rows.js';
import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store, StoredRow } from '../store/store.js';
import { LiveSession, type LiveSessions } from './live-sessions.js';

/** What may be known of a session's visitor when the session is created. */
export interface NewSession {
  /** Made when absent. */
  readonly sessionId?: string;
  /** @default 'unknown' */
  readonly source?: SessionSource;
  /** The known user, if there is one. */
  readonly userId?: string;
  /** The fingerprint or cookieless hash. */
  readonly visitorId?: string;
  /** Where the visitor came from and with what; see `AnalyticsService.extract`. */
  readonly origin?: Partial<OriginColumns> & {
    readonly fingerprint?: string;
    /** As the privacy setting allows it to be stored. */
    readonly ip?: string;
    readonly user_agent?: string;
    readonly entry_url?: string;
    readonly entry_page?: string;
  };
}

type Change = 'created' | 'touched' | 'ended' | 'converted' | 'migrated';

interface ChangeFields {
  readonly user_id?: string;
  readonly source?: string;
  readonly origin?: string;
}

/** Longest pause after which a visitor's session is still the same one. */
const RECENT_MS_DEFAULT = 30 * 60_000;
const HOUR_MS = 3_600_000;
/** Sessions ended in one statement. */
const SESSIONS_PER_CHANGE = 10_000;
const SESSIONS_MAX = 10_000_000;

export interface SessionRepositoryOptions {
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly live: LiveSessions;
  /** Brings snapshots up to date with all that was acknowledged. */
  readonly catchUp: () => Promise<void>;
  readonly onSession: (projectId: string, sessionId: string) => void;
  /** How far a session and its visitor are slowed down at the moment. */
  readonly throttleLevelOf: (projectId: string, sessionId: string, visitorId: string) => ThrottleLevel;
  /** Told when one user id became another one; it is so everywhere when this resolves. */
  readonly onUserMigrated: (projectId: string, fromUserId: string, toUserId: string) => Promise<void>;
}

/**
 * The sessions of a project. What is done to one is written down as a change of its own and becomes part of its snapshot, so
 * that it holds whatever order its events arrive in, and a repeated change changes nothing.
 *
 * @example
 * const sessions: SessionRepository = product.sessions;
 * const created: AnalyticsSession = await sessions.create('default', { source: 'oauth', visitorId: 'tablet' });
 * await sessions.migrate('default', sessionId, 'grace');
 * const ended = await sessions.end('default', sessionId);
 */
export class SessionRepository {
  readonly #options: SessionRepositoryOptions;

  constructor(options: SessionRepositoryOptions) {
    this.#options = options;
  }

  /**
   * Opens a session.
   *
   * @throws AnalyticsError `conflict` when a session of that id exists, or `store_unavailable`
   */
  async create(projectId: string, session: NewSession = {}): Promise<AnalyticsSession> {
    const { sessionId = `s_${randomUUID()}`, source = 'unknown', userId = '', visitorId = '', origin = {} } = session;
    if (session.sessionId !== undefined && (await this.find(projectId, sessionId)) !== undefined) {
      throw new AnalyticsError('conflict', `The session ${JSON.stringify(sessionId.slice(0, 80))} exists already.`, { path: 'session_id' });
    }
    const columns = visitorId === '' ? origin : { ...origin, visitor_id: visitorId };
    await this.#change(projectId, [sessionId], 'created', { user_id: userId, source, origin: JSON.stringify(columns) });
    const { live, clock } = this.#options;
    // Events that name the session need not name its visitor and user again.
    if (live.find(projectId, sessionId) === undefined) {
      const opened = new LiveSession(sessionId, visitorId, true, clock(), clock());
      opened.userId = userId;
      live.add(projectId, opened);
    }
    return this.#get(projectId, sessionId);
  }

  /** The session of an id with everything acknowledged so far, or undefined. */
  async find(projectId: string, sessionId: string): Promise<AnalyticsSession | undefined> {
    const [found] = await this.#query(projectId, sql`session_id = ${bind.string(sessionId)}`, 1);
    return found;
  }

  /** The sessions of a visitor or user, latest first. */
  async list(
    projectId: string,
    by: { readonly visitorId: string } | { readonly userId: string },
    limit = 100,
  ): Promise<AnalyticsSession[]> {
    const condition = 'visitorId' in by ? sql`visitor_id = ${bind.string(by.visitorId)}` : sql`user_id = ${bind.string(by.userId)}`;
    return this.#query(projectId, condition, limit);
  }

  /**
   * The visitor's latest session that is still going on.
   *
   * @param maxAgeMs longest time since its last activity. @default 30 minutes
   */
  async findRecentByFingerprint(
    projectId: string,
    fingerprint: string,
    maxAgeMs = RECENT_MS_DEFAULT,
  ): Promise<AnalyticsSession | undefined> {
    const sinceMs = this.#options.clock() - maxAgeMs;
    const visitor = bind.string(fingerprint);
    const condition = sql`(visitor_id = ${visitor} OR fingerprint = ${visitor}) AND last_activity_at >= ${bind.timeMs(sinceMs)} AND ended_at IS NULL`;
    const [found] = await this.#query(projectId, condition, 1);
    return found;
  }

  /** Keeps a session alive. @throws AnalyticsError `unknown_session` */
  async touch(projectId: string, sessionId: string): Promise<void> {
    await this.#get(projectId, sessionId);
    const live = this.#options.live.find(projectId, sessionId);
    if (live !== undefined) live.lastMs = Math.max(live.lastMs, this.#options.clock());
    await this.#change(projectId, [sessionId], 'touched');
  }

  /** Ends a session: later events of its visitor open another one. @throws AnalyticsError `unknown_session` */
  async end(projectId: string, sessionId: string): Promise<AnalyticsSession> {
    const { lastActivityMs } = await this.#get(projectId, sessionId);
    // A client's clock may run ahead; what is ended is over with all that happened in it.
    await this.#end(projectId, [sessionId], Math.max(this.#options.clock(), lastActivityMs));
    return this.#get(projectId, sessionId);
  }

  /** Notes that a session's visitor reached a goal. @throws AnalyticsError `unknown_session` */
  async convert(projectId: string, sessionId: string): Promise<AnalyticsSession> {
    await this.#get(projectId, sessionId);
    await this.#change(projectId, [sessionId], 'converted');
    return this.#get(projectId, sessionId);
  }

  /** Gives an anonymous session to the user it turned out to be of. @throws AnalyticsError `unknown_session` */
  async migrate(projectId: string, sessionId: string, userId: string): Promise<AnalyticsSession> {
    await this.#get(projectId, sessionId);
    await this.#migrate(projectId, [sessionId], userId);
    return this.#get(projectId, sessionId);
  }

  /**
   * Gives all sessions of one user id to another: an anonymous id of the application's own becomes a known user.
   *
   * @returns how many sessions were given
   */
  async migrateUser(projectId: string, fromUserId: string, toUserId: string): Promise<number> {
    const sessionIds = await this.#idsWhere(projectId, sql`user_id = ${bind.string(fromUserId)}`);
    await this.#migrate(projectId, sessionIds, toUserId);
    await this.#options.onUserMigrated(projectId, fromUserId, toUserId);
    return sessionIds.length;
  }

  /**
   * Ends every session without activity for so many hours.
   *
   * @param hours more than 0
   * @returns how many sessions were ended
   */
  async endInactive(projectId: string, hours: number): Promise<number> {
    if (!(hours > 0)) {
      throw new AnalyticsError('invalid_parameter', `hours is ${hours}; it is a number above 0.`, { path: 'hours' });
    }
    const before = bind.timeMs(this.#options.clock() - Math.round(hours * HOUR_MS));
    const sessionIds = await this.#idsWhere(
      projectId,
      sql`ended_at IS NULL AND last_activity_at < ${before} AND last_activity_at > toDateTime64(0, 3, 'UTC')`,
    );
    await this.#end(projectId, sessionIds);
    return sessionIds.length;
  }

  async #end(projectId: string, sessionIds: readonly string[], endedMs = this.#options.clock()): Promise<void> {
    for (const sessionId of sessionIds) {
      const live = this.#options.live.find(projectId, sessionId);
      if (live !== undefined) live.endedMs = endedMs;
    }
    await this.#change(projectId, sessionIds, 'ended', {}, endedMs);
  }

  async #migrate(projectId: string, sessionIds: readonly string[], userId: string): Promise<void> {
    if (userId === '') throw new AnalyticsError('invalid_parameter', 'user_id is empty; it names the known user.', { path: 'user_id' });
    for (const sessionId of sessionIds) {
      const live = this.#options.live.find(projectId, sessionId);
      if (live !== undefined) live.userId = userId;
    }
    await this.#change(projectId, sessionIds, 'migrated', { user_id: userId });
  }

  async #change(
    projectId: string,
    sessionIds: readonly string[],
    change: Change,
    fields: ChangeFields = {},
    changedMs?: number,
  ): Promise<void> {
    const { store, clock, onSession } = this.#options;
    const nowMs = clock();
    const changedAt = new Date(changedMs ?? nowMs).toISOString();
    for (let start = 0; start < sessionIds.length; start += SESSIONS_PER_CHANGE) {
      const part = sessionIds.slice(start, start + SESSIONS_PER_CHANGE);
      await store.insert(
        'session_changes',
        part.map((sessionId) => ({
          project_id: projectId,
          session_id: sessionId,
          changed_at: changedAt,
          change,
          version: nowMs,
          ...fields,
        })),
      );
      for (const sessionId of part) onSession(projectId, sessionId);
    }
  }

  async #get(projectId: string, sessionId: string): Promise<AnalyticsSession> {
    const found = await this.find(projectId, sessionId);
    if (found === undefined) {
      throw new AnalyticsError('unknown_session', `There is no session ${JSON.stringify(sessionId.slice(0, 80))}.`, { path: 'session_id' });
    }
    return found;
  }

  async #idsWhere(projectId: string, condition: SqlFragment): Promise<string[]> {
    await this.#options.catchUp();
    const rows = await this.#options.store.query<{ session_id: string }>(
      render(sql`SELECT session_id FROM user_sessions FINAL WHERE project_id = ${bind.string(projectId)} AND ${condition}`),
      { rows: SESSIONS_MAX },
    );
    return rows.map((row) => row.session_id);
  }

  async #query(projectId: string, condition: SqlFragment, limit: number): Promise<AnalyticsSession[]> {
    await this.#options.catchUp();
    const rows = await this.#options.store.query(
      render(sql`SELECT * FROM user_sessions FINAL WHERE project_id = ${bind.string(projectId)} AND ${condition}
        AND last_activity_at > toDateTime64(0, 3, 'UTC') ORDER BY last_activity_at DESC, session_id LIMIT ${bind.uint(limit)}`),
    );
    return rows.map((row) => {
      const level = this.#options.throttleLevelOf(projectId, String(row['session_id']), String(row['visitor_id']));
      return sessionOf(row, level);
    });
  }
}

/** A stored snapshot as a session. */
function sessionOf(row: StoredRow, throttleLevel: ThrottleLevel): AnalyticsSession {
  const text = (name: string): string => String(row[name] ?? '');
  const count = (name: string): number => Number(row[name]);
  const time = (name: string): number | undefined => (row[name] === null ? undefined : Date.parse(text(name)));
  const tokens = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens'].reduce(
    (sum, name) => sum + BigInt(text(name)),
    0n,
  );
  return {
    sessionId: text('session_id') as SessionId,
    userId: text('user_id') as UserId,
    visitorId: text('visitor_id') as VisitorId,
    source: SESSION_SOURCES.find((source) => source === text('session_source')) ?? 'unknown',
    startedMs: time('started_at') ?? 0,
    lastActivityMs: time('last_activity_at') ?? 0,
    endedMs: time('ended_at'),
    convertedMs: time('converted_at'),
    deviceType: text('device_type'),
    browser: text('browser'),
    os: text('os'),
    country: text('country'),
    locale: text('locale'),
    referrerHost: text('referrer_host'),
    referrerSource: text('referrer_source'),
    channel: text('channel'),
    entryUrl: text('entry_url'),
    landingPage: text('entry_page'),
    counters: {
      events: count('events'),
      pageViews: count('page_views'),
      httpRequests: count('http_requests'),
      aiRequests: count('requests'),
      toolExecutions: count('tool_executions'),
      tasks: count('tasks'),
      messages: count('messages'),
      conversions: count('conversions'),
      tokens,
      costPicodollars: parseUsd(text('cost')),
      unpricedRequests: count('unpriced_requests'),
      errors: count('failed_requests') + count('failed_tool_executions') + count('failed_http_requests'),
    },
    trafficClass: TRAFFIC_CLASSES.find((each) => each === text('traffic_class')) ?? '',
    behavioralBotScore: count('behavioral_bot_score'),
    layeredScore: count('layered_score'),
    throttleLevel,
  };
}
