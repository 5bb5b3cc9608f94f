import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { Anomaly, AnomalyFilter, AnomalyStatus } from './anomaly.js';

/** An anomaly with the number that tells its newest row. */
export interface VersionedAnomaly extends Anomaly {
  readonly version: number;
}

/** A project's own limits of a metric; without limits the defaults hold. */
export interface StoredThreshold {
  readonly project_id: string;
  readonly metric: string;
  readonly warning: number | null;
  readonly critical: number | null;
  /** ISO 8601. */
  readonly updated_at: string;
  readonly version: number;
}

/** More open anomalies than this are not taken over from before a restart; each project has far fewer. */
const OPEN_ROWS_MAX = 10_000;
const THRESHOLD_ROWS_MAX = 10_000;
const LIST_ROWS_DEFAULT = 100;

const COLUMNS = sql`anomaly_id, project_id, metric, dimension, dimension_value, method, level, value, expected, opened_at, last_seen_at, resolved_at, message`;
const OF_STATUS: Readonly<Record<AnomalyStatus, SqlFragment>> = {
  open: sql` AND resolved_at IS NULL`,
  resolved: sql` AND resolved_at IS NOT NULL`,
  all: sql``,
};

/** The tables of anomalies and thresholds. */
export class AnomalyRepository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Anomalies of a project, those seen last first. */
  list(projectId: string, { status = 'open', sinceMs, limit = LIST_ROWS_DEFAULT }: AnomalyFilter): Promise<Anomaly[]> {
    const since = sinceMs === undefined ? sql`` : sql` AND last_seen_at >= ${bind.timeMs(sinceMs)}`;
    return this.#store.query(
      render(sql`SELECT ${COLUMNS} FROM anomalies FINAL WHERE project_id = ${bind.string(projectId)}${OF_STATUS[status]}${since}
        ORDER BY last_seen_at DESC, opened_at DESC, anomaly_id LIMIT ${bind.uint(limit)}`),
    );
  }

  /** One anomaly of a project. */
  async find(projectId: string, anomalyId: string): Promise<Anomaly | undefined> {
    const [anomaly] = await this.#store.query<Anomaly>(
      render(sql`SELECT ${COLUMNS} FROM anomalies FINAL
        WHERE project_id = ${bind.string(projectId)} AND anomaly_id = ${bind.string(anomalyId)} LIMIT 1`),
    );
    return anomaly;
  }

  /** The open anomalies of all projects, the latest first. */
  async readOpen(): Promise<VersionedAnomaly[]> {
    const rows = await this.#store.query<Anomaly & { readonly version: string }>(
      render(sql`SELECT ${COLUMNS}, version FROM anomalies FINAL WHERE resolved_at IS NULL
        ORDER BY last_seen_at DESC LIMIT ${bind.uint(OPEN_ROWS_MAX)}`),
    );
    return rows.map((row) => ({ ...row, version: Number(row.version) }));
  }

  /** Stores rows; of several rows of an anomaly the one with the highest version counts. */
  write(rows: readonly VersionedAnomaly[]): Promise<void> {
    return this.#store.insert('anomalies', rows);
  }

  /** The limits that projects set. */
  async readThresholds(): Promise<StoredThreshold[]> {
    const rows = await this.#store.query<Omit<StoredThreshold, 'version'> & { readonly version: string }>(
      render(sql`SELECT project_id, metric, warning, critical, updated_at, version FROM anomaly_thresholds FINAL
        LIMIT ${bind.uint(THRESHOLD_ROWS_MAX)}`),
    );
    return rows.map((row) => ({ ...row, version: Number(row.version) }));
  }

  writeThreshold(row: StoredThreshold): Promise<void> {
    return this.#store.insert('anomaly_thresholds', [row]);
  }
}
