import { DEFAULT_INGEST_LIMITS } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FingerprintRepository } from '../fingerprints/fingerprint-repository.js';
import { storeVisits, type Visit } from '../fingerprints/testing/visitor-log.js';
import { openRouteServer, type RouteServer } from '../throttle/testing/open-route-server.js';
import { T0 } from '../throttle/testing/open-throttle.js';
import { addFingerprintRoutes } from './fingerprint-routes.js';
import { expectProblem } from './testing/expect-problem.js';
import type { TestAnswer } from './testing/test-server.js';

const MINUTE = 60_000;
/** Named as no path would be. */
const ODD = 'a/b?c=d%2F#e ü';
const clock = { nowMs: T0 };

let server: RouteServer;
let fingerprints: FingerprintRepository;
let keys: Record<'admin' | 'read' | 'write' | 'secret', string>;

beforeAll(async () => {
  server = await openRouteServer(
    (http, gate, store) => {
      fingerprints = new FingerprintRepository({ store, clock: () => clock.nowMs });
      const product = { configuration: { limits: DEFAULT_INGEST_LIMITS }, fingerprints, clock: () => clock.nowMs };
      addFingerprintRoutes(http, product, gate);
    },
    () => clock.nowMs,
  );
  await fingerprints.recover();
  await server.makeProject('shop');
  keys = {
    admin: await server.makeKey('admin'),
    read: await server.makeKey('read'),
    write: await server.makeKey('write'),
    secret: await server.makeKey('secret'),
  };
  const visits: Visit[] = [
    { visitor: 'quiet', timestampMs: T0 - 2 * MINUTE, user: 'ada' },
    { visitor: ODD, timestampMs: T0 - MINUTE },
    ...Array.from({ length: 120 }, (_, index): Visit => ({ visitor: 'busy', timestampMs: T0 - 3 * MINUTE + index, session: 's1' })),
  ];
  const received = visits.map((visit) => ({ receivedMs: T0, ...visit }));
  fingerprints.observe(await storeVisits(server.store, 'default', received));
  fingerprints.observe(await storeVisits(server.store, 'shop', [{ visitor: 'quiet', timestampMs: T0, receivedMs: T0 }]));
});
afterAll(() => server.close());

const send = (path: string, more: Parameters<RouteServer['send']>[1] = {}): Promise<TestAnswer> =>
  server.send(path, { key: keys.admin, ...more });
const namesOf = (answer: TestAnswer): unknown[] =>
  (answer.json()['fingerprints'] as { readonly fingerprint: string }[]).map(({ fingerprint }) => fingerprint);

describe('GET /v1/fingerprints', () => {
  it.each([
    ['', [ODD, 'quiet', 'busy']],
    ['?sort_by=total_requests', ['busy', ODD, 'quiet']],
    ['?limit=1', [ODD]],
    ['?high_risk=true', ['busy']],
    ['?high_risk=false&sort_by=reputation_score&limit=1', ['busy']],
    ['?project_id=shop', ['quiet']],
  ])('%s lists', async (query, names) => {
    const answer = await send(`/v1/fingerprints${query}`);
    expect(answer.status).toBe(200);
    expect(namesOf(answer)).toEqual(names);
  });

  it.each([
    ['?sort_by=name', 'invalid_parameter', 'sort_by'],
    ['?sort_by=constructor', 'invalid_parameter', 'sort_by'],
    ['?limit=0', 'invalid_parameter', 'limit'],
    ['?limit=10001', 'invalid_parameter', 'limit'],
    ['?limit=1e3', 'invalid_parameter', 'limit'],
    ['?limit=', 'invalid_parameter', 'limit'],
    ['?high_risk=yes', 'invalid_parameter', 'high_risk'],
    ['?flagged=true', 'unknown_parameter', 'flagged'],
    ['?project_id=none', 'unknown_project', 'project_id'],
  ] as const)('%s is refused', async (query, code, path) => {
    expectProblem(await send(`/v1/fingerprints${query}`), code, { path });
  });
});

