import { formatChange, formatValue, NO_VALUE } from './format-value.js';
import type { AnswerColumn, AnswerRow } from './report-answer.js';
import { displayWidth, type View, visibleText } from './terminal.js';

const TEXT = new Set(['string', 'timestamp', 'boolean', 'list']);

/**
 * Lays one row out vertically, `label  value unit  change`. A column `previous_X` or `X_change_ratio` is shown beside X
 * instead of on a line of its own.
 */
export function renderRecord(columns: readonly AnswerColumn[], row: AnswerRow, timeZone: string, view: View): string[] {
  const names = new Set(columns.map((column) => column.name));
  const shown = columns.filter((column) => !isCompanion(column.name, names));
  const facts = shown.map((column) => {
    const format = (value: unknown): string => formatValue(value, { type: column.type, unit: column.unit, timeZone });
    const value = format(row[column.name]);
    return { column, value, unit: unitOf(column, value, timeZone), change: changeOf(column, row, format) };
  });
  const labelWidth = Math.max(0, ...facts.map((fact) => displayWidth(fact.column.name)));
  const numbers = facts.filter((fact) => !TEXT.has(fact.column.type));
  const numberWidth = Math.max(0, ...numbers.map((fact) => displayWidth(fact.value)));
  const unitWidth = Math.max(0, ...numbers.map((fact) => displayWidth(fact.unit)));
  return facts.map(({ column, value, unit, change }) => {
    const label = view.paint.dim(visibleText(column.name).padEnd(labelWidth));
    if (TEXT.has(column.type)) return `${label}  ${value}${unit === '' ? '' : ` ${unit}`}`;
    return `${label}  ${value.padStart(numberWidth)}${unitWidth === 0 ? '' : ` ${unit.padEnd(unitWidth)}`}  ${view.paint.cyan(change)}`.trimEnd();
  });
}

/** `cost_usd` belongs with `cost_change_ratio`: an amount's change is one ratio, not one per notation. */
function stemOf(name: string): string {
  return name.replace(/_usd$/, '');
}

function isCompanion(name: string, names: ReadonlySet<string>): boolean {
  if (name.startsWith('previous_')) return names.has(name.slice('previous_'.length));
  if (!name.endsWith('_change_ratio')) return false;
  const stem = name.slice(0, -'_change_ratio'.length);
  return names.has(stem) || names.has(`${stem}_usd`);
}

function changeOf(column: AnswerColumn, row: AnswerRow, format: (value: unknown) => string): string {
  const previous = row[`previous_${column.name}`];
  const given = row[`${column.name}_change_ratio`] ?? row[`${stemOf(column.name)}_change_ratio`];
  const ratio = given === undefined || given === null ? ratioBetween(row[column.name], previous) : Number(given);
  const change = ratio === undefined ? '' : formatChange(ratio);
  const before = previous === undefined ? '' : `before: ${format(previous)}`;
  return [change, before].filter((text) => text !== '').join('  ');
}

/** Floats suffice: the change is shown in whole per cent. Nothing to compare with has no change. */
function ratioBetween(value: unknown, previous: unknown): number | undefined {
  if (value === undefined || value === null || previous === undefined || previous === null) return undefined;
  const before = Number(previous);
  const ratio = (Number(value) - before) / Math.abs(before);
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** `$` and `%` are part of the value already. */
function unitOf(column: AnswerColumn, value: string, timeZone: string): string {
  if (value === NO_VALUE || column.type === 'usd' || column.type === 'ratio' || column.unit === 'percent') return '';
  return column.type === 'timestamp' ? timeZone : (column.unit ?? '');
}
