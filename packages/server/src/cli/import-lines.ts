import { createHash } from 'node:crypto';
import { type CutLine, LineCutter } from './cut-lines.js';

/** One line of the imported file. */
export interface ImportLine {
  /** Counted from 1, blank lines included, as an editor counts. */
  readonly number: number;
  /** The line as it stands in the file, without its line break. */
  readonly text: Buffer;
  /** What is sent: the same bytes, or the same with an id. */
  readonly body: Buffer;
}

/** A line longer than what is held in memory; only its number is known. */
export interface OverlongLine {
  readonly number: number;
  readonly overlong: true;
}

/** No event may be longer on any server whose body limit is left as it is; what is longer is no event. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** Cuts a stream of bytes into the lines of events, each with an id; blank ones are skipped. */
export async function* readImportLines(
  chunks: AsyncIterable<Buffer | string>,
  lineBytesMax = LINE_BYTES_MAX,
): AsyncGenerator<ImportLine | OverlongLine> {
  const cutter = new LineCutter(lineBytesMax);
  for await (const chunk of chunks) {
    for (const line of cutter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) yield importLineOf(line);
  }
  const last = cutter.end();
  if (last !== undefined) yield importLineOf(last);
}

function importLineOf({ number, text }: CutLine): ImportLine | OverlongLine {
  return text === undefined ? { number, overlong: true } : { number, text, body: withEventId(number, text) };
}

/**
 * Gives an event without an id one of its own, derived from the line's number and text: importing the same file again
 * sends the same ids, and events that are stored already count once. Two equal lines of one file are two events, since
 * their numbers differ. Files that are cut differently get other ids: events that may arrive twice on different ways
 * need an id of their own.
 *
 * The id is added to the text instead of writing the parsed event anew, because parsing rounds integers beyond 2^53.
 */
export function withEventId(number: number, text: Buffer): Buffer {
  if (startsWithId(text)) return text;
  let event: unknown;
  try {
    event = JSON.parse(text.toString('utf8'));
  } catch {
    return text; // The server says what is wrong with it.
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return text;
  const id = 'id' in event ? event.id : undefined;
  if (id !== undefined && id !== null && id !== '') return text;
  const closing = text.lastIndexOf('}');
  const separator = Object.keys(event).length === 0 ? '' : ',';
  // At the end, where it replaces an empty id before it.
  return Buffer.concat([text.subarray(0, closing), Buffer.from(`${separator}"id":"${eventIdOf(number, text)}"}`)]);
}

/** The id of a line that has none. */
export function eventIdOf(number: number, text: Buffer): string {
  return `line-${createHash('sha256').update(`${number}\n`).update(text).digest('hex').slice(0, 32)}`;
}

/** The usual export writes the id first: such a line need not be parsed. A nested `"id"` further on proves nothing. */
function startsWithId(text: Buffer): boolean {
  return /^\s*\{\s*"id"\s*:\s*"[^"]/.test(text.toString('latin1', 0, 64));
}
