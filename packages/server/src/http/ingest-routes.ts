import { AnalyticsError, clientAddressOf, type IpNetworks } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { exportAnswer, failureAnswer, type OtlpAnswer } from '../ingest/otlp/export-response.js';
import { otlpEncodingOf } from '../ingest/otlp/otlp-encoding.js';
import type { Sender } from '../ingest/prepare-event.js';
import { readBatch } from '../ingest/read-batch.js';
import type { Product } from '../product.js';
import type { Gate, Principal } from './principal.js';
import { prepareFailure, publicDetail } from './problem.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';

/** What browsers may do from any page: a write key is made to be seen. Without a key they are refused by their Origin. */
const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, content-encoding',
  'access-control-max-age': '86400',
} as const;

/** `POST /v1/events` and `POST /v1/traces`. */
export function addIngestRoutes(server: FastifyInstance, product: Product, gate: Gate): void {
  const { limits } = product.configuration;

  server.options('/v1/events', (_request, reply) => reply.headers(CORS_HEADERS).code(204).send());
  // Before the body is read, so that a page can read the answer of a request that failed for its body, too.
  const allowPages = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (request.headers.origin !== undefined) reply.headers(CORS_HEADERS);
  };
  // Before the body is read likewise: who may not send costs no memory.
  const senders = new WeakMap<FastifyRequest, Sender>();
  const admit = async (request: FastifyRequest): Promise<void> => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'ingest', projectId);
    senders.set(request, senderOf(request, principal, product.configuration.trustedProxies));
  };
  const senderOfAdmitted = (request: FastifyRequest): Sender => {
    const sender = senders.get(request);
    if (sender === undefined) throw new TypeError('the request was not admitted');
    return sender;
  };

  server.post('/v1/events', { onRequest: [allowPages, admit] }, async (request) => {
    const body = await readBody(request, limits);
    const items = readBatch(body, request.headers['content-type'], limits);
    return product.ingest.ingestEvents(items, senderOfAdmitted(request), body.length);
  });

  server.post('/v1/traces', { onRequest: admit, errorHandler: sendOtlpFailure }, async (request, reply) => {
    const encoding = otlpEncodingOf(request.headers['content-type']);
    if (encoding === undefined) {
      throw new AnalyticsError('unsupported_media_type', 'OTLP/HTTP is application/x-protobuf or application/json.');
    }
    const body = await readBody(request, limits);
    const rejected = await product.ingest.ingestTraces(body, encoding, senderOfAdmitted(request));
    return sendOtlp(reply, 200, exportAnswer(rejected, encoding));
  });

  // SDKs that export everything find out what to switch off instead of losing it behind a 200.
  for (const signal of ['metrics', 'logs'] as const) {
    server.post(`/v1/${signal}`, { errorHandler: sendOtlpFailure }, async () => {
      throw new AnalyticsError(
        'not_found',
        `Only traces are taken here; switch this export off with OTEL_${signal.toUpperCase()}_EXPORTER=none.`,
      );
    });
  }
}

function senderOf(request: FastifyRequest, principal: Principal, trustedProxies: IpNetworks): Sender {
  const { headers, socket } = request;
  return {
    projectId: principal.projectId,
    keyId: principal.keyId,
    trusted: principal.kind !== 'write',
    ip: clientAddressOf({ socketAddress: socket.remoteAddress ?? '', headers, trustedProxies }),
    userAgent: headers['user-agent'] ?? '',
    headers,
  };
}

function sendOtlpFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = prepareFailure(error, request, reply);
  const encoding = otlpEncodingOf(request.headers['content-type']) ?? 'json';
  return sendOtlp(reply, failure.status, failureAnswer(failure.status, publicDetail(failure), encoding));
}

function sendOtlp(reply: FastifyReply, status: number, answer: OtlpAnswer): FastifyReply {
  return reply.code(status).type(answer.contentType).send(Buffer.from(answer.body));
}
