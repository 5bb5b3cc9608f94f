import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestServer } from './testing/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());

describe('every answer', () => {
  it.each(['/healthz', '/docs', '/openapi.json', '/', '/v1/reports', '/v1/events', '/nothing'])(
    'of %s has the headers that keep browsers from guessing',
    async (path) => {
      const { headers } = await server.send({ path });
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers['server']).toBeUndefined();
      expect(headers['set-cookie']).toBeUndefined();
    },
  );
});

describe('/healthz', () => {
  it('needs no key, from anywhere, and tells nothing of the data', async () => {
    const answer = await server.send({ path: '/healthz', from: '203.0.113.9', headers: { origin: 'https://monitor.example' } });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      store: 'embedded',
      uptime_seconds: expect.any(Number),
      accepted_events: expect.any(Number),
      duplicate_events: expect.any(Number),
      rejected_events: expect.any(Number),
      waiting_events: 0,
      pending_events: expect.any(Number),
      price_version: expect.stringMatching(/\S/),
    });
    expect(answer.text).not.toContain('default');
  });

  it('counts what was taken, seen before and refused', async () => {
    const before = (await server.send({ path: '/healthz' })).json();
    await server.send({ path: '/v1/events', body: [{ id: 'c1', type: 'a' }, { id: 'c1', type: 'a' }, { id: 'c2', type: 'a' }, {}] });
    const after = (await server.send({ path: '/healthz' })).json();
    const grown = (name: string): number => Number(after[name]) - Number(before[name]);
    expect(['accepted_events', 'duplicate_events', 'rejected_events'].map(grown)).toEqual([2, 1, 1]);
  });
});

describe('an address', () => {
  it.each(['/v1', '/v1/event', '/v1/events/', '/v1/events/1', '/favicon.ico', '/.env', '/v1/keys/', '/V1/events'])(
    '%s is not there',
    async (path) => {
      const answer = await server.send({ path, method: 'GET' });
      expect(answer.status).toBe(404);
      expectProblem(answer, 'not_found', { detail: /^There is no GET \// });
    },
  );

  it.each([
    ['GET', '/v1/events', 'POST'],
    ['PUT', '/v1/events', 'POST'],
    ['DELETE', '/v1/projects', 'GET, POST'],
    ['POST', '/v1/reports', 'GET'],
    ['POST', '/healthz', 'GET'],
    ['PATCH', '/v1/keys', 'GET, POST'],
    ['GET', '/v1/traces', 'POST'],
  ])('does not take %s %s', async (method, path, allowed) => {
    const answer = await server.send({ method, path });
    expectProblem(answer, 'method_not_allowed', { detail: new RegExp(`takes ${allowed}\\.$`) });
    expect(answer.headers['allow']).toBe(allowed);
  });

  it('that is long is not repeated in full', async () => {
    const answer = await server.send({ path: `/${'x'.repeat(5000)}` });
    expectProblem(answer, 'not_found');
    expect(answer.text.length).toBeLessThan(600);
  });

  it.each([
    '/%',
    '/v1/reports/%E0%A4%A',
    '/v1/reports/%00',
    '/v1/reports/..%2f..%2fetc%2fpasswd',
    '//evil.example/',
    '/v1/reports/a%0d%0aset-cookie:x',
  ])('%s is a fault of the client', async (path) => {
    const answer = await server.send({ path });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });
});

describe('over a socket', () => {
  it('answers on the port, also with HEAD', async () => {
    expect((await server.sendChunked({ path: '/healthz' }, [])).status).toBe(200);
    const head = await server.sendChunked({ path: '/healthz', method: 'HEAD' }, []);
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
  });

  it('refuses a length that is not the length', async () => {
    const answer = await server.send({ path: '/v1/events', body: '{"type":"a"}', headers: { 'content-length': '5' } });
    expect(answer.status).toBe(400);
    expectProblem(answer, 'invalid_encoding');
  });
});
