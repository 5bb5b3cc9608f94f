import { bind, identifier, join, type SqlFragment, sql } from '../../store/sql.js';
import type { ColumnDefinition, Measure, ReportScope } from '../definition.js';
import { select } from './measure.js';

/** What a table is grouped by: a column of the answer and its value in the rows. */
export interface TableKey {
  readonly column: ColumnDefinition;
  readonly value: SqlFragment;
}

/** One kind of record that contributes columns to a table. */
export interface TablePart {
  /** The value the table's key has in these rows. */
  readonly key: SqlFragment;
  readonly measures: readonly Measure[];
  readonly from: SqlFragment;
}

/** The name a column has in the engine's answer. */
export function sourceName(column: ColumnDefinition): string {
  return column.source ?? column.name;
}

function alias(column: ColumnDefinition): SqlFragment {
  return identifier(sourceName(column));
}

/**
 * `keys, measures` per value of the keys, and the same measures over everything as the row with `is_total`. One pass
 * computes both, so that the rows add up to the total also while events arrive.
 */
export function groupedRows(keys: readonly TableKey[], measures: readonly Measure[], from: SqlFragment): SqlFragment {
  const [first] = keys;
  if (first === undefined) throw new TypeError('a table is grouped by something');
  const named = join(keys.map((key) => sql`${key.value} AS ${alias(key.column)}`));
  return sql`SELECT ${named}, grouping(${first.value}) AS is_total, ${select(measures)} ${from}
    GROUP BY GROUPING SETS ((${join(keys.map((key) => key.value))}), ())`;
}

/** Puts several kinds of record side by side, each counted on its own first: a join of the records would multiply sums. */
export function combinedRows(key: ColumnDefinition, parts: readonly TablePart[]): SqlFragment {
  const all = parts.flatMap((part, index) => part.measures.map((each) => ({ part: index, column: each.column })));
  const branches = parts.map((part, index) => {
    const padded = join(
      all.map(({ part: owner, column }) => {
        const name = identifier(column.name);
        return owner === index ? sql`toNullable(${name}) AS ${name}` : sql`NULL AS ${name}`;
      }),
    );
    const rows = groupedRows([{ column: key, value: part.key }], part.measures, part.from);
    return sql`SELECT toString(${alias(key)}) AS ${alias(key)}, is_total, ${bind.uint(index)} AS part, ${padded} FROM (${rows})`;
  });
  const combined = join(all.map(({ part, column }) => sql`${combinedValue(part, column)} AS ${identifier(column.name)}`));
  return sql`SELECT side.${alias(key)} AS ${alias(key)}, side.is_total AS is_total, ${combined}
    FROM (${join(branches, ' UNION ALL ')}) AS side GROUP BY side.${alias(key)}, side.is_total`;
}

/** A kind of record that does not occur counts 0 and costs 0; what else could be said of it is not known. */
function combinedValue(part: number, { name, type }: ColumnDefinition): SqlFragment {
  const value = sql`any(side.${identifier(name)})`;
  if (type === 'integer') return sql`ifNull(${value}, 0)`;
  if (type === 'money') return sql`if(countIf(side.part = ${bind.uint(part)}) = 0, toDecimal128(0, 12), ${value})`;
  return value;
}

/**
 * Sorts and limits a table: the total first, then at most `limit + 1` rows, largest first, or texts from A. Rows of equal
 * rank are ordered by their keys, so that the same question has the same answer.
 */
export function sortedTable(
  rows: SqlFragment,
  keys: readonly ColumnDefinition[],
  sortBy: ColumnDefinition,
  scope: ReportScope,
): SqlFragment {
  const value = alias(sortBy);
  // The empty text stands for what is not known, which comes last in either direction.
  const order = sortBy.type === 'string' ? sql`${value} = '', ${value}` : sql`${value} DESC NULLS LAST`;
  return sql`SELECT * FROM (${rows}) ORDER BY is_total DESC, ${order}, ${join(keys.map(alias))} LIMIT ${bind.uint(scope.limit + 2)}`;
}
