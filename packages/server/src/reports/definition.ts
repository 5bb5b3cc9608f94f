import type { TSchema } from '@sinclair/typebox';
import type { SqlFragment } from '../store/sql.js';

/** What a column holds. `money` becomes an integer `X_microdollars` and an exact string `X_usd` in every answer. */
export type ColumnType = 'string' | 'integer' | 'number' | 'ratio' | 'timestamp' | 'money' | 'boolean' | 'list';

/** One column of a report. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  /** `ms`, `tokens`, ... or null for a plain count or text. */
  readonly unit: string | null;
  /** What the number means, as docs/semantics.md fixes it. */
  readonly description: string;
}

/** A column together with the SQL that computes it. */
export interface Measure {
  readonly column: ColumnDefinition;
  readonly sql: SqlFragment;
}

/** How the answer is laid out: rows of a kind, one row of facts, or one row per bucket of time. */
export type ReportShape = 'table' | 'record' | 'trend';

/** Lengths of a trend's buckets, in the project's time zone. */
export const BUCKETS = ['hour', 'day', 'week'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** Everything a report's SQL may depend on. Project and range are always there: a query without them cannot be written. */
export interface ReportScope {
  readonly projectId: string;
  /** Range `since <= t < until`, UTC milliseconds. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** IANA name; buckets start on its hours, days and Mondays. */
  readonly timeZone: string;
  readonly nowMs: number;
  /** Buckets of a trend. */
  readonly bucket: Bucket;
  /** Largest number of rows. */
  readonly limit: number;
  /** Column to sort by, one of the report's own. */
  readonly sortBy: string;
  /** Further parameters by name, checked against their schemas. */
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** The SQL of a report for one scope. */
export interface ReportQuery {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: SqlFragment;
  /** The same measures over everything, limit or not; for breakdowns. */
  readonly totals?: SqlFragment;
}

/**
 * One report in one place: the HTTP route, OpenAPI, CLI command, CSV and terminal table are derived from it. A new report
 * is a new definition in the registry.
 */
export interface ReportDefinition {
  readonly group: string;
  readonly name: string;
  readonly title: string;
  /** What the numbers mean, shown to the reader. */
  readonly description: string;
  readonly shape: ReportShape;
  /** Range when `since` is not given, before `until`: `24h` for snapshots, `7d` for trends. */
  readonly defaultRange: '24h' | '7d';
  /** Parameters besides the common ones (since, until, limit, sort_by, group_by). */
  readonly parameters?: Readonly<Record<string, TSchema>>;
  /** Columns the rows can be sorted by; the first one is the default, largest first. Tables only. */
  readonly sortable?: readonly string[];
  /** Does it read session snapshots, which are brought up to date before? */
  readonly readsSessions?: boolean;
  readonly build: (scope: ReportScope) => ReportQuery;
}
