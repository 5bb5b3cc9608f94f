import type { ImportLine } from './import-lines.js';
import type { ImportProgress } from './import-progress.js';
import type { ImportTally } from './import-tally.js';
import type { RejectedFile } from './rejected-file.js';
import { type BatchOutcome, type RejectedLine, type SendOptions, sendBatch } from './send-batch.js';

/** Lines that go to the server as one request, and lines beside them that cannot. */
export interface ImportBatch {
  readonly lines: readonly ImportLine[];
  readonly rejected: readonly RejectedLine[];
}

/** A quarter of the server's usual limit on decompressed bodies; the lines of a batch are held in memory. */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** What an import does with its batches besides sending them. */
export interface SendingRun<Batch extends ImportBatch> {
  readonly batches: AsyncGenerator<Batch>;
  /** Requests under way at a time. */
  readonly concurrency: number;
  /** Without the signal, which is that of `stop`. */
  readonly send: Omit<SendOptions, 'signal'>;
  /** Aborted by the first failure, and by whoever wants the import to end at once. */
  readonly stop: AbortController;
  readonly tally: ImportTally;
  readonly progress: ImportProgress;
  /** Part of the input that is read; undefined when that is not known. */
  readonly fraction: () => number | undefined;
  readonly rejectedFile: RejectedFile | undefined;
  /** Called after the server has answered for a batch; with one request at a time, in order. */
  readonly settled?: (batch: Batch) => Promise<void>;
}

/**
 * Sends all batches, so many at a time, and counts what became of their lines.
 *
 * @throws the first failure; the tally holds what was answered for until then
 */
export async function sendBatches<Batch extends ImportBatch>(run: SendingRun<Batch>): Promise<void> {
  const { batches, stop, tally, progress, rejectedFile } = run;
  const send: SendOptions = { ...run.send, signal: stop.signal };
  const settle = async (batch: Batch, sent: BatchOutcome): Promise<void> => {
    const outcome = { ...sent, rejected: [...sent.rejected, ...batch.rejected] };
    tally.add(outcome);
    await rejectedFile?.write(outcome.rejected);
    await run.settled?.(batch);
    progress.show(tally.events, run.fraction());
  };
  // The workers share one generator, so at most one batch per worker and one being read are held in memory.
  const worker = async (): Promise<void> => {
    for await (const batch of { [Symbol.asyncIterator]: () => ({ next: () => batches.next() }) }) {
      if (stop.signal.aborted) return;
      await settle(batch, await sendBatch(batch.lines, send));
    }
  };
  try {
    await Promise.all(Array.from({ length: run.concurrency }, () => worker().catch(stopAll(stop))));
    if (stop.signal.aborted) throw stop.signal.reason;
  } catch (error) {
    progress.say(`Stopped: ${tally.counts()} so far.`);
    throw error;
  } finally {
    progress.finish();
  }
}

/** The first failure stops everything else too and is the one that is told. */
export function stopAll(stop: AbortController): (error: unknown) => void {
  return (error) => {
    if (!stop.signal.aborted) stop.abort(error);
  };
}
