import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '@systemprompt-analytics/core';
import type { CliContext } from './cli-context.js';
import { withFile } from './file-fault.js';

/** Bytes that are imported, as they are read. */
export interface ImportSource {
  readonly chunks: AsyncIterable<Buffer | string>;
  /** Part of the file's bytes that is read; undefined when the size is unknown. */
  readonly fraction: () => number | undefined;
  readonly close: () => void;
}

/** Opens the file before the server is asked for: a mistyped name should not depend on a server. */
export async function openSource(file: string, context: CliContext): Promise<ImportSource> {
  if (file === '-') return { chunks: context.io.stdin, fraction: () => undefined, close: () => context.io.stdin.destroy() };
  const { size, raw } = await withFile(file, 'read', () => openFile(file));
  let bytesRead = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytesRead += chunk.length;
      done(null, chunk);
    },
  });
  // Failures reach the reader of the last stream; the callback only keeps pipeline from throwing them elsewhere too.
  const chunks: Readable = file.endsWith('.gz')
    ? pipeline(raw, counter, createGunzip(), () => undefined)
    : pipeline(raw, counter, () => undefined);
  return { chunks: readableChunks(chunks, file), fraction: () => (size === 0 ? undefined : bytesRead / size), close: () => raw.destroy() };
}

async function openFile(file: string): Promise<{ size: number; raw: ReadStream }> {
  const stats = await stat(file);
  if (stats.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  const raw = createReadStream(file, { highWaterMark: 256 * 1024 });
  await once(raw, 'open');
  return { size: stats.size, raw };
}

/** A damaged archive says `unexpected end of file`, and not of which. */
async function* readableChunks(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (cause) {
    throw new Error(`${file} could not be read to its end: ${reasonOf(cause)}`, { cause });
  }
}
