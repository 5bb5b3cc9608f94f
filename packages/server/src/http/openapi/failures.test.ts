import { gzipSync } from 'node:zlib';
import { ERROR_CODES, type ErrorCode } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../configuration.js';
import { describeApi } from '../openapi.js';
import { openTestServer, type TestRequest, type TestServer } from '../testing/test-server.js';
import { named } from './schemas.js';
import { ApiDocument, type ApiOperation } from './testing/api-document.js';

const BODY_BYTES_MAX = 100_000;
const BATCH_EVENTS_MAX = 20;
/** What needs a store that fails or is too slow, or more than a test sends, see the tests of these. */
const NOT_PROVOKED: ReadonlySet<ErrorCode> = new Set(['store_unavailable', 'buffer_full', 'query_too_expensive', 'too_many_subscribers']);
/** Reports are documented one by one, so that a name without a report is no operation of the document. */
const ANOTHER_ROUTE: ReadonlySet<ErrorCode> = new Set(['unknown_report']);

const api = new ApiDocument(describeApi());
let server: TestServer;
const keys = new Map<string, string>();
const answered = new Map<string, Set<string>>();

beforeAll(async () => {
  const { limits } = readConfiguration({}, {});
  server = await openTestServer({
    configuration: {
      limits: { ...limits, bodyBytesMax: BODY_BYTES_MAX, decompressedBytesMax: BODY_BYTES_MAX, batchEventsMax: BATCH_EVENTS_MAX },
    },
  });
  for (const kind of ['write', 'secret', 'read', 'admin'] as const) keys.set(kind, await server.makeKey(kind));
  const visit = { id: 'v', type: 'page_view', session_id: 'known', fingerprint: 'known', page_url: 'https://example.com/' };
  await server.send({ path: '/v1/events', body: [visit] });
  await server.send({ path: '/v1/projects', key: server.adminToken, body: { project_id: 'known' } });
});
afterAll(() => server.close());

/** The address with values for what is in its path and needed in its query. */
function addressOf({ path, parameters }: ApiOperation, value: string): string {
  const needed = parameters.filter((parameter) => parameter.in === 'query' && 'required' in parameter && parameter.required === true);
  const query = needed.map(({ name }) => `${name}=${value}`).join('&');
  const place = value === 'known' && path.endsWith('{metric}') ? 'error_rate' : value;
  return `${path.replace(/\{\w+\}/g, place)}${query === '' ? '' : `?${query}`}`;
}

