import type { CutLine } from '../cut-lines.js';
import type { SavedLogs } from './log-file.js';

/** Some lines of a log, in the order of the log. */
export interface LogPiece {
  readonly lines: readonly CutLine[];
  /** Notes that the lines up to this one were taken; told for every line, so that the reader knows its position. */
  readonly take: (line: CutLine) => void;
  /** Are there no more lines for now? What was taken should be sent. */
  readonly idle: boolean;
  /** Is this the log from its beginning once more, so that equal lines are the same lines? */
  readonly again: boolean;
  /** Is the line not ended yet? The position stays before it, and whoever goes on reads it once more. */
  readonly provisional: boolean;
}

/** Where lines come from. */
export interface LogSource {
  /** Ends with the log, or soon after the signal the source was made with is aborted. */
  pieces(): AsyncGenerator<LogPiece>;
  /** Where to go on reading after what was taken; undefined where that is not possible. */
  positions(): Promise<SavedLogs | undefined>;
  /** Part of the source that is read; undefined when that is not known. */
  fraction(): number | undefined;
  close(): Promise<void>;
}

const NOTHING: LogPiece = { lines: [], take: () => undefined, idle: false, again: false, provisional: false };

/** A piece; what is not said is usual. */
export function pieceOf(piece: Partial<LogPiece>): LogPiece {
  return { ...NOTHING, ...piece };
}
