import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { type Command, InvalidArgumentError } from 'commander';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { type ImportLine, LINE_BYTES_MAX, type OverlongLine, readImportLines } from './import-lines.js';
import { ImportProgress } from './import-progress.js';
import { ImportTally } from './import-tally.js';
import { EXIT } from './print-failure.js';
import { type BatchOutcome, type RejectedLine, sendBatch } from './send-batch.js';

interface ImportOptions extends ConnectionOptions {
  readonly batch: number;
  readonly concurrency: number;
  readonly rejected?: string;
}

/** A quarter of the server's usual limit on decompressed bodies; the lines of a batch are held in memory. */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** Adds `import FILE`. */
export function addImportCommand(program: Command, context: CliContext): void {
  const command = program
    .command('import')
    .summary('import events from a file with one JSON event per line')
    .description(
      'import events from a file with one JSON event per line\n\nAn event without an "id" gets one derived from its line number and text, so importing the same file twice changes nothing.',
    )
    .argument('<file>', 'NDJSON file, plain or .gz; - reads standard input')
    .option('--batch <events>', 'events per request', integerBetween(1, 100_000), 2000)
    .option('--concurrency <requests>', 'requests under way at a time', integerBetween(1, 16), 2)
    .option('--rejected <file.ndjson>', 'write every rejected line with its reason to this file');
  addProjectOptions(command).action(async (file: string, options: ImportOptions) => {
    const rejected = await importFile(file, options, context);
    if (rejected > 0) context.exitCode = EXIT.rejectedLines;
  });
}

function integerBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from ${minimum} to ${maximum}.`);
  };
}

/** Imports one file and answers how many lines the server rejected. */
async function importFile(file: string, options: ImportOptions, context: CliContext): Promise<number> {
  const source = await openSource(file, context);
  const client = await context.connect(options);
  const { clock, wait } = context.io;
  const startedMs = clock();
  const progress = new ImportProgress(context.io.stderr, clock);
  const tally = new ImportTally();
  const stop = new AbortController();
  // A worker may be waiting for input that never ends; closing the source ends its wait.
  stop.signal.addEventListener('abort', source.close);
  const rejectedFile = options.rejected === undefined ? undefined : await openRejected(options.rejected, file, stop);
  const send = { client, project: options.project, clock, wait, signal: stop.signal, say: (line: string) => progress.say(line) };
  const batches = cutBatches(readImportLines(source.chunks), options.batch);
  const settle = async (outcome: BatchOutcome): Promise<void> => {
    tally.add(outcome);
    if (rejectedFile !== undefined) await writeRejected(rejectedFile, outcome.rejected);
    progress.show(tally.events, source.fraction());
  };
  // The workers share one generator, so at most one batch per worker and one being read are held in memory.
  const worker = async (): Promise<void> => {
    for await (const batch of { [Symbol.asyncIterator]: () => ({ next: () => batches.next() }) }) {
      if (stop.signal.aborted) return;
      await settle(withOverlong(await sendBatch(batch.lines, send), batch.overlong));
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, () => worker().catch(stopAll(stop))));
    if (stop.signal.aborted) throw stop.signal.reason;
  } catch (error) {
    progress.say(`Stopped: ${tally.counts()} so far.`);
    throw error;
  } finally {
    progress.finish();
    source.close();
    if (rejectedFile !== undefined) await finished(rejectedFile.end());
  }
  const shownFile = options.rejected === undefined ? undefined : resolve(options.rejected);
  context.print(
    tally
      .summary(clock() - startedMs, shownFile, context.view)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return tally.rejected;
}

/** Opened before anything is sent, so that no import runs whose rejected lines are lost. */
async function openRejected(path: string, file: string, stop: AbortController): Promise<WriteStream> {
  if (resolve(path) === resolve(file))
    throw new AnalyticsError('invalid_parameter', '--rejected names the imported file itself, which it would overwrite.');
  const stream = createWriteStream(resolve(path));
  await once(stream, 'open');
  stream.on('error', stopAll(stop));
  return stream;
}

/** The first failure stops the other workers too and is the one that is told. */
function stopAll(stop: AbortController): (error: unknown) => void {
  return (error) => {
    if (!stop.signal.aborted) stop.abort(error);
  };
}

interface ImportSource {
  readonly chunks: AsyncIterable<Buffer | string>;
  /** Part of the file's bytes that is read; undefined when the size is unknown. */
  readonly fraction: () => number | undefined;
  readonly close: () => void;
}

/** Opens the file before the server is asked for: a mistyped name should not depend on a server. */
async function openSource(file: string, context: CliContext): Promise<ImportSource> {
  if (file === '-') return { chunks: context.io.stdin, fraction: () => undefined, close: () => context.io.stdin.destroy() };
  const { size } = await stat(file);
  const raw = createReadStream(file, { highWaterMark: 256 * 1024 });
  await once(raw, 'open');
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

/** A damaged archive says `unexpected end of file`, and not of which. */
async function* readableChunks(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (cause) {
    throw new Error(`${file} could not be read to its end: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

interface Batch {
  readonly lines: readonly ImportLine[];
  readonly overlong: readonly OverlongLine[];
}

async function* cutBatches(lines: AsyncIterable<ImportLine | OverlongLine>, eventsMax: number): AsyncGenerator<Batch> {
  let batch: { lines: ImportLine[]; overlong: OverlongLine[] } = { lines: [], overlong: [] };
  let bytes = 0;
  for await (const line of lines) {
    if ('overlong' in line) {
      batch.overlong.push(line);
      continue;
    }
    if (batch.lines.length >= eventsMax || (batch.lines.length > 0 && bytes + line.body.length > BATCH_BYTES_MAX)) {
      yield batch;
      batch = { lines: [], overlong: [] };
      bytes = 0;
    }
    batch.lines.push(line);
    bytes += line.body.length;
  }
  if (batch.lines.length > 0 || batch.overlong.length > 0) yield batch;
}

function withOverlong(outcome: BatchOutcome, overlong: readonly OverlongLine[]): BatchOutcome {
  const message = `The line is longer than ${LINE_BYTES_MAX} bytes and was not sent.`;
  const rejected = overlong.map(
    ({ number }): RejectedLine => ({ line: number, id: '', code: 'event_too_large', path: '', message, text: '' }),
  );
  return { ...outcome, rejected: [...outcome.rejected, ...rejected] };
}

/** Reason and text together: a malformed line is no JSON, and `jq -r .text` gives the lines back. */
async function writeRejected(file: WriteStream, rejected: readonly RejectedLine[]): Promise<void> {
  for (const fault of rejected) {
    if (!file.write(`${JSON.stringify(fault)}\n`)) await once(file, 'drain');
  }
}
