import type { ClickHouseClient } from '@clickhouse/client';
import { AnalyticsError } from '@systemprompt-analytics/core';
import type { QueryLimits, SqlQuery, Store, StoreTopology } from './store.js';

/** Answers carry 64-bit integers and decimals as strings, so that no number passes through a float. */
export const QUERY_SETTINGS = {
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  output_format_decimal_trailing_zeros: 1,
  date_time_output_format: 'iso',
  /** Replacing tables are partitioned by a function of their key's time: an id is never in two partitions. */
  do_not_merge_across_partitions_select_final: 1,
  result_overflow_mode: 'throw',
} as const;

/** Times arrive as ISO 8601. A misspelt column is a failure, not a value that is lost. */
export const INSERT_SETTINGS = { date_time_input_format: 'best_effort', input_format_skip_unknown_fields: 0 } as const;

const DEFAULT_QUERY_SECONDS = 30;
const DEFAULT_ANSWER_ROWS = 100_000;
/** Engine codes: TIMEOUT_EXCEEDED, TOO_MANY_ROWS, TOO_MANY_BYTES, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES. */
const TOO_EXPENSIVE = new Set(['159', '158', '307', '241', '396']);

/** What the two drivers do differently. */
export interface Driver {
  readonly topology: StoreTopology;
  /** Cluster name of the `cluster` topology, else empty. */
  readonly cluster: string;
  /** Settings that travel with every query: none where the connection keeps {@link QUERY_SETTINGS}. */
  readonly querySettings: Partial<typeof QUERY_SETTINGS>;
  /** Inserts rows written as JSON, one per line; the drivers differ in how settings travel with them. */
  readonly insertLines: (client: ClickHouseClient, table: string, lines: string) => Promise<unknown>;
  /** Opens another connection to the same data. */
  readonly connect: () => Promise<Store>;
}

/** The part that both drivers share: the official client over either connection. */
export class EngineClient implements Store {
  readonly topology: StoreTopology;
  readonly cluster: string;
  readonly #client: ClickHouseClient;
  readonly #driver: Driver;

  constructor(client: ClickHouseClient, driver: Driver) {
    this.#client = client;
    this.#driver = driver;
    this.topology = driver.topology;
    this.cluster = driver.cluster;
  }

  async query<Row>(query: SqlQuery, limits: QueryLimits = {}): Promise<Row[]> {
    try {
      const answer = await this.#client.query({
        query: query.text,
        query_params: query.binds,
        format: 'JSONEachRow',
        clickhouse_settings: {
          ...this.#driver.querySettings,
          max_execution_time: limits.seconds ?? DEFAULT_QUERY_SECONDS,
          max_result_rows: String(limits.rows ?? DEFAULT_ANSWER_ROWS),
        },
      });
      return await answer.json<Row>();
    } catch (error) {
      throw translate(error);
    }
  }

  async insert(table: string, rows: readonly (object | string)[]): Promise<void> {
    if (rows.length === 0) return;
    let lines = '';
    for (const row of rows) lines += typeof row === 'string' ? `${row}\n` : `${JSON.stringify(row)}\n`;
    try {
      await this.#driver.insertLines(this.#client, table, lines);
    } catch (error) {
      throw translate(error);
    }
  }

  async command(query: SqlQuery, limits: QueryLimits = {}): Promise<void> {
    try {
      await this.#client.command({
        query: query.text,
        query_params: query.binds,
        clickhouse_settings: { ...this.#driver.querySettings, max_execution_time: limits.seconds ?? DEFAULT_QUERY_SECONDS },
      });
    } catch (error) {
      throw translate(error);
    }
  }

  connect(): Promise<Store> {
    return this.#driver.connect();
  }

  async ping(): Promise<void> {
    await this.query({ text: 'SELECT 1', binds: {} }, { seconds: 5 });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function translate(error: unknown): AnalyticsError {
  // Not instanceof: the embedded engine throws the class of another copy of the client.
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && TOO_EXPENSIVE.has(error.code)) {
    return new AnalyticsError('query_too_expensive', `The query was stopped: ${firstLine(error.message)}`, { cause: error });
  }
  const message = error instanceof Error ? firstLine(error.message) : String(error);
  return new AnalyticsError('store_unavailable', `The store failed: ${message}`, { retryAfterSeconds: 5, cause: error });
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
