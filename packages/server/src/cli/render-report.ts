import { formatTime, formatValue, precisionOf, type TimePrecision, type ValueFormat } from './format-value.js';
import { renderRecord } from './render-record.js';
import { renderTable, type TableColumn } from './render-table.js';
import type { AnswerColumn, AnswerRow, ReportAnswer } from './report-answer.js';
import { sparkLine } from './spark-line.js';
import { displayWidth, type View, visibleText } from './terminal.js';

/** What a rendered report says besides its numbers. */
export interface ReportFrame {
  readonly title: string;
  /** Where telemetry can be sent to, for a report without any. */
  readonly serverUrl: string;
}

const NUMERIC = new Set(['integer', 'number', 'ratio', 'usd', 'microdollars']);
/** More lines than these push the table off the screen. */
const SPARK_LINES_MAX = 4;

/** Renders an answer for a person, as text that ends with a line break. */
export function renderReport(answer: ReportAnswer, frame: ReportFrame, view: View): string {
  const heading = [view.paint.bold(frame.title), view.paint.dim(`${rangeOf(answer)} · project ${visibleText(answer.projectId)}`), ''];
  const notes = answer.notes.map((note) => `note: ${visibleText(note)}`);
  const body = answer.rows.length === 0 ? emptyLines(answer, frame) : bodyLines(answer, view);
  return [...heading, ...body, ...(notes.length > 0 ? ['', ...notes] : [])].map((line) => `${line}\n`).join('');
}

/** Columns worth showing: the exact dollars of an amount stand for its microdollars, which stay in JSON and CSV. */
export function shownColumns(columns: readonly AnswerColumn[]): AnswerColumn[] {
  const names = new Set(columns.map((column) => column.name));
  return columns.filter((column) => !(column.name.endsWith('_microdollars') && names.has(column.name.replace(/_microdollars$/, '_usd'))));
}

function bodyLines(answer: ReportAnswer, view: View): string[] {
  const columns = shownColumns(answer.columns);
  if (answer.shape === 'record') {
    return answer.rows.flatMap((row, index) => [...(index === 0 ? [] : ['']), ...renderRecord(columns, row, answer.timeZone, view)]);
  }
  const sparks = answer.shape === 'trend' ? sparkLines(columns, answer, view) : [];
  return [...sparks, ...(sparks.length > 0 ? [''] : []), ...tableLines(columns, answer, view), ...truncationLines(answer)];
}

function tableLines(columns: readonly AnswerColumn[], answer: ReportAnswer, view: View): string[] {
  const formats = columns.map((column) => formatOf(column, answer));
  const cells = (row: AnswerRow): string[] =>
    columns.map((column, index) => formatValue(row[column.name], formats[index] ?? formatOf(column, answer)));
  const table = columns.map(
    (column): TableColumn => ({
      header: headerOf(column, answer.timeZone),
      align: alignmentOf(column),
      whole: column.type === 'timestamp' || column.name.endsWith('_id'),
    }),
  );
  const totals = answer.totals;
  return renderTable(table, answer.rows.map(cells), totals === undefined ? undefined : totalCells(columns, totals, cells), view);
}

/** A total has no name of its own: a missing first value reads `total`, further ones stay blank. */
function totalCells(columns: readonly AnswerColumn[], totals: AnswerRow, cells: (row: AnswerRow) => string[]): string[] {
  const formatted = cells(totals);
  return columns.map((column, index) => {
    if (totals[column.name] !== undefined && (index > 0 || NUMERIC.has(column.type))) return formatted[index] ?? '';
    return index === 0 ? 'total' : '';
  });
}

function formatOf(column: AnswerColumn, answer: ReportAnswer): ValueFormat {
  const format = { type: column.type, unit: column.unit, timeZone: answer.timeZone };
  if (column.type !== 'timestamp') return format;
  const values = answer.rows.map((row) => row[column.name]);
  const precision: TimePrecision = precisionOf(values, answer.timeZone);
  // The first bucket of a trend starts where the range does; its seconds are of no interest.
  return { ...format, precision: answer.shape === 'trend' && precision === 'second' ? 'minute' : precision };
}

