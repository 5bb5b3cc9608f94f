import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { FOUND_PREFIX, LiveSession, type LiveSessions } from './live-sessions.js';

/** Sessions read back at most: the latest ones, which are those that most likely go on. */
const SESSIONS_MAX = 200_000;

export interface RestoreOptions {
  /** The server's clock, UTC milliseconds. */
  readonly nowMs: number;
  /** Longest pause within a session, in milliseconds. */
  readonly gapMs: number;
}

/**
 * Reads the sessions that may still go on back into memory: from the events in their tables, because snapshots may not be up to
 * date yet, and from the snapshots what happened in them before. Called after a start, when every acknowledged event is in its table.
 */
export async function restoreLiveSessions(store: Store, live: LiveSessions, { nowMs, gapMs }: RestoreOptions): Promise<void> {
  const since = bind.timeMs(nowMs - gapMs);
  const rows = await store.query<Record<'project_id' | 'session_id' | 'visitor_id' | 'user_id' | 'first_ms' | 'last_ms', string>>(
    render(sql`SELECT project_id, session_id, argMinIf(row.visitor_id, row.timestamp, row.visitor_id != '') AS visitor_id,
        argMaxIf(row.user_id, row.timestamp, row.user_id != '') AS user_id,
        toUnixTimestamp64Milli(min(row.timestamp)) AS first_ms, toUnixTimestamp64Milli(max(row.timestamp)) AS last_ms
      FROM (
        SELECT project_id, session_id, visitor_id, user_id, timestamp FROM analytics_events WHERE timestamp >= ${since}
        UNION ALL SELECT project_id, session_id, visitor_id, user_id, timestamp FROM http_requests WHERE timestamp >= ${since}
        UNION ALL SELECT project_id, session_id, visitor_id, user_id, timestamp FROM engagement_events WHERE timestamp >= ${since}
      ) AS row WHERE session_id != '' GROUP BY project_id, session_id ORDER BY last_ms DESC LIMIT ${bind.uint(SESSIONS_MAX)}`),
    { rows: SESSIONS_MAX, seconds: 60 },
  );
  const ended = await endedSessions(store, nowMs - gapMs);
  const begun = await snapshotsSince(store, nowMs - gapMs);
  const remember = ({ projectId, sessionId, visitorId, userId, firstMs, lastMs }: BegunSession): void => {
    const session = new LiveSession(sessionId, visitorId, !sessionId.startsWith(FOUND_PREFIX), firstMs, nowMs);
    session.lastMs = lastMs;
    session.userId = userId;
    // Where its visitor came from is stored with its first event; one that is earlier still says so itself.
    session.originMs = firstMs;
    session.endedMs = ended.get(`${projectId}\0${sessionId}`);
    live.add(projectId, session);
  };
  // The oldest first, which is the order in which they are forgotten.
  for (const row of rows.reverse()) {
    const key = `${row.project_id}\0${row.session_id}`;
    const snapshot = begun.get(key);
    begun.delete(key);
    remember({
      projectId: row.project_id,
      sessionId: row.session_id,
      visitorId: snapshot?.visitorId || row.visitor_id,
      userId: row.user_id,
      firstMs: Math.min(Number(row.first_ms), snapshot?.firstMs ?? Number.POSITIVE_INFINITY),
      lastMs: Math.max(Number(row.last_ms), snapshot?.lastMs ?? 0),
    });
  }
  // Sessions that something was done to, and nothing happened in, are kept alive by that.
  for (const session of begun.values()) remember(session);
  live.trim();
}

interface BegunSession {
  readonly projectId: string;
  readonly sessionId: string;
  readonly visitorId: string;
  readonly userId: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Sessions with activity since a time, touches included, with when they began: what happened before that time is in their snapshots. */
async function snapshotsSince(store: Store, sinceMs: number): Promise<Map<string, BegunSession>> {
  const rows = await store.query<Record<'project_id' | 'session_id' | 'visitor_id' | 'user_id' | 'first_ms' | 'last_ms', string>>(
    render(sql`SELECT project_id, session_id, visitor_id, user_id, toUnixTimestamp64Milli(first_activity_at) AS first_ms,
        toUnixTimestamp64Milli(greatest(last_activity_at, ifNull(touched.touched_at, last_activity_at))) AS last_ms
      FROM user_sessions FINAL LEFT JOIN (
        SELECT project_id, session_id, toNullable(max(changed_at)) AS touched_at FROM session_changes
        WHERE change = 'touched' AND changed_at >= ${bind.timeMs(sinceMs)} GROUP BY project_id, session_id
      ) AS touched USING (project_id, session_id)
      WHERE (last_activity_at >= ${bind.timeMs(sinceMs)} OR touched.touched_at IS NOT NULL) AND events + http_requests > 0
      ORDER BY last_ms DESC LIMIT ${bind.uint(SESSIONS_MAX)}`),
    { rows: SESSIONS_MAX, seconds: 60 },
  );
  return new Map(
    rows.map((row) => [
      `${row.project_id}\0${row.session_id}`,
      {
        projectId: row.project_id,
        sessionId: row.session_id,
        visitorId: row.visitor_id,
        userId: row.user_id,
        firstMs: Number(row.first_ms),
        lastMs: Number(row.last_ms),
      },
    ]),
  );
}

async function endedSessions(store: Store, sinceMs: number): Promise<Map<string, number>> {
  const rows = await store.query<Record<'project_id' | 'session_id' | 'ended_ms', string>>(
    render(sql`SELECT project_id, session_id, toUnixTimestamp64Milli(max(changed_at)) AS ended_ms FROM session_changes
      WHERE change = 'ended' AND changed_at >= ${bind.timeMs(sinceMs)} GROUP BY project_id, session_id`),
    { rows: SESSIONS_MAX },
  );
  return new Map(rows.map((row) => [`${row.project_id}\0${row.session_id}`, Number(row.ended_ms)]));
}
