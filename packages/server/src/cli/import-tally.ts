import { formatDuration, formatInteger } from './format-value.js';
import { renderTable } from './render-table.js';
import type { BatchOutcome, RejectedLine } from './send-batch.js';
import { type View, visibleText } from './terminal.js';

/** Rejected lines shown at the end; all of them go to `--rejected FILE`. */
const SHOWN_REJECTIONS_MAX = 10;

/** Counts what became of the lines, in memory that does not grow with the file. */
export class ImportTally {
  accepted = 0;
  duplicates = 0;
  rejected = 0;
  readonly #noun: string;
  readonly #countsByCode = new Map<string, number>();
  #firstRejected: readonly RejectedLine[] = [];

  /** @param noun what the lines of the input are called */
  constructor(noun = 'events') {
    this.#noun = noun;
  }

  add(outcome: BatchOutcome): void {
    this.accepted += outcome.accepted;
    this.duplicates += outcome.duplicates;
    this.rejected += outcome.rejected.length;
    for (const { code } of outcome.rejected) this.#countsByCode.set(code, (this.#countsByCode.get(code) ?? 0) + 1);
    // Batches end in any order; the first lines of the file are shown whichever came first.
    this.#firstRejected = [...this.#firstRejected, ...outcome.rejected]
      .sort((left, right) => left.line - right.line)
      .slice(0, SHOWN_REJECTIONS_MAX);
  }

  /** Lines the server has answered for. */
  get events(): number {
    return this.accepted + this.duplicates + this.rejected;
  }

  /** `12,000 accepted, 3 duplicates, 2 rejected`. */
  counts(): string {
    return `${formatInteger(this.accepted)} accepted, ${formatInteger(this.duplicates)} duplicates, ${formatInteger(this.rejected)} rejected`;
  }

  /** The end of an import, as lines. */
  summary(elapsedMs: number, rejectedFile: string | undefined, view: View): string[] {
    const rate = formatInteger(Math.round((this.events * 1000) / Math.max(1, elapsedMs)));
    const lines = [
      `${this.counts()} (${formatInteger(this.events)} ${this.#noun} in ${formatDuration(elapsedMs)}, ${rate} ${this.#noun}/s)`,
    ];
    if (this.rejected === 0) return lines;
    const rows = this.#firstRejected.map((fault) =>
      [formatInteger(fault.line), fault.code, fault.path || '-', fault.message].map(visibleText),
    );
    const faultColumns = [
      { header: 'line', align: 'right' as const },
      ...['code', 'path', 'message'].map((header) => ({ header, align: 'left' as const })),
    ];
    const counts = [...this.#countsByCode]
      .sort((left, right) => right[1] - left[1])
      .map(([code, count]) => [visibleText(code), formatInteger(count)]);
    const countColumns = [
      { header: 'code', align: 'left' as const },
      { header: 'rejected', align: 'right' as const },
    ];
    lines.push(
      '',
      `Rejected lines${this.rejected > rows.length ? `, the first ${rows.length}` : ''}:`,
      ...renderTable(faultColumns, rows, undefined, view),
    );
    lines.push('', ...renderTable(countColumns, counts, undefined, view), '');
    lines.push(
      rejectedFile === undefined
        ? '--rejected FILE writes all rejected lines with their reasons.'
        : `All rejected lines are in ${rejectedFile}.`,
    );
    return lines;
  }
}
