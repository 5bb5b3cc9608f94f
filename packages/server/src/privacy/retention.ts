import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';

const DAY_MS = 86_400_000;
const PAUSE_MS = 6 * 3_600_000;

/** The column that says how old a row is, by table. */
const TIME_COLUMNS: Readonly<Record<string, string>> = {
  agent_tasks: 'started_at',
  user_sessions: 'last_activity_at',
  fingerprint_reputation: 'last_seen',
  anomalies: 'last_seen_at',
};

/** Tables that bear what belongs to rows of another one, and go with them. */
const COMPANIONS: Readonly<Record<string, readonly (readonly [table: string, column: string])[]>> = {
  agent_tasks: [['agent_task_states', 'timestamp']],
  user_sessions: [
    ['session_changes', 'changed_at'],
    ['session_verdicts', 'computed_at'],
    ['session_marks', 'marked_at'],
  ],
  fingerprint_reputation: [
    ['fingerprint_hours', 'hour'],
    ['throttle_levels', 'last_evidence'],
  ],
};

export interface RetentionOptions {
  /** The connection that moves events. */
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Days that rows are kept, by table. */
  readonly days: Readonly<Record<string, number>>;
  /** Deletes every six hours; without one only {@link Retention.run} does. */
  readonly timer?: Timer | undefined;
  /** Told of a run in the background that failed; it is repeated. */
  readonly onFailure: (error: unknown) => void;
}

/** Deletes rows that are older than their table's setting allows. */
export class Retention {
  readonly #options: RetentionOptions;
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Deletes what is too old now; says how many rows, by table. */
  async run(): Promise<Readonly<Record<string, number>>> {
    const { clock, days } = this.#options;
    const deleted: Record<string, number> = {};
    for (const [table, kept] of Object.entries(days)) {
      const beforeMs = clock() - kept * DAY_MS;
      for (const [each, column] of [[table, TIME_COLUMNS[table] ?? 'timestamp'] as const, ...(COMPANIONS[table] ?? [])]) {
        deleted[each] = await this.#deleteBefore(each, column, beforeMs);
      }
    }
    return deleted;
  }

  /** Deletes every six hours from now on, the first time at once. */
  start(): void {
    const { timer, onFailure, days } = this.#options;
    if (timer === undefined || Object.keys(days).length === 0) return;
    const again = (pauseMs: number): void =>
      timer.after(pauseMs, () => {
        if (this.#stopped) return;
        this.run()
          .catch(onFailure)
          .finally(() => again(PAUSE_MS));
      });
    again(0);
  }

  /** Nothing is deleted afterwards. */
  stop(): void {
    this.#stopped = true;
  }

  async #deleteBefore(table: string, column: string, beforeMs: number): Promise<number> {
    const { store } = this.#options;
    const old = sql`${identifier(column)} < ${bind.timeMs(beforeMs)}`;
    const [found] = await store.query<{ count: string }>(render(sql`SELECT count() AS count FROM ${identifier(table)} WHERE ${old}`));
    const count = Number(found?.count ?? 0);
    if (count > 0) await deleteRows(store, table, old);
    return count;
  }
}
