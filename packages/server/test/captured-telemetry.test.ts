import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALL_PICODOLLARS } from './harness/list-prices.js';
import { ROOT } from './harness/program.js';
import { comparable, costsBy, countsBy, DIMENSIONS, picodollars, type Report, readReport, total, totalCost } from './harness/reports.js';
import { newFolder, removeFolders, type ServerProgram, serve } from './harness/server-program.js';

// What real SDKs sent, posted byte by byte as it was captured.

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const OPENAI_JSON = read('01-otel-instrumentation-openai.traces.json');
const OPENAI_OTHER_RUN_JSON = read('02-otel-instrumentation-openai-protobuf.traces.json');
const OPENAI_OTHER_RUN_PROTOBUF = read('02-otel-instrumentation-openai-protobuf.traces.pb');
const ANTHROPIC_JSON = read('12-anthropic-sdk-native.traces.json');

/** A run of the captured program: a chat call, its stream form and the Responses API, twice with and twice without a tool call. */
const OPENAI_RUN_COST = 2n * CALL_PICODOLLARS.gptToolCall + 2n * CALL_PICODOLLARS.gptAnswer;
const ANTHROPIC_COST = 4n * CALL_PICODOLLARS.claude;
/** All of it was captured within this day. */
const DAY = { since: '2026-11-23T00:00:00Z', until: '2026-11-24T00:00:00Z' };

const folder = newFolder();
let server: ServerProgram;
/** Every report after each sample was posted once. */
let afterFirst: readonly Report[];

function read(name: string): Buffer {
  return readFileSync(`${ROOT}packages/server/fixtures/otlp/${name}`);
}

async function post(body: Buffer, contentType: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': contentType, ...headers },
    body: new Uint8Array(body),
  });
  const answered = Buffer.from(await response.arrayBuffer());
  return { status: response.status, contentType: response.headers.get('content-type'), body: answered.toString('utf8') };
}

const compressed = (body: Buffer, contentType: string) => post(gzipSync(body), contentType, { 'content-encoding': 'gzip' });

/** The exact answers of the OTLP specification: an empty message, which is `{}` in JSON and no byte in protobuf. */
const JSON_SUCCESS = { status: 200, contentType: JSON_TYPE, body: '{}' };
const PROTOBUF_SUCCESS = { status: 200, contentType: PROTOBUF, body: '' };

const breakdown = (by: string) => readReport(server.url, 'costs/breakdown', { by, ...DAY });

/** Everything that can be said about the samples. */
async function readEverything(): Promise<Report[]> {
  const reports: Report[] = [];
  for (const by of DIMENSIONS) reports.push(comparable(await breakdown(by)));
  for (const name of ['overview', 'requests/list', 'tools/list', 'agents/list', 'conversations/list', 'sessions/stats', 'costs/unpriced']) {
    reports.push(comparable(await readReport(server.url, name, DAY)));
  }
  return reports;
}

beforeAll(async () => {
  server = await serve(folder);
});

afterAll(async () => {
  await server?.program.stop();
  removeFolders();
});

