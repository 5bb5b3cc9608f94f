import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** A session whose events turned out to belong to another one. */
export interface SessionMerge {
  readonly projectId: string;
  readonly sessionId: string;
  readonly mergedInto: string;
}

/** Tables whose rows lie where their session lies, so that moving a row is writing it again and deleting the old one. */
const TABLES_BY_SESSION = ['analytics_events', 'engagement_events', 'http_requests'] as const;
const MERGES_MAX = 100_000;

/**
 * Moves the events of sessions that became part of another one. A merge is noted durably before the event that caused it is
 * acknowledged, and done after the events are in their tables; a process that was killed in between does it when it starts
 * again. Every step may be repeated.
 */
export class SessionMerges {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #onSession: (projectId: string, sessionId: string) => void;
  #pending: SessionMerge[] = [];

  /**
   * @param store the connection that moves events
   * @param onSession told of every session that gained or lost events
   */
  constructor(store: Store, clock: () => number, onSession: (projectId: string, sessionId: string) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onSession = onSession;
  }

  /** Notes that sessions became one; resolves when it is durable. */
  async note(merges: readonly SessionMerge[]): Promise<void> {
    await this.#write(merges, 'merged');
    this.#pending.push(...merges);
  }

  /** Moves the events of every merge that was noted. Called when all events accepted before are in their tables. */
  async apply(): Promise<void> {
    if (this.#pending.length === 0) return;
    const merges = this.#pending;
    this.#pending = [];
    try {
      for (const merge of merges) await this.#move(merge);
      await this.#write(merges, 'moved');
    } catch (error) {
      this.#pending = [...merges, ...this.#pending];
      throw error;
    }
  }

  /** Takes up the merges that an earlier process noted and did not finish. */
  async recover(): Promise<void> {
    const rows = await this.#store.query<{ project_id: string; session_id: string; merged_into: string }>(
      render(sql`SELECT project_id, session_id, argMax(merged_into, changed_at) AS merged_into FROM session_changes FINAL
        WHERE change IN ('merged', 'moved') GROUP BY project_id, session_id HAVING countIf(change = 'moved') = 0 ORDER BY min(changed_at)`),
      { rows: MERGES_MAX },
    );
    for (const row of rows) this.#pending.push({ projectId: row.project_id, sessionId: row.session_id, mergedInto: row.merged_into });
    await this.apply();
  }

  async #move({ projectId, sessionId, mergedInto }: SessionMerge): Promise<void> {
    for (const table of TABLES_BY_SESSION) {
      const ofSession = sql`project_id = ${bind.string(projectId)} AND session_id = ${bind.string(sessionId)}`;
      const name = identifier(table);
      await this.#store.command(
        render(sql`INSERT INTO ${name} SELECT * REPLACE (${bind.string(mergedInto)} AS session_id, version + 1 AS version)
          FROM (SELECT * FROM ${name} FINAL WHERE ${ofSession})`),
      );
      await deleteRows(this.#store, table, ofSession);
    }
    this.#onSession(projectId, sessionId);
    this.#onSession(projectId, mergedInto);
  }

  async #write(merges: readonly SessionMerge[], change: 'merged' | 'moved'): Promise<void> {
    const nowMs = this.#clock();
    await this.#store.insert(
      'session_changes',
      merges.map(({ projectId, sessionId, mergedInto }) => ({
        project_id: projectId,
        session_id: sessionId,
        changed_at: new Date(nowMs).toISOString(),
        change,
        merged_into: mergedInto,
        version: nowMs,
      })),
    );
  }
}
