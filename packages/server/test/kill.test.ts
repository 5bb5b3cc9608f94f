import { watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Batch, makeMixedBatches } from './harness/mixed-batches.js';
import { MAIN, startProgram } from './harness/program.js';
import { costsBy, countsBy, DIMENSIONS, picodollars, type Report, type Row, readReport, totalCost } from './harness/reports.js';
import { newFolder, removeFolders, type ServerProgram, serve } from './harness/server-program.js';

// A server that is killed in the middle of everything loses nothing that it acknowledged and counts nothing twice.

const CLIENTS = 4;
/** What happens in each round: the server is killed as soon as so many batches of it were acknowledged. */
const ROUNDS = [
  { acknowledgements: 5, during: 'ingest' },
  { acknowledgements: 8, during: 'report' },
  { acknowledgements: 1, during: 'ingest' },
  { acknowledgements: 9, during: 'report' },
  { acknowledgements: 6, during: 'recovery' },
] as const;

const nowMs = Date.now();
const { batches, expected } = makeMixedBatches(20_261_124, nowMs);
const RANGE = { since: new Date(nowMs - 24 * 3_600_000).toISOString(), until: new Date(nowMs + 3_600_000).toISOString() };
const folder = newFolder();
const acknowledged = new Set<Batch>();
let server: ServerProgram;

interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly unknown[];
}

/** Sends a batch; fails when the server is gone before it answers. */
async function post(batch: Batch): Promise<Answer | undefined> {
  const contentType = batch.path === '/v1/events' ? 'application/x-ndjson' : 'application/json';
  const response = await fetch(`${server.url}${batch.path}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: batch.body,
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${batch.name}: ${response.status} ${text}`);
  if (batch.path === '/v1/events') return JSON.parse(text) as Answer;
  // Nothing of an export was rejected.
  expect(text).toBe('{}');
  return undefined;
}

/** Sends what is not acknowledged yet with several clients and kills the server in the midst of it. */
async function runRound(acknowledgements: number, withReport: boolean): Promise<void> {
  const queue = batches.filter((batch) => !acknowledged.has(batch));
  let left = acknowledgements;
  let report: Promise<unknown> = Promise.resolve();
  const client = async (): Promise<void> => {
    while (left > 0) {
      const batch = queue.shift();
      if (batch === undefined) return;
      try {
        await post(batch);
      } catch (error) {
        // Not acknowledged, because the server is dead; it may be stored all the same.
        if (left > 0) throw error;
        return;
      }
      acknowledged.add(batch);
      left -= 1;
      // A report makes the server move what it has acknowledged; the kill comes while it is at it.
      if (withReport && left === 1) report = readReport(server.url, 'overview', RANGE).catch(() => undefined);
      if (left === 0) server.program.child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(await server.program.ended).toMatchObject({ signal: 'SIGKILL' });
  await report;
}

/** Starts the server and kills it as soon as it drops something from its journal, or when it is ready if it never does. */
async function killInRecovery(): Promise<void> {
  const watcher = watch(join(folder, 'journal'));
  const changed = new Promise((resolve) => watcher.once('change', resolve));
  const program = startProgram([MAIN, 'serve', '--data', folder, '--port', '0']);
  await Promise.race([changed, program.seen('stdout', /listens on /)]);
  expect(await program.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  watcher.close();
}

async function readOverview(): Promise<Row> {
  const { rows } = await readReport(server.url, 'overview', RANGE);
  return rows[0] ?? {};
}

const breakdown = (by: string): Promise<Report> => readReport(server.url, 'costs/breakdown', { by, limit: '10000', ...RANGE });

async function expectExactTotals(): Promise<void> {
  const overview = await readOverview();
  expect(overview).toMatchObject({
    requests: expected.requests,
    unpriced_requests: 0,
    tool_executions: expected.toolExecutions,
    tasks: expected.tasks.size,
    task_success_rate: 1,
    page_views: expected.pageViews,
    messages: expected.messages,
    sessions: [...expected.costBySession.keys()].filter((session) => session !== '-').length,
    users: expected.users.size,
  });
  expect(picodollars(overview['cost_usd'])).toBe(expected.picodollars);
  expect(costsBy(await breakdown('session'), 'session')).toEqual(Object.fromEntries(expected.costBySession));
  expect(countsBy(await breakdown('model'), 'model', 'requests')).toEqual(Object.fromEntries(expected.requestsByModel));
  for (const dimension of DIMENSIONS) expect(totalCost(await breakdown(dimension)), dimension).toBe(expected.picodollars);
}

afterAll(async () => {
  await server?.program.stop('SIGKILL');
  removeFolders();
});

describe('a server that is killed again and again', () => {
  it.each(ROUNDS)('is killed after $acknowledgements acknowledged batches, during $during', async ({ acknowledgements, during }) => {
    server = await serve(folder);
    const before = acknowledged.size;
    await runRound(acknowledgements, during === 'report');
    expect(acknowledged.size - before).toBeGreaterThanOrEqual(acknowledgements);
    if (during === 'recovery') await killInRecovery();
  });

  it('was killed before everything had arrived', () => {
    expect(batches.length - acknowledged.size).toBeGreaterThan(5);
  });

  it('has every event that it acknowledged', async () => {
    server = await serve(folder);
    const acknowledgedEvents = [...acknowledged].filter((batch) => batch.path === '/v1/events');
    expect(acknowledgedEvents.length).toBeGreaterThan(10);
    for (const batch of acknowledgedEvents) {
      expect(await post(batch), batch.name).toEqual({ accepted: 0, duplicates: batch.events, rejected: [] });
    }
    // The calls of traces show in the breakdown: two sent children of a trace are one call.
    const traced = countsBy(await breakdown('agent'), 'agent', 'requests')['traced-agent'] ?? 0;
    const calls = [...acknowledged].filter(({ name }) => name.startsWith('children')).reduce((sum, { events }) => sum + events / 2, 0);
    expect(calls).toBeGreaterThan(0);
    expect(traced).toBeGreaterThanOrEqual(calls);
  });

  it('takes what was not acknowledged, stored or not', async () => {
    for (const batch of batches.filter((candidate) => !acknowledged.has(candidate))) {
      const answer = await post(batch);
      if (answer !== undefined) expect([answer.accepted + answer.duplicates, answer.rejected]).toEqual([batch.events, []]);
    }
  });

  it('gives exactly the totals of an independent calculation', async () => {
    await expectExactTotals();
  });

  it('counts nothing again when everything is sent once more', async () => {
    for (const batch of batches.toReversed()) {
      const answer = await post(batch);
      if (answer !== undefined) expect(answer, batch.name).toEqual({ accepted: 0, duplicates: batch.events, rejected: [] });
    }
    await expectExactTotals();
  });

  it('gives the same totals after an orderly restart', async () => {
    expect(await server.program.stop()).toMatchObject({ code: 0, signal: null });
    server = await serve(folder);
    await expectExactTotals();
  });
});
