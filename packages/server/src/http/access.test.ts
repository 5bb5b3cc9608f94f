import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_KINDS } from '../projects/key-repository.js';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestRequest, type TestServer } from './testing/test-server.js';

let server: TestServer;
/** Keys of the projects `default` and `other` by kind. */
const keys: Record<string, string> = {};
beforeAll(async () => {
  server = await openTestServer();
  await server.product.projects.create('other');
  for (const kind of KEY_KINDS) {
    keys[kind] = await server.makeKey(kind);
    keys[`other ${kind}`] = await server.makeKey(kind, 'other');
  }
  const { key, text } = await server.product.keys.create('default', 'admin');
  await server.product.keys.revoke(key.key_id);
  keys['revoked admin'] = text;
  keys['unknown'] = 'sa_admin_unknown';
});
afterAll(() => server.close());

const keyOf = (caller: string): string | undefined => {
  if (caller === 'nobody' || caller === 'local') return undefined;
  return caller === 'cli' ? server.adminToken : keys[caller];
};

const ROUTES: Record<string, TestRequest> = {
  events: { path: '/v1/events', body: { type: 'a' } },
  traces: { path: '/v1/traces', body: {} },
  catalogue: { path: '/v1/reports' },
  report: { path: '/v1/reports/costs/summary' },
  overview: { path: '/v1/reports/overview?format=csv' },
  'list projects': { path: '/v1/projects' },
  'list keys': { path: '/v1/keys' },
  'make a project': { path: '/v1/projects', body: { project_id: 'default' } },
  'make a key': { path: '/v1/keys', body: { project_id: 'no-such-project', kind: 'read' } },
  'revoke a key': { path: '/v1/keys/key_unknown', method: 'DELETE' },
  health: { path: '/healthz' },
  openapi: { path: '/openapi.json' },
  docs: { path: '/docs' },
};
const OPEN = { health: 200, openapi: 200, docs: 200 };
const WRITES = { events: 200, traces: 200 };
const READS = { catalogue: 200, report: 200, overview: 200 };
// Let in, and then told what is wrong with the request itself.
const ADMINISTERS = { 'list projects': 200, 'list keys': 200, 'make a project': 409, 'make a key': 404, 'revoke a key': 404 };
const ALLOWED: Record<string, Record<string, number>> = {
  nobody: OPEN,
  unknown: OPEN,
  'revoked admin': OPEN,
  local: { ...OPEN, ...WRITES, ...READS },
  write: { ...OPEN, ...WRITES },
  secret: { ...OPEN, ...WRITES },
  read: { ...OPEN, ...READS },
  admin: { ...OPEN, ...WRITES, ...READS, ...ADMINISTERS },
  cli: { ...OPEN, ...WRITES, ...READS, ...ADMINISTERS },
};
/** These have not shown a key that is good for anything; the others have one of the wrong kind. */
const WITHOUT_KEY = new Set(['nobody', 'unknown', 'revoked admin', 'local']);

describe.each(Object.keys(ALLOWED))('%s', (caller) => {
  it.each(Object.keys(ROUTES))('%s', async (route) => {
    const request = ROUTES[route] ?? { path: '/' };
    const answer = await server.send({ ...request, key: keyOf(caller), from: caller === 'local' ? '127.0.0.1' : '203.0.113.5' });
    const expected = ALLOWED[caller]?.[route] ?? (WITHOUT_KEY.has(caller) ? 401 : 403);
    expect(answer.status).toBe(expected);
    expect(answer.headers['www-authenticate']).toBe(expected === 401 ? 'Bearer' : undefined);
    if (expected < 400 || route === 'traces') return;
    const byStatus = {
      401: 'unauthorized',
      403: 'forbidden',
      409: 'conflict',
      404: route === 'make a key' ? 'unknown_project' : 'unknown_key',
    } as const;
    expectProblem(answer, byStatus[expected as keyof typeof byStatus]);
  });
});

