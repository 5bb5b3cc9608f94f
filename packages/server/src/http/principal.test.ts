import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopbackBind } from './http-server.js';
import { isLoopbackAddress, isLoopbackHost } from './principal.js';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestRequest, type TestServer } from './testing/test-server.js';

describe('isLoopbackAddress', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::FFFF:127.1.2.3'])('%s is', (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });
  it.each([
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    '::2',
    '127.0.0.1.example',
    'x127.0.0.1',
    '127.0.0',
    '1127.0.0.1',
    'localhost',
  ])('%j is not', (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  });
});

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST:4318', '127.0.0.1', '127.0.0.1:4318', '[::1]', '[::1]:4318'])('%s is', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });
  it.each([
    '',
    'localhost.example',
    'localhost.',
    'evil-localhost',
    '127.0.0.1.nip.io',
    '127.0.0.1.nip.io:4318',
    'localhost:80:80',
    'localhost@evil',
    '0.0.0.0:4318',
    '[::2]',
  ])('%j is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('isLoopbackBind', () => {
  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.0.2.1', false],
    ['', false],
  ])('%j: %s', (host, expected) => {
    expect(isLoopbackBind(host)).toBe(expected);
  });
});

const ROUTES: [string, TestRequest][] = [
  ['events', { path: '/v1/events', body: { type: 'a' } }],
  ['traces', { path: '/v1/traces', body: {} }],
  ['reports', { path: '/v1/reports' }],
];

describe('a program on this machine needs no key', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.close());

  const GOOD: [string, Partial<TestRequest>][] = [
    ['as it is', {}],
    ['over IPv6', { from: '::1', headers: { host: '[::1]:4318' } }],
    ['over IPv4 inside IPv6', { from: '::ffff:127.0.0.1' }],
    ['by address', { headers: { host: '127.0.0.1:4318' } }],
    ['on a page of this machine', { headers: { origin: 'http://localhost:3000' } }],
    ['on a page of this machine by address', { headers: { origin: 'http://127.0.0.1:5173' } }],
  ];
  it.each(GOOD)('%s', async (_name, more) => {
    for (const [, request] of ROUTES) expect((await server.send({ ...request, ...more })).status).toBe(200);
  });

  const BAD: [string, Partial<TestRequest>][] = [
    ['from elsewhere', { from: '192.0.2.7' }],
    ['from the network beside', { from: '10.0.0.2' }],
    [
      'from elsewhere that says it is this machine',
      { from: '192.0.2.7', headers: { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' } },
    ],
    ['on a foreign page', { headers: { origin: 'https://evil.example' } }],
    ['on a page without an origin of its own', { headers: { origin: 'null' } }],
    ['on a page with an origin that is none', { headers: { origin: 'localhost' } }],
    ['on a page that looks like this machine', { headers: { origin: 'http://localhost.evil.example' } }],
    ['on a page with a user in its origin', { headers: { origin: 'http://localhost@evil.example' } }],
    ['on a page of a file', { headers: { origin: 'file://' } }],
    ['under a name that was made to point here', { headers: { host: 'rebound.evil.example:4318' } }],
    ['under a name that begins well', { headers: { host: '127.0.0.1.nip.io:4318' } }],
    ['through a proxy with X-Forwarded-For', { headers: { 'x-forwarded-for': '127.0.0.1' } }],
    ['through a proxy with Forwarded', { headers: { forwarded: 'for=127.0.0.1' } }],
    ['through a proxy with Via', { headers: { via: '1.1 proxy' } }],
    ['through a proxy with X-Real-IP', { headers: { 'x-real-ip': '127.0.0.1' } }],
    ['through a proxy with X-Forwarded-Host', { headers: { 'x-forwarded-host': 'localhost' } }],
  ];
  it.each(BAD)('but not %s', async (_name, more) => {
    for (const [route, request] of ROUTES) {
      const answer = await server.send({ ...request, ...more });
      expect(answer.status).toBe(401);
      if (route !== 'traces') expectProblem(answer, 'unauthorized');
    }
  });

  it.each(BAD)('with a key it may be asked %s', async (_name, more) => {
    for (const [, request] of ROUTES) expect((await server.send({ ...request, ...more, key: server.adminToken })).status).toBe(200);
  });

  it('speaks for its end users and back-fills, as with a secret key', async () => {
    const body = { type: 'a', id: 'old', timestamp: '2020-01-01T00:00:00Z', ip: '198.51.100.9', user_agent: 'theirs' };
    expect((await server.send({ path: '/v1/events', body })).json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
  });

  it('reaches the default project only', async () => {
    await server.product.projects.create('private');
    const answer = await server.send({ path: '/v1/events?project_id=private', body: { type: 'a' } });
    expectProblem(answer, 'forbidden', { path: 'project_id', detail: /Without a key only the project "default"/ });
  });
});

describe.each([
  ['where that is switched off', { keylessLoopback: false }],
  ['where the server listens to the network', { host: '0.0.0.0' }],
])('%s', (_name, configuration) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ configuration });
  });
  afterAll(() => server.close());

  it.each(ROUTES)('%s need a key on this machine, too', async (_route, request) => {
    expect((await server.send(request)).status).toBe(401);
    expect((await server.send({ ...request, key: server.adminToken })).status).toBe(200);
  });
});
