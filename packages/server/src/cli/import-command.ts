import { AnalyticsError, parseAccessLogLine } from '@systemprompt-analytics/core';
import type { Command } from 'commander';
import { addProjectOptions, type CliContext } from './cli-context.js';
import { addAccessLogCommand } from './import-access-log/access-log-command.js';
import { type ImportLine, LINE_BYTES_MAX, type OverlongLine, readImportLines } from './import-lines.js';
import { addSendingOptions, type SendingOptions } from './import-options.js';
import { ImportProgress } from './import-progress.js';
import { openSource } from './import-source.js';
import { ImportTally } from './import-tally.js';
import { EXIT } from './print-failure.js';
import { RejectedFile } from './rejected-file.js';
import type { RejectedLine } from './send-batch.js';
import { BATCH_BYTES_MAX, type ImportBatch, sendBatches, stopAll } from './send-batches.js';

/** Adds `import FILE`, and `import access-log FILE` below it. */
export function addImportCommand(program: Command, context: CliContext): void {
  const command = program
    .command('import')
    .summary("import events from a file with one JSON event per line, or a web server's access log")
    .description(
      'import events from a file with one JSON event per line\n\nAn event without an "id" gets one derived from its line number and text, so importing the same file twice changes nothing.',
    )
    .argument('<file>', 'NDJSON file, plain or .gz; - reads standard input');
  addProjectOptions(addSendingOptions(command, 2)).action(async (file: string, options: SendingOptions) => {
    const rejected = await importFile(file, options, context);
    if (rejected > 0) context.exitCode = EXIT.rejectedLines;
  });
  addAccessLogCommand(command, context);
}

/** Imports one file and answers how many lines the server rejected. */
async function importFile(file: string, options: SendingOptions, context: CliContext): Promise<number> {
  const source = await openSource(file, context);
  const client = await context.connect(options);
  const { clock, wait } = context.io;
  const startedMs = clock();
  const progress = new ImportProgress(context.io.stderr, clock);
  const tally = new ImportTally();
  const stop = new AbortController();
  // A worker may be waiting for input that never ends; closing the source ends its wait.
  stop.signal.addEventListener('abort', source.close);
  const rejectedFile = options.rejected === undefined ? undefined : await RejectedFile.open(options.rejected, file, stopAll(stop));
  try {
    await sendBatches({
      batches: cutBatches(noAccessLog(readImportLines(source.chunks), file), options.batch),
      concurrency: options.concurrency,
      send: { client, project: options.project, clock, wait, say: (line) => progress.say(line) },
      stop,
      tally,
      progress,
      fraction: source.fraction,
      rejectedFile,
    });
  } finally {
    source.close();
    await rejectedFile?.close();
  }
  context.print(
    tally
      .summary(clock() - startedMs, rejectedFile?.path, context.view)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return tally.rejected;
}

/** Passes lines on unless the first is one of an access log, which this command does not read. */
async function* noAccessLog(lines: AsyncIterable<ImportLine | OverlongLine>, file: string): AsyncGenerator<ImportLine | OverlongLine> {
  let isFirst = true;
  for await (const line of lines) {
    if (isFirst && 'text' in line && parseAccessLogLine(line.text.toString('latin1'), 'common').ok) {
      throw new AnalyticsError(
        'invalid_parameter',
        `${file} is a web server's access log and holds no events; systemprompt-analytics import access-log ${file} reads it.`,
      );
    }
    isFirst = false;
    yield line;
  }
}

async function* cutBatches(lines: AsyncIterable<ImportLine | OverlongLine>, eventsMax: number): AsyncGenerator<ImportBatch> {
  let batch: { lines: ImportLine[]; rejected: RejectedLine[] } = { lines: [], rejected: [] };
  let bytes = 0;
  for await (const line of lines) {
    if ('overlong' in line) {
      batch.rejected.push(overlongLine(line));
      continue;
    }
    if (batch.lines.length >= eventsMax || (batch.lines.length > 0 && bytes + line.body.length > BATCH_BYTES_MAX)) {
      yield batch;
      batch = { lines: [], rejected: [] };
      bytes = 0;
    }
    batch.lines.push(line);
    bytes += line.body.length;
  }
  if (batch.lines.length > 0 || batch.rejected.length > 0) yield batch;
}

function overlongLine({ number }: OverlongLine): RejectedLine {
  const message = `The line is longer than ${LINE_BYTES_MAX} bytes and was not sent.`;
  return { line: number, id: '', code: 'event_too_large', path: '', message, text: '' };
}
