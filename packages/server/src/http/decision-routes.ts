import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerConfiguration } from '../configuration.js';
import type { DecisionMaker } from '../throttle/decision-maker.js';
import { readDecisionRequests } from '../throttle/read-decision-requests.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';

/** What the route needs of the product. */
export interface DecisionRouteOptions {
  readonly configuration: Pick<ServerConfiguration, 'limits'>;
  readonly decisions: DecisionMaker;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/**
 * `POST /v1/decisions`: may these requests pass? For servers that answer for their visitors: a write key, which anyone may see
 * in a page, could ask on behalf of others until they are blocked.
 */
export function addDecisionRoutes(server: FastifyInstance, product: DecisionRouteOptions, gate: Gate): void {
  const { configuration, decisions, clock } = product;
  // Before the body is read: who may not ask costs no memory.
  const projects = new WeakMap<FastifyRequest, string>();
  const admit = async (request: FastifyRequest): Promise<void> => {
    const { project_id: requestedProject } = readQuery(request, ['project_id']);
    const { kind, projectId } = await gate.admit(request, 'ingest', requestedProject);
    if (kind === 'write') throw new AnalyticsError('forbidden', 'A write key does not allow this; send a secret or admin key.');
    projects.set(request, projectId);
  };

  server.post('/v1/decisions', { onRequest: admit }, async (request) => {
    const projectId = projects.get(request);
    if (projectId === undefined) throw new TypeError('the request was not admitted');
    const { limits } = configuration;
    const items = readDecisionRequests(await readBody(request, limits), { nowMs: clock(), limits });
    const descriptions = items.flatMap((item) => (item.ok ? [item.description] : []));
    const made = descriptions.length === 0 ? [] : await decisions.decide(projectId, descriptions);
    if (made.length !== descriptions.length)
      throw new TypeError(`${made.length} decisions were made about ${descriptions.length} requests`);
    let next = 0;
    return {
      // In the order of the requests; null where one was refused, see rejected.
      decisions: items.map((item) => (item.ok ? made[next++] : null)),
      rejected: items.flatMap((item, index) => (item.ok ? [] : [{ index, ...item.fault }])),
    };
  });
}
