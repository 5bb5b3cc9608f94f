import { setImmediate as otherWork } from 'node:timers/promises';
import type { Enricher } from '../enrichment/enrich.js';
import type { OriginColumns } from '../ingest/web-rows.js';
import { bind, identifier, join, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { refillOrigin, type StoredOrigin } from './refill-origin.js';
import { ORIGIN_NAMES } from './session-row.js';

/** One slice of computing origins anew. */
export interface RefilledSlice {
  /** Sessions whose origin was computed anew. */
  readonly refilled: number;
  /** Those of them of which something else is stored now. */
  readonly changed: number;
  /** The session to go on after; null when all are done. */
  readonly next: string | null;
}

interface OriginRow extends StoredOrigin {
  readonly event_id: string;
  readonly session_id: string;
  readonly timestamp_ms: string;
  readonly key_id: string;
}

/** A session of a slice: its span, and the origin that its snapshot shows. */
interface SnapshotRow extends OriginColumns {
  readonly session_id: string;
  readonly first_ms: string;
  readonly last_ms: string;
}

interface RefilledRow {
  readonly row: OriginRow;
  readonly origin: OriginColumns;
}

const ORIGIN_TABLES = ['analytics_events', 'http_requests'] as const;
/** Sessions of one slice, so that whoever waits sees progress. */
const SESSIONS_PER_SLICE = 5_000;
/** Events whose origin is computed, and written in one statement, before other work gets its turn. */
const ROWS_PER_STATEMENT = 1_000;
/** Origins of a session in one table: the first counts, further ones only once all before them are deleted. */
const ORIGINS_PER_SESSION = 10;
const STATEMENT_SECONDS = 120;

export interface OriginBackfillOptions {
  /** The connection that moves events. */
  readonly store: Store;
  /** With the databases and lists as they are now. */
  readonly enricher: Enricher;
  /** Brings tables and snapshots up to date with all that was acknowledged, and with what was marked. */
  readonly catchUp: () => Promise<void>;
  readonly onSession: (projectId: string, sessionId: string) => void;
  /** @default 5000 */
  readonly sessionsPerSlice?: number;
}

/**
 * Computes anew where the visitors of stored sessions came from, after a database of places or networks was set up or a list
 * got better. What cannot be told from what is stored stays as it was told when the event arrived; see {@link refillOrigin}.
 *
 * A session that was created with what an application knew of it keeps that: it was not concluded here. Sessions that go on
 * meanwhile keep in memory what was known when they began, for what is decided live; their snapshots show what is stored.
 */
export class OriginBackfill {
  readonly #options: OriginBackfillOptions;

  constructor(options: OriginBackfillOptions) {
    this.#options = options;
  }

  /**
   * Computes the origins of the sessions of a range anew, a slice of them at a time. Repeating it changes nothing more.
   *
   * @param sinceMs UTC milliseconds, included; the range is that of the sessions' starts
   * @param untilMs not included
   * @param after the session that the last slice ended with; empty for the first
   * @throws AnalyticsError `invalid_configuration` when the table of networks cannot be read, or `store_unavailable`; a slice may be repeated
   */
  async run(projectId: string, sinceMs: number, untilMs: number, after = ''): Promise<RefilledSlice> {
    const { enricher, catchUp, onSession, sessionsPerSlice = SESSIONS_PER_SLICE } = this.#options;
    await enricher.load();
    await catchUp();
    const sessions = await this.#sessionsOf(projectId, sinceMs, untilMs, after, sessionsPerSlice);
    const rows = await this.#refill(projectId, sessions);
    const firstMs = new Map<string, number>();
    const changed = new Set<string>();
    for (const { row, origin } of rows) {
      const sessionId = row.session_id;
      firstMs.set(sessionId, Math.min(firstMs.get(sessionId) ?? Number.POSITIVE_INFINITY, Number(row.timestamp_ms)));
      if (!sameOrigin(row, origin)) changed.add(sessionId);
    }
    // Not every session: what was deleted for its age would be missing in a snapshot that is computed anew. But also one that a
    // run before did not get to after it had written the events.
    const snapshots = new Map(sessions.map((session) => [session.session_id, session]));
    const shown = new Set<string>();
    for (const { row, origin } of rows) {
      const snapshot = snapshots.get(row.session_id);
      if (Number(row.timestamp_ms) !== firstMs.get(row.session_id)) continue;
      if (snapshot !== undefined && sameOrigin(snapshot, origin)) shown.add(row.session_id);
    }
    for (const sessionId of firstMs.keys()) if (!shown.has(sessionId)) onSession(projectId, sessionId);
    await catchUp();
    const next = sessions.length < sessionsPerSlice ? null : (sessions.at(-1)?.session_id ?? null);
    return { refilled: firstMs.size, changed: changed.size, next };
  }

  #sessionsOf(projectId: string, sinceMs: number, untilMs: number, after: string, limit: number): Promise<SnapshotRow[]> {
    return this.#options.store.query(
      render(sql`SELECT session_id, toUnixTimestamp64Milli(first_activity_at) AS first_ms, toUnixTimestamp64Milli(last_activity_at) AS last_ms,
          ${ORIGIN_COLUMNS}
        FROM user_sessions FINAL WHERE project_id = ${bind.string(projectId)} AND session_id > ${bind.string(after)}
          AND started_at >= ${bind.timeMs(sinceMs)} AND started_at < ${bind.timeMs(untilMs)} AND web_events + http_requests > 0
        ORDER BY session_id LIMIT ${bind.uint(limit)}`),
    );
  }

  /** Computes and stores the origins of some sessions; gives every one of them, changed or not. */
  async #refill(projectId: string, sessions: readonly SnapshotRow[]): Promise<RefilledRow[]> {
    if (sessions.length === 0) return [];
    const writeKeys = await this.#writeKeysOf(projectId);
    const refilled: RefilledRow[] = [];
    for (const table of ORIGIN_TABLES) {
      const rows = await this.#originsOf(projectId, table, sessions);
      for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
        const part = rows
          .slice(start, start + ROWS_PER_STATEMENT)
          .map((row) => ({ row, origin: refillOrigin(row, this.#options.enricher, writeKeys.has(row.key_id)) }));
        await this.#write(
          projectId,
          table,
          part.filter(({ row, origin }) => !sameOrigin(row, origin)),
        );
        refilled.push(...part);
        await otherWork();
      }
    }
    return refilled;
  }

  #originsOf(projectId: string, table: string, sessions: readonly SnapshotRow[]): Promise<OriginRow[]> {
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = 0;
    for (const { first_ms: first, last_ms: last } of sessions) {
      fromMs = Math.min(fromMs, Number(first));
      toMs = Math.max(toMs, Number(last));
    }
    const ids = bind.strings(sessions.map((session) => session.session_id));
    return this.#options.store.query(
      render(sql`SELECT event_id, session_id, toUnixTimestamp64Milli(timestamp) AS timestamp_ms, key_id, ip, user_agent, page_url, referrer,
          ${ORIGIN_COLUMNS}
        FROM ${identifier(table)} FINAL WHERE project_id = ${bind.string(projectId)} AND session_id IN ${ids} AND is_origin
          AND timestamp >= ${bind.timeMs(fromMs)} AND timestamp <= ${bind.timeMs(toMs)}
        ORDER BY session_id, timestamp, event_id LIMIT ${bind.uint(ORIGINS_PER_SESSION)} BY session_id`),
      { rows: sessions.length * ORIGINS_PER_SESSION, seconds: STATEMENT_SECONDS },
    );
  }

  /** The keys of browsers, which sent the headers that their events do not bear. */
  async #writeKeysOf(projectId: string): Promise<Set<string>> {
    const rows = await this.#options.store.query<{ key_id: string }>(
      render(sql`SELECT key_id FROM api_keys FINAL WHERE project_id = ${bind.string(projectId)} AND kind = 'write'`),
    );
    return new Set(rows.map((row) => row.key_id));
  }

  /**
   * Writes rows again with their new origin. The engine reads and writes them in one statement: a row that was erased, or moved to
   * another session, since it was read does not come back.
   */
  async #write(projectId: string, table: string, rows: readonly RefilledRow[]): Promise<void> {
    if (rows.length === 0) return;
    const ids = bind.strings(rows.map(({ row }) => row.event_id));
    const times = rows.map(({ row }) => Number(row.timestamp_ms));
    const columns = ORIGIN_NAMES.filter((name) => rows.some(({ row, origin }) => row[name] !== origin[name])).map((name) => {
      const text = sql`arrayElement(${bind.strings(rows.map(({ origin }) => String(origin[name])))}, at)`;
      return sql`${columnValue(name, text)} AS ${identifier(name)}`;
    });
    await this.#options.store.command(
      render(sql`INSERT INTO ${identifier(table)} SELECT * EXCEPT (at) REPLACE (${join(columns)}, version + 1 AS version)
        FROM (SELECT *, indexOf(${ids}, event_id) AS at FROM ${identifier(table)} FINAL
          WHERE project_id = ${bind.string(projectId)} AND event_id IN ${ids} AND is_origin
            AND timestamp >= ${bind.timeMs(Math.min(...times))} AND timestamp <= ${bind.timeMs(Math.max(...times))})`),
      { seconds: STATEMENT_SECONDS },
    );
  }
}

const ORIGIN_COLUMNS = join(ORIGIN_NAMES.map(identifier));

/** A column's value from its text. */
function columnValue(name: (typeof ORIGIN_NAMES)[number], text: SqlFragment): SqlFragment {
  if (name === 'asn') return sql`toUInt32(${text})`;
  return name === 'hosting' ? sql`${text} = 'true'` : text;
}

function sameOrigin(one: OriginColumns, other: OriginColumns): boolean {
  return ORIGIN_NAMES.every((name) => one[name] === other[name]);
}
