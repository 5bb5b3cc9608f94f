import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';

/** Sessions per statement: one pass over the raw tables serves them all, so few large statements beat many small ones. */
const SESSIONS_PER_STATEMENT = 20_000;
/** The background refresh takes at most this share of the time, whatever a refresh costs. */
const REFRESH_SHARE = 0.1;
const REFRESH_PAUSE_MS_MIN = 1_000;

/**
 * Keeps `user_sessions` equal to what the raw tables say. A move marks the sessions it touched; they are recomputed
 * as a whole in the background, and before a report that reads sessions. Nothing is incremented, so that neither a
 * retry nor a crash nor a late event can make a session drift.
 */
export class SessionSnapshots {
  readonly #store: Store;
  readonly #clock: () => number;
  #dirty = new Map<string, Set<string>>();
  #refreshing: Promise<void> = Promise.resolve();
  #scheduled = false;
  #timer: Timer | undefined;
  #lastRefreshMs = 0;

  constructor(store: Store, clock: () => number, timer?: Timer) {
    this.#store = store;
    this.#clock = clock;
    this.#timer = timer;
  }

  /** Notes that a session has new or moved rows. */
  mark(projectId: string, sessionId: string): void {
    const sessions = this.#dirty.get(projectId);
    if (sessions === undefined) this.#dirty.set(projectId, new Set([sessionId]));
    else sessions.add(sessionId);
    this.#schedule();
  }

  /** Recomputes every marked session; resolves when the snapshots are as new as the rows stored before the call. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(
      () => this.#recomputeMarked(),
      () => this.#recomputeMarked(),
    );
    return this.#refreshing;
  }

  /** Recomputes what is marked a last time; nothing runs in the background afterwards. */
  async stop(): Promise<void> {
    this.#timer = undefined;
    await this.refresh();
  }

  /** Marks the sessions that a process which was killed may have left behind its rows. */
  async recover(): Promise<void> {
    const [newest] = await this.#store.query<{ newest: string }>(
      render(sql`SELECT toUnixTimestamp64Milli(max(computed_at)) AS newest FROM user_sessions`),
    );
    const sinceMs = Math.max(0, Number(newest?.newest ?? 0) - 3_600_000);
    const rows = await this.#store.query<{ project_id: string; session_id: string }>(
      render(
        sql`SELECT DISTINCT project_id, session_id FROM (${sessionRows(sql`received_at >= ${bind.timeMs(sinceMs)}`)}) WHERE session_id != ''`,
      ),
      { rows: 10_000_000, seconds: 600 },
    );
    const moved = await this.#store.query<{ project_id: string; session_id: string }>(
      render(sql`SELECT project_id, session_id FROM user_sessions FINAL WHERE computed_at = toDateTime64(0, 3, 'UTC')`),
      { rows: 10_000_000, seconds: 600 },
    );
    for (const row of [...rows, ...moved]) this.mark(row.project_id, row.session_id);
  }

  #schedule(): void {
    if (this.#scheduled || this.#timer === undefined) return;
    this.#scheduled = true;
    this.#timer.after(Math.max(REFRESH_PAUSE_MS_MIN, this.#lastRefreshMs / REFRESH_SHARE), () => {
      this.#scheduled = false;
      if (this.#timer === undefined) return;
      // A failed refresh leaves its sessions marked; the next one takes them along.
      this.refresh().catch(() => this.#schedule());
    });
  }

  async #recomputeMarked(): Promise<void> {
    const marked = this.#dirty;
    if (marked.size === 0) return;
    this.#dirty = new Map();
    const startMs = this.#clock();
    try {
      for (const [projectId, sessions] of marked) {
        const ids = [...sessions];
        for (let start = 0; start < ids.length; start += SESSIONS_PER_STATEMENT) {
          await this.#recompute(projectId, ids.slice(start, start + SESSIONS_PER_STATEMENT));
        }
      }
    } catch (error) {
      for (const [projectId, sessions] of marked) for (const sessionId of sessions) this.mark(projectId, sessionId);
      throw error;
    }
    this.#lastRefreshMs = this.#clock() - startMs;
  }

  /** A session that lost its last row to another one becomes a row without events, which no report shows. */
  async #recompute(projectId: string, sessionIds: readonly string[]): Promise<void> {
    const nowMs = this.#clock();
    const ids = bind.strings(sessionIds);
    await this.#store.command(
      render(sql`INSERT INTO user_sessions
        SELECT ${bind.string(projectId)} AS project_id, session_id, ${bind.uint(nowMs)} AS version, ${bind.timeMs(nowMs)} AS computed_at,
          argMaxIf(user_id, happened_at, user_id != '') AS user_id,
          argMaxIf(agent, happened_at, agent != '') AS agent,
          multiIf(sum(page_views) > 0, 'web', sum(requests) + sum(tool_executions) + sum(tasks) > 0, 'api', 'unknown') AS session_source,
          ifNull(minIf(happened_at, events > 0), toDateTime64(0, 3, 'UTC')) AS started_at,
          ifNull(maxIf(happened_at, events > 0), toDateTime64(0, 3, 'UTC')) AS last_event_at,
          ifNull(max(happened_at), toDateTime64(0, 3, 'UTC')) AS last_activity_at,
          sum(events), sum(page_views), sum(requests), sum(unpriced), sum(failed_requests), sum(tool_executions), sum(failed_tools), sum(tasks), sum(messages),
          sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(cost)
        FROM (${sessionRows(sql`project_id = ${bind.string(projectId)} AND session_id IN ${ids}`)}
          UNION ALL SELECT '', arrayJoin(${ids}), NULL, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, toDecimal128(0, 12))
        GROUP BY session_id`),
      { seconds: 120 },
    );
  }
}

