import { setImmediate as otherWork } from 'node:timers/promises';
import type { Enricher } from '../enrichment/enrich.js';
import { groupBy } from '../ingest/group-by.js';
import type { OriginColumns } from '../ingest/web-rows.js';
import { bind, identifier, join, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { refillOrigin, type StoredOrigin } from './refill-origin.js';
import { ORIGIN_NAMES } from './session-row.js';
import { wholeSinceMs } from './whole-since.js';

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

/** A stored row with the origin that it is to have. */
interface Refilled<Row extends OriginColumns> {
  readonly stored: Row;
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
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Days that rows are kept, by table. */
  readonly retentionDays: Readonly<Record<string, number>>;
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
    const { enricher, catchUp, sessionsPerSlice = SESSIONS_PER_SLICE } = this.#options;
    await enricher.load();
    await catchUp();
    const sessions = await this.#sessionsOf(projectId, sinceMs, untilMs, after, sessionsPerSlice);
    const rows = groupBy(await this.#refill(projectId, sessions), ({ stored }) => stored.session_id);
    await this.#show(
      projectId,
      sessions.flatMap((snapshot) => unshownOrigin(snapshot, rows.get(snapshot.session_id) ?? []) ?? []),
    );
    await catchUp();
    const changed = [...rows.values()].filter((ofSession) => ofSession.some(isChanged)).length;
    const next = sessions.length < sessionsPerSlice ? null : (sessions.at(-1)?.session_id ?? null);
    return { refilled: rows.size, changed, next };
  }

  /**
   * Has snapshots show their origins. They are computed anew, and their sessions judged, but for those from a time of which events
   * may have been deleted for their age: a snapshot that is computed anew would lack these.
   */
  async #show(projectId: string, refilled: readonly Refilled<SnapshotRow>[]): Promise<void> {
    const { clock, retentionDays, onSession } = this.#options;
    const nowMs = clock();
    const sinceMs = wholeSinceMs(retentionDays, nowMs);
    const whole = refilled.filter(({ stored }) => Number(stored.first_ms) >= sinceMs);
    for (const { stored } of whole) onSession(projectId, stored.session_id);
    const aged = refilled.filter(({ stored }) => Number(stored.first_ms) < sinceMs);
    for (let start = 0; start < aged.length; start += ROWS_PER_STATEMENT) {
      const part = aged.slice(start, start + ROWS_PER_STATEMENT);
      await this.#write(projectId, 'user_sessions', 'session_id', part, sql`true`, sql`greatest(version, ${bind.uint(nowMs)})`);
    }
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
  async #refill(projectId: string, sessions: readonly SnapshotRow[]): Promise<Refilled<OriginRow>[]> {
    if (sessions.length === 0) return [];
    const writeKeys = await this.#writeKeysOf(projectId);
    const refilled: Refilled<OriginRow>[] = [];
    for (const table of ORIGIN_TABLES) {
      const rows = await this.#originsOf(projectId, table, sessions);
      for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
        const part = rows
          .slice(start, start + ROWS_PER_STATEMENT)
          .map((stored) => ({ stored, origin: refillOrigin(stored, this.#options.enricher, writeKeys.has(stored.key_id)) }));
        await this.#writeEvents(projectId, table, part.filter(isChanged));
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

  async #writeEvents(projectId: string, table: string, rows: readonly Refilled<OriginRow>[]): Promise<void> {
    if (rows.length === 0) return;
    const times = rows.map(({ stored }) => Number(stored.timestamp_ms));
    const among = sql`is_origin AND timestamp >= ${bind.timeMs(Math.min(...times))} AND timestamp <= ${bind.timeMs(Math.max(...times))}`;
    await this.#write(projectId, table, 'event_id', rows, among, sql`version + 1`);
  }

  /**
   * Writes rows again with their new origin. The engine reads and writes them in one statement: a row that was erased, or moved to
   * another session, since it was read does not come back.
   */
  async #write<Key extends string>(
    projectId: string,
    table: string,
    key: Key,
    rows: readonly Refilled<OriginColumns & Readonly<Record<Key, string>>>[],
    among: SqlFragment,
    version: SqlFragment,
  ): Promise<void> {
    const ids = bind.strings(rows.map(({ stored }) => stored[key]));
    const columns = ORIGIN_NAMES.filter((name) => rows.some(({ stored, origin }) => stored[name] !== origin[name])).map((name) => {
      const text = sql`arrayElement(${bind.strings(rows.map(({ origin }) => String(origin[name])))}, at)`;
      return sql`${columnValue(name, text)} AS ${identifier(name)}`;
    });
    await this.#options.store.command(
      render(sql`INSERT INTO ${identifier(table)} SELECT * EXCEPT (at) REPLACE (${join(columns)}, ${version} AS version)
        FROM (SELECT *, indexOf(${ids}, ${identifier(key)}) AS at FROM ${identifier(table)} FINAL
          WHERE project_id = ${bind.string(projectId)} AND ${identifier(key)} IN ${ids} AND ${among})`),
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

/**
 * The first of a session's origins, where its snapshot shows another one: the origin changed now, or in a run that was killed
 * after it had written events.
 */
function unshownOrigin(snapshot: SnapshotRow, origins: readonly Refilled<OriginRow>[]): Refilled<SnapshotRow> | undefined {
  const firstMs = Math.min(...origins.map(({ stored }) => Number(stored.timestamp_ms)));
  const first = origins.filter(({ stored }) => Number(stored.timestamp_ms) === firstMs);
  const [earliest] = first;
  if (earliest === undefined || first.some(({ origin }) => sameOrigin(snapshot, origin))) return undefined;
  return { stored: snapshot, origin: earliest.origin };
}

function isChanged({ stored, origin }: Refilled<OriginColumns>): boolean {
  return !sameOrigin(stored, origin);
}

function sameOrigin(one: OriginColumns, other: OriginColumns): boolean {
  return ORIGIN_NAMES.every((name) => one[name] === other[name]);
}