describe('GET /v1/fingerprints/:fingerprint', () => {
  it('answers all that is known', async () => {
    const answer = await send('/v1/fingerprints/busy', { key: keys.read });
    expect(answer.json()).toEqual({
      fingerprint: 'busy',
      first_seen_at: new Date(T0 - 3 * MINUTE).toISOString(),
      last_seen_at: new Date(T0 - 3 * MINUTE + 119).toISOString(),
      total_sessions: 1,
      active_sessions: 1,
      total_requests: 120,
      requests_last_hour: 120,
      peak_requests_per_minute: 120,
      sustained_high_velocity_minutes: 1,
      is_high_risk: true,
      is_flagged: true,
      flag_reason: 'request_count',
      flag_note: null,
      flagged_at: new Date(T0 - 3 * MINUTE).toISOString(),
      reputation_score: 40.01,
      abuse_incidents: 1,
      last_incident_at: new Date(T0 - 3 * MINUTE).toISOString(),
      last_ip: '192.0.2.0',
      last_user_agent: `agent at ${T0 - 3 * MINUTE + 119}`,
      associated_user_ids: [],
    });
    expect((await send('/v1/fingerprints/quiet')).json()).toMatchObject({
      is_flagged: false,
      flag_reason: null,
      associated_user_ids: ['ada'],
    });
  });

  it('finds any name', async () => {
    expect((await send(`/v1/fingerprints/${encodeURIComponent(ODD)}`)).json()).toMatchObject({ fingerprint: ODD });
  });

  it.each(['nobody', "'%20OR%201=1", '..%2F..%2Fkeys'])('knows no %s', async (name) => {
    expectProblem(await send(`/v1/fingerprints/${name}`), 'unknown_fingerprint', { path: 'fingerprint' });
  });

  it('shows nothing of another project', async () => {
    expectProblem(await send('/v1/fingerprints/busy?project_id=shop'), 'unknown_fingerprint');
    expectProblem(await send('/v1/fingerprints/busy?project_id=shop', { key: keys.read }), 'forbidden');
  });
});

describe('flagging and clearing', () => {
  const path = `/v1/fingerprints/${encodeURIComponent(ODD)}`;

  it('works, with a note or without', async () => {
    const flagged = await send(`${path}/flag`, { body: { note: 'spam' } });
    expect(flagged.status).toBe(200);
    expect(flagged.json()).toMatchObject({
      fingerprint: ODD,
      is_flagged: true,
      is_high_risk: true,
      flag_reason: 'manual',
      flag_note: 'spam',
      flagged_at: new Date(T0).toISOString(),
    });
    expect((await send(`${path}/flag`, { method: 'POST' })).json()).toMatchObject({ flag_note: null });
    expect(namesOf(await send('/v1/fingerprints?high_risk=true'))).toEqual([ODD, 'busy']);
    expect((await send(`${path}/clear`, { method: 'POST' })).json()).toMatchObject({
      is_flagged: false,
      flag_reason: null,
      flagged_at: null,
    });
    expect((await send(path)).json()).toMatchObject({ is_flagged: false, is_high_risk: false });
  });

  it.each([
    ['flag', { reason: 'spam' }, 'unknown_field', 'reason'],
    ['flag', { note: 7 }, 'invalid_type', 'note'],
    ['flag', { note: 'x'.repeat(1001) }, 'too_long', 'note'],
    ['flag', '{', 'invalid_json', undefined],
    ['clear', { note: 'x' }, 'unknown_field', 'note'],
  ] as const)('%s refuses %j', async (action, body, code, field) => {
    expectProblem(await send(`${path}/${action}`, { body }), code, field === undefined ? {} : { path: field });
  });

  it.each(['flag', 'clear'] as const)('%s needs a visitor who is known, and an admin key', async (action) => {
    expectProblem(await send(`/v1/fingerprints/nobody/${action}`, { method: 'POST' }), 'unknown_fingerprint');
    for (const kind of ['read', 'write', 'secret'] as const) {
      expectProblem(await send(`${path}/${action}`, { method: 'POST', key: keys[kind] }), 'forbidden');
    }
    expectProblem(await server.send(`${path}/${action}`, { method: 'POST' }), 'unauthorized');
  });
});

it.each(['write', 'secret'] as const)('a %s key reads nothing', async (kind) => {
  expectProblem(await send('/v1/fingerprints', { key: keys[kind] }), 'forbidden');
  expectProblem(await send('/v1/fingerprints/busy', { key: keys[kind] }), 'forbidden');
});

it('a program on this machine reads without a key', async () => {
  expect((await server.send('/v1/fingerprints')).status).toBe(200);
});
