import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_KINDS } from '../projects/key-repository.js';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestAnswer, type TestServer } from './testing/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());

const send = (path: string, body?: unknown, method?: string): Promise<TestAnswer> =>
  server.send({ path, key: server.adminToken, body, ...(method === undefined ? {} : { method }) });

describe('/v1/projects', () => {
  it('makes, lists and uses a project', async () => {
    const made = await send('/v1/projects', { project_id: 'shop', name: 'The shop', time_zone: 'Europe/Berlin' });
    expect(made.status).toBe(201);
    expect(made.json()).toEqual({ project_id: 'shop', name: 'The shop', time_zone: 'Europe/Berlin', created_at: expect.any(String) });
    const listed = (await send('/v1/projects')).json()['projects'] as { readonly project_id: string }[];
    expect(listed.map((project) => project.project_id)).toEqual(['default', 'shop']);
    expect((await send('/v1/reports/overview?project_id=shop')).json()).toMatchObject({ project_id: 'shop', time_zone: 'Europe/Berlin' });
  });

  it('takes null for what is left out', async () => {
    expect((await send('/v1/projects', { project_id: 'nulls', name: null, time_zone: null })).json()).toMatchObject({
      name: 'nulls',
      time_zone: 'UTC',
    });
  });

  it.each([
    ['that exists', { project_id: 'default' }, 'conflict', 'project_id'],
    ['without an id', {}, 'missing_field', 'project_id'],
    ['with an empty id', { project_id: '' }, 'missing_field', 'project_id'],
    ['with a bad id', { project_id: 'Bad Id' }, 'invalid_parameter', 'project_id'],
    ['with a number for an id', { project_id: 1 }, 'invalid_type', 'project_id'],
    ['with a list for a name', { project_id: 'x', name: ['x'] }, 'invalid_type', 'name'],
    ['with a bad zone', { project_id: 'x', time_zone: 'Mars/Olympus' }, 'invalid_parameter', 'time_zone'],
    ['with a long name', { project_id: 'x', name: 'n'.repeat(257) }, 'invalid_parameter', 'name'],
    ['with a field that is none', { project_id: 'x', timezone: 'UTC' }, 'unknown_field', 'timezone'],
    ['with a field of every object', '{"project_id":"x","__proto__":"y"}', 'unknown_field', '__proto__'],
    ['that is broken', '{', 'invalid_json', undefined],
    ['that is nothing', '', 'invalid_json', undefined],
    ['that is a list', [], 'invalid_json', undefined],
    ['that is null', 'null', 'invalid_json', undefined],
  ] as const)('makes none %s', async (_name, body, code, path) => {
    expectProblem(await send('/v1/projects', body), code, path === undefined ? {} : { path });
  });

  it('takes no parameters', async () => {
    expectProblem(await send('/v1/projects?limit=1'), 'unknown_parameter', { path: 'limit' });
  });
});

describe('/v1/keys', () => {
  it.each(KEY_KINDS)('makes a %s key whose text is shown once', async (kind) => {
    const made = await send('/v1/keys', { project_id: 'default', kind, name: `my ${kind}` });
    expect(made.status).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const { key, ...rest } = made.json();
    expect(key).toMatch(new RegExp(`^sa_${kind}_`));
    expect(rest).toEqual({
      key_id: expect.any(String),
      project_id: 'default',
      kind,
      name: `my ${kind}`,
      prefix: String(key).slice(0, 14),
      created_at: expect.any(String),
      revoked_at: null,
    });
    const listed = await send('/v1/keys?project_id=default');
    expect(listed.json()['keys']).toContainEqual(rest);
    expect(listed.text).not.toContain(String(key));
  });

  it('revokes a key, and again with the same answer', async () => {
    const { key_id: keyId } = (await send('/v1/keys', { project_id: 'default', kind: 'read' })).json();
    const first = await send(`/v1/keys/${String(keyId)}`, undefined, 'DELETE');
    expect(first.status).toBe(200);
    expect(first.json()).toMatchObject({ key_id: keyId, revoked_at: expect.any(String) });
    expect((await send(`/v1/keys/${String(keyId)}`, undefined, 'DELETE')).json()).toEqual(first.json());
  });

  it.each([
    ['of no project', { kind: 'read' }, 'missing_field', 'project_id'],
    ['of an unknown project', { project_id: 'none', kind: 'read' }, 'unknown_project', 'project_id'],
    ['of no kind', { project_id: 'default' }, 'missing_field', 'kind'],
    ['of a kind that is none', { project_id: 'default', kind: 'root' }, 'invalid_parameter', 'kind'],
    ['of a kind of every object', { project_id: 'default', kind: 'constructor' }, 'invalid_parameter', 'kind'],
    ['with a long name', { project_id: 'default', kind: 'read', name: 'n'.repeat(257) }, 'invalid_parameter', 'name'],
  ] as const)('makes none %s', async (_name, body, code, path) => {
    expectProblem(await send('/v1/keys', body), code, { path });
  });

  it('lists none of an unknown project', async () => {
    expectProblem(await send('/v1/keys?project_id=none'), 'unknown_project', { path: 'project_id' });
  });

  it.each(['key_unknown', '%27%20OR%201%3D1', '..%2F..%2Fhealthz', 'x'.repeat(400)])('revokes none called %s', async (keyId) => {
    expectProblem(await send(`/v1/keys/${keyId}`, undefined, 'DELETE'), 'unknown_key', { path: 'key_id' });
  });
});