function withQuery(path: string, query: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

/** Bodies that are wrong in some way, for any operation that takes one. */
function wrongBodies({ requestBody }: ApiOperation): Partial<TestRequest>[] {
  const example = requestBody?.content['application/json']?.example;
  if (example === undefined) return [];
  const fields = Object.keys(Array.isArray(example) ? {} : (example as object));
  const all = (value: unknown): object => Object.fromEntries(fields.map((name) => [name, value]));
  return [
    { body: '' },
    { body: '{' },
    { body: '[]' },
    { body: '7' },
    { body: {} },
    { body: { events: [] } },
    { body: { requests: [] } },
    { body: { requests: Array.from({ length: 1001 }, () => ({})) } },
    { body: { requests: 7 } },
    { body: Array.from({ length: BATCH_EVENTS_MAX + 1 }, () => ({})) },
    { body: { nonsense: 'x' } },
    { body: { ...(example as object), nonsense: 'x' } },
    { body: all(7) },
    { body: all('\ud800') },
    { body: all('nonsense') },
    { body: all('x'.repeat(1001)) },
    { body: { ...(example as object), note: 'x'.repeat(1001) } },
    { body: { ...(example as object), project_id: 'nowhere' } },
    { body: { ...(example as object), project_id: 'known', session_id: 'known' } },
    { body: { ...(example as object), project_id: 'known', kind: 'nonsense' } },
    { body: { ...(example as object), since: '2026-03-03', until: '2026-03-02' } },
    { body: { warning: 2, critical: 1 } },
    { body: 'x'.repeat(BODY_BYTES_MAX + 1) },
    { body: Buffer.from('no gzip'), headers: { 'content-encoding': 'gzip' } },
    { body: gzipSync(Buffer.alloc(BODY_BYTES_MAX + 1)), headers: { 'content-encoding': 'gzip' } },
    { body: Buffer.from('{}'), headers: { 'content-encoding': 'br' } },
    { body: Buffer.from('{}'), headers: { 'content-type': 'text/html' } },
  ];
}

/** Requests that fail, each in its way; some are no failure of some operations. */
function probesOf(operation: ApiOperation): TestRequest[] {
  const { method, parameters } = operation;
  const [known, unknown] = [addressOf(operation, 'known'), addressOf(operation, 'nowhere')];
  const key = server.adminToken;
  const example = operation.requestBody?.content['application/json']?.example;
  const good = example === undefined ? {} : { body: example };
  const optional = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  return [
    { method, path: known, from: '203.0.113.9', ...good },
    { method, path: known, key: 'sa_admin_nonsense', ...good },
    ...[...keys.values()].map((each) => ({ method, path: unknown, key: each, ...good })),
    { method, path: unknown, key, ...good },
    { method, path: withQuery(known, 'nonsense=1'), key, ...good },
    { method, path: withQuery(known, 'project_id=a&project_id=b'), key, ...good },
    { method, path: withQuery(known, 'project_id=nowhere'), key, ...good },
    ...optional.map((name) => ({ method, path: withQuery(known.split('?')[0] ?? '', `${name}=!nonsense`), key, ...good })),
    // Twice, for what cannot be done again.
    ...(method === 'GET' ? [] : [0, 1].map(() => ({ method, path: known, key, ...good }))),
    ...wrongBodies(operation).map((wrong) => ({ method, path: known, key, ...wrong })),
  ];
}

const operations = api.operations.filter(({ path, isOpen }) => path.startsWith('/v1/') && !isOpen);

describe('the failures', () => {
  it.each(operations)('$method $path answers are in the document', async (operation) => {
    const codes = new Set<string>();
    answered.set(operation.operationId, codes);
    // A stream without a fault has no end.
    const mayRead = [server.adminToken, keys.get('admin'), keys.get('read')];
    const probes = probesOf(operation).filter(({ path, key }) => !(path === '/v1/live' && mayRead.includes(key)));
    for (const probe of probes) {
      const answer = await server.send(probe);
      if (answer.status < 400) continue;
      const about = `${JSON.stringify({ ...probe, body: String(JSON.stringify(probe.body)).slice(0, 200) })}: ${answer.text}`;
      const documented = operation.responses[String(answer.status)];
      expect(documented, about).toBeDefined();
      if (operation.operationId === 'sendTraces') continue;
      expect(api.faultsOf(named('Problem'), answer.json()), about).toEqual([]);
      const code = String(answer.json()['code']);
      expect(
        documented?.description.split('. ').some((line) => line.startsWith(`${code}: `)),
        about,
      ).toBe(true);
      codes.add(code);
    }
    expect(codes.size, operation.operationId).toBeGreaterThanOrEqual(operation.operationId === 'sendTraces' ? 0 : 2);
  });

  it.each(operations.filter(({ operationId }) => operationId !== 'sendTraces'))(
    '$method $path has in the document are answered',
    ({ operationId, responses }) => {
      const described = Object.values(responses).map(({ description }) => description);
      const documented = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) =>
        described.some((each) => each.split('. ').some((line) => line.startsWith(`${code}: `))),
      );
      const expected = documented.filter((code) => !NOT_PROVOKED.has(code) && !ANOTHER_ROUTE.has(code));
      expect([...(answered.get(operationId) ?? [])].sort()).toEqual(expected.sort());
    },
  );
});
