import { isUtf8 } from 'node:buffer';
import { parseAccessLogLine } from '@systemprompt-analytics/core';
import type { CutLine } from '../cut-lines.js';
import type { ImportLine } from '../import-lines.js';
import type { RejectedLine } from '../send-batch.js';
import { BATCH_BYTES_MAX, type ImportBatch } from '../send-batches.js';
import type { ImportState } from './import-state.js';
import type { LineWindow } from './line-window.js';
import { LOG_LINE_BYTES_MAX } from './log-file.js';
import type { LogPiece, LogSource } from './log-pieces.js';
import { type LogReading, readSample, SAMPLE_LINES } from './log-sample.js';
import { lineEventId, lineKey, requestEvent } from './request-event.js';

/** How far an import came is written down this often. What is sent again after a crash counts once. */
const SAVE_MS = 10_000;

/** Requests of a log, ready to be sent. */
export interface RequestBatch extends ImportBatch {
  /** Counted from 0 in the order of the log. */
  readonly number: number;
  /** Where to go on after this batch; only in some, since it takes time. */
  readonly state: ImportState | undefined;
}

export interface RequestBatchesOptions {
  readonly source: LogSource;
  readonly window: LineWindow;
  /** What is known of the log before it is read. */
  readonly given: Partial<LogReading>;
  readonly linesMax: number;
  readonly clock: () => number;
  readonly say: (line: string) => void;
}

/** Makes events of the lines of a log and cuts them into batches, in the order of the log. */
export class RequestBatches {
  /** Earliest and latest time of what was read, UTC milliseconds. */
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  /** Did any line tell of a user agent, or that there was none? */
  tellsUserAgents = false;
  readonly #options: RequestBatchesOptions;
  #lines: ImportLine[] = [];
  #rejected: RejectedLine[] = [];
  #bytes = 0;
  #number = 0;
  /** How the log is read, as far as more than a guess is known of it. */
  #decided: Partial<LogReading>;
  /** Noted after the first batch already: without it a log that is rotated then would be unknown. */
  #savedMs = Number.NEGATIVE_INFINITY;

  constructor(options: RequestBatchesOptions) {
    this.#options = options;
    this.#decided = options.given;
  }

  /** The last batch bears the state at the end, and may be empty. */
  async *batches(): AsyncGenerator<RequestBatch> {
    const { source, given, say, linesMax, clock } = this.#options;
    const pieces = source.pieces();
    const sample = given.format === undefined || given.site === undefined ? await takeSample(pieces) : [];
    const texts = sample.flatMap((piece) => piece.lines.flatMap(({ text }) => (text === undefined ? [] : [textOf(text)])));
    const reading = readSample(texts.slice(0, SAMPLE_LINES), given, say);
    // A log without a line says nothing yet of its site and format.
    if (texts.length > 0) this.#decided = reading;
    for await (const piece of follow(sample, pieces)) {
      if (piece.again) this.#options.window.clear();
      for (const line of piece.lines) {
        this.#add(line, piece.provisional, reading);
        piece.take(line);
        if (this.#lines.length >= linesMax || this.#bytes >= BATCH_BYTES_MAX) yield await this.#cut(false);
      }
      if (piece.idle && (this.#lines.length > 0 || this.#rejected.length > 0 || clock() - this.#savedMs >= SAVE_MS)) {
        yield await this.#cut(false);
      }
    }
    yield await this.#cut(true);
  }

  async #cut(save: boolean): Promise<RequestBatch> {
    const { source, window, clock } = this.#options;
    const now = clock();
    let state: ImportState | undefined;
    if (save || now - this.#savedMs >= SAVE_MS) {
      this.#savedMs = now;
      const logs = await source.positions();
      if (logs !== undefined) state = { ...this.#decided, ...logs, window: window.snapshot() };
    }
    const batch = { number: this.#number, lines: this.#lines, rejected: this.#rejected, state };
    this.#number += 1;
    this.#lines = [];
    this.#rejected = [];
    this.#bytes = 0;
    return batch;
  }

  #add({ number, text }: CutLine, provisional: boolean, { format, site }: LogReading): void {
    const { window, say } = this.#options;
    if (text === undefined) {
      this.#reject(number, '', 'event_too_large', '', `The line is longer than ${LOG_LINE_BYTES_MAX} bytes, which no request is.`);
      return;
    }
    const outcome = parseAccessLogLine(textOf(text), format);
    if (!outcome.ok && provisional) {
      say(`Line ${number} has no line break and is not whole yet; the next import reads it.`);
      return;
    }
    if (!outcome.ok) {
      const { code, path, message } = outcome.fault;
      this.#reject(number, textOf(text), code, path, message);
      return;
    }
    const { entry } = outcome;
    this.firstMs = Math.min(this.firstMs, entry.timestampMs);
    this.lastMs = Math.max(this.lastMs, entry.timestampMs);
    this.tellsUserAgents ||= entry.userAgent !== undefined;
    const key = lineKey(text, entry, site);
    const ordinal = provisional ? window.peek(key) : window.next(key, entry.timestampMs);
    const body = Buffer.from(JSON.stringify(requestEvent(entry, site, lineEventId(key, ordinal))));
    this.#lines.push({ number, text, body });
    this.#bytes += body.length;
  }

  #reject(line: number, text: string, code: string, path: string, message: string): void {
    this.#rejected.push({ line, id: '', code, path, message, text });
  }
}

async function takeSample(pieces: AsyncGenerator<LogPiece>): Promise<LogPiece[]> {
  const sample: LogPiece[] = [];
  for (let count = 0; count < SAMPLE_LINES; ) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    count += value.lines.length;
    // A log that is followed has as many lines as it has: what there is decides.
    if (value.lines.length > 0 || count > 0) sample.push(value);
    if (value.idle && count > 0) break;
  }
  return sample;
}

async function* follow(sample: readonly LogPiece[], pieces: AsyncGenerator<LogPiece>): AsyncGenerator<LogPiece> {
  yield* sample;
  yield* pieces;
}

/** Logs are ASCII with escapes; those that are not are mostly UTF-8, and in any case some characters. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}