describe('Authorization', () => {
  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic dXNlcjpwYXNz',
    'Bearer a b',
    'Token x',
    'Bearer\tx',
    `Bearer ${'x'.repeat(8000)}`,
    'null',
    'Bearer null',
    'Bearer undefined',
  ])('%j is refused, also from this machine', async (authorization) => {
    const answer = await server.send({ path: '/v1/reports', headers: { authorization } });
    expectProblem(answer, 'unauthorized');
  });

  it.each([(key: string) => `bearer ${key}`, (key: string) => `BEARER   ${key}`, (key: string) => ` Bearer ${key} `])(
    'is read whatever its case and blanks',
    async (authorizationOf) => {
      const answer = await server.send({
        path: '/v1/reports',
        headers: { authorization: authorizationOf(keys['read'] ?? '') },
        from: '203.0.113.5',
      });
      expect(answer.status).toBe(200);
    },
  );

  it.each(['?key=', '?api_key=', '?token=', '?authorization='])('is not read from the address (%s)', async (query) => {
    const answer = await server.send({ path: `/v1/reports/overview${query}${keys['admin']}`, from: '203.0.113.5' });
    expectProblem(answer, 'unauthorized');
    expect(answer.text).not.toContain(keys['admin']);
  });

  it('a key that is wrong does not fall back to what this machine may do', async () => {
    expectProblem(await server.send({ path: '/v1/events', body: { type: 'a' }, key: 'sa_write_wrong' }), 'unauthorized');
  });

  it('a revoked key is refused from the next request on', async () => {
    const { key, text } = await server.product.keys.create('default', 'read');
    expect((await server.send({ path: '/v1/reports', key: text, from: '203.0.113.5' })).status).toBe(200);
    const revoked = await server.send({ method: 'DELETE', path: `/v1/keys/${key.key_id}`, key: keys['admin'] });
    expect(revoked.json()).toMatchObject({ key_id: key.key_id, revoked_at: expect.any(String) });
    expectProblem(await server.send({ path: '/v1/reports', key: text, from: '203.0.113.5' }), 'unauthorized');
  });
});

describe('projects are apart', () => {
  const PAGE = { type: 'page_view', page_url: 'https://x.example/' };
  const send = (id: string, caller: string, query = '') =>
    server.send({ path: `/v1/events${query}`, body: { ...PAGE, id, session_id: id }, key: keyOf(caller), from: '203.0.113.5' });
  const projectsOf = async (id: string): Promise<string[]> => {
    await server.product.mover.move();
    const rows = await server.product.store.query<{ project_id: string }>({
      text: 'SELECT project_id FROM analytics_events FINAL WHERE event_id = {p0:String} ORDER BY project_id',
      binds: { p0: id },
    });
    return rows.map((row) => row.project_id);
  };

  it.each([
    ['write', '', 'default'],
    ['other write', '', 'other'],
    ['other secret', '?project_id=other', 'other'],
    ['admin', '', 'default'],
    ['admin', '?project_id=other', 'other'],
    ['cli', '?project_id=other', 'other'],
  ])('the key %s with %j writes to %s', async (caller, query, project) => {
    const id = `${caller}${query}`;
    expect((await send(id, caller, query)).status).toBe(200);
    expect(await projectsOf(id)).toEqual([project]);
  });

  it.each([
    ['write', 'other'],
    ['secret', 'other'],
    ['other write', 'default'],
    ['other secret', 'no-such-project'],
  ])('the key %s writes nothing to %s, and is not told whether it exists', async (caller, project) => {
    const answer = await send('foreign', caller, `?project_id=${project}`);
    expectProblem(answer, 'forbidden', { path: 'project_id' });
    expect(await projectsOf('foreign')).toEqual([]);
  });

  it('an event cannot name its project', async () => {
    const answer = await server.send({ path: '/v1/events', body: { ...PAGE, project_id: 'other' }, key: keys['write'] });
    expect(answer.json()).toMatchObject({ accepted: 0, rejected: [{ code: 'unknown_field', path: 'project_id' }] });
  });

  it.each(['read', 'local'])('%s reads nothing of another project', async (caller) => {
    for (const report of ['overview', 'costs/summary', 'requests/list', 'sessions/live']) {
      const answer = await server.send({ path: `/v1/reports/${report}?project_id=other`, key: keyOf(caller) });
      expectProblem(answer, 'forbidden', { path: 'project_id' });
    }
  });

  it('a read key sees its own project, an admin key the one it names', async () => {
    const report = async (caller: string, query = ''): Promise<unknown> =>
      (await server.send({ path: `/v1/reports/overview${query}`, key: keyOf(caller), from: '203.0.113.5' })).json()['project_id'];
    expect(await report('read')).toBe('default');
    expect(await report('other read')).toBe('other');
    expect(await report('other read', '?project_id=other')).toBe('other');
    expect(await report('admin')).toBe('default');
    expect(await report('other admin', '?project_id=default')).toBe('default');
    expectProblem(await server.send({ path: '/v1/reports/overview?project_id=none', key: keys['admin'] }), 'unknown_project', {
      path: 'project_id',
    });
  });

  it('an admin key of any project lists all keys, of one project those', async () => {
    const list = async (query: string): Promise<Set<unknown>> => {
      const answer = await server.send({ path: `/v1/keys${query}`, key: keys['other admin'] });
      const listed = answer.json()['keys'] as Record<string, unknown>[];
      expect(answer.text).not.toMatch(/key_hash/);
      for (const text of Object.values(keys)) expect(answer.text).not.toContain(text);
      return new Set(listed.map((key) => key['project_id']));
    };
    expect(await list('')).toEqual(new Set(['default', 'other']));
    expect(await list('?project_id=default')).toEqual(new Set(['default']));
    expect(await list('?project_id=other')).toEqual(new Set(['other']));
  });
});
