import { type FileHandle, open } from 'node:fs/promises';
import { type CutLine, FILE_START, LineCutter, type LinePosition } from '../cut-lines.js';
import { type FileHead, HEAD_BYTES_MAX, hasHead, headOf } from './file-head.js';

/** No request line and headers that a server lets in come to more, all of it escaped; nor may an event be longer. */
export const LOG_LINE_BYTES_MAX = 64 * 1024;
/** Read at a time. */
export const CHUNK_BYTES = 256 * 1024;

/** How far a log was read and answered for. */
export interface SavedPosition extends LinePosition {
  readonly head: FileHead;
}

/** The logs that an import knows. */
export interface SavedLogs {
  /** Those that were being read, the oldest first. */
  readonly logs: readonly SavedPosition[];
  /** Heads of those that nothing is wanted of any more, those known longest first. */
  readonly known: readonly string[];
}

/** A log that is being read. */
export interface LogPart {
  readonly path: string;
  /** Up to where its lines were taken for sending. */
  taken: LinePosition;
  /** By what it is known again; undefined while it has no whole line. */
  head(): Promise<FileHead | undefined>;
  close(): Promise<void>;
}

/** One log on the disk, read line by line, which may still grow. */
export class LogFile implements LogPart {
  readonly path: string;
  taken: LinePosition;
  readonly #handle: FileHandle;
  readonly #cutter: LineCutter;
  #offset: number;
  #head: FileHead | undefined;

  private constructor(path: string, handle: FileHandle, start: LinePosition) {
    this.path = path;
    this.taken = start;
    this.#handle = handle;
    this.#cutter = new LineCutter(LOG_LINE_BYTES_MAX, start);
    this.#offset = start.offset;
  }

  /** @param saved how far logs were read; when this is one of them, reading goes on there */
  static async open(path: string, saved: readonly SavedPosition[] = []): Promise<LogFile> {
    const handle = await open(path, 'r');
    try {
      const head = headOf(await readAt(handle, 0, HEAD_BYTES_MAX));
      const { size } = await handle.stat();
      const position = saved.findLast((other) => other.head.sha256 === head?.sha256 && other.offset <= size);
      const file = new LogFile(path, handle, position === undefined ? FILE_START : { offset: position.offset, line: position.line });
      file.#head = head;
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The next lines; undefined at the end of the file, for now. */
  async read(): Promise<CutLine[] | undefined> {
    const chunk = await readAt(this.#handle, this.#offset, CHUNK_BYTES);
    if (chunk.length === 0) return undefined;
    this.#offset += chunk.length;
    await this.head();
    return this.#cutter.push(chunk);
  }

  /** Is there a line that has no line break yet? */
  get hasUnfinishedLine(): boolean {
    return this.#cutter.unfinishedBytes > 0;
  }

  /** Takes the line without a line break for a whole one: nothing is added to this file any more. */
  finish(): CutLine | undefined {
    return this.#cutter.end();
  }

  /** Is this the file that now has the path? */
  async isAt(stats: { readonly dev: number; readonly ino: number }): Promise<boolean> {
    const own = await this.#handle.stat();
    return own.dev === stats.dev && own.ino === stats.ino;
  }

  /** Was the file emptied and written anew since it was read? */
  async wasTruncated(): Promise<boolean> {
    const { size } = await this.#handle.stat();
    if (size < this.#offset) return true;
    const head = await this.head();
    return head !== undefined && !hasHead(await readAt(this.#handle, 0, HEAD_BYTES_MAX), head);
  }

  /** Read once, so that a change of the file can be told by it. */
  async head(): Promise<FileHead | undefined> {
    this.#head ??= headOf(await readAt(this.#handle, 0, HEAD_BYTES_MAX));
    return this.#head;
  }

  /** Part of the file that is read. */
  async fraction(): Promise<number> {
    const { size } = await this.#handle.stat();
    return size === 0 ? 1 : Math.min(1, this.#offset / size);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Reads up to so many bytes; none at the end of the file. */
export async function readAt(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(bytes), 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}
