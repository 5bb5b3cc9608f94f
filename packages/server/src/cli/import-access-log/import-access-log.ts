import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';
import type { ApiClient } from '../api-client.js';
import type { CliContext } from '../cli-context.js';
import { withFile } from '../file-fault.js';
import type { SendingOptions } from '../import-options.js';
import { ImportProgress } from '../import-progress.js';
import { openSource } from '../import-source.js';
import { ImportTally } from '../import-tally.js';
import { EXIT } from '../print-failure.js';
import { RejectedFile } from '../rejected-file.js';
import { rescoreRange } from '../rescore-range.js';
import { sendBatches, stopAll } from '../send-batches.js';
import { Checkpoints } from './checkpoints.js';
import { FileSource } from './file-source.js';
import { type ImportState, ImportStateFile } from './import-state.js';
import { LineWindow } from './line-window.js';
import type { LogSource } from './log-pieces.js';
import type { LogReading } from './log-sample.js';
import { RequestBatches } from './request-batches.js';
import { StreamSource } from './stream-source.js';

const DAY_MS = 86_400_000;

/** What the command line says. */
export interface AccessLogOptions extends SendingOptions, Partial<LogReading> {
  readonly follow?: boolean;
  readonly restart?: boolean;
}

/**
 * Imports an access log, and sets the exit code: whether lines were rejected, or the import was interrupted.
 *
 * @throws AnalyticsError when the file, the options or the server do not allow it
 */
export async function importAccessLog(file: string, options: AccessLogOptions, context: CliContext): Promise<void> {
  const resumable = file !== '-' && !file.endsWith('.gz') && (await withFile(file, 'read', () => stat(file))).isFile();
  if (options.follow === true && !resumable) {
    throw new AnalyticsError(
      'invalid_parameter',
      `Only a plain file can be followed, and ${file === '-' ? 'standard input' : file} is none.`,
    );
  }
  const client = await context.connect(options);
  const { clock, wait } = context.io;
  const startedMs = clock();
  const progress = new ImportProgress(context.io.stderr, clock, 'lines');
  const say = (line: string): void => progress.say(line);
  const stateFile = resumable ? stateFileOf(file, options, client, context) : undefined;
  const saved = options.restart === true ? undefined : await loadState(stateFile, options, say);

  const stop = new AbortController();
  const interrupt = new AbortController();
  const release = listenForInterrupt(interrupt);
  const end = AbortSignal.any([stop.signal, interrupt.signal]);
  const rejectedFile = options.rejected === undefined ? undefined : await RejectedFile.open(options.rejected, file, stopAll(stop));
  const tally = new ImportTally('lines');
  const checkpoints = new Checkpoints<ImportState>();
  const save = saverOf(stateFile, say);
  let source: LogSource | undefined;
  try {
    source = resumable
      ? await FileSource.open({ path: file, follow: options.follow === true, saved, clock, wait, end, say })
      : new StreamSource(await openSource(file, context), end);
    if (options.follow === true) say(`Following ${file}; Ctrl-C ends.`);
    const format = options.format ?? saved?.format;
    const site = options.site ?? saved?.site;
    const given = { ...(format !== undefined && { format }), ...(site !== undefined && { site }) };
    const requests = new RequestBatches({ source, window: new LineWindow(saved?.window), given, linesMax: options.batch, clock, say });
    const batches = ahead(requests.batches());
    try {
      await sendBatches({
        batches,
        concurrency: options.concurrency,
        send: { client, project: options.project, clock, wait, say },
        stop,
        tally,
        progress,
        fraction: () => source?.fraction(),
        rejectedFile,
        settled: async ({ number, state }) => save(checkpoints.settle(number, state)),
      });
    } finally {
      await batches.return(undefined);
    }
    const durationMs = clock() - startedMs;
    if (tally.accepted > 0 && options.follow !== true && !interrupt.signal.aborted) await judgeAnew(requests, client, options, say);
    const summary = [...tally.summary(durationMs, rejectedFile?.path, context.view), ...nextLines(requests, options)];
    context.print(summary.map((line) => `${line}\n`).join(''));
  } finally {
    release();
    await source?.close();
    await rejectedFile?.close();
  }
  if (tally.rejected > 0) context.exitCode = EXIT.rejectedLines;
  if (interrupt.signal.aborted && options.follow !== true) {
    context.say('Interrupted before the end of the log; the same command goes on from here.');
    context.exitCode = EXIT.failed;
  }
}

