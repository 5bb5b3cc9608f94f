import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** A session as the store knows it, as far as finding it needs. Times in UTC milliseconds. */
export interface StoredSession {
  readonly sessionId: string;
  readonly visitorId: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Undefined when it was not ended. */
  readonly endedMs: number | undefined;
}

const SESSIONS_MAX = 1_000_000;

/** Finds sessions of visitors in the store. */
export class VisitorLookup {
  readonly #store: Store;
  readonly #catchUp: () => Promise<void>;
  readonly #forgotten: () => number;
  #forgottenAtCatchUp = -1;

  /**
   * @param catchUp brings session snapshots up to date with all that was acknowledged
   * @param forgotten how many sessions memory has forgotten: as long as it stays the same, those that the store does not
   * know yet are in memory
   */
  constructor(store: Store, catchUp: () => Promise<void>, forgotten: () => number) {
    this.#store = store;
    this.#catchUp = catchUp;
    this.#forgotten = forgotten;
  }

  /** The sessions of these visitors with activity between two times, UTC milliseconds, both included. */
  async find(projectId: string, visitorIds: readonly string[], fromMs: number, toMs: number): Promise<StoredSession[]> {
    const forgotten = this.#forgotten();
    if (forgotten !== this.#forgottenAtCatchUp) {
      await this.#catchUp();
      this.#forgottenAtCatchUp = forgotten;
    }
    const rows = await this.#store.query<Record<'session_id' | 'visitor_id' | 'first_ms' | 'last_ms' | 'ended_ms', string | null>>(
      render(sql`SELECT session_id, visitor_id, toUnixTimestamp64Milli(first_activity_at) AS first_ms,
          toUnixTimestamp64Milli(last_activity_at) AS last_ms, toUnixTimestamp64Milli(ended_at) AS ended_ms
        FROM user_sessions FINAL
        WHERE project_id = ${bind.string(projectId)} AND visitor_id IN ${bind.strings(visitorIds)}
          AND last_activity_at >= ${bind.timeMs(fromMs)} AND first_activity_at <= ${bind.timeMs(toMs)} AND events + http_requests > 0`),
      { rows: SESSIONS_MAX },
    );
    return rows.map((row) => ({
      sessionId: row.session_id ?? '',
      visitorId: row.visitor_id ?? '',
      firstMs: Number(row.first_ms),
      lastMs: Number(row.last_ms),
      endedMs: row.ended_ms === null ? undefined : Number(row.ended_ms),
    }));
  }
}
