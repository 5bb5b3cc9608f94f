import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { type CutLine, FILE_START, LineCutter, type LinePosition } from '../cut-lines.js';
import { type FileHead, HEAD_BYTES_MAX, headOf } from './file-head.js';
import { CHUNK_BYTES, LOG_LINE_BYTES_MAX, type LogPart, readAt } from './log-file.js';

/** So much of an archive holds the head of the log in it, and never more than a few megabytes. */
const PACKED_HEAD_BYTES = 4096;
/** What rotation puts behind a log's name: `.1`, `.2.gz`, `-20260301`, `-20260301.gz`, `.2026-03-01`. */
const ROTATED_SUFFIX = /^[.-]\d[\d._-]*(?:\.gz)?$/;

/** How often a folder is looked at again in which logs are renamed at this moment. */
const LOOKS_MAX = 3;

/** A log beside the one that is read: rotated away from it, or a copy. */
export interface LogBeside {
  readonly path: string;
  readonly head: FileHead;
  /** Bytes of the log, unpacked. */
  readonly bytes: number;
}

/** What is beside a log. */
export interface LogsBeside {
  /** Those that have a whole line, the oldest first. */
  readonly logs: readonly LogBeside[];
  /** Paths of those that the system does not let read, or that are damaged archives. */
  readonly unreadable: readonly string[];
}

/** A log beside, and where reading it begins. */
export interface LogChoice {
  readonly log: LogBeside;
  readonly start: LinePosition;
}

/**
 * Opens logs beside this one. Rotation may rename them between the look and the opening; then it looks again.
 *
 * @param choose says which of the logs that are there to open; it may be asked more than once
 */
export async function openBeside(
  path: string,
  choose: (logs: readonly LogBeside[]) => Promise<readonly LogChoice[]>,
): Promise<{ readonly beside: LogsBeside; readonly opened: readonly RotatedLog[] }> {
  for (let looks = 1; ; looks += 1) {
    const beside = await logsBeside(path);
    const choices = await choose(beside.logs);
    const opened: RotatedLog[] = [];
    for (const { log, start } of choices) {
      const rotated = await RotatedLog.open(log.path, start).catch(() => undefined);
      if ((await rotated?.head())?.sha256 === log.head.sha256 && rotated !== undefined) opened.push(rotated);
      else await rotated?.close();
    }
    if (opened.length === choices.length || looks === LOOKS_MAX) return { beside, opened };
    for (const rotated of opened) await rotated.close();
  }
}

/** The logs beside this one that were rotated away from it or copied, the oldest first by the time of the last change. */
export async function logsBeside(path: string): Promise<LogsBeside> {
  for (let looks = 1; ; looks += 1) {
    const found: { readonly log: LogBeside; readonly mtimeMs: number }[] = [];
    const unreadable: string[] = [];
    let isMoving = false;
    for (const rotated of await namesBeside(path)) {
      const look = await lookAt(rotated);
      if (look === 'gone') isMoving = true;
      else if (look === 'unreadable') unreadable.push(rotated);
      else if (look !== undefined) found.push(look);
    }
    if (isMoving && looks < LOOKS_MAX) continue;
    found.sort((left, right) => left.mtimeMs - right.mtimeMs || compareNames(left.log.path, right.log.path));
    return { logs: found.map(({ log }) => log), unreadable };
  }
}

async function namesBeside(path: string): Promise<string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const entries = new Set(await readdir(folder));
  const isRotated = (entry: string): boolean => entry.startsWith(name) && ROTATED_SUFFIX.test(entry.slice(name.length));
  // An archive beside the log it is made of may not be whole yet.
  const isUnderWay = (entry: string): boolean => entry.endsWith('.gz') && entries.has(entry.slice(0, -3));
  return [...entries].filter((entry) => isRotated(entry) && !isUnderWay(entry)).map((entry) => join(folder, entry));
}

async function lookAt(path: string): Promise<{ log: LogBeside; mtimeMs: number } | 'gone' | 'unreadable' | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) return undefined;
    const head = headOf(await beginningOf(handle, path));
    if (head === undefined) return undefined;
    const bytes = path.endsWith('.gz') ? await unpackedBytes(handle, stats.size) : stats.size;
    return { log: { path, head, bytes }, mtimeMs: stats.mtimeMs };
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'gone' : 'unreadable';
  } finally {
    await handle?.close();
  }
}

/** Of logs of the same moment `.2` is older than `.1`, and `-20260301` older than `-20260302`. */
function compareNames(left: string, right: string): number {
  const [leftNumber, rightNumber] = [left, right].map((path) => /\.(\d{1,5})(?:\.gz)?$/.exec(path)?.[1]);
  if (leftNumber !== undefined && rightNumber !== undefined) return Number(rightNumber) - Number(leftNumber);
  return left < right ? -1 : 1;
}

async function beginningOf(handle: FileHandle, path: string): Promise<Buffer> {
  if (!path.endsWith('.gz')) return readAt(handle, 0, HEAD_BYTES_MAX);
  // The archive is cut off here, and unpacked as far as it goes.
  const packed = await readAt(handle, 0, PACKED_HEAD_BYTES);
  return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, HEAD_BYTES_MAX);
}

/** The last four bytes of an archive are the length of what is in it, modulo 4 GiB (RFC 1952, section 2.3.1). */
async function unpackedBytes(handle: FileHandle, packedBytes: number): Promise<number> {
  const trailer = await readAt(handle, Math.max(0, packedBytes - 4), 4);
  return trailer.length === 4 ? trailer.readUInt32LE() : 0;
}

/** A log that nothing is added to any more, plain or packed. It is held open: rotation may rename it at any time. */
export class RotatedLog implements LogPart {
  readonly path: string;
  taken: LinePosition;
  readonly #handle: FileHandle;
  readonly #head: FileHead | undefined;

  private constructor(path: string, handle: FileHandle, head: FileHead | undefined, start: LinePosition) {
    this.path = path;
    this.taken = start;
    this.#handle = handle;
    this.#head = head;
  }

  static async open(path: string, start = FILE_START): Promise<RotatedLog> {
    const handle = await open(path, 'r');
    try {
      return new RotatedLog(path, handle, headOf(await beginningOf(handle, path)), start);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async head(): Promise<FileHead | undefined> {
    return this.#head;
  }

  /** Its lines from where it was read to, the last one with or without a line break. */
  async *lines(): AsyncGenerator<CutLine[]> {
    const { offset } = this.taken;
    const packed = this.path.endsWith('.gz');
    const cutter = new LineCutter(LOG_LINE_BYTES_MAX, this.taken);
    let skip = packed ? offset : 0;
    const bytes = this.#handle.createReadStream({ start: packed ? 0 : offset, highWaterMark: CHUNK_BYTES, autoClose: false });
    // Failures reach the reader of the result; the callback only keeps pipeline from throwing them elsewhere too.
    const chunks: AsyncIterable<Buffer> = packed ? pipeline(bytes, createGunzip(), () => undefined) : bytes;
    for await (const chunk of chunks) {
      const rest = chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
      if (rest.length > 0) yield cutter.push(rest);
    }
    const last = cutter.end();
    if (last !== undefined) yield [last];
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
