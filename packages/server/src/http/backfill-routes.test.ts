import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeMmdb } from '../enrichment/testing/write-mmdb.js';
import type { KeyKind } from '../projects/key-repository.js';
import { OriginBackfill } from '../sessions/origin-backfill.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { addBackfillRoutes } from './backfill-routes.js';
import { Gate } from './principal.js';
import { sendProblem } from './problem.js';
import { addBodyReader } from './read-body.js';
import { expectProblem } from './testing/expect-problem.js';
import type { TestAnswer } from './testing/test-server.js';

// The route behind the product's gate, on a product whose databases were set up after the events had come.

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const DAY = { since: '2026-06-01', until: '2026-06-02' };
const folder = mkdtempSync(join(tmpdir(), 'backfill-routes-'));
const geoDatabase = join(folder, 'geo.mmdb');
const asnDatabase = join(folder, 'asn.csv');
const place = (network: string, country: string): void =>
  writeFileSync(geoDatabase, writeMmdb([{ network, record: { country_code: country } }]));

let test: TestProduct;
let http: FastifyInstance;
const keys: Partial<Record<KeyKind, string>> = {};

beforeAll(async () => {
  place('10.0.0.0/8', 'ZZ');
  writeFileSync(asnDatabase, '10.0.0.0,10.0.0.255,64512,Private\n');
  test = await openTestProduct({ nowMs: NOW, configuration: { geoDatabase, asnDatabase } });
  const visit = { type: 'page_view', page_url: 'https://shop.example/', ip: '192.0.2.7' };
  const events = ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({ ...visit, session_id: name, timestamp: NOW - index * HOUR }));
  await test.send([...events, { ...visit, session_id: 'before', timestamp: NOW - 13 * HOUR }]);
  await test.product.projects.create('vienna', 'Vienna', 'Europe/Vienna');
  // Midnight in Vienna is 22:00 in UTC.
  await test.send([{ ...visit, session_id: 'midnight', timestamp: NOW - 14 * HOUR }], { projectId: 'vienna' });
  place('192.0.2.0/24', 'AT');
  await test.restart();
  const { product } = test;
  const { store, enricher, mover, snapshots } = product;
  const catchUp = async (): Promise<void> => {
    await mover.move();
    await snapshots.refresh();
  };
  const onSession = (projectId: string, sessionId: string): void => snapshots.mark(projectId, sessionId);
  const originBackfill = new OriginBackfill({
    store,
    enricher,
    catchUp,
    onSession,
    clock: () => NOW,
    retentionDays: {},
    sessionsPerSlice: 2,
  });
  http = Fastify();
  addBodyReader(http);
  http.setErrorHandler(sendProblem);
  const gate = new Gate({ keys: product.keys, projects: product.projects, localAdminToken: 'sa_local_of_the_test', keylessLoopback: true });
  addBackfillRoutes(http, { ...product, originBackfill }, gate);
  for (const kind of ['admin', 'read', 'write', 'secret'] as const) keys[kind] = (await product.keys.create('default', kind)).text;
});
afterAll(async () => {
  await http.close();
  await test.close();
  rmSync(folder, { recursive: true });
});

async function send(body: unknown, more: { readonly key?: string | undefined; readonly query?: string } = {}): Promise<TestAnswer> {
  const { key = keys.admin, query = '' } = more;
  const answer = await http.inject({
    method: 'POST',
    url: `/v1/sessions/backfill${query}`,
    headers: {
      host: 'localhost:4318',
      'content-type': 'application/json',
      ...(key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` }),
    },
    remoteAddress: '127.0.0.1',
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = answer.rawPayload.toString('utf8');
  return {
    status: answer.statusCode,
    headers: answer.headers as TestAnswer['headers'],
    body: answer.rawPayload,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

describe('POST /v1/sessions/backfill', () => {
  it('computes a slice of the range at a time', async () => {
    const first = await send(DAY);
    expect(first.status).toBe(200);
    expect(first.json()).toEqual({ refilled: 2, changed: 2, next: 'b' });
    expect((await send({ ...DAY, after: 'b' })).json()).toEqual({ refilled: 2, changed: 2, next: 'd' });
    expect((await send({ ...DAY, after: 'd' })).json()).toEqual({ refilled: 1, changed: 1, next: null });
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      expect(await test.product.sessions.find('default', name)).toMatchObject({ country: 'AT' });
    }
    expect(await test.product.sessions.find('default', 'before')).toMatchObject({ country: '' });
    expect((await send({ ...DAY, after: null })).json()).toEqual({ refilled: 2, changed: 0, next: 'b' });
  });

  it.each([
    [{ since: '2026-06-01T08:00:00Z', until: '2026-06-01T09:00:00Z' }, 'default', 1],
    [{ since: '1h', until: '2026-06-01T09:00:00Z' }, 'default', 1],
    // From 11:00 on, and before 12:00: the latest session starts at 12:00.
    [{ since: '1h', until: '1m' }, 'default', 1],
    [{ since: '1970-01-01', until: '1970-01-02' }, 'default', 0],
    [{ since: '2026-06-01', until: '2026-06-02' }, 'vienna', 1],
    [{ since: '2026-06-01T00:00:00Z', until: '2026-06-02' }, 'vienna', 0],
  ])('reads times as reports do: %j in %s', async (body, project, refilled) => {
    expect((await send(body, { query: `?project_id=${project}` })).json()).toMatchObject({ refilled });
  });

  it.each([
    [{ until: '2026-06-02' }, 'missing_field', 'since'],
    [{ since: '2026-06-01' }, 'missing_field', 'until'],
    [{ since: '', until: '2026-06-02' }, 'missing_field', 'since'],
    [{ since: 'yesterday', until: '2026-06-02' }, 'invalid_parameter', 'since'],
    [{ since: '2026-02-30', until: '2026-06-02' }, 'invalid_parameter', 'since'],
    [{ since: '2026-06-01', until: '9999-01-01' }, 'invalid_parameter', 'until'],
    [{ since: '2026-06-02', until: '2026-06-01' }, 'invalid_parameter', 'until'],
    [{ since: '2026-06-01', until: '2026-06-01' }, 'invalid_parameter', 'until'],
    [{ since: 1, until: '2026-06-01' }, 'invalid_type', 'since'],
    [{ ...DAY, after: 7 }, 'invalid_type', 'after'],
    [{ ...DAY, after: '\ud800' }, 'invalid_value', 'after'],
    [{ ...DAY, dry_run: 'yes' }, 'unknown_field', 'dry_run'],
  ] as const)('refuses %j', async (body, code, path) => {
    expectProblem(await send(body), code, { path });
  });

  it.each(['', 'no json', '[]'])('refuses the body %j', async (body) => {
    expectProblem(await send(body), 'invalid_json');
  });

  it('takes any text as the session to go on after', async () => {
    for (const after of ["'; DROP TABLE projects; --", '{p0:String}', '\u0000', '漢字'.repeat(1_000)]) {
      expect((await send({ ...DAY, after })).status).toBe(200);
    }
  });

  it.each(['read', 'write', 'secret'] as const)('is not for %s keys', async (kind) => {
    expectProblem(await send(DAY, { key: keys[kind] }), 'forbidden');
  });

  it('is not for programs without a key, and needs a project that exists', async () => {
    expectProblem(await send(DAY, { key: '' }), 'unauthorized');
    expectProblem(await send(DAY, { query: '?project_id=none' }), 'unknown_project');
    expectProblem(await send(DAY, { query: '?since=7d' }), 'unknown_parameter', { path: 'since' });
  });
});
