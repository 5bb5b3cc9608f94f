import { bind, identifier, join, type SqlFragment, sql } from '../../store/sql.js';
import type { ColumnDefinition, Measure, ReportScope } from '../definition.js';
import { select } from './measure.js';

/** What a table is grouped by. */
export interface TableKey {
  /** Column of the answer. */
  readonly name: SqlFragment;
  /** Value in the rows; a text of the sender's that the table may not have grouped by under its own name. */
  readonly value: SqlFragment;
}

/** One kind of record that contributes columns to a table. */
export interface TablePart {
  readonly key: SqlFragment;
  readonly measures: readonly Measure[];
  readonly from: SqlFragment;
}

/**
 * `key, measures` per value of the key, and the same measures over everything as the row with `is_total`. One pass
 * computes both, so that the rows add up to the total also while events arrive.
 */
export function groupedRows(part: TablePart): SqlFragment {
  return sql`SELECT ${part.key} AS key, grouping(${part.key}) AS is_total, ${select(part.measures)} ${part.from}
    GROUP BY GROUPING SETS ((${part.key}), ())`;
}

/** Puts several kinds of record side by side, each counted on its own first: a join of the records would multiply sums. */
export function combinedRows(parts: readonly TablePart[]): SqlFragment {
  const all = parts.flatMap((part, index) => part.measures.map((each) => ({ part: index, column: each.column })));
  const branches = parts.map((part, index) => {
    const padded = join(
      all.map(({ part: owner, column }) => {
        const name = identifier(column.name);
        return owner === index ? sql`toNullable(${name}) AS ${name}` : sql`NULL AS ${name}`;
      }),
    );
    return sql`SELECT key, is_total, ${bind.uint(index)} AS part, ${padded} FROM (${groupedRows({ ...part, key: sql`toString(${part.key})` })})`;
  });
  const combined = join(all.map(({ part, column }) => sql`${combinedColumn(part, column)} AS ${identifier(column.name)}`));
  return sql`SELECT side.key AS key, side.is_total AS is_total, ${combined} FROM (${join(branches, ' UNION ALL ')}) AS side GROUP BY side.key, side.is_total`;
}

/** A kind of record that does not occur counts 0 and costs 0; what else could be said of it is not known. */
function combinedColumn(part: number, { name, type }: ColumnDefinition): SqlFragment {
  const value = sql`any(side.${identifier(name)})`;
  if (type === 'integer') return sql`ifNull(${value}, 0)`;
  if (type === 'money') return sql`if(countIf(side.part = ${bind.uint(part)}) = 0, toDecimal128(0, 12), ${value})`;
  return value;
}

/**
 * Names the key, sorts and limits: the total first, then `limit + 1` rows, largest first, or texts from A. Rows of equal
 * rank are ordered by their key, so that the same question has the same answer.
 */
export function sortedTable(rows: SqlFragment, keyName: string, sortBy: ColumnDefinition, scope: ReportScope): SqlFragment {
  const order = sortBy.name === keyName ? sql`key` : identifier(sortBy.name);
  const direction = sortBy.type === 'string' ? sql`ASC` : sql`DESC`;
  return sql`SELECT * FROM (${rows}) ORDER BY is_total DESC, ${order} ${direction} NULLS LAST, key LIMIT ${bind.uint(scope.limit + 2)}`;
}
