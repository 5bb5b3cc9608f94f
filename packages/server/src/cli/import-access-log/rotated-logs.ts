import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { type CutLine, FILE_START, LineCutter, type LinePosition } from '../cut-lines.js';
import { type FileHead, HEAD_BYTES_MAX, hasHead, headOf } from './file-head.js';
import { CHUNK_BYTES, LOG_LINE_BYTES_MAX, type LogPart, readAt } from './log-file.js';

/** So much of an archive holds the head of the log in it, and never more than a few megabytes. */
const PACKED_HEAD_BYTES = 4096;
/** What rotation puts behind a log's name: `.1`, `.2.gz`, `-20260301`, `-20260301.gz`, `.2026-03-01`. */
const ROTATED_SUFFIX = /^[.-]\d[\d._-]*(?:\.gz)?$/;

/** The logs beside this one that were rotated away from it, the oldest first. */
export async function rotatedLogs(path: string): Promise<string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const found: { readonly path: string; readonly mtimeMs: number }[] = [];
  const entries = new Set(await readdir(folder));
  for (const entry of entries) {
    if (!entry.startsWith(name) || !ROTATED_SUFFIX.test(entry.slice(name.length))) continue;
    // An archive beside the log it is made of may not be whole yet.
    if (entry.endsWith('.gz') && entries.has(entry.slice(0, -3))) continue;
    const rotated = join(folder, entry);
    const stats = await stat(rotated).catch(() => undefined);
    if (stats?.isFile() === true) found.push({ path: rotated, mtimeMs: stats.mtimeMs });
  }
  return found.sort((left, right) => compareNames(left.path, right.path) ?? left.mtimeMs - right.mtimeMs).map((log) => log.path);
}

/** `.2` is older than `.1`, and `-20260301` older than `-20260302`; names of both kinds beside each other tell nothing. */
function compareNames(left: string, right: string): number | undefined {
  const [leftNumber, rightNumber] = [left, right].map((path) => /\.(\d{1,5})(?:\.gz)?$/.exec(path)?.[1]);
  if (leftNumber !== undefined && rightNumber !== undefined) return Number(rightNumber) - Number(leftNumber);
  if (leftNumber !== undefined || rightNumber !== undefined) return undefined;
  return left < right ? -1 : 1;
}

/** Which of these logs begins so; the last of several, since an older one is a copy of another time. */
export async function findByHead(logs: readonly string[], head: FileHead): Promise<string | undefined> {
  for (const path of logs.toReversed()) {
    if (hasHead(await readBeginning(path), head)) return path;
  }
  return undefined;
}

/** The first bytes of a log, plain or packed; none when it cannot be read. */
export async function readBeginning(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    return await beginningOf(handle, path);
  } catch {
    return Buffer.alloc(0);
  } finally {
    await handle?.close();
  }
}

async function beginningOf(handle: FileHandle, path: string): Promise<Buffer> {
  if (!path.endsWith('.gz')) return readAt(handle, 0, HEAD_BYTES_MAX);
  // The archive is cut off here, and unpacked as far as it goes.
  const packed = await readAt(handle, 0, PACKED_HEAD_BYTES);
  return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, HEAD_BYTES_MAX);
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
