import { ANOMALY_METRIC_NAMES } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRoutes, type TestRoutes } from '../anomalies/testing/open-routes.js';
import { observedPage } from '../live/testing/observed.js';
import { HOSTILE_TEXTS } from '../store/testing/hostile-texts.js';
import { expectProblem } from './testing/expect-problem.js';
import type { TestAnswer } from './testing/test-server.js';

const HOUR_MS = 3_600_000;

let test: TestRoutes;
beforeAll(async () => {
  test = await openRoutes(Date.UTC(2026, 9, 5, 12));
  await test.projects.create('shop', 'Shop', 'Europe/Berlin');
  await test.projects.create('other');
});
afterAll(() => test.remove());

const get = (path: string, key?: string): Promise<TestAnswer> => test.send({ path, ...(key === undefined ? {} : { key }) });
const admin = (method: string, path: string, body?: unknown): Promise<TestAnswer> =>
  test.send({ method, path, key: test.adminToken, body });
const listed = (answer: TestAnswer): { readonly anomaly_id: string; readonly dimension_value: string }[] =>
  answer.json()['anomalies'] as never;

/** Opens an anomaly of a visitor. */
async function open(projectId: string, visitorId: string): Promise<void> {
  test.service.observe(Array.from({ length: 15 }, () => observedPage({ projectId, visitorId, timestampMs: test.time.nowMs })));
  await test.pass(1);
}

describe('GET /v1/anomalies', () => {
  beforeAll(async () => {
    await open('shop', 'first');
    await test.pass(90);
    await open('shop', 'second');
    await open('shop', 'third');
  });

  it('lists those that are open, the latest first', async () => {
    const answer = await admin('GET', '/v1/anomalies?project_id=shop');
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      project_id: 'shop',
      anomalies: [expect.anything(), expect.anything()],
      truncated: false,
      suppressed: 0,
    });
    expect(listed(answer).map((each) => each.dimension_value)).toEqual(['third', 'second']);
    expect(listed(answer)[0]).toMatchObject({
      project_id: 'shop',
      metric: 'requests_per_minute',
      dimension: 'fingerprint',
      method: 'threshold',
      level: 'warning',
      value: 15,
      expected: 15,
      resolved_at: null,
    });
  });

  it.each([
    ['status=all', ['third', 'second', 'first'], false],
    ['status=resolved', ['first'], false],
    ['status=all&limit=2', ['third', 'second'], true],
    ['status=all&since=1h', ['third', 'second'], false],
    ['status=all&since=2h', ['third', 'second', 'first'], false],
    // A time without an offset is one of the project's zone, here two hours ahead of UTC.
    ['status=all&since=2026-10-05T15:00', ['third', 'second'], false],
    ['status=all&since=2026-10-05T13:00', ['third', 'second', 'first'], false],
  ])('takes %s', async (query, visitors, truncated) => {
    const answer = await admin('GET', `/v1/anomalies?project_id=shop&${query}`);
    expect([listed(answer).map((each) => each.dimension_value), answer.json()['truncated']]).toEqual([visitors, truncated]);
  });

  it.each([
    ['status=opened', 'status', /"opened"; allowed: open, resolved, all/],
    ['limit=0', 'limit', /"0"; allowed: a whole number from 1 to 1000/],
    ['limit=1001', 'limit', /from 1 to 1000/],
    ['limit=1e2', 'limit', /from 1 to 1000/],
    ['since=yesterday', 'since', /allowed: a span/],
  ])('refuses %s', async (query, path, detail) => {
    expectProblem(await get(`/v1/anomalies?${query}`), 'invalid_parameter', { path, detail });
  });

  it('refuses parameters that are none', async () => {
    expectProblem(await get('/v1/anomalies?level=critical'), 'unknown_parameter', {
      path: 'level',
      detail: /project_id, status, since, limit/,
    });
  });

  it('shows one of them, to its project only', async () => {
    const [anomaly] = listed(await admin('GET', '/v1/anomalies?project_id=shop'));
    const path = `/v1/anomalies/${anomaly?.anomaly_id}`;
    expect((await admin('GET', `${path}?project_id=shop`)).json()).toEqual(anomaly);
    expectProblem(await admin('GET', `${path}?project_id=other`), 'unknown_anomaly', { path: 'anomaly_id' });
    expectProblem(await get(path), 'unknown_anomaly', { path: 'anomaly_id' });
  });

  it.each(['ano_none', ...HOSTILE_TEXTS.filter((text) => text !== '' && text.length < 100)])('knows none called %j', async (id) => {
    expectProblem(await get(`/v1/anomalies/${encodeURIComponent(id)}`), 'unknown_anomaly', { path: 'anomaly_id' });
  });

  it('answers reading keys of the project, and nobody else', async () => {
    const [readKey, writeKey, otherKey] = [
      await test.makeKey('read', 'shop'),
      await test.makeKey('write', 'shop'),
      await test.makeKey('read', 'other'),
    ];
    expect(listed(await get('/v1/anomalies', readKey))).toHaveLength(2);
    expect(listed(await get('/v1/anomalies', otherKey))).toEqual([]);
    expectProblem(await get('/v1/anomalies?project_id=shop', otherKey), 'forbidden', { path: 'project_id' });
    expectProblem(await get('/v1/anomalies', writeKey), 'forbidden');
    expectProblem(await get('/v1/anomalies', 'wrong'), 'unauthorized');
    expectProblem(await get('/v1/anomalies?project_id=shop'), 'forbidden', { path: 'project_id' });
  });
});

