import { render, type SqlFragment, sql } from '../store/sql.js';
import type { QueryLimits, Store, StoredRow } from '../store/store.js';
import { type AnswerColumn, answerColumns, definedColumns } from './answer/answer-columns.js';
import { type AnswerRow, answerRow, emptyRow } from './answer/answer-rows.js';
import { comparedRow, previousScope } from './answer/compare-periods.js';
import type { RecordReport, ReportDefinition, ReportScope, ReportShape, TableReport, TrendReport } from './definition.js';
import { type ReportRequest, readScope } from './parameters/read-scope.js';
import { sortColumn } from './parameters/sort-names.js';
import { BUCKETS_MAX, bucketListQuery } from './query/buckets.js';

export type { ReportRequest } from './parameters/read-scope.js';

/** A report about one project and range, as HTTP answers it. */
export interface ReportAnswer {
  /** `costs.breakdown` */
  readonly report: string;
  readonly project_id: string;
  /** ISO 8601, included. */
  readonly since: string;
  /** ISO 8601, not included. */
  readonly until: string;
  readonly time_zone: string;
  /** What was used, given or by default, but the range. */
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly AnswerRow[];
  /** The measures of a table over everything, whatever its limit. */
  readonly totals: AnswerRow | null;
  /** Are there more rows than the limit? */
  readonly truncated: boolean;
  readonly shape: ReportShape;
  /** What to know about the numbers, in sentences. */
  readonly notes: readonly string[];
}

/** No report of a healthy store takes longer; one that does must not take the engine from the others. */
const QUERY_SECONDS_MAX = 20;

/**
 * Lets the engine leave rows out by their sorting key before it merges versions; by other columns it never does.
 */
const READ_LESS = sql`SETTINGS optimize_move_to_prewhere_if_final = 1`;
const LIST_ELEMENTS_MAX = 100;

/** What a shape makes of a definition. */
interface Body {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly AnswerRow[];
  readonly totals: AnswerRow | null;
  readonly truncated: boolean;
}

/**
 * Answers a report. Sessions are brought up to date before a report that reads them.
 *
 * @throws AnalyticsError `unknown_parameter`, `invalid_parameter`, `query_too_expensive`, `store_unavailable`
 */
export async function runReport(
  definition: ReportDefinition,
  request: ReportRequest,
  store: Store,
  refreshSessions: () => Promise<void>,
): Promise<ReportAnswer> {
  const { scope, sortBy, effective } = readScope(definition, request);
  if (definition.readsSessions === true) await refreshSessions();
  const body = await runShape(definition, scope, sortBy, store);
  return {
    report: `${definition.group}.${definition.name}`,
    project_id: scope.projectId,
    since: new Date(scope.sinceMs).toISOString(),
    until: new Date(scope.untilMs).toISOString(),
    time_zone: scope.timeZone,
    parameters: effective,
    ...body,
    shape: definition.shape,
    notes: notesOf(body),
  };
}

/** Every statement a report sends for a scope, so that a test can EXPLAIN them. */
export function statementsOf(definition: ReportDefinition, scope: ReportScope, sortBy: string): SqlFragment[] {
  switch (definition.shape) {
    case 'table':
      return [definition.query(scope, sortColumn(definition, tableColumns(definition, scope), sortBy))];
    case 'record': {
      const previous = definition.compared === undefined ? [] : definition.parts(previousScope(scope));
      return [...definition.parts(scope), ...previous, ...Object.values(definition.lists?.(scope) ?? {})];
    }
    case 'trend':
      return [bucketListQuery(scope), ...definition.parts(scope)];
  }
}

function runShape(definition: ReportDefinition, scope: ReportScope, sortBy: string, store: Store): Promise<Body> {
  switch (definition.shape) {
    case 'table':
      return runTable(definition, scope, sortBy, store);
    case 'record':
      return runRecord(definition, scope, store);
    case 'trend':
      return runTrend(definition, scope, store);
  }
}

async function queryAll(store: Store, statements: readonly SqlFragment[], rows: number): Promise<StoredRow[][]> {
  const limits: QueryLimits = { seconds: QUERY_SECONDS_MAX, rows };
  return Promise.all(statements.map((statement) => store.query(render(sql`${statement} ${READ_LESS}`), limits)));
}

