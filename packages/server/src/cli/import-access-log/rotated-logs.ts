import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type CutLine, FILE_START, LineCutter, type LinePosition } from '../cut-lines.js';
import { type FileHead, HEAD_BYTES_MAX, hasHead, headOf } from './file-head.js';
import { LOG_LINE_BYTES_MAX, type LogPart, readAt } from './log-file.js';

/** What rotation puts behind a log's name: `.1`, `.2.gz`, `-20260301`, `-20260301.gz`, `.2026-03-01`. */
const ROTATED_SUFFIX = /^[.-]\d[\d._-]*(?:\.gz)?$/;

/** The logs beside this one that were rotated away from it, the oldest first. */
export async function rotatedLogs(path: string): Promise<string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const found: { readonly path: string; readonly mtimeMs: number }[] = [];
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(name) || !ROTATED_SUFFIX.test(entry.slice(name.length))) continue;
    const rotated = join(folder, entry);
    const stats = await stat(rotated).catch(() => undefined);
    if (stats?.isFile() === true) found.push({ path: rotated, mtimeMs: stats.mtimeMs });
  }
  return found.sort((left, right) => left.mtimeMs - right.mtimeMs || compareNames(left.path, right.path)).map((log) => log.path);
}

/** For logs of the same moment: `.2` is older than `.1`, and `-20260302` is newer than `-20260301`. */
function compareNames(left: string, right: string): number {
  const [leftNumber, rightNumber] = [left, right].map((path) => /\.(\d{1,5})(?:\.gz)?$/.exec(path)?.[1]);
  if (leftNumber !== undefined && rightNumber !== undefined) return Number(rightNumber) - Number(leftNumber);
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
  try {
    if (path.endsWith('.gz')) return await firstBytes(unpacked(path));
    const handle = await open(path, 'r');
    try {
      return await readAt(handle, 0, HEAD_BYTES_MAX);
    } finally {
      await handle.close();
    }
  } catch {
    return Buffer.alloc(0);
  }
}

/** Failures reach the reader of the result; the callback only keeps pipeline from throwing them elsewhere too. */
function unpacked(path: string): Readable {
  return pipeline(createReadStream(path), createGunzip(), () => undefined);
}

async function firstBytes(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= HEAD_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES_MAX);
}

/** A log that nothing is added to any more, plain or packed. */
export class RotatedLog implements LogPart {
  readonly path: string;
  taken: LinePosition;

  constructor(path: string, start = FILE_START) {
    this.path = path;
    this.taken = start;
  }

  async head(): Promise<FileHead | undefined> {
    return headOf(await readBeginning(this.path));
  }

  /** Its lines from where it was read to, the last one with or without a line break. */
  async *lines(): AsyncGenerator<CutLine[]> {
    const { offset } = this.taken;
    const packed = this.path.endsWith('.gz');
    const cutter = new LineCutter(LOG_LINE_BYTES_MAX, this.taken);
    let skip = packed ? offset : 0;
    const chunks: AsyncIterable<Buffer> = packed
      ? unpacked(this.path)
      : createReadStream(this.path, { start: offset, highWaterMark: 256 * 1024 });
    for await (const chunk of chunks) {
      const rest = chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
      if (rest.length > 0) yield cutter.push(rest);
    }
    const last = cutter.end();
    if (last !== undefined) yield [last];
  }
}