describe('/v1/anomalies/thresholds', () => {
  const thresholds = async (projectId: string): Promise<Record<string, unknown>[]> =>
    (await admin('GET', `/v1/anomalies/thresholds?project_id=${projectId}`)).json()['thresholds'] as Record<string, unknown>[];
  const path = '/v1/anomalies/thresholds/requests_per_minute';

  it('lists every metric with what holds', async () => {
    const list = await thresholds('other');
    expect(list.map((each) => each['metric'])).toEqual(ANOMALY_METRIC_NAMES);
    expect(list[0]).toEqual({
      metric: 'requests_per_minute',
      unit: 'requests',
      warning: 15,
      critical: 30,
      default_warning: 15,
      default_critical: 30,
      updated_at: null,
      description: expect.stringMatching(/60 seconds/),
    });
  });

  it('sets and resets the limits of one project', async () => {
    const set = await admin('PUT', `${path}?project_id=other`, { warning: 100, critical: 200.5 });
    expect(set.status).toBe(200);
    expect(set.json()).toMatchObject({
      metric: 'requests_per_minute',
      warning: 100,
      critical: 200.5,
      default_warning: 15,
      updated_at: expect.any(String),
    });
    expect((await thresholds('other'))[0]).toEqual(set.json());
    expect((await thresholds('shop'))[0]).toMatchObject({ warning: 15, updated_at: null });
    await open('other', 'quiet');
    expect(listed(await admin('GET', '/v1/anomalies?project_id=other'))).toEqual([]);
    expect((await admin('DELETE', `${path}?project_id=other`)).json()).toMatchObject({ warning: 15, critical: 30, updated_at: null });
    expect((await admin('DELETE', `${path}?project_id=other`)).status).toBe(200);
  });

  it.each([
    ['nothing', '', 'invalid_json', undefined, /not JSON/],
    ['a list', '[15, 30]', 'invalid_json', undefined, /not a JSON object/],
    ['null', 'null', 'invalid_json', undefined, /not a JSON object/],
    ['one limit', { warning: 15 }, 'missing_field', 'critical', /critical of requests_per_minute is needed/],
    ['no limit', { warning: null, critical: 3 }, 'missing_field', 'warning', /warning of requests_per_minute/],
    ['another field', { warning: 1, critical: 2, level: 3 }, 'unknown_field', 'level', /warning, critical/],
    ['a field of every object', '{"warning":1,"critical":2,"__proto__":3}', 'unknown_field', '__proto__', /warning, critical/],
    ['a text', { warning: '15', critical: 30 }, 'invalid_type', 'warning', /a number of requests/],
    ['zero', { warning: 0, critical: 30 }, 'invalid_value', 'warning', /is 0; allowed: a number of requests above 0, at most 1000000/],
    ['more than any', '{"warning":1,"critical":1e400}', 'invalid_value', 'critical', /Infinity/],
    ['the wrong order', { warning: 30, critical: 15 }, 'invalid_value', 'warning', /above critical, 15/],
  ] as const)('refuses %s', async (_name, body, code, at, detail) => {
    expectProblem(await admin('PUT', path, body), code, { detail, ...(at === undefined ? {} : { path: at }) });
    expect((await thresholds('default'))[0]).toMatchObject({ updated_at: null });
  });

  it.each(['requests', 'constructor', '__proto__', '%27%3B--'])('refuses the metric %s', async (name) => {
    const detail = /allowed: requests_per_minute, /;
    expectProblem(await admin('PUT', `/v1/anomalies/thresholds/${name}`, { warning: 1, critical: 2 }), 'invalid_parameter', {
      path: 'metric',
      detail,
    });
    expectProblem(await admin('DELETE', `/v1/anomalies/thresholds/${name}`), 'invalid_parameter', { path: 'metric', detail });
  });

  it('are set by admins only, and read by readers', async () => {
    const key = await test.makeKey('read', 'shop');
    expect((await get('/v1/anomalies/thresholds', key)).status).toBe(200);
    expectProblem(await test.send({ method: 'PUT', path, key, body: { warning: 1, critical: 2 } }), 'forbidden');
    expectProblem(await test.send({ method: 'DELETE', path, key }), 'forbidden');
    expectProblem(await test.send({ method: 'PUT', path, body: { warning: 1, critical: 2 } }), 'unauthorized');
    expectProblem(await admin('PUT', `${path}?project_id=none`, { warning: 1, critical: 2 }), 'unknown_project', { path: 'project_id' });
  });

  it('takes no large body', async () => {
    expectProblem(await admin('PUT', path, `{"warning":1,"critical":2${' '.repeat(5000)}}`), 'body_too_large');
  });
});

it('an anomaly that is over is not among the open ones for ever', async () => {
  await test.pass((2 * HOUR_MS) / 60_000);
  expect(listed(await admin('GET', '/v1/anomalies?project_id=shop'))).toEqual([]);
});
