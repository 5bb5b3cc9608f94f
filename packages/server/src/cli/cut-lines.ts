/** Where a reader stands in a file. */
export interface LinePosition {
  /** Bytes before the next line. */
  readonly offset: number;
  /** Number of the next line, counted from 1. */
  readonly line: number;
}

/** The beginning of a file. */
export const FILE_START: LinePosition = { offset: 0, line: 1 };

/** One line of a file that is not blank. */
export interface CutLine {
  /** Counted from 1, blank lines included, as an editor counts. */
  readonly number: number;
  /** The line without its line break; undefined when it is longer than what is held in memory. */
  readonly text: Buffer | undefined;
  /** Where the line after it begins. */
  readonly next: LinePosition;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts bytes into lines, whatever pieces they come in, and skips blank ones. Holds one line at most: a file without line
 * breaks must not fill the memory.
 */
export class LineCutter {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;
  #next: LinePosition;

  /** @param start where the first byte comes from */
  constructor(lineBytesMax: number, start = FILE_START) {
    this.#lineBytesMax = lineBytesMax;
    this.#next = start;
  }

  /** Bytes of the line that has no line break yet. */
  get unfinishedBytes(): number {
    return this.#length;
  }

  /** Where the line begins that has no line break yet. */
  get next(): LinePosition {
    return this.#next;
  }

  /** The lines that end within these bytes. */
  push(bytes: Buffer): CutLine[] {
    const lines: CutLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      this.#take(bytes.subarray(start, end));
      start = end + 1;
      const line = this.#finish(1);
      if (line !== undefined) lines.push(line);
    }
    this.#take(bytes.subarray(start));
    return lines;
  }

  /** The last line, when no line break ends it. */
  end(): CutLine | undefined {
    return this.#length === 0 ? undefined : this.#finish(0);
  }

  #take(bytes: Buffer): void {
    this.#length += bytes.length;
    if (this.#length <= this.#lineBytesMax) this.#parts.push(bytes);
    else this.#parts = [];
  }

  #finish(breakBytes: number): CutLine | undefined {
    const number = this.#next.line;
    const [first = Buffer.alloc(0), ...others] = this.#parts;
    const bytes = this.#length > this.#lineBytesMax ? undefined : others.length === 0 ? first : Buffer.concat(this.#parts);
    this.#next = { offset: this.#next.offset + this.#length + breakBytes, line: number + 1 };
    this.#parts = [];
    this.#length = 0;
    if (bytes === undefined) return { number, text: undefined, next: this.#next };
    const text = plainText(number, bytes);
    return text.every(isBlank) ? undefined : { number, text, next: this.#next };
  }
}

function plainText(number: number, bytes: Buffer): Buffer {
  const marked = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
  return marked.at(-1) === 0x0d ? marked.subarray(0, -1) : marked;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