/** One narrow row per stored row that belongs to a session. Engagement keeps a session alive and is no event of it. A bare `cost` would be the column of the result, which is never null. */
function sessionRows(condition: SqlFragment): SqlFragment {
  return sql`
    SELECT project_id, session_id, toNullable(timestamp) AS happened_at, user_id, toString(agent) AS agent,
      1 AS events, 0 AS page_views, toUInt64(duplicate_of = '') AS requests, toUInt64(request.cost IS NULL AND duplicate_of = '') AS unpriced,
      toUInt64(status != 'success' AND duplicate_of = '') AS failed_requests, 0 AS tool_executions, 0 AS failed_tools, 0 AS tasks, 0 AS messages,
      if(duplicate_of = '', input_tokens, 0) AS input_tokens, if(duplicate_of = '', cache_read_tokens, 0) AS cache_read_tokens,
      if(duplicate_of = '', cache_write_tokens, 0) AS cache_write_tokens, if(duplicate_of = '', output_tokens, 0) AS output_tokens,
      if(duplicate_of = '', ifNull(request.cost, toDecimal128(0, 12)), toDecimal128(0, 12)) AS cost
    FROM ai_requests AS request FINAL WHERE ${condition}
    UNION ALL SELECT project_id, session_id, toNullable(timestamp), user_id, toString(agent),
      1, 0, 0, 0, 0, 1, toUInt64(status != 'success'), 0, 0, 0, 0, 0, 0, toDecimal128(0, 12)
    FROM mcp_tool_executions FINAL WHERE ${condition}
    UNION ALL SELECT project_id, session_id, toNullable(started_at), user_id, toString(agent), 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, toDecimal128(0, 12)
    FROM agent_tasks FINAL WHERE ${condition}
    UNION ALL SELECT project_id, session_id, toNullable(timestamp), user_id, toString(agent), 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, toDecimal128(0, 12)
    FROM task_messages FINAL WHERE ${condition}
    UNION ALL SELECT project_id, session_id, toNullable(timestamp), user_id, toString(agent), 1, toUInt64(event_type = 'page_view'), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      toDecimal128(0, 12)
    FROM analytics_events FINAL WHERE ${condition}
    UNION ALL SELECT project_id, session_id, toNullable(timestamp), user_id, toString(agent), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, toDecimal128(0, 12)
    FROM engagement_events FINAL WHERE ${condition}`;
}
