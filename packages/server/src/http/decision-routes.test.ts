import { DEFAULT_INGEST_LIMITS, nameOfLevel, ThrottleLevel } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Decision, DecisionMaker, RequestDescription } from '../throttle/decision-maker.js';
import { openRouteServer, type RouteServer } from '../throttle/testing/open-route-server.js';
import { openTestThrottle, T0 } from '../throttle/testing/open-throttle.js';
import type { ThrottleService } from '../throttle/throttle-service.js';
import { addDecisionRoutes } from './decision-routes.js';
import { expectProblem } from './testing/expect-problem.js';

let server: RouteServer;
let throttle: ThrottleService;
let asked: { readonly projectId: string; readonly descriptions: readonly RequestDescription[] }[];

/** The real throttle, for whom the fingerprint is the visitor. */
const decisions: DecisionMaker = {
  decide: async (projectId, descriptions) => {
    asked.push({ projectId, descriptions });
    const made: Decision[] = [];
    for (const { sessionId, fingerprint } of descriptions) {
      const { level, retryAfterSeconds, ...rest } = await throttle.decide({ projectId, sessionId, visitorId: fingerprint });
      made.push({ level: nameOfLevel(level), level_number: level, ...rest, retry_after: retryAfterSeconds, bot_score: 0 });
    }
    return made;
  },
};

beforeAll(async () => {
  const clock = { nowMs: T0 };
  server = await openRouteServer(
    (http, gate) => {
      const product = {
        configuration: { limits: { ...DEFAULT_INGEST_LIMITS, decompressedBytesMax: 1_000_000 } },
        decisions,
        clock: () => T0,
      };
      addDecisionRoutes(http, product, gate);
    },
    () => T0,
  );
  throttle = await openTestThrottle({ store: server.store, clock, requestsPerMinute: 100 });
  await server.makeProject('shop');
});
afterAll(async () => {
  await throttle.close();
  await server.close();
});
beforeEach(() => {
  asked = [];
});

const PLAIN = { ip: '192.0.2.1', user_agent: 'Mozilla/5.0', path: '/' };

describe('POST /v1/decisions', () => {
  it('decides about every request, in their order', async () => {
    await throttle.setLevel({ projectId: 'default', kind: 'session', id: 'slow' }, ThrottleLevel.Severe, 'Asked to be slow.');
    await throttle.setLevel({ projectId: 'default', kind: 'fingerprint', id: 'shut' }, ThrottleLevel.Blocked, 'Never again.');
    const requests = [
      { ...PLAIN, session_id: 'good' },
      { ...PLAIN, session_id: 'slow' },
      { ...PLAIN, session_id: 'good', fingerprint: 'shut' },
    ];
    const answer = await server.send('/v1/decisions', { body: { requests } });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      decisions: [
        { level: 'normal', level_number: 0, allowed: true, limit: 100, remaining: 99, retry_after: 0, reason: '', bot_score: 0 },
        {
          level: 'severe',
          level_number: 2,
          allowed: true,
          limit: 25,
          remaining: 24,
          retry_after: 0,
          reason: 'Asked to be slow.',
          bot_score: 0,
        },
        {
          level: 'blocked',
          level_number: 3,
          allowed: false,
          limit: 0,
          remaining: 0,
          retry_after: null,
          reason: 'Never again.',
          bot_score: 0,
        },
      ],
      rejected: [],
    });
  });

  it('takes the array alone, and hands over what the requests say', async () => {
    expect((await server.send('/v1/decisions', { body: [{ ...PLAIN, path: '/a?b=1', method: 'head' }] })).status).toBe(200);
    expect(asked).toEqual([
      {
        projectId: 'default',
        descriptions: [
          {
            ip: '192.0.2.1',
            userAgent: 'Mozilla/5.0',
            url: '',
            path: '/a',
            method: 'HEAD',
            statusCode: undefined,
            sessionId: '',
            fingerprint: '',
            referrer: '',
            timestampMs: T0,
          },
        ],
      },
    ]);
  });

  it('answers faults beside decisions, each at its place', async () => {
    const body = [{ ...PLAIN, session_id: 'x1' }, { ...PLAIN, ip: 'nobody' }, { ...PLAIN, session_id: 'x2' }, 7];
    const answer = (await server.send('/v1/decisions', { body })).json();
    expect((answer['decisions'] as unknown[]).map((decision) => decision === null)).toEqual([false, true, false, true]);
    expect(answer['rejected']).toEqual([
      { index: 1, code: 'invalid_value', path: 'ip', message: 'ip is "nobody"; it is an IPv4 or IPv6 address.' },
      { index: 3, code: 'invalid_type', path: '', message: 'A request is an object, not 7.' },
    ]);
    expect(asked[0]?.descriptions.map(({ sessionId }) => sessionId)).toEqual(['x1', 'x2']);
  });

  it('asks nobody where no request can be read', async () => {
    expect((await server.send('/v1/decisions', { body: [{}] })).json()).toMatchObject({ decisions: [null], rejected: [{ index: 0 }] });
    expect(asked).toEqual([]);
  });

  it('serves who speaks for visitors, in the project of the key', async () => {
    const body = [PLAIN];
    expect((await server.send('/v1/decisions', { body, key: await server.makeKey('secret', 'shop') })).status).toBe(200);
    expect((await server.send('/v1/decisions?project_id=shop', { body, key: await server.makeKey('admin') })).status).toBe(200);
    expect(asked.map(({ projectId }) => projectId)).toEqual(['shop', 'shop']);
  });

  it.each(['write', 'read'] as const)('refuses a %s key', async (kind) => {
    // Not even what is wrong with the body is told.
    expectProblem(await server.send('/v1/decisions', { body: '{', key: await server.makeKey(kind) }), 'forbidden');
  });

  it.each([
    ['another project than that of the key', '?project_id=default', [PLAIN], 'forbidden'],
    ['a parameter that is none', '?limit=1', [PLAIN], 'unknown_parameter'],
    ['a body that is no JSON', '', '{', 'invalid_json'],
    ['no request', '', { requests: [] }, 'empty_body'],
    ['too many requests', '', Array(1001).fill(PLAIN), 'batch_too_long'],
    ['too many bytes', '', [{ ...PLAIN, referrer: 'x'.repeat(1_000_000) }], 'body_too_large'],
  ] as const)('refuses %s', async (_name, query, body, code) => {
    expectProblem(await server.send(`/v1/decisions${query}`, { body, key: await server.makeKey('secret', 'shop') }), code);
    expect(asked).toEqual([]);
  });

  it('refuses an unknown key', async () => {
    expectProblem(await server.send('/v1/decisions', { body: [PLAIN], key: 'sa_secret_x' }), 'unauthorized');
  });
});
