import {
  AnalyticsError,
  type AnalyticsSession,
  formatUsd,
  nameOfLevel,
  SESSION_SOURCES,
  toMicrodollars,
} from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Product } from '../product.js';
import type { Gate, Principal } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';
import { readTextFields, requiredField } from './read-fields.js';

const BODY_BYTES_MAX = 64 * 1024;

type SessionRequest = FastifyRequest<{ Params: { session_id: string } }>;

/** `/v1/sessions`: open, find, touch, end and convert sessions, and give them to a user. For senders that speak for others. */
export function addSessionRoutes(server: FastifyInstance, product: Product, gate: Gate): void {
  const { sessions } = product;
  const admit = async (request: FastifyRequest): Promise<Principal> => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'ingest', projectId);
    if (principal.kind === 'write') {
      throw new AnalyticsError('forbidden', 'A write key does not allow this; send a secret or admin key.');
    }
    return principal;
  };
  const readFields = async (request: FastifyRequest, known: readonly string[]): Promise<Record<string, string>> => {
    const { limits } = product.configuration;
    const body = await readBody(request, limits);
    const fields = body.length === 0 ? {} : readTextFields(body, known);
    for (const [name, { length }] of Object.entries(fields)) {
      if (length > limits.nameLengthMax) {
        const message = `${name} has ${length} characters; at most ${limits.nameLengthMax} are allowed.`;
        throw new AnalyticsError('too_long', message, { path: name });
      }
    }
    return fields;
  };

  server.post('/v1/sessions', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const { projectId } = await admit(request);
    const fields = await readFields(request, ['session_id', 'user_id', 'fingerprint', 'source']);
    const { session_id: sessionId, user_id: userId, fingerprint, source: given } = fields;
    const source = SESSION_SOURCES.find((each) => each === (given ?? 'unknown'));
    if (source === undefined) {
      throw new AnalyticsError(
        'invalid_parameter',
        `source is ${JSON.stringify(given?.slice(0, 80))}; allowed: ${SESSION_SOURCES.join(', ')}.`,
        { path: 'source' },
      );
    }
    const session = await sessions.create(projectId, {
      source,
      ...(sessionId === undefined || sessionId === '' ? {} : { sessionId }),
      ...(userId === undefined ? {} : { userId }),
      ...(fingerprint === undefined ? {} : { visitorId: fingerprint }),
    });
    return reply.code(201).send(sessionAnswer(session));
  });

  server.get<{ Params: { session_id: string } }>('/v1/sessions/:session_id', async (request) => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'report', projectId);
    const session = await sessions.find(principal.projectId, request.params.session_id);
    if (session === undefined) {
      const asked = JSON.stringify(request.params.session_id.slice(0, 80));
      throw new AnalyticsError('unknown_session', `There is no session ${asked}.`, { path: 'session_id' });
    }
    return sessionAnswer(session);
  });

  server.post('/v1/sessions/:session_id/touch', { bodyLimit: BODY_BYTES_MAX }, async (request: SessionRequest, reply) => {
    const { projectId } = await admit(request);
    await sessions.touch(projectId, request.params.session_id);
    return reply.code(204).send();
  });

  server.post('/v1/sessions/:session_id/end', { bodyLimit: BODY_BYTES_MAX }, async (request: SessionRequest) => {
    const { projectId } = await admit(request);
    return sessionAnswer(await sessions.end(projectId, request.params.session_id));
  });

  server.post('/v1/sessions/:session_id/convert', { bodyLimit: BODY_BYTES_MAX }, async (request: SessionRequest) => {
    const { projectId } = await admit(request);
    return sessionAnswer(await sessions.convert(projectId, request.params.session_id));
  });

  server.post('/v1/sessions/:session_id/user', { bodyLimit: BODY_BYTES_MAX }, async (request: SessionRequest) => {
    const { projectId } = await admit(request);
    const userId = requiredField(await readFields(request, ['user_id']), 'user_id');
    return sessionAnswer(await sessions.migrate(projectId, request.params.session_id, userId));
  });
}

/** A session as HTTP answers it: money exact and in microdollars, times ISO 8601, what is not known null. */
export function sessionAnswer(session: AnalyticsSession): Record<string, unknown> {
  const { counters } = session;
  const time = (timestampMs: number | undefined): string | null => (timestampMs === undefined ? null : new Date(timestampMs).toISOString());
  const known = (text: string): string | null => (text === '' ? null : text);
  return {
    session_id: session.sessionId,
    user_id: known(session.userId),
    visitor_id: known(session.visitorId),
    source: session.source,
    started_at: time(session.startedMs),
    last_activity_at: time(session.lastActivityMs),
    ended_at: time(session.endedMs),
    converted_at: time(session.convertedMs),
    device_type: known(session.deviceType),
    browser: known(session.browser),
    os: known(session.os),
    country: known(session.country),
    locale: known(session.locale),
    referrer_host: known(session.referrerHost),
    referrer_source: known(session.referrerSource),
    channel: known(session.channel),
    entry_url: known(session.entryUrl),
    landing_page: known(session.landingPage),
    events: counters.events,
    page_views: counters.pageViews,
    http_requests: counters.httpRequests,
    ai_requests: counters.aiRequests,
    tool_executions: counters.toolExecutions,
    tasks: counters.tasks,
    messages: counters.messages,
    conversions: counters.conversions,
    tokens: Number(counters.tokens),
    cost_microdollars: Number(toMicrodollars(counters.costPicodollars)),
    cost_usd: formatUsd(counters.costPicodollars),
    unpriced_requests: counters.unpricedRequests,
    errors: counters.errors,
    traffic_class: known(session.trafficClass),
    behavioral_bot_score: session.behavioralBotScore,
    layered_score: session.layeredScore,
    throttle_level: nameOfLevel(session.throttleLevel),
  };
}