describe('captured telemetry, posted as it is', () => {
  it('01 and 02 are two runs: their traces differ', () => {
    const traces = (body: Buffer): Set<string> => new Set(body.toString('utf8').match(/(?<="traceId": ?")\w+/g));
    expect(traces(OPENAI_JSON).size).toBe(1);
    expect(traces(OPENAI_OTHER_RUN_JSON).size).toBe(1);
    expect(traces(ANTHROPIC_JSON).size).toBe(4);
    expect(new Set([...traces(OPENAI_JSON), ...traces(OPENAI_OTHER_RUN_JSON), ...traces(ANTHROPIC_JSON)]).size).toBe(6);
  });

  it('01 is taken and costs what the hand calculation says', async () => {
    expect(await post(OPENAI_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    const report = await breakdown('model');
    expect(OPENAI_RUN_COST).toBe(3_664_000_000n);
    expect(costsBy(report, 'model')).toEqual({ 'gpt-4.1-mini-2025-04-14': OPENAI_RUN_COST });
    expect(report.totals).toMatchObject({ requests: 4, cost_usd: '0.003664', cost_microdollars: 3664, unpriced_requests: 0 });
  });

  it('02 adds the same once more, as protobuf', async () => {
    expect(await post(OPENAI_OTHER_RUN_PROTOBUF, PROTOBUF)).toEqual(PROTOBUF_SUCCESS);
    const report = await breakdown('model');
    expect(report.totals).toMatchObject({ requests: 8, cost_usd: '0.007328', cost_microdollars: 7328, unpriced_requests: 0 });
    expect(costsBy(await breakdown('session'), 'session')).toEqual({ 'sess-1': 2n * OPENAI_RUN_COST });
    expect(costsBy(await breakdown('user'), 'user')).toEqual({ 'user-1': 2n * OPENAI_RUN_COST });
  });

  it('02 as JSON is the same run and adds nothing', async () => {
    const before = await readEverything();
    expect(await post(OPENAI_OTHER_RUN_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    expect(await readEverything()).toEqual(before);
  });

  it('12 adds its four calls, one that failed, a tool and an agent run', async () => {
    expect(await post(ANTHROPIC_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    const report = await breakdown('model');
    expect(ANTHROPIC_COST).toBe(27_264_000_000n);
    expect(costsBy(report, 'model')).toEqual({
      'claude-sonnet-4-6': ANTHROPIC_COST,
      'gpt-4.1-mini-2025-04-14': 2n * OPENAI_RUN_COST,
      'claude-overloaded': 0n,
    });
    expect(countsBy(report, 'model', 'requests')).toEqual({
      'claude-sonnet-4-6': 4,
      'gpt-4.1-mini-2025-04-14': 8,
      'claude-overloaded': 1,
    });
    expect(report.totals).toMatchObject({ requests: 13, cost_usd: '0.034592', cost_microdollars: 34_592, unpriced_requests: 1 });
    const overview = await readReport(server.url, 'overview', DAY);
    expect(overview.rows[0]).toMatchObject({ requests: 13, cost_usd: '0.034592', tool_executions: 1, tasks: 1, sessions: 1, users: 1 });
    afterFirst = await readEverything();
  });

  it.each(DIMENSIONS)('adds up by %s to the total', async (dimension) => {
    const report = await breakdown(dimension);
    expect(totalCost(report)).toBe(2n * OPENAI_RUN_COST + ANTHROPIC_COST);
    expect(picodollars(report.totals?.['cost_usd'])).toBe(2n * OPENAI_RUN_COST + ANTHROPIC_COST);
    expect(total(report, 'requests')).toBe(13);
  });
});

describe('the same telemetry again', () => {
  it.each<[string, () => Promise<unknown>, unknown]>([
    ['01', () => post(OPENAI_JSON, JSON_TYPE), JSON_SUCCESS],
    ['02 as protobuf', () => post(OPENAI_OTHER_RUN_PROTOBUF, PROTOBUF), PROTOBUF_SUCCESS],
    ['12', () => post(ANTHROPIC_JSON, JSON_TYPE), JSON_SUCCESS],
    ['01 compressed', () => compressed(OPENAI_JSON, JSON_TYPE), JSON_SUCCESS],
    ['02 as compressed protobuf', () => compressed(OPENAI_OTHER_RUN_PROTOBUF, PROTOBUF), PROTOBUF_SUCCESS],
    ['12 compressed, with a charset', () => compressed(ANTHROPIC_JSON, `${JSON_TYPE}; charset=utf-8`), JSON_SUCCESS],
  ])('%s is taken and changes no number', async (_, send, success) => {
    expect(await send()).toEqual(success);
    expect(await readEverything()).toEqual(afterFirst);
  });

  it('changes no number after a restart either', async () => {
    expect(await server.program.stop()).toMatchObject({ code: 0, signal: null });
    server = await serve(folder);
    expect(await readEverything()).toEqual(afterFirst);
    expect(await post(OPENAI_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    expect(await compressed(OPENAI_OTHER_RUN_PROTOBUF, PROTOBUF)).toEqual(PROTOBUF_SUCCESS);
    expect(await post(ANTHROPIC_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    expect(await readEverything()).toEqual(afterFirst);
  });
});

describe('into an empty server', () => {
  it('the order, the encoding and the compression do not matter', async () => {
    await server.program.stop();
    server = await serve(newFolder());
    expect(await compressed(ANTHROPIC_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    expect(await post(OPENAI_OTHER_RUN_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    expect(await compressed(OPENAI_JSON, JSON_TYPE)).toEqual(JSON_SUCCESS);
    expect(await readEverything()).toEqual(afterFirst);
  });
});
