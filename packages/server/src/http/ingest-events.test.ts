import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../store/sql.js';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestAnswer, type TestRequest, type TestServer } from './testing/test-server.js';

let server: TestServer;
let writeKey = '';
let secretKey = '';
beforeAll(async () => {
  const { limits } = (await import('../configuration.js')).readConfiguration({ data: 'unused' }, {});
  server = await openTestServer({
    configuration: { limits: { ...limits, bodyBytesMax: 20_000, decompressedBytesMax: 40_000, batchEventsMax: 10, eventBytesMax: 10_000 } },
  });
  writeKey = await server.makeKey('write');
  secretKey = await server.makeKey('secret');
});
afterAll(() => server.close());

const post = (body: unknown, more: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  server.send({ path: '/v1/events', body, key: writeKey, ...more });
const event = (id: string, more: object = {}): object => ({ id, type: 'signup', ...more });
const storedIds = async (prefix: string): Promise<string[]> => {
  await server.product.mover.move();
  const rows = await server.product.store.query<{ event_id: string }>({
    text: 'SELECT event_id FROM analytics_events FINAL WHERE startsWith(event_id, {p0:String}) ORDER BY event_id',
    binds: { p0: prefix },
  });
  return rows.map((row) => row.event_id);
};
const ACCEPTED_TWO = { accepted: 2, duplicates: 0, rejected: [] };

describe('forms of a body', () => {
  const NDJSON = { headers: { 'content-type': 'application/x-ndjson' } };
  it.each<[string, (a: object, b: object) => unknown, Partial<TestRequest>]>([
    ['an array', (a, b) => [a, b], {}],
    ['an envelope', (a, b) => ({ events: [a, b] }), {}],
    ['lines by their type', (a, b) => `${JSON.stringify(a)}\n${JSON.stringify(b)}\n`, NDJSON],
    ['lines without their type', (a, b) => `${JSON.stringify(a)}\n${JSON.stringify(b)}\n`, { headers: { 'content-type': 'text/plain' } }],
    ['no type at all', (a, b) => Buffer.from(JSON.stringify([a, b])), {}],
    ['gzip', (a, b) => gzipSync(JSON.stringify([a, b])), { headers: { 'content-encoding': 'gzip' } }],
    ['gzip by its old name', (a, b) => gzipSync(JSON.stringify([a, b])), { headers: { 'content-encoding': 'X-GZIP' } }],
    [
      'gzip of two members',
      (a, b) => Buffer.concat([gzipSync(`${JSON.stringify(a)}\n`), gzipSync(JSON.stringify(b))]),
      { headers: { ...NDJSON.headers, 'content-encoding': 'gzip' } },
    ],
    ['identity', (a, b) => [a, b], { headers: { 'content-type': 'application/json', 'content-encoding': 'identity' } }],
  ])('%s is stored', async (name, bodyOf, more) => {
    const prefix = `form ${name} `;
    const answer = await post(bodyOf(event(`${prefix}1`), event(`${prefix}2`)), more);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(ACCEPTED_TWO);
    expect(await storedIds(prefix)).toEqual([`${prefix}1`, `${prefix}2`]);
  });

  it('one event is stored', async () => {
    expect((await post(event('single'))).json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(await storedIds('single')).toEqual(['single']);
  });

  it('chunks without a length are stored', async () => {
    const text = JSON.stringify([event('chunk 1', { title: '漢字😀' }), event('chunk 2')]);
    const bytes = Buffer.from(text);
    // One byte each, so that characters are cut.
    const parts = Array.from(bytes, (byte) => Buffer.of(byte));
    const answer = await server.sendChunked({ path: '/v1/events', method: 'POST', key: writeKey }, parts);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(ACCEPTED_TWO);
    expect(await storedIds('chunk ')).toEqual(['chunk 1', 'chunk 2']);
    expect(await server.product.store.query(statement("SELECT title FROM analytics_events WHERE event_id = 'chunk 1'"))).toEqual([
      { title: '漢字😀' },
    ]);
  });
});

describe('bodies that are refused', () => {
  const big = JSON.stringify(event('big', { properties: { x: 'x'.repeat(30_000) } }));
  it.each([
    ['broken JSON', '{"type":', {}, 'invalid_json'],
    ['no body', '', {}, 'empty_body'],
    ['an empty array', [], {}, 'empty_body'],
    ['an empty envelope', { events: [] }, {}, 'empty_body'],
    ['an envelope of another kind', { events: 1 }, {}, 'invalid_json'],
    ['another type', '<event/>', { headers: { 'content-type': 'application/xml' } }, 'unsupported_media_type'],
    ['a form', 'x=1', { headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 'unsupported_media_type'],
    ['a type that is none', '{}', { headers: { 'content-type': 'json' } }, 'unsupported_media_type'],
    ['protobuf', Buffer.of(1, 2), { headers: { 'content-type': 'application/x-protobuf' } }, 'unsupported_media_type'],
    ['another compression', '{}', { headers: { 'content-encoding': 'br' } }, 'unsupported_media_type'],
    ['two compressions', '{}', { headers: { 'content-encoding': 'gzip, gzip' } }, 'unsupported_media_type'],
    ['a body that is too large', big, {}, 'body_too_large'],
    ['a bomb', gzipSync(' '.repeat(10_000_000)), { headers: { 'content-encoding': 'gzip' } }, 'body_too_large'],
    ['half of a compressed body', gzipSync(big).subarray(0, 60), { headers: { 'content-encoding': 'gzip' } }, 'invalid_encoding'],
    ['what is not compressed', '{"type":"a"}', { headers: { 'content-encoding': 'gzip' } }, 'invalid_encoding'],
    [
      'a compressed body with another sum',
      corrupted(gzipSync('{"type":"a"}')),
      { headers: { 'content-encoding': 'gzip' } },
      'invalid_encoding',
    ],
    ['too many events', Array.from({ length: 11 }, () => ({ type: 'a' })), {}, 'batch_too_long'],
    ['too many lines', '{"type":"a"}\n'.repeat(11), {}, 'batch_too_long'],
  ] as const)('%s', async (_name, body, more, code) => {
    const answer = await post(body, more);
    expectProblem(answer, code);
  });

  it('chunks that become too large are refused while they arrive', async () => {
    const parts = Array.from({ length: 40 }, () => Buffer.alloc(1000, ' '));
    expectProblem(await server.sendChunked({ path: '/v1/events', method: 'POST', key: writeKey }, parts), 'body_too_large');
  });

  it('nothing of them was stored', async () => {
    expect(await storedIds('big')).toEqual([]);
  });
});

describe('events that are refused', () => {
  it('leave their neighbours alone and are answered with their place', async () => {
    const answer = await post([
      event('n1'),
      { id: 'n2' },
      'text',
      event('n3', { no_such_field: 1 }),
      { ...event('n4'), properties: { x: 'x'.repeat(9_990) } },
      event('n5'),
    ]);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      accepted: 2,
      duplicates: 0,
      rejected: [
        { index: 1, id: 'n2', code: 'missing_field', path: 'type', message: expect.stringMatching(/\S/) },
        { index: 2, id: null, code: 'invalid_event', path: '', message: expect.stringMatching(/\S/) },
        { index: 3, id: 'n3', code: 'unknown_field', path: 'no_such_field', message: expect.stringMatching(/\S/) },
        {
          index: 4,
          id: expect.toBeOneOf(['n4', null]),
          code: expect.toBeOneOf(['event_too_large', 'too_long']),
          path: expect.any(String),
          message: expect.stringMatching(/\S/),
        },
      ],
    });
    expect(await storedIds('n')).toEqual(['n1', 'n5']);
  });

  it('bad lines leave their neighbours alone', async () => {
    const answer = await post('{"id":"l1","type":"a"}\n{broken\n{"id":"l2","type":"a"}', {
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(answer.json()).toMatchObject({ accepted: 2, rejected: [{ index: 1, id: null, code: 'invalid_json' }] });
    expect(await storedIds('l')).toEqual(['l1', 'l2']);
  });

  it.each([
    ['fingerprint', 'f', 'not_allowed_with_key'],
    ['ip', '192.0.2.1', 'not_allowed_with_key'],
    ['user_agent', 'curl', 'not_allowed_with_key'],
    ['timestamp', '2020-01-01T00:00:00Z', 'timestamp_too_old'],
  ])('a write key sets no %s, a secret key does', async (field, value, code) => {
    const given = { id: `trusted ${field}`, type: 'signup', [field]: value };
    expect((await post(given)).json()).toMatchObject({ accepted: 0, rejected: [{ code, path: field }] });
    expect((await post(given, { key: secretKey })).json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
  });

  it('nobody sends from the future', async () => {
    const future = { ...event('future'), timestamp: Date.now() + 600_000 };
    for (const key of [writeKey, secretKey]) {
      expect((await post(future, { key })).json()).toMatchObject({ accepted: 0, rejected: [{ code: 'timestamp_in_future' }] });
    }
  });
});

describe('what the request itself says', () => {
  const clientOf = async (id: string): Promise<unknown> => {
    await server.product.mover.move();
    const [row] = await server.product.store.query({
      text: 'SELECT ip, user_agent, key_id FROM analytics_events FINAL WHERE event_id = {p0:String}',
      binds: { p0: id },
    });
    return row;
  };

  it('is stored with a write key, the address truncated', async () => {
    const [key] = (await server.product.keys.list()).filter((each) => each.kind === 'write');
    await post(event('client'), { from: '203.0.113.77', headers: { 'user-agent': "it's a browser" } });
    expect(await clientOf('client')).toEqual({ ip: '203.0.113.0', user_agent: "it's a browser", key_id: key?.key_id });
  });

  it.each(['x-forwarded-for', 'x-real-ip', 'forwarded', 'cf-connecting-ip'])('is not taken from %s', async (header) => {
    await post(event(`by ${header}`), { from: '203.0.113.77', headers: { [header]: '198.51.100.1' } });
    expect(await clientOf(`by ${header}`)).toMatchObject({ ip: '203.0.113.0' });
  });

  it('is not stored with a secret key: it is the address of a server', async () => {
    await post(event('server'), { key: secretKey, from: '203.0.113.77', headers: { 'user-agent': 'a program' } });
    expect(await clientOf('server')).toMatchObject({ ip: '', user_agent: '' });
  });
});

describe('duplicates', () => {
  it('count once in a batch, over batches, after moving and among others', async () => {
    const send = async (...ids: string[]): Promise<unknown> => (await post(ids.map((id) => event(`twice ${id}`)))).json();
    expect(await send('a', 'a', 'b')).toEqual({ accepted: 2, duplicates: 1, rejected: [] });
    expect(await send('b', 'c')).toEqual({ accepted: 1, duplicates: 1, rejected: [] });
    await server.product.mover.move();
    expect(await send('a', 'b', 'c', 'd')).toEqual({ accepted: 1, duplicates: 3, rejected: [] });
    expect(await storedIds('twice ')).toEqual(['twice a', 'twice b', 'twice c', 'twice d']);
  });

  it('of requests at the same time count once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(event('raced'))));
    const accepted = answers.map((answer) => Number(answer.json()['accepted']));
    expect(accepted.reduce((sum, count) => sum + count)).toBe(1);
    expect(await storedIds('raced')).toEqual(['raced']);
  });

  it('of another project are others', async () => {
    await server.product.projects.create('another');
    const key = await server.makeKey('write', 'another');
    expect((await post(event('shared'))).json()).toMatchObject({ accepted: 1 });
    expect((await post(event('shared'), { key })).json()).toMatchObject({ accepted: 1, duplicates: 0 });
  });
});

describe('pages', () => {
  it('may ask beforehand', async () => {
    const answer = await server.send({
      method: 'OPTIONS',
      path: '/v1/events',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
      from: '203.0.113.1',
    });
    expect(answer.status).toBe(204);
    expect(answer.body).toHaveLength(0);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': expect.stringContaining('authorization'),
    });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each([
    ['that succeeded', event('from a page'), {}, 200],
    ['that has no key', event('x'), { key: undefined }, 401],
    ['with a broken body', '{', {}, 400],
    ['with a body that is too large', 'x'.repeat(30_000), {}, 413],
    ['with another type', '<x/>', { headers: { origin: 'https://shop.example', 'content-type': 'a/b' } }, 415],
    ['with no type at all', '{}', { headers: { origin: 'https://shop.example', 'content-type': 'none' } }, 415],
  ] as const)('read the answer of a request %s', async (_name, body, more, status) => {
    const answer = await post(body, { headers: { origin: 'https://shop.example' }, from: '203.0.113.1', ...more });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  it('read nothing elsewhere', async () => {
    for (const path of ['/v1/reports', '/v1/projects', '/v1/keys', '/v1/traces', '/healthz']) {
      const answer = await server.send({ path, key: server.adminToken, headers: { origin: 'https://shop.example' } });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

function corrupted(compressed: Buffer): Buffer {
  const copy = Buffer.from(compressed);
  copy.writeUInt32LE((copy.readUInt32LE(copy.length - 8) ^ 1) >>> 0, copy.length - 8);
  return copy;
}
