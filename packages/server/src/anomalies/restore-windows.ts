import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { type LiveStatistics, RECENT_MS_MAX } from './live-statistics.js';
import type { MinuteFacts } from './minute-series.js';
import { storedAddress } from './visitor-activity.js';

const MINUTES_MS = 65 * 60_000;
const VISITS_MS = 24 * 3_600_000;
const MINUTE_ROWS_MAX = 50_000;
const VISIT_ROWS_MAX = 50_000;
const READ_SECONDS = 60;

interface MinuteRow extends Readonly<Record<keyof MinuteFacts, number | string>> {
  readonly project_id: string;
  readonly dimension: 'project' | 'agent' | 'model' | 'tool' | 'path';
  readonly name: string;
  readonly minute: number;
}

interface VisitRow {
  readonly project_id: string;
  readonly visitor_id: string;
  readonly session_id: string;
  readonly ip: string;
  readonly seen_ms: string;
}

/**
 * Fills the windows of the live statistics from the stored events, as they were before the server was stopped or killed.
 * Events that arrived long after they happened are left out, as they are while the server runs. Addresses are as precise as
 * they are stored.
 */
export async function restoreWindows(store: Store, statistics: LiveStatistics, nowMs: number): Promise<void> {
  const minutes = await store.query<MinuteRow>(render(minutesOf(nowMs)), { rows: MINUTE_ROWS_MAX, seconds: READ_SECONDS });
  const visits = await store.query<VisitRow>(render(visitsOf(nowMs)), { rows: VISIT_ROWS_MAX, seconds: READ_SECONDS });
  for (const row of minutes) {
    statistics
      .project(row.project_id)
      .minuteSeries(row.dimension, row.name)
      .restore(row.minute, {
        count: Number(row.count),
        failed: Number(row.failed),
        durations: Number(row.durations),
        durationMean: Number(row.durationMean),
        durationSquares: Number(row.durationSquares),
      });
  }
  // Oldest first, as they were seen.
  for (const row of visits.toReversed()) {
    const visitor = statistics.project(row.project_id).visitor(row.visitor_id);
    const seenMs = Number(row.seen_ms);
    if (row.session_id !== '') visitor.sessions.add(row.session_id, seenMs);
    if (row.ip !== '') visitor.addresses.add(storedAddress(row.ip), seenMs);
  }
}

/** Rows of a time that arrived about when they happened; what arrives from now on is seen live. */
function recent(nowMs: number, spanMs: number): SqlFragment {
  return sql`timestamp >= ${bind.timeMs(nowMs - spanMs)} AND timestamp <= ${bind.timeMs(nowMs)} AND received_at <= ${bind.timeMs(nowMs)}
    AND abs(dateDiff('millisecond', timestamp, received_at)) <= ${bind.uint(RECENT_MS_MAX)}`;
}

function minutesOf(nowMs: number): SqlFragment {
  const time = recent(nowMs, MINUTES_MS);
  return sql`SELECT project_id, part.1 AS dimension, part.2 AS name, minute,
      count() AS count, countIf(failed) AS failed, countIf(part.3 AND duration_ms IS NOT NULL) AS durations,
      ifNull(avgIf(duration_ms, part.3), 0) AS durationMean, ifNull(varPopIf(duration_ms, part.3), 0) * durations AS durationSquares
    FROM (
      SELECT project_id, intDiv(toUnixTimestamp(timestamp), 60) AS minute, status != 'success' AS failed, latency_ms AS duration_ms,
        [('project', '', false), ('agent', toString(agent), false), ('model', toString(model), true)] AS parts
      FROM ai_requests FINAL WHERE ${time}
      UNION ALL SELECT project_id, intDiv(toUnixTimestamp(timestamp), 60), status != 'success', duration_ms,
        [('project', '', false), ('agent', toString(agent), false), ('tool', toString(tool), true)]
      FROM mcp_tool_executions FINAL WHERE ${time}
      UNION ALL SELECT project_id, intDiv(toUnixTimestamp(timestamp), 60), status_code >= 500, duration_ms,
        [('project', '', false), ('path', page_path, true)]
      FROM analytics_events FINAL WHERE ${time} AND event_type = 'page_view'
      UNION ALL SELECT project_id, intDiv(toUnixTimestamp(timestamp), 60), status_code >= 500, duration_ms,
        [('project', '', false), ('path', page_path, true)]
      FROM http_requests FINAL WHERE ${time} AND request_kind != 'asset'
    ) ARRAY JOIN parts AS part
    WHERE (part.1 NOT IN ('agent', 'path') OR part.2 != '') AND (part.1 != 'path' OR duration_ms IS NOT NULL)
    GROUP BY project_id, dimension, name, minute
    ORDER BY count DESC LIMIT ${bind.uint(MINUTE_ROWS_MAX)}`;
}

/** Visitors with more than one session or address; one of each is what everybody has. */
function visitsOf(nowMs: number): SqlFragment {
  const time = recent(nowMs, VISITS_MS);
  const columns = sql`project_id, visitor_id, session_id, ip, timestamp`;
  return sql`SELECT project_id, visitor_id, session_id, ip, toUnixTimestamp64Milli(max(timestamp)) AS seen_ms
    FROM (
      SELECT ${columns} FROM analytics_events FINAL WHERE ${time} AND visitor_id != ''
      UNION ALL SELECT ${columns} FROM http_requests FINAL WHERE ${time} AND visitor_id != ''
    )
    GROUP BY project_id, visitor_id, session_id, ip
    QUALIFY count() OVER (PARTITION BY project_id, visitor_id) > 1
    ORDER BY seen_ms DESC LIMIT ${bind.uint(VISIT_ROWS_MAX)}`;
}
