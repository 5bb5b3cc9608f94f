import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, type SqlFragment, sql } from '../store/sql.js';
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

/** A table that bears what belongs to rows of another one. */
interface Companion {
  readonly table: string;
  readonly column: string;
  /** Columns that name the row it belongs to, under their own names there; such rows stay as long as that one does. */
  readonly owner?: string;
  readonly extra?: SqlFragment;
}

const COMPANIONS: Readonly<Record<string, readonly Companion[]>> = {
  agent_tasks: [{ table: 'agent_task_states', column: 'timestamp' }],
  user_sessions: [
    { table: 'session_changes', column: 'changed_at', owner: 'session_id' },
    { table: 'session_verdicts', column: 'computed_at', owner: 'session_id' },
    { table: 'session_marks', column: 'marked_at', owner: 'session_id' },
  ],
  fingerprint_reputation: [
    { table: 'fingerprint_hours', column: 'hour', owner: 'fingerprint' },
    // A level that a person set holds until it is taken back; any other of that age has long been the normal one.
    { table: 'throttle_levels', column: 'last_evidence', extra: sql`criterion != 'manual'` },
  ],
};

export interface RetentionOptions {
  /** The connection that moves events. */
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Brings snapshots up to date: one that is due would come back with what is left of its session. */
  readonly catchUp: () => Promise<void>;
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
    const { clock, days, catchUp } = this.#options;
    const deleted: Record<string, number> = {};
    if (Object.keys(days).length > 0) await catchUp();
    for (const [table, kept] of Object.entries(days)) {
      const beforeMs = clock() - kept * DAY_MS;
      deleted[table] = await this.#deleteBefore(table, TIME_COLUMNS[table] ?? 'timestamp', beforeMs, sql`true`);
      for (const companion of COMPANIONS[table] ?? []) {
        const condition = companion.owner === undefined ? (companion.extra ?? sql`true`) : this.#isOrphan(table, companion.owner);
        deleted[companion.table] = await this.#deleteBefore(companion.table, companion.column, beforeMs, condition);
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

  /** Rows that belong to one lie on the same machine of a cluster as that one. */
  #isOrphan(table: string, owner: string): SqlFragment {
    const owners = identifier(this.#options.store.topology === 'cluster' ? `${table}_local` : table);
    return sql`(project_id, ${identifier(owner)}) NOT IN (SELECT project_id, ${identifier(owner)} FROM ${owners} FINAL)`;
  }

  async #deleteBefore(table: string, column: string, beforeMs: number, condition: SqlFragment): Promise<number> {
    const { store } = this.#options;
    const old = sql`${identifier(column)} < ${bind.timeMs(beforeMs)} AND ${condition}`;
    const [found] = await store.query<{ count: string }>(render(sql`SELECT count() AS count FROM ${identifier(table)} WHERE ${old}`));
    const count = Number(found?.count ?? 0);
    if (count > 0) await deleteRows(store, table, old);
    return count;
  }
}