function stateFileOf(file: string, options: AccessLogOptions, client: ApiClient, { io }: CliContext): ImportStateFile {
  // With --data the address and key of the environment belong to another server.
  const { dataFolder, key } = options.data === undefined ? io.environment : { dataFolder: resolve(options.data), key: undefined };
  return new ImportStateFile(dataFolder, { log: file, server: client.address.url, project: options.project, key: options.key ?? key });
}

/** The site is part of the events' ids, and the format decides what a line says: with others the log is read anew. */
async function loadState(
  stateFile: ImportStateFile | undefined,
  { site, format }: AccessLogOptions,
  say: (line: string) => void,
): Promise<ImportState | undefined> {
  const saved = await stateFile?.load();
  if (saved === undefined) return undefined;
  // Without either no line was read, and there is nothing to read anew.
  if (saved.site === undefined || saved.format === undefined) return saved;
  if ((site ?? saved.site) === saved.site && (format ?? saved.format) === saved.format) return saved;
  say(`An earlier import read this log as ${saved.format} of ${saved.site}: reading it from its beginning.`);
  return undefined;
}

/** An import does not fail because it cannot note how far it came: the next one sends more than it has to. */
function saverOf(stateFile: ImportStateFile | undefined, say: (line: string) => void): (state: ImportState | undefined) => Promise<void> {
  let failed = false;
  return async (state) => {
    if (state === undefined || stateFile === undefined || failed) return;
    try {
      await stateFile.save(state);
    } catch (error) {
      failed = true;
      const reason = reasonOf(error);
      say(`warning: how far this import came cannot be noted (${reason}); the next one will send the log from its beginning.`);
    }
  };
}

/** The first Ctrl-C ends reading, and what was read is still sent; the second ends the process. */
function listenForInterrupt(interrupt: AbortController): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const onSignal = (): void => {
    release();
    interrupt.abort();
  };
  const release = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}

/** Makes the next item while the last one is used: reading goes on while the server works. */
async function* ahead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  const next = (): Promise<IteratorResult<Item>> => {
    const promise = items.next();
    // A failure is met when the item is asked for; until then it must not count as unhandled.
    promise.catch(() => undefined);
    return promise;
  };
  let pending = next();
  try {
    for (let item = await pending; item.done !== true; item = await pending) {
      pending = next();
      yield item.value;
    }
  } finally {
    await pending.catch(() => undefined);
  }
}

/**
 * Sessions are judged as their requests arrive, against what is known of the site by then. Now that all of the log is known, its
 * sessions are judged anew, so that how it was cut into batches makes no difference.
 */
async function judgeAnew(
  { firstMs, lastMs }: RequestBatches,
  client: ApiClient,
  { project }: AccessLogOptions,
  say: (line: string) => void,
): Promise<void> {
  const range = { project, since: isoSecond(Math.max(0, firstMs - DAY_MS)), until: isoSecond(lastMs + 1000) };
  try {
    await rescoreRange(client, range, say);
  } catch (error) {
    // All lines are stored; that is what the import promised.
    const reason = reasonOf(error);
    say(`warning: sessions were judged by what was known while the log was read, and not anew (${reason}).`);
    say(`  systemprompt-analytics bots rescore --since ${range.since} --until ${range.until}  judges them anew, with a key of kind admin.`);
  }
}

/** What the log covers, and the command that shows it. */
function nextLines({ firstMs, lastMs, tellsUserAgents }: RequestBatches, { project, url, data }: AccessLogOptions): string[] {
  if (firstMs > lastMs) return [];
  const since = isoSecond(firstMs);
  // The end of a range is not part of it.
  const until = isoSecond(lastMs + 1000);
  const server = Object.entries({ project, url, data }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, quoted(value)],
  );
  // Without a user agent a request is taken for one of a program, and reports count people unless they are told otherwise.
  const everyone = tellsUserAgents ? [] : ['--include', 'all'];
  return [
    ...(tellsUserAgents ? [] : ['The log has no user agents, so people cannot be told from programs: all visitors count as programs.']),
    `The requests are from ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}. See where they came from:`,
    `  ${['systemprompt-analytics traffic sources --since', since, '--until', until, ...everyone, ...server].join(' ')}`,
  ];
}

function isoSecond(timestampMs: number): string {
  return `${new Date(timestampMs).toISOString().slice(0, 19)}Z`;
}

/** As a shell takes it for one word. */
function quoted(value: string): string {
  return /^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
