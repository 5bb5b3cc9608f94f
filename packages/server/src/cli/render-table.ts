import { displayWidth, truncateText, type View } from './terminal.js';

/** How a column stands: text left, numbers right, exact amounts with their decimal points below each other. */
export type Alignment = 'left' | 'right' | 'decimal';

export interface TableColumn {
  readonly header: string;
  readonly align: Alignment;
  /** Is a part of it of no use, as of an id or a time? Then it is not cut, unless it is very long. @default false */
  readonly whole?: boolean;
}

/** An id longer than that is cut all the same: one could push everything else off the screen. */
const WHOLE_WIDTH_MAX = 40;
/** A text cell is never cut below this: an id or name stays recognisable. */
const TEXT_WIDTH_MIN = 16;
/** A header may break at its underscores down to this width. */
const HEADER_WIDTH_MIN = 8;
const GAP = '  ';

interface LaidOutColumn {
  readonly align: Alignment;
  readonly header: readonly string[];
  readonly cells: readonly string[];
  readonly width: number;
}

/**
 * Lays cells out as lines. In a pipe (`view.columns` undefined) every cell is whole and each row one line. On a terminal
 * that is too narrow the headers break first, then text is cut, and then the columns go on in a further block below:
 * no column is left out, and no line wraps.
 */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  totals: readonly string[] | undefined,
  view: View,
): string[] {
  const body = totals === undefined ? rows : [...rows, totals];
  const natural = columns.map((column, index) => layOut(column, alignDecimals(column, cellsOf(body, index)), [column.header]));
  const fitted = view.columns === undefined || tableWidth(natural) <= view.columns ? natural : fit(columns, natural, view.columns);
  const blocks = view.columns === undefined ? [fitted] : splitBlocks(fitted, view.columns);
  return blocks.flatMap((block, index) => [...(index === 0 ? [] : ['']), ...blockLines(block, rows.length, view)]);
}

function cellsOf(rows: readonly (readonly string[])[], index: number): string[] {
  return rows.map((row) => row[index] ?? '');
}

function layOut(column: TableColumn, cells: readonly string[], header: readonly string[]): LaidOutColumn {
  return { align: column.align, header, cells, width: Math.max(0, ...header.map(displayWidth), widest(cells)) };
}

function widest(cells: readonly string[]): number {
  return cells.reduce((width, cell) => Math.max(width, displayWidth(cell)), 0);
}

/** Fills shorter fractions up with spaces, so that magnitudes can be compared without inventing digits. */
function alignDecimals(column: TableColumn, cells: readonly string[]): readonly string[] {
  if (column.align !== 'decimal') return cells;
  const fraction = (cell: string): number => (cell.includes('.') ? cell.length - cell.indexOf('.') : 0);
  const longest = cells.reduce((length, cell) => Math.max(length, fraction(cell)), 0);
  return cells.map((cell) => cell + ' '.repeat(longest - fraction(cell)));
}

function tableWidth(columns: readonly LaidOutColumn[]): number {
  return columns.reduce((width, column) => width + column.width, Math.max(0, columns.length - 1) * GAP.length);
}

function fit(columns: readonly TableColumn[], natural: readonly LaidOutColumn[], available: number): LaidOutColumn[] {
  const fitted = natural.map((laidOut, index) => {
    const column = columns[index];
    return column === undefined
      ? laidOut
      : layOut(column, laidOut.cells, breakHeader(column.header, Math.max(HEADER_WIDTH_MIN, widest(laidOut.cells))));
  });
  for (let excess = tableWidth(fitted) - available; excess > 0; excess = tableWidth(fitted) - available) {
    const index = widestText(columns, fitted);
    const column = fitted[index];
    if (column === undefined) break;
    const width = Math.max(TEXT_WIDTH_MIN, column.width - excess);
    const cut = (text: string): string => truncateText(text, width);
    fitted[index] = { ...column, header: column.header.map(cut), cells: column.cells.map(cut), width };
  }
  return fitted;
}

/** Index of the widest text column that can still be cut, or -1. */
function widestText(columns: readonly TableColumn[], laidOut: readonly LaidOutColumn[]): number {
  let found = -1;
  let width = TEXT_WIDTH_MIN;
  for (const [index, column] of laidOut.entries()) {
    if (columns[index]?.whole === true && column.width <= WHOLE_WIDTH_MAX) continue;
    if (column.align === 'left' && column.width > width) {
      found = index;
      width = column.width;
    }
  }
  return found;
}

/** Breaks `average_latency_ms` after underscores and spaces into lines of at most `width` where the words allow it. */
function breakHeader(header: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of header.match(/[^_ ]*[_ ]?/g) ?? []) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(last + word.trimEnd()) <= width) lines[lines.length - 1] = last + word;
    else if (word !== '') lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
}

/** Blocks that each fit; the first column names the rows and is repeated in every block. */
function splitBlocks(columns: readonly LaidOutColumn[], available: number): LaidOutColumn[][] {
  const [first, ...others] = columns;
  if (first === undefined) return [];
  const blocks: LaidOutColumn[][] = [[first]];
  for (const column of others) {
    const block = blocks.at(-1) ?? [];
    if (block.length > 1 && tableWidth([...block, column]) > available) blocks.push([first, column]);
    else block.push(column);
  }
  return blocks;
}

function blockLines(block: readonly LaidOutColumn[], rowCount: number, view: View): string[] {
  const line = (cellOf: (column: LaidOutColumn) => string): string =>
    block
      .map((column) => pad(cellOf(column), column))
      .join(GAP)
      .trimEnd();
  const headerHeight = Math.max(0, ...block.map((column) => column.header.length));
  const header = Array.from({ length: headerHeight }, (_, index) =>
    // Headers stand on the row below them, so shorter ones start lower.
    view.paint.bold(line((column) => column.header[index - headerHeight + column.header.length] ?? '')),
  );
  const cellCount = block[0]?.cells.length ?? 0;
  const cells = Array.from({ length: cellCount }, (_, index) => line((column) => column.cells[index] ?? ''));
  if (cellCount === rowCount) return [...header, ...cells];
  const rule = view.paint.dim('─'.repeat(tableWidth(block)));
  return [...header, ...cells.slice(0, rowCount), rule, ...cells.slice(rowCount).map(view.paint.bold)];
}

function pad(text: string, column: LaidOutColumn): string {
  const space = ' '.repeat(Math.max(0, column.width - displayWidth(text)));
  return column.align === 'left' ? text + space : space + text;
}
