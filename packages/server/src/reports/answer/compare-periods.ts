import { parseUsd } from '@systemprompt-analytics/core';
import type { StoredRow } from '../../store/store.js';
import type { ColumnDefinition, ReportScope } from '../definition.js';
import { ratioOf } from './exact-ratio.js';

/** The previous period of a scope: as long, right before. */
export function previousScope(scope: ReportScope): ReportScope {
  return { ...scope, sinceMs: scope.sinceMs - (scope.untilMs - scope.sinceMs), untilMs: scope.sinceMs };
}

/** A row with the previous period's values of some columns beside its own, and their changes. */
export function comparedRow(columns: readonly ColumnDefinition[], row: StoredRow, previous: StoredRow): StoredRow {
  const compared: Record<string, unknown> = { ...row };
  for (const { name, type } of columns) {
    compared[`previous_${name}`] = previous[name];
    compared[`${name}_change_ratio`] = type === 'money' ? amountChange(row[name], previous[name]) : change(row[name], previous[name]);
  }
  return compared;
}

function amountChange(value: unknown, before: unknown): number | null {
  if (value === null || before === null) return null;
  const previous = parseUsd(String(before));
  return ratioOf(parseUsd(String(value)) - previous, previous);
}

function change(value: unknown, before: unknown): number | null {
  if (value === null || before === null || Number(before) === 0) return null;
  return (Number(value) - Number(before)) / Number(before);
}
