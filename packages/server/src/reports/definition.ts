import type { TSchema } from '@sinclair/typebox';
import type { SqlFragment } from '../store/sql.js';
import type { StoredRow } from '../store/store.js';

/**
 * What a column holds. `money` becomes an integer `X_microdollars` and an exact string `X_usd` in every answer; the
 * elements of a `list` are objects of their own columns.
 */
export type ColumnType = 'string' | 'integer' | 'number' | 'ratio' | 'timestamp' | 'money' | 'boolean' | 'list';

/** One column of a report. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  /** `ms`, `tokens`, ... or null for a plain count or text. */
  readonly unit: string | null;
  /** What the number means, as docs/semantics.md fixes it. */
  readonly description: string;
  /** Columns of the elements of a `list`. */
  readonly items?: readonly ColumnDefinition[];
  /** Name in the engine's answer, for a column whose own name a sender chose. @default name */
  readonly source?: string;
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

/** Parameters of a report's own by name, checked against their schemas; one that was not given is absent. */
export type ParameterValues = Readonly<Record<string, string | number | undefined>>;

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
  /** Largest number of rows of a table. */
  readonly limit: number;
  readonly parameters: ParameterValues;
}

/** Adds columns that need exact arithmetic to a row as the engine answered it; `totals` is the row over everything. */
export type RowCompletion = (row: StoredRow, totals: StoredRow | undefined) => StoredRow;

interface CommonDefinition {
  readonly group: string;
  readonly name: string;
  readonly title: string;
  /** What the numbers mean, shown to the reader. */
  readonly description: string;
  readonly columns: readonly ColumnDefinition[];
  /** Parameters besides those every report of the shape has. One marked `positional` is an argument of the command. */
  readonly parameters?: Readonly<Record<string, TSchema>>;
  /** Does it read session snapshots, which are brought up to date before? */
  readonly readsSessions?: boolean;
  readonly complete?: RowCompletion;
}

/** Rows of a kind, sorted and limited by the engine. */
export interface TableReport extends CommonDefinition {
  readonly shape: 'table';
  /** Columns that name a row instead of measuring it, as the engine answers them; a total has none of them. */
  readonly keys: readonly string[];
  /** Columns the rows can be sorted by; the first one is the default. Numbers and times largest first, texts from A. */
  readonly sortable: readonly string[];
  /** Columns where they depend on a parameter; `columns` is what the defaults give. */
  readonly columnsFor?: (parameters: ParameterValues) => readonly ColumnDefinition[];
  /** Reports about now have a range of their own instead of since and until. */
  readonly rangeFor?: (parameters: ParameterValues, nowMs: number) => { readonly sinceMs: number; readonly untilMs: number };
  /**
   * The rows, at most `limit + 1` of them, so that it shows whether there are more. A row with `is_total` = 1 holds the
   * same measures over everything, limit or not; it comes from the same statement, so that the rows add up to it also
   * while events arrive.
   */
  readonly query: (scope: ReportScope, sortBy: ColumnDefinition) => SqlFragment;
}

/** One row of facts; its parts are queried one by one and put side by side. */
export interface RecordReport extends CommonDefinition {
  readonly shape: 'record';
  /** Columns shown beside their value in the previous period of the same length. */
  readonly compared?: readonly string[];
  /** Nothing is answered when all of these are 0: what was asked for does not exist. */
  readonly presence?: readonly string[];
  readonly parts: (scope: ReportScope) => readonly SqlFragment[];
  /** Columns of lists, each with the statement whose rows are its elements. */
  readonly lists?: (scope: ReportScope) => Readonly<Record<string, SqlFragment>>;
}

/** One row per bucket of time; the parts name the bucket in a column `bucket` and are put side by side. */
export interface TrendReport extends CommonDefinition {
  readonly shape: 'trend';
  readonly parts: (scope: ReportScope) => readonly SqlFragment[];
}

/**
 * One report in one place: the HTTP route, OpenAPI, CLI command, CSV and terminal table are derived from it. A new report
 * is a new definition in the registry.
 */
export type ReportDefinition = TableReport | RecordReport | TrendReport;
