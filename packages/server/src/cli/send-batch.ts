import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';
import { type ApiClient, isRecord, ServerProblem, textField } from './api-client.js';
import { formatDuration, formatInteger } from './format-value.js';
import type { ImportLine } from './import-lines.js';

/** Why the server did not take one line. */
export interface RejectedLine {
  readonly line: number;
  readonly id: string;
  readonly code: string;
  readonly path: string;
  readonly message: string;
  /** The line as it stands in the file. */
  readonly text: string;
}

/** What became of one batch. */
export interface BatchOutcome {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly RejectedLine[];
}

export interface SendOptions {
  readonly client: ApiClient;
  readonly project: string | undefined;
  readonly clock: () => number;
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Tells a person why it takes longer. */
  readonly say: (line: string) => void;
}

/** A server that is busy for longer needs a person. */
export const BUSY_MS_MAX = 5 * 60_000;
/** Waits between attempts when the connection breaks: long enough for a restart, short enough for a person. */
const RECONNECT_WAITS_MS = [500, 1000, 2000, 4000, 8000] as const;
const BUSY_WAIT_MS_MAX = 30_000;

const NOTHING: BatchOutcome = { accepted: 0, duplicates: 0, rejected: [] };
const compress = promisify(gzip);
const LINE_BREAK = Buffer.from('\n');

/**
 * Sends one batch until the server has answered for every line of it. Repeating a batch is safe: every event has an id,
 * and an id that is stored counts once.
 */
export async function sendBatch(lines: readonly ImportLine[], options: SendOptions): Promise<BatchOutcome> {
  if (lines.length === 0) return NOTHING;
  // Level 1: the network is rarely the limit, and higher levels cost more time than they save.
  const body = await compress(Buffer.concat(lines.flatMap((line) => [line.body, LINE_BREAK])), { level: 1 });
  const busySince = options.clock();
  for (let attempt = 0, broken = 0; ; attempt += 1) {
    try {
      return readOutcome(await postEvents(body, options), lines);
    } catch (error) {
      if (options.signal.aborted) throw error;
      if (error instanceof ServerProblem && error.status === 413) return splitBatch(lines, error, options);
      if (error instanceof ServerProblem && (error.status === 429 || error.status === 503)) {
        await waitForServer(error, attempt, busySince, lines, options);
        broken = 0;
      } else if (isBroken(error)) {
        await reconnect(error, broken, lines, options);
        broken += 1;
      } else throw error;
    }
  }
}

async function postEvents(body: Uint8Array, options: SendOptions): Promise<unknown> {
  return options.client.requestJson({
    method: 'POST',
    path: '/v1/events',
    query: { project_id: options.project },
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    body,
    signal: options.signal,
  });
}

/** The server's limits may be set lower than usual: halves are tried down to the one line that is too large. */
async function splitBatch(lines: readonly ImportLine[], problem: ServerProblem, options: SendOptions): Promise<BatchOutcome> {
  const [only] = lines;
  if (only === undefined) return NOTHING;
  if (lines.length === 1) {
    const { code, path, detail, title } = problem.problem;
    const rejected = {
      line: only.number,
      id: '',
      code: code || 'body_too_large',
      path,
      message: detail || title,
      text: only.text.toString('utf8'),
    };
    return { accepted: 0, duplicates: 0, rejected: [rejected] };
  }
  const middle = Math.ceil(lines.length / 2);
  const first = await sendBatch(lines.slice(0, middle), options);
  const second = await sendBatch(lines.slice(middle), options);
  return {
    accepted: first.accepted + second.accepted,
    duplicates: first.duplicates + second.duplicates,
    rejected: [...first.rejected, ...second.rejected],
  };
}

/** Waits as long as the server asks, and longer from attempt to attempt where it names no time. */
async function waitForServer(
  problem: ServerProblem,
  attempt: number,
  busySince: number,
  lines: readonly ImportLine[],
  options: SendOptions,
): Promise<void> {
  const patience = attempt === 0 ? 0 : Math.min(BUSY_WAIT_MS_MAX, 100 * 2 ** (attempt - 1));
  const waitMs = Math.max((problem.retryAfterSeconds ?? 1) * 1000, patience);
  if (options.clock() - busySince + waitMs > BUSY_MS_MAX) {
    options.say(`The server has been busy for ${formatDuration(options.clock() - busySince)}; stopping. ${RESUME}`);
    throw problem;
  }
  const reason = problem.problem.code || `HTTP ${problem.status}`;
  options.say(`The server is busy (${reason}): sending ${rangeOf(lines)} again in ${formatDuration(waitMs)}.`);
  await options.wait(waitMs, options.signal);
}

const RESUME = 'Run the same command again: events already stored count once.';

async function reconnect(error: unknown, broken: number, lines: readonly ImportLine[], options: SendOptions): Promise<void> {
  const reason = reasonOf(error);
  const waitMs = RECONNECT_WAITS_MS[broken];
  if (waitMs === undefined) {
    throw new AnalyticsError('server_unreachable', `${reason} Stopped at ${rangeOf(lines)} after ${broken + 1} attempts. ${RESUME}`, {
      cause: error,
    });
  }
  options.say(`${reason} Sending ${rangeOf(lines)} again in ${formatDuration(waitMs)}.`);
  await options.wait(waitMs, options.signal);
}

/** The connection, or a proxy in front of a server that restarts. */
function isBroken(error: unknown): boolean {
  if (error instanceof ServerProblem) return error.status === 502 || error.status === 504;
  return error instanceof AnalyticsError && error.code === 'server_unreachable';
}

function rangeOf(lines: readonly ImportLine[]): string {
  return `lines ${formatInteger(lines[0]?.number ?? 0)}–${formatInteger(lines.at(-1)?.number ?? 0)}`;
}

function readOutcome(answer: unknown, lines: readonly ImportLine[]): BatchOutcome {
  const fields = isRecord(answer) ? answer : {};
  const { accepted, duplicates, rejected } = fields;
  if (typeof accepted !== 'number' || typeof duplicates !== 'number' || !Array.isArray(rejected)) {
    throw new AnalyticsError(
      'internal',
      'The answer to an import batch does not count its events; are the server and this CLI of the same version?',
    );
  }
  return { accepted, duplicates, rejected: rejected.filter(isRecord).map((fault) => rejectedLine(fault, lines)) };
}

/** The server counts the lines of the batch; people count those of the file. */
function rejectedLine(fault: Readonly<Record<string, unknown>>, lines: readonly ImportLine[]): RejectedLine {
  const index = fault['index'];
  const line = typeof index === 'number' ? lines[index] : undefined;
  return {
    line: line?.number ?? 0,
    id: textField(fault, 'id'),
    code: textField(fault, 'code'),
    path: textField(fault, 'path'),
    message: textField(fault, 'message'),
    text: line?.text.toString('utf8') ?? '',
  };
}
