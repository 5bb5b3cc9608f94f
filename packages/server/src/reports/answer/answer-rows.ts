import { AnalyticsError, formatUsd, parseUsd, toMicrodollars } from '@systemprompt-analytics/core';
import type { StoredRow } from '../../store/store.js';
import type { ColumnDefinition } from '../definition.js';

/** One row of an answer, keyed by the names of its columns. */
export type AnswerRow = Readonly<Record<string, unknown>>;

/** Turns a row of the engine's into a row of the answer: exact amounts in two notations, integers as numbers. */
export function answerRow(columns: readonly ColumnDefinition[], row: StoredRow): AnswerRow {
  return Object.fromEntries(columns.flatMap((column) => answerValues(column, row[column.source ?? column.name])));
}

/** Nothing happened: counts and costs are 0, whatever would be a claim is null. */
export function emptyRow(columns: readonly ColumnDefinition[]): StoredRow {
  return Object.fromEntries(columns.map((column) => [column.source ?? column.name, emptyValue(column)]));
}

function emptyValue({ type }: ColumnDefinition): unknown {
  switch (type) {
    case 'integer':
    case 'money':
      return '0';
    case 'list':
      return [];
    default:
      return null;
  }
}

function answerValues(column: ColumnDefinition, value: unknown): [string, unknown][] {
  const { name, type, items = [] } = column;
  if (value === null || value === undefined) {
    const names = type === 'money' ? [`${name}_microdollars`, `${name}_usd`] : [name];
    return names.map((each) => [each, null]);
  }
  switch (type) {
    case 'money': {
      const amount = parseUsd(String(value));
      return [
        [`${name}_microdollars`, safeInteger(name, toMicrodollars(amount))],
        [`${name}_usd`, formatUsd(amount)],
      ];
    }
    case 'integer':
      return [[name, safeInteger(name, BigInt(String(value)))]];
    case 'number':
    case 'ratio':
      return [[name, Number(value)]];
    case 'timestamp':
      return [[name, new Date(String(value)).toISOString()]];
    case 'boolean':
      return [[name, value === true || value === 1 || value === '1']];
    case 'list':
      return [[name, (value as readonly StoredRow[]).map((element) => answerRow(items, element))]];
    case 'string':
      // Columns of text are never null in the tables; there the empty text says that nothing is known.
      return [[name, value === '' ? null : String(value)]];
  }
}

/** JSON numbers are doubles: beyond 2^53 they would silently be another number. */
function safeInteger(name: string, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new AnalyticsError('internal', `${name} is ${value}, more than an answer can state exactly.`);
}
