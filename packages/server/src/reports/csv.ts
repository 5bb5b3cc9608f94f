import type { AnswerColumn } from './answer/answer-columns.js';
import type { ReportAnswer } from './run-report.js';

/** Characters at which a spreadsheet takes a cell for a formula (OWASP, CSV injection). */
const FORMULA_START = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * The rows of a report as CSV: RFC 4180, CRLF, a header, totals left out. Null is an empty cell, a list its JSON.
 *
 * Texts come from whoever sends events, and spreadsheets run cells that begin with `=`, `+`, `-`, `@`, a tab or a
 * carriage return: such a text gets an apostrophe in front. Numbers are never changed.
 */
export function toCsv(answer: ReportAnswer): string {
  const header = answer.columns.map((column) => quoted(harmless(column.name)));
  const lines = answer.rows.map((row) => answer.columns.map((column) => cellOf(column, row[column.name])));
  return [header, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function cellOf(column: AnswerColumn, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return quoted(JSON.stringify(value));
  return quoted(column.type === 'string' ? harmless(String(value)) : String(value));
}

function harmless(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

function quoted(cell: string): string {
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
