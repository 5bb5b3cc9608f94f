import { AnalyticsError } from '@systemprompt-analytics/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attributesOf, requestOf } from '../ingest/otlp/testing/otlp-fixtures.js';
import { expectProblem } from './testing/expect-problem.js';
import { type StoreSwitch, switchedStore } from './testing/switched-store.js';
import { openTestServer, type TestAnswer, type TestServer } from './testing/test-server.js';

let release = (): void => undefined;
const state: StoreSwitch = { failure: undefined, held: undefined };
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ openStore: switchedStore(state), configuration: { bufferEventsMax: 2 } });
});
afterEach(() => {
  state.failure = undefined;
  state.held = undefined;
  release();
});
afterAll(() => server.close());

const post = (...ids: string[]): Promise<TestAnswer> => server.send({ path: '/v1/events', body: ids.map((id) => ({ id, type: 'a' })) });
const MODEL_CALL = attributesOf({
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4.1-mini',
});
let traces = 0;
const trace = (): Promise<TestAnswer> =>
  server.send({
    path: '/v1/traces',
    method: 'POST',
    body: requestOf([{ spanId: (++traces).toString(16).padStart(16, '0'), attributes: MODEL_CALL }]),
    headers: { 'content-type': 'application/json' },
  });
const AWAY = new AnalyticsError('store_unavailable', 'The store is away because the test says so.', { retryAfterSeconds: 7 });

describe('a store that is away', () => {
  it('is answered 503 with the time to wait, nothing is stored, and the same request succeeds later', async () => {
    state.failure = AWAY;
    const refused = await post('away 1', 'away 2');
    expectProblem(refused, 'store_unavailable');
    expect(refused.headers['retry-after']).toBe('7');
    state.failure = undefined;
    expect((await post('away 1', 'away 2')).json()).toEqual({ accepted: 2, duplicates: 0, rejected: [] });
  });

  it('is told by healthz, which still answers', async () => {
    expect((await server.send({ path: '/healthz' })).json()).toMatchObject({ status: 'ok' });
    state.failure = AWAY;
    const answer = await server.send({ path: '/healthz' });
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ status: 'failing', code: 'store_unavailable', version: expect.any(String) });
  });

  it('fails a report, which succeeds later', async () => {
    state.failure = AWAY;
    const answer = await server.send({ path: '/v1/reports/overview' });
    expectProblem(answer, 'store_unavailable');
    expect(answer.headers['retry-after']).toBe('7');
    state.failure = undefined;
    expect((await server.send({ path: '/v1/reports/overview' })).status).toBe(200);
  });

  it('answers an export 503 as OTLP does', async () => {
    state.failure = AWAY;
    const answer = await trace();
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('7');
    // The store's own words stay in the log.
    expect(answer.json()).toEqual({ code: 14, message: 'The store does not take this at the moment; the log of the server says why.' });
  });
});

describe('a failure nobody foresaw', () => {
  const SECRET = new Error('password hunter2 at /srv/store.ts:42');
  it.each([
    ['events', () => post('unforeseen')],
    ['traces', trace],
    ['a report', () => server.send({ path: '/v1/reports/costs/summary' })],
    ['projects', () => server.send({ path: '/v1/projects', key: server.adminToken })],
    ['health', () => server.send({ path: '/healthz' })],
  ])('of %s stays in the log', async (_name, send) => {
    state.failure = SECRET;
    const answer = await send();
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.text).not.toMatch(/hunter2|store\.ts/);
  });

  it('is a problem whose request id finds it in the log', async () => {
    state.failure = SECRET;
    const answer = await post('unforeseen');
    expectProblem(answer, 'internal');
    const id = String(answer.json()['request_id']);
    const lines = server.log.filter((line) => line.includes(`"reqId":${JSON.stringify(id)}`));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('hunter2');
  });

  it('of an export is a google.rpc.Status', async () => {
    state.failure = SECRET;
    expect((await trace()).json()).toEqual({ code: 13, message: 'The request could not be answered.' });
  });
});

describe('a full buffer', () => {
  it('is answered 429 with the time to wait, and what waited is stored', async () => {
    state.held = new Promise((resolve) => {
      release = resolve;
    });
    const waiting = post('full 1', 'full 2');
    // Requests are injected in the same process: each turn of the loop brings the first one further.
    while (server.product.pipeline.waitingEvents === 0) await new Promise(setImmediate);
    const refused = await post('full 3');
    expectProblem(refused, 'buffer_full');
    expect(refused.headers['retry-after']).toBe('1');
    const refusedTrace = await trace();
    expect(refusedTrace.status).toBe(429);
    expect(refusedTrace.headers['retry-after']).toBe('1');
    expect(refusedTrace.json()).toMatchObject({ code: 8 });
    release();
    expect((await waiting).json()).toEqual({ accepted: 2, duplicates: 0, rejected: [] });
    expect((await post('full 1', 'full 3')).json()).toEqual({ accepted: 1, duplicates: 1, rejected: [] });
  });

  it('does not refuse a request that alone is larger than it', async () => {
    expect((await post('large 1', 'large 2', 'large 3', 'large 4')).json()).toMatchObject({ accepted: 4 });
  });
});
