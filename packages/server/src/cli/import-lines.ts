import { createHash } from 'node:crypto';

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

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a stream of bytes into lines and skips blank ones, holding one line at most: a file without line breaks must not
 * fill the memory.
 */
export async function* readImportLines(
  chunks: AsyncIterable<Buffer | string>,
  lineBytesMax = LINE_BYTES_MAX,
): AsyncGenerator<ImportLine | OverlongLine> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  const take = (bytes: Buffer): void => {
    length += bytes.length;
    if (length <= lineBytesMax) parts.push(bytes);
    else parts = [];
  };
  const finish = (): ImportLine | OverlongLine | undefined => {
    const line = length > lineBytesMax ? { number, overlong: true as const } : importLineOf(number, Buffer.concat(parts));
    parts = [];
    length = 0;
    number += 1;
    return line;
  };
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      take(bytes.subarray(start, end));
      start = end + 1;
      const line = finish();
      if (line !== undefined) yield line;
    }
    take(bytes.subarray(start));
  }
  const last = finish();
  if (last !== undefined) yield last;
}

function importLineOf(number: number, bytes: Buffer): ImportLine | undefined {
  const marked = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
  const text = marked.at(-1) === 0x0d ? marked.subarray(0, -1) : marked;
  if (text.every(isBlank)) return undefined;
  return { number, text, body: withEventId(number, text) };
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
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