function alignmentOf(column: AnswerColumn): TableColumn['align'] {
  if (column.type === 'usd') return 'decimal';
  return NUMERIC.has(column.type) ? 'right' : 'left';
}

/** A column's name is the word `--sort-by` takes; its unit follows unless the name says it already. */
function headerOf(column: AnswerColumn, timeZone: string): string {
  const unit = column.type === 'timestamp' ? timeZone : column.type === 'ratio' ? null : column.unit;
  if (unit === null || unit === 'percent' || column.name === unit || column.name.endsWith(`_${unit}`)) return visibleText(column.name);
  return visibleText(`${column.name} (${unit})`);
}

function sparkLines(columns: readonly AnswerColumn[], answer: ReportAnswer, view: View): string[] {
  const time = columns.find((column) => column.type === 'timestamp');
  if (time === undefined || answer.rows.length < 2) return [];
  // Several rows for one time are several series: one line through all of them would mean nothing.
  if (new Set(answer.rows.map((row) => row[time.name])).size < answer.rows.length) return [];
  const drawn = columns.filter((column) => NUMERIC.has(column.type)).slice(0, SPARK_LINES_MAX);
  const lines = drawn.map((column) => {
    const values = answer.rows.map((row) => drawable(row[column.name]));
    return { label: column.name, values, range: rangeText(column, answer, values) };
  });
  const labelWidth = Math.max(0, ...lines.map((line) => displayWidth(line.label)));
  const rangeWidth = Math.max(0, ...lines.map((line) => displayWidth(line.range)));
  const widthMax = view.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(10, view.columns - labelWidth - rangeWidth - 4);
  return lines.map((line) =>
    `${line.label.padEnd(labelWidth)}  ${view.paint.cyan(sparkLine(line.values, widthMax))}  ${line.range}`.trimEnd(),
  );
}

/** A bar has eight heights, so a float is exact enough to draw one; the table below shows the value itself. */
function drawable(value: unknown): number | null {
  const number = typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

function rangeText(column: AnswerColumn, answer: ReportAnswer, values: readonly (number | null)[]): string {
  const indexOf = (better: (left: number, right: number) => boolean): number =>
    values.reduce<number>((best, value, index) => {
      const known = values[best] ?? null;
      return value !== null && (known === null || better(value, known)) ? index : best;
    }, 0);
  // The values themselves, not the floats of the bars, so that amounts stay exact.
  const format = formatOf(column, answer);
  const shown = (index: number): string => formatValue(answer.rows[index]?.[column.name], format);
  const unit = column.unit === null || ['usd', 'ratio'].includes(column.type) || column.unit === 'percent' ? '' : ` ${column.unit}`;
  return `${shown(indexOf((left, right) => left < right))} – ${shown(indexOf((left, right) => left > right))}${unit}`;
}

function truncationLines(answer: ReportAnswer): string[] {
  if (!answer.truncated) return [];
  return ['', `Only the first ${answer.rows.length} rows are shown; a --limit above ${answer.rows.length} shows more.`];
}

function emptyLines(answer: ReportAnswer, frame: ReportFrame): string[] {
  const filters = Object.entries(answer.parameters)
    .filter(([name, value]) => !['since', 'until', 'limit', 'sort_by', 'group_by'].includes(name) && value !== null && value !== '')
    .map(([name, value]) => `${name} ${visibleText(String(value))}`);
  const within = filters.length === 0 ? '' : ` with ${filters.join(', ')}`;
  return [
    `Nothing was found from ${rangeOf(answer)} in project ${visibleText(answer.projectId)}${within}.`,
    `Widen the range, for example with --since 30d, or send telemetry: OpenTelemetry traces to ${frame.serverUrl}/v1/traces, events to ${frame.serverUrl}/v1/events.`,
  ];
}

function rangeOf(answer: ReportAnswer): string {
  const time = (value: string): string => formatTime(value, answer.timeZone, 'minute');
  return `${time(answer.since)} to ${time(answer.until)} (${answer.timeZone})`;
}