function tableColumns(definition: TableReport, scope: ReportScope): TableReport['columns'] {
  return definition.columnsFor?.(scope.parameters) ?? definition.columns;
}

async function runTable(definition: TableReport, scope: ReportScope, sortBy: string, store: Store): Promise<Body> {
  const columns = tableColumns(definition, scope);
  const complete = definition.complete ?? ((row) => row);
  const [found = []] = await queryAll(store, statementsOf(definition, scope, sortBy), scope.limit + 2);
  const total = found.find(isTotal);
  const rows = found.filter((row) => !isTotal(row));
  // The keys of the total are nobody's; they are left out, not null.
  const totalColumns = columns.filter((column) => !definition.keys.includes(column.source ?? column.name));
  return {
    columns: answerColumns(columns),
    rows: rows.slice(0, scope.limit).map((row) => answerRow(columns, complete(row, total))),
    totals: total === undefined ? null : answerRow(totalColumns, complete(total, total)),
    truncated: rows.length > scope.limit,
  };
}

function isTotal(row: StoredRow): boolean {
  return Number(row['is_total'] ?? 0) === 1;
}

async function runRecord(definition: RecordReport, scope: ReportScope, store: Store): Promise<Body> {
  const { compared = [], presence = [] } = definition;
  const columns = definedColumns(definition);
  const facts = async (of: ReportScope): Promise<StoredRow> => {
    const parts = await queryAll(store, definition.parts(of), 1);
    const row: StoredRow = Object.assign(emptyRow(definition.columns), ...parts.flat());
    return definition.complete?.(row, undefined) ?? row;
  };
  const comparedColumns = definition.columns.filter((column) => compared.includes(column.name));
  const periods = comparedColumns.length === 0 ? [scope] : [scope, previousScope(scope)];
  const [current = {}, previous] = await Promise.all(periods.map(facts));
  const absent = presence.length > 0 && presence.every((name) => Number(current[name]) === 0);
  const row = previous === undefined ? current : comparedRow(comparedColumns, current, previous);
  const lists = absent ? {} : await queryLists(definition, scope, store);
  return {
    columns: answerColumns(columns),
    rows: absent ? [] : [answerRow(columns, { ...row, ...lists })],
    totals: null,
    truncated: false,
  };
}

async function queryLists(definition: RecordReport, scope: ReportScope, store: Store): Promise<StoredRow> {
  const statements = Object.entries(definition.lists?.(scope) ?? {});
  const lists = await queryAll(
    store,
    statements.map(([, statement]) => statement),
    LIST_ELEMENTS_MAX,
  );
  return Object.fromEntries(statements.map(([name], index) => [name, lists[index]]));
}

async function runTrend(definition: TrendReport, scope: ReportScope, store: Store): Promise<Body> {
  const [buckets = [], ...parts] = await queryAll(store, [bucketListQuery(scope), ...definition.parts(scope)], BUCKETS_MAX + 2);
  const rows = new Map(buckets.map((bucket) => [String(bucket['bucket']), { ...emptyRow(definition.columns), ...bucket }]));
  for (const row of parts.flat()) {
    const known = rows.get(String(row['bucket']));
    if (known === undefined) throw new TypeError(`${String(row['bucket'])} is not a bucket of the range`);
    Object.assign(known, row);
  }
  const complete = definition.complete ?? ((row: StoredRow) => row);
  return {
    columns: answerColumns(definition.columns),
    rows: [...rows.values()].map((row) => answerRow(definition.columns, complete(row, undefined))),
    totals: null,
    truncated: false,
  };
}

function notesOf({ columns, rows, totals }: Body): string[] {
  if (!columns.some((column) => column.name === 'unpriced_requests')) return [];
  const unpriced = (totals === null ? rows : [totals]).reduce((sum, row) => sum + Number(row['unpriced_requests'] ?? 0), 0);
  if (unpriced === 0) return [];
  return [`${unpriced} ${unpriced === 1 ? 'request is unpriced and' : 'requests are unpriced and'} not in the cost; see costs unpriced.`];
}
