import { LineCutter } from '../cut-lines.js';
import type { ImportSource } from '../import-source.js';
import { LOG_LINE_BYTES_MAX, type SavedLogs } from './log-file.js';
import { type LogPiece, type LogSource, pieceOf } from './log-pieces.js';

/** An archive or standard input: read from the beginning to the end, each time. */
export class StreamSource implements LogSource {
  readonly #source: ImportSource;
  readonly #end: AbortSignal;

  /** @param end ends reading; closing the source ends the wait for input that never comes */
  constructor(source: ImportSource, end: AbortSignal) {
    this.#source = source;
    this.#end = end;
    end.addEventListener('abort', source.close);
  }

  async *pieces(): AsyncGenerator<LogPiece> {
    try {
      yield* this.#read();
    } catch (error) {
      if (!this.#end.aborted) throw error;
    }
  }

  async *#read(): AsyncGenerator<LogPiece> {
    const cutter = new LineCutter(LOG_LINE_BYTES_MAX);
    for await (const chunk of this.#source.chunks) {
      yield pieceOf({ lines: cutter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk) });
    }
    const last = cutter.end();
    if (last !== undefined) yield pieceOf({ lines: [last] });
  }

  async positions(): Promise<SavedLogs | undefined> {
    return undefined;
  }

  fraction(): number | undefined {
    return this.#source.fraction();
  }

  async close(): Promise<void> {
    this.#source.close();
  }
}
