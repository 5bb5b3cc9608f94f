/** How the tables are laid out: one process, one server, or a cluster of shards and replicas. */
export type StoreTopology = 'embedded' | 'single' | 'cluster';

/** A value the engine binds; it never becomes part of the SQL text. */
export type BindValue = string | number | boolean | null | readonly string[] | readonly number[];

/** One statement with its typed binds. Made by the `sql` tag only. */
export interface SqlQuery {
  readonly text: string;
  readonly binds: Readonly<Record<string, BindValue>>;
}

/** Bounds of one query; beyond them it fails with `query_too_expensive`. */
export interface QueryLimits {
  /** @default 30 */
  readonly seconds?: number;
  /** Rows of the answer. @default 100000 */
  readonly rows?: number;
}

/** A row as the engine answers it: 64-bit integers and decimals are strings, times ISO 8601. */
export type StoredRow = Readonly<Record<string, unknown>>;

/**
 * All the product knows of the engine. Two drivers implement it, chosen by one setting; nothing else knows which runs.
 * Failures are `AnalyticsError`s: `store_unavailable` (try again), `query_too_expensive`, `folder_in_use`.
 */
export interface Store {
  readonly topology: StoreTopology;
  /** Cluster name of the `cluster` topology, else empty. */
  readonly cluster: string;
  /** Runs a SELECT and gives all its rows. */
  query<Row = StoredRow>(query: SqlQuery, limits?: QueryLimits): Promise<Row[]>;
  /**
   * Stores rows; resolves when they are durable. Times as ISO 8601 strings, decimals as strings. A row that is a string
   * has been written as JSON before.
   */
  insert(table: string, rows: readonly (object | string)[]): Promise<void>;
  /** Runs a statement that gives no rows. */
  command(query: SqlQuery, limits?: QueryLimits): Promise<void>;
  /** Another connection to the same data: what takes long on this one does not hold it up. Closed on its own. */
  connect(): Promise<Store>;
  /** Fails unless the engine answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
