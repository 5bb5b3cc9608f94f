import { channel } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../testing/test-server.js';
import { ApiDocument } from './testing/api-document.js';

/** They only say what to switch off, or what a page may send; there is nothing to call. */
const WITHOUT_ENTRY = ['OPTIONS /v1/events', 'POST /v1/metrics', 'POST /v1/logs'];
/** One route answers all reports; each of them has an entry, which the tests of the document see to. */
const REPORT_ROUTES = ['GET /v1/reports/{group}', 'GET /v1/reports/{group}/{name}'];

const registered: string[] = [];
let server: TestServer;
let api: ApiDocument;

/** Fastify tells of every server it makes; hooks have to be there before the routes are. */
function listen(message: unknown): void {
  const { fastify } = message as { readonly fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) registered.push(`${each} ${url.replace(/:(\w+)/g, '{$1}')}`);
  });
}

beforeAll(async () => {
  const made = channel('fastify.initialization');
  made.subscribe(listen);
  server = await openTestServer();
  made.unsubscribe(listen);
  api = new ApiDocument((await server.send({ path: '/openapi.json' })).json());
});
afterAll(() => server.close());

describe('the routes of the server', () => {
  it('under /v1 are those of the document, and no others', () => {
    const routes = registered.filter((route) => / \/v1\//.test(route) && !route.startsWith('HEAD '));
    expect(routes).toEqual(expect.arrayContaining([...WITHOUT_ENTRY, ...REPORT_ROUTES]));
    const documented = api.operations
      .filter(({ path }) => path.startsWith('/v1/') && !path.startsWith('/v1/reports/'))
      .map(({ method, path }) => `${method} ${path}`);
    const withEntry = routes.filter((route) => ![...WITHOUT_ENTRY, ...REPORT_ROUTES].includes(route));
    expect(documented.sort()).toEqual(withEntry.sort());
  });

  it('elsewhere are there where the document says so', () => {
    for (const { method, path } of api.operations.filter((each) => !each.path.startsWith('/v1/'))) {
      expect(registered).toContain(`${method} ${path}`);
    }
  });
});
