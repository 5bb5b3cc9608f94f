import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfiguration } from '../configuration.js';
import { OTLP_TYPES } from '../ingest/otlp/otlp-schema.js';
import { attributesOf, requestOf } from '../ingest/otlp/testing/otlp-fixtures.js';
import { openTestServer, type TestAnswer, type TestRequest, type TestServer } from './testing/test-server.js';

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';
const NOW_MS = Date.parse('2026-11-24T00:00:00Z');

let server: TestServer;
let writeKey = '';
beforeAll(async () => {
  const { limits } = readConfiguration({ data: 'unused' }, {});
  server = await openTestServer({
    nowMs: NOW_MS,
    configuration: { limits: { ...limits, bodyBytesMax: 50_000, decompressedBytesMax: 100_000 } },
  });
  writeKey = await server.makeKey('write');
});
afterAll(() => server.close());

const post = (body: Buffer | string, type: string, more: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  server.send({ path: '/v1/traces', method: 'POST', body, ...more, headers: { 'content-type': type, ...more.headers } });
let spans = 0;
/** A request with one model call, valid unless changed. */
const modelCall = (change: Record<string, unknown> = {}): Buffer =>
  requestOf([
    {
      spanId: (++spans).toString(16).padStart(16, '0'),
      startTimeUnixNano: `${NOW_MS - 1000}000000`,
      endTimeUnixNano: `${NOW_MS}000000`,
      attributes: attributesOf({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4.1-mini',
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5,
      }),
      ...change,
    },
  ]);
const requests = async (): Promise<number> => {
  await server.product.mover.move();
  const [row] = await server.product.store.query<{ rows: string }>({ text: 'SELECT count() AS rows FROM ai_requests FINAL', binds: {} });
  return Number(row?.rows);
};
/** The same request as protobuf: ids are bytes there. */
const asProtobuf = (json: Buffer): Buffer => {
  const request = JSON.parse(json.toString()) as { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] };
  for (const span of request.resourceSpans.flatMap((each) => each.scopeSpans).flatMap((each) => each.spans)) {
    for (const id of ['traceId', 'spanId', 'parentSpanId']) {
      if (typeof span[id] === 'string') span[id] = Buffer.from(span[id], 'hex').toString('base64');
    }
  }
  return Buffer.from(OTLP_TYPES.traceRequest.encode(OTLP_TYPES.traceRequest.fromObject(request)).finish());
};
const statusOf = (answer: TestAnswer): Record<string, unknown> =>
  answer.headers['content-type'] === PROTOBUF ? OTLP_TYPES.status.toObject(OTLP_TYPES.status.decode(answer.body)) : answer.json();

describe('an export that is taken', () => {
  it('as JSON is answered with an empty object', async () => {
    const before = await requests();
    const answer = await post(modelCall(), JSON_TYPE);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(JSON_TYPE);
    expect(answer.text).toBe('{}');
    expect(await requests()).toBe(before + 1);
  });

  it('as protobuf is answered with no bytes', async () => {
    const before = await requests();
    const answer = await post(asProtobuf(modelCall()), PROTOBUF);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(PROTOBUF);
    expect(answer.body).toHaveLength(0);
    expect(await requests()).toBe(before + 1);
  });

  it.each([
    ['JSON', JSON_TYPE, '{}'],
    ['protobuf', PROTOBUF, ''],
  ])('may hold nothing, as %s', async (_name, type, body) => {
    const answer = await post(body, type);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(body);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/x-protobuf;v=1'])('may be called %s', async (type) => {
    const answer = await post(type.includes('protobuf') ? asProtobuf(modelCall()) : modelCall(), type);
    expect(answer.status).toBe(200);
  });

  it('may be compressed and come in chunks', async () => {
    const before = await requests();
    const bytes = gzipSync(asProtobuf(modelCall()));
    const answer = await server.sendChunked(
      { path: '/v1/traces', method: 'POST', headers: { 'content-type': PROTOBUF, 'content-encoding': 'gzip' } },
      [bytes.subarray(0, 20), bytes.subarray(20)],
    );
    expect(answer.status).toBe(200);
    expect(await requests()).toBe(before + 1);
  });

  it('counts once however often it is sent', async () => {
    const body = modelCall();
    await post(body, JSON_TYPE);
    const before = await requests();
    await post(body, JSON_TYPE);
    await post(asProtobuf(body), PROTOBUF);
    expect(await requests()).toBe(before);
  });

  it('is sent with a key, and to a project by an admin key', async () => {
    await server.product.projects.create('traced');
    expect((await post(modelCall(), JSON_TYPE, { key: writeKey, from: '203.0.113.9' })).status).toBe(200);
    expect((await post(modelCall(), JSON_TYPE, { key: server.adminToken, path: '/v1/traces?project_id=traced' })).status).toBe(200);
    await server.product.mover.move();
    const rows = await server.product.store.query({
      text: "SELECT count() AS rows FROM ai_requests FINAL WHERE project_id = 'traced'",
      binds: {},
    });
    expect(rows).toEqual([{ rows: '1' }]);
  });
});

