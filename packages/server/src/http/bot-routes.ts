import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Product } from '../product.js';
import { MARKS } from '../sessions/session-mark.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';
import { readTextFields, requiredField } from './read-fields.js';

const BODY_BYTES_MAX = 64 * 1024;

type SessionRequest = FastifyRequest<{ Params: { session_id: string } }>;

/** `/v1/bots`: why a session is taken for what it is, what a person says of it, and judging anew. */
export function addBotRoutes(server: FastifyInstance, product: Product, gate: Gate): void {
  const { verdicts } = product;
  const readFields = async (request: FastifyRequest, known: readonly string[]): Promise<Record<string, string>> =>
    readTextFields(await readBody(request, product.configuration.limits), known);

  server.get('/v1/bots/sessions/:session_id', async (request: SessionRequest) => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'report', projectId);
    return verdicts.explain(principal.projectId, request.params.session_id);
  });

  server.post('/v1/bots/sessions/:session_id/mark', { bodyLimit: BODY_BYTES_MAX }, async (request: SessionRequest) => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'administer', projectId);
    const fields = await readFields(request, ['mark', 'note']);
    const mark = MARKS.find((each) => each === fields['mark']);
    if (mark === undefined) {
      throw new AnalyticsError(
        'invalid_parameter',
        `mark is ${JSON.stringify(fields['mark']?.slice(0, 80) ?? null)}; allowed: "human", "bot", or "" to take a mark back.`,
        { path: 'mark' },
      );
    }
    return verdicts.mark(principal.projectId, request.params.session_id, mark, fields['note']);
  });

  server.post('/v1/bots/rescore', { bodyLimit: BODY_BYTES_MAX }, async (request) => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'administer', projectId);
    const fields = await readFields(request, ['since', 'until', 'after']);
    const since = readInstant(fields, 'since');
    const until = readInstant(fields, 'until');
    if (until <= since) throw new AnalyticsError('invalid_parameter', 'until lies not after since.', { path: 'until' });
    return verdicts.rescore(principal.projectId, since, until, fields['after'] ?? '');
  });
}

function readInstant(fields: Readonly<Record<string, string>>, name: string): number {
  const text = requiredField(fields, name);
  const timestampMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!(timestampMs >= 0)) {
    throw new AnalyticsError('invalid_parameter', `${name} is ${JSON.stringify(text.slice(0, 80))}; it is an ISO 8601 time.`, {
      path: name,
    });
  }
  return timestampMs;
}
