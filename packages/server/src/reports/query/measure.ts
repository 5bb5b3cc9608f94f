import { identifier, join, type SqlFragment, sql } from '../../store/sql.js';
import type { ColumnDefinition, ColumnType, Measure } from '../definition.js';

/** A column and the SQL that computes it. */
export function measure(name: string, type: ColumnType, unit: string | null, description: string, expression: SqlFragment): Measure {
  return { column: { name, type, unit, description }, sql: expression };
}

/** A column without an aggregate of its own. */
export function column(name: string, type: ColumnType, description: string, unit: string | null = null): ColumnDefinition {
  return { name, type, unit, description };
}

/** A column whose values are lists of small objects. */
export function listColumn(name: string, description: string, items: readonly ColumnDefinition[]): ColumnDefinition {
  return { name, type: 'list', unit: null, description, items };
}

/** The same measure under another name, where one row holds measures of several kinds of record. */
export function renamed(original: Measure, name: string): Measure {
  return { ...original, column: { ...original.column, name } };
}

/** `expression AS name, ...` of some measures. */
export function select(measures: readonly Measure[]): SqlFragment {
  return join(measures.map((each) => sql`${each.sql} AS ${identifier(each.column.name)}`));
}

/** The columns of some measures. */
export function columnsOf(measures: readonly Measure[]): ColumnDefinition[] {
  return measures.map((each) => each.column);
}