describe('spans that are refused', () => {
  const mixed = (): Buffer => {
    const request = JSON.parse(modelCall().toString()) as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] };
    request.resourceSpans[0]?.scopeSpans[0]?.spans.push({ traceId: '00', spanId: '01', name: 'bad ids' });
    return Buffer.from(JSON.stringify(request));
  };

  it('are a partial success as JSON, and their neighbours are stored', async () => {
    const before = await requests();
    const answer = await post(mixed(), JSON_TYPE);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringContaining('span 1') } });
    expect(await requests()).toBe(before + 1);
  });

  it('are a partial success as protobuf', async () => {
    const request = OTLP_TYPES.traceRequest.fromObject({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'no ids' }] }] }] });
    const answer = await post(Buffer.from(OTLP_TYPES.traceRequest.encode(request).finish()), PROTOBUF);
    expect(answer.status).toBe(200);
    const decoded = OTLP_TYPES.traceResponse.toObject(OTLP_TYPES.traceResponse.decode(answer.body), { longs: Number });
    expect(decoded).toEqual({ partialSuccess: { rejectedSpans: 1, errorMessage: expect.stringContaining('span 0') } });
  });

  it('lie in the future, or with a write key too far back', async () => {
    const nano = (ms: number): Record<string, string> => ({ startTimeUnixNano: `${ms}000000`, endTimeUnixNano: `${ms + 1}000000` });
    const future = modelCall(nano(NOW_MS + 600_000));
    const old = modelCall(nano(NOW_MS - 30 * 86_400_000));
    for (const [body, key] of [
      [future, writeKey],
      [future, server.adminToken],
      [old, writeKey],
    ] as const) {
      expect((await post(body, JSON_TYPE, { key })).json()).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    }
    expect((await post(old, JSON_TYPE, { key: server.adminToken })).json()).toEqual({});
  });
});

describe('an export that is refused is answered with a google.rpc.Status of its own encoding', () => {
  const big = Buffer.alloc(60_000, 'x');
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  it.each<[string, Buffer | string, Partial<TestRequest>, number, number]>([
    ['nonsense', Buffer.of(0xff, 0xff, 0xff, 0xff), {}, 400, 3],
    ['what is not compressed', Buffer.of(1, 2, 3), { headers: { 'content-encoding': 'gzip' } }, 400, 3],
    ['half of a compressed body', bomb.subarray(0, 50), { headers: { 'content-encoding': 'gzip' } }, 400, 3],
    ['a body that is too large', big, {}, 413, 3],
    ['a bomb', bomb, { headers: { 'content-encoding': 'gzip' } }, 413, 3],
    ['another compression', '', { headers: { 'content-encoding': 'zstd' } }, 415, 3],
    ['no key', '', { from: '203.0.113.9' }, 401, 16],
    ['an unknown key', '', { key: 'sa_write_x' }, 401, 16],
    ['a foreign project', '', { path: '/v1/traces?project_id=other' }, 403, 7],
    ['an unknown parameter', '', { path: '/v1/traces?projectid=x' }, 400, 3],
  ])('%s', async (_name, body, more, status, code) => {
    for (const type of [PROTOBUF, JSON_TYPE]) {
      const answer = await post(body, type, more);
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toBe(type);
      expect(statusOf(answer)).toEqual({ code, message: expect.stringMatching(/\S/) });
    }
  });

  it('broken JSON', async () => {
    const answer = await post('{"resourceSpans":', JSON_TYPE);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ code: 3, message: expect.stringMatching(/\S/) });
  });

  it.each(['text/plain', 'application/grpc', 'application/xml', 'application/x-ndjson'])('%s is no encoding of it', async (type) => {
    const answer = await post('{}', type);
    expect(answer.status).toBe(415);
    expect(answer.headers['content-type']).toBe(JSON_TYPE);
    expect(answer.json()).toEqual({ code: 3, message: 'OTLP/HTTP is application/x-protobuf or application/json.' });
  });

  it('a missing type', async () => {
    expect((await server.send({ path: '/v1/traces', method: 'POST', body: Buffer.from('{}') })).status).toBe(415);
  });
});

describe.each([
  ['metrics', 'OTEL_METRICS_EXPORTER=none'],
  ['logs', 'OTEL_LOGS_EXPORTER=none'],
])('/v1/%s', (signal, advice) => {
  it.each([PROTOBUF, JSON_TYPE])('is answered in %s with what to switch off, whatever is sent', async (type) => {
    const answer = await server.send({
      path: `/v1/${signal}`,
      method: 'POST',
      body: Buffer.of(1, 2, 3),
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe(type);
    expect(statusOf(answer)).toEqual({ code: 5, message: expect.stringContaining(advice) });
  });
});
