import type { FingerprintActivity, MinuteRequests } from '@systemprompt-analytics/core';
import { deleteRows } from '../store/delete-rows.js';
import { bind, integers, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { hourOf } from './touched-hours.js';

const HOUR_MS = 3_600_000;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_WEEK = 7 * 24;
const ROWS_MAX = 10_000_000;
/** One pass over the raw tables in the background, which may take its time. */
const SCAN = { seconds: 600, rows: ROWS_MAX };
const LOOKUP = { seconds: 120, rows: ROWS_MAX };

/** A visitor and hours since 1970. */
export interface VisitorInHours {
  readonly projectId: string;
  readonly fingerprint: string;
  readonly hours: readonly number[];
}

interface TotalsRow {
  readonly fingerprint: string;
  readonly first_ms: string;
  readonly last_ms: string;
  readonly all_requests: string;
  readonly peak: string;
  readonly newest_ip: string;
  readonly newest_user_agent: string;
  readonly users: readonly string[];
}

interface SessionsRow {
  readonly fingerprint: string;
  readonly total_sessions: string;
  readonly sessions_last_day: string;
  readonly active_sessions: string;
}

interface MinutesRow {
  readonly fingerprint: string;
  readonly hour_number: string;
  readonly minutes: readonly number[];
  readonly minute_requests: readonly string[];
}

/** What visitors did in each hour, from the raw tables, and what all hours of a visitor amount to. */
export class VisitorHours {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Highest version of a row: when it was computed, UTC milliseconds, or a lower number; 0 without rows. */
  async newestVersion(): Promise<number> {
    const [newest] = await this.#store.query<{ newest: string }>(render(sql`SELECT max(version) AS newest FROM fingerprint_hours`));
    return Number(newest?.newest ?? 0);
  }

  /** About how many visitors have events that arrived since a time; of all projects when none is named. */
  async countSeenSince(receivedMs: number, projectId: string | undefined): Promise<number> {
    const [row] = await this.#store.query<{ visitors: string }>(
      render(
        sql`SELECT uniq(project_id, visitor) AS visitors FROM (${activity(receivedSince(receivedMs, projectId))}) WHERE visitor != ''`,
      ),
      SCAN,
    );
    return Number(row?.visitors ?? 0);
  }

  /** The visitors with events that arrived since a time, and the hours of these events: one of several parts of all of them. */
  async seenSince(receivedMs: number, projectId: string | undefined, part: number, parts: number): Promise<VisitorInHours[]> {
    const rows = await this.#store.query<{ project_id: string; visitor: string; hours: readonly string[] }>(
      render(sql`SELECT project_id, visitor, groupUniqArray(${hourNumber()}) AS hours
        FROM (${activity(receivedSince(receivedMs, projectId))})
        WHERE visitor != '' AND cityHash64(visitor) % ${bind.uint(parts)} = ${bind.uint(part)}
        GROUP BY project_id, visitor`),
      SCAN,
    );
    return rows.map((row) => ({ projectId: row.project_id, fingerprint: row.visitor, hours: row.hours.map(Number) }));
  }

  /** Computes hours of visitors anew, as a whole, so that doing it twice changes nothing. */
  async recompute(projectId: string, fingerprints: readonly string[], hours: readonly number[], version: number): Promise<void> {
    // The raw tables are parted by week: hours that lie apart must not have everything between them read.
    for (const ofWeek of byWeek(hours)) {
      const from = bind.timeMs(Math.min(...ofWeek) * HOUR_MS);
      const until = bind.timeMs((Math.max(...ofWeek) + 1) * HOUR_MS);
      const wanted = sql`project_id = ${bind.string(projectId)} AND timestamp >= ${from} AND timestamp < ${until}
        AND ${hourNumber()} IN (${integers(ofWeek.map(BigInt))}) AND visitor IN ${bind.strings(fingerprints)}`;
      await this.#store.command(
        render(sql`INSERT INTO fingerprint_hours (project_id, fingerprint, hour, version, first_seen, last_seen, requests,
            peak_requests_per_minute, minutes, minute_requests, session_ids, session_last_seen, user_ids, last_ip, last_user_agent)
          SELECT ${bind.string(projectId)}, visitor, started, ${bind.uint(version)}, first_seen, last_seen, requests,
            arrayMax(arrayPushBack(per_minute.2, toUInt64(0))), per_minute.1, per_minute.2, per_session.1,
            arrayMap(seen -> fromUnixTimestamp64Milli(seen, 'UTC'), per_session.2), users, newest_ip, newest_user_agent
          FROM (
            SELECT visitor, toStartOfHour(timestamp) AS started, min(timestamp) AS first_seen, max(timestamp) AS last_seen,
              sum(counted) AS requests,
              sumMapIf([toUInt8(toMinute(timestamp))], [toUInt64(1)], counted = 1) AS per_minute,
              maxMapIf([session_id], [toUnixTimestamp64Milli(timestamp)], session_id != '') AS per_session,
              arraySort(groupUniqArrayIf(100)(user_id, user_id != '')) AS users,
              argMaxIf(ip, timestamp, ip != '') AS newest_ip, argMaxIf(user_agent, timestamp, user_agent != '') AS newest_user_agent
            FROM (${activity(wanted)}) GROUP BY visitor, started
          )`),
        LOOKUP,
      );
    }
  }

  /** What visitors did in all their hours; of their minutes those of the hours named and of the last hour of each visitor. */
  async activities(
    projectId: string,
    fingerprints: readonly string[],
    hours: ReadonlySet<number>,
  ): Promise<Map<string, FingerprintActivity>> {
    const ofVisitors = sql`project_id = ${bind.string(projectId)} AND fingerprint IN ${bind.strings(fingerprints)}`;
    const totals = await this.#totals(ofVisitors);
    const sessions = new Map((await this.#sessions(projectId, ofVisitors)).map((row) => [row.fingerprint, row]));
    const wanted = new Set(hours);
    for (const { last_ms: lastMs } of totals) {
      const newest = hourOf(Number(lastMs));
      wanted.add(newest).add(newest - 1);
    }
    const minutes = await this.#minutes(ofVisitors, [...wanted]);
    return new Map(
      totals.map((row) => {
        const ofSessions = sessions.get(row.fingerprint);
        return [
          row.fingerprint,
          {
            firstSeenMs: Number(row.first_ms),
            lastSeenMs: Number(row.last_ms),
            totalSessions: Number(ofSessions?.total_sessions ?? 0),
            activeSessions: Number(ofSessions?.active_sessions ?? 0),
            sessionsLastDay: Number(ofSessions?.sessions_last_day ?? 0),
            totalRequests: Number(row.all_requests),
            peakRequestsPerMinute: Number(row.peak),
            lastIp: row.newest_ip,
            lastUserAgent: row.newest_user_agent,
            userIds: row.users,
            minutes: minutes.get(row.fingerprint) ?? [],
          },
        ];
      }),
    );
  }

  /** The visitors and hours that name one of these sessions or users. */
  async naming(projectId: string, sessionIds: readonly string[], userIds: readonly string[]): Promise<VisitorInHours[]> {
    const rows = await this.#store.query<{ fingerprint: string; hours: readonly string[] }>(
      render(sql`SELECT fingerprint, groupUniqArray(toUInt64(intDiv(toUnixTimestamp(hour), 3600))) AS hours FROM fingerprint_hours
        WHERE ${namingCondition(projectId, sessionIds, userIds)} GROUP BY fingerprint`),
      SCAN,
    );
    return rows.map((row) => ({ projectId, fingerprint: row.fingerprint, hours: row.hours.map(Number) }));
  }

  /** Deletes every hour that names one of these sessions or users. */
  async eraseNaming(projectId: string, sessionIds: readonly string[], userIds: readonly string[]): Promise<void> {
    await deleteRows(this.#store, 'fingerprint_hours', namingCondition(projectId, sessionIds, userIds));
  }

  /** Deletes every hour of these visitors. */
  async erase(projectId: string, fingerprints: readonly string[]): Promise<void> {
    const condition = sql`project_id = ${bind.string(projectId)} AND fingerprint IN ${bind.strings(fingerprints)}`;
    await deleteRows(this.#store, 'fingerprint_hours', condition);
  }

  /** Names a user by another id in every hour. */
  async renameUser(projectId: string, fromUserId: string, intoUserId: string, version: number): Promise<void> {
    const from = bind.string(fromUserId);
    const renamed = sql`arraySort(arrayDistinct(arrayMap(user -> if(user = ${from}, ${bind.string(intoUserId)}, user), user_ids)))`;
    await this.#store.command(
      // The condition stands apart: beside the new list of users it would look at that one.
      render(sql`INSERT INTO fingerprint_hours SELECT * REPLACE (${renamed} AS user_ids, ${bind.uint(version)} AS version)
        FROM (SELECT * FROM fingerprint_hours FINAL WHERE project_id = ${bind.string(projectId)} AND has(user_ids, ${from}))`),
      SCAN,
    );
  }

  #totals(ofVisitors: SqlFragment): Promise<TotalsRow[]> {
    return this.#store.query(
      render(sql`SELECT fingerprint, toUnixTimestamp64Milli(min(first_seen)) AS first_ms, toUnixTimestamp64Milli(max(last_seen)) AS last_ms,
          sum(requests) AS all_requests, max(peak_requests_per_minute) AS peak,
          argMaxIf(last_ip, last_seen, last_ip != '') AS newest_ip,
          argMaxIf(last_user_agent, last_seen, last_user_agent != '') AS newest_user_agent,
          arraySort(groupUniqArrayArray(100)(user_ids)) AS users
        FROM fingerprint_hours FINAL WHERE ${ofVisitors} GROUP BY fingerprint`),
      LOOKUP,
    );
  }

  /** A session that became part of another one may still stand in an hour that was computed before. */
  #sessions(projectId: string, ofVisitors: SqlFragment): Promise<SessionsRow[]> {
    return this.#store.query(
      render(sql`SELECT fingerprint, count() AS total_sessions, countIf(seen > newest - INTERVAL 24 HOUR) AS sessions_last_day,
          countIf(seen >= newest - INTERVAL 30 MINUTE) AS active_sessions
        FROM (
          SELECT fingerprint, pair.1 AS session, max(pair.2) AS seen, any(latest) AS newest
          FROM (
            SELECT fingerprint, latest, arrayJoin(arrayZip(session_ids, session_last_seen)) AS pair
            FROM (
              SELECT fingerprint, session_ids, session_last_seen, max(last_seen) OVER (PARTITION BY fingerprint) AS latest
              FROM fingerprint_hours FINAL WHERE ${ofVisitors}
            )
          )
          WHERE session GLOBAL NOT IN (
            SELECT session_id FROM session_changes FINAL WHERE project_id = ${bind.string(projectId)} AND change = 'merged'
          )
          GROUP BY fingerprint, session
        )
        GROUP BY fingerprint`),
      LOOKUP,
    );
  }

  async #minutes(ofVisitors: SqlFragment, hours: readonly number[]): Promise<Map<string, MinuteRequests[]>> {
    const rows = await this.#store.query<MinutesRow>(
      render(sql`SELECT fingerprint, toUInt64(intDiv(toUnixTimestamp(hour), 3600)) AS hour_number, minutes, minute_requests
        FROM fingerprint_hours FINAL WHERE ${ofVisitors} AND hour_number IN (${integers(hours.map(BigInt))}) ORDER BY fingerprint, hour`),
      LOOKUP,
    );
    const byVisitor = new Map<string, MinuteRequests[]>();
    for (const row of rows) {
      const first = Number(row.hour_number) * MINUTES_PER_HOUR;
      const minutes = byVisitor.get(row.fingerprint) ?? [];
      row.minutes.forEach((minute, index) => {
        minutes.push({ minute: first + minute, requests: Number(row.minute_requests[index]) });
      });
      byVisitor.set(row.fingerprint, minutes);
    }
    return byVisitor;
  }
}

function hourNumber(): SqlFragment {
  return sql`toUInt64(intDiv(toUnixTimestamp(timestamp), 3600))`;
}

function receivedSince(receivedMs: number, projectId: string | undefined): SqlFragment {
  const ofProject = projectId === undefined ? sql`` : sql` AND project_id = ${bind.string(projectId)}`;
  return sql`received_at >= ${bind.timeMs(Math.max(0, receivedMs))}${ofProject}`;
}

/**
 * What visitors did, a row each. A page view, a request that is no asset and a model call that repeats no other one count as
 * requests; everything says that the visitor was there.
 */
function activity(condition: SqlFragment): SqlFragment {
  return sql`
    SELECT project_id, timestamp, session_id, user_id, ip, user_agent,
      if(visitor_id != '', visitor_id, fingerprint) AS visitor, toUInt64(event_type = 'page_view') AS counted
    FROM analytics_events FINAL WHERE ${condition}
    UNION ALL SELECT project_id, timestamp, session_id, user_id, ip, user_agent,
      if(visitor_id != '', visitor_id, fingerprint) AS visitor, toUInt64(request_kind != 'asset') AS counted
    FROM http_requests FINAL WHERE ${condition}
    UNION ALL SELECT project_id, timestamp, session_id, user_id, ip, user_agent,
      fingerprint AS visitor, toUInt64(duplicate_of = '') AS counted
    FROM ai_requests FINAL WHERE ${condition}`;
}

function namingCondition(projectId: string, sessionIds: readonly string[], userIds: readonly string[]): SqlFragment {
  return sql`project_id = ${bind.string(projectId)}
    AND (hasAny(session_ids, ${bind.strings(sessionIds)}) OR hasAny(user_ids, ${bind.strings(userIds)}))`;
}

function byWeek(hours: readonly number[]): number[][] {
  const weeks = new Map<number, number[]>();
  for (const hour of hours) {
    const week = Math.floor(hour / HOURS_PER_WEEK);
    const ofWeek = weeks.get(week);
    if (ofWeek === undefined) weeks.set(week, [hour]);
    else ofWeek.push(hour);
  }
  return [...weeks.values()];
}
