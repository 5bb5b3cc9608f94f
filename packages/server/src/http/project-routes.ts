import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Product } from '../product.js';
import { KEY_KINDS } from '../projects/key-repository.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';
import { readTextFields, requiredField } from './read-fields.js';

/** A few names; what is larger is something else. */
const BODY_BYTES_MAX = 64 * 1024;

/** `/v1/projects` and `/v1/keys`, for admin keys. */
export function addProjectRoutes(server: FastifyInstance, product: Product, gate: Gate): void {
  const { projects, keys } = product;
  const readFields = async (request: FastifyRequest, known: readonly string[]): Promise<Record<string, string>> =>
    readTextFields(await readBody(request, product.configuration.limits), known);

  server.get('/v1/projects', async (request) => {
    readQuery(request, []);
    await gate.admit(request, 'administer');
    return { projects: await projects.list() };
  });

  server.post('/v1/projects', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    await gate.admit(request, 'administer');
    const fields = await readFields(request, ['project_id', 'name', 'time_zone']);
    const project = await projects.create(requiredField(fields, 'project_id'), fields['name'], fields['time_zone']);
    return reply.code(201).send(project);
  });

  server.get('/v1/keys', async (request) => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    await gate.admit(request, 'administer', projectId);
    return { keys: await keys.list(projectId) };
  });

  server.post('/v1/keys', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    await gate.admit(request, 'administer');
    const fields = await readFields(request, ['project_id', 'kind', 'name']);
    const project = await projects.get(requiredField(fields, 'project_id'));
    const given = requiredField(fields, 'kind');
    const kind = KEY_KINDS.find((candidate) => candidate === given);
    if (kind === undefined) {
      throw new AnalyticsError('invalid_parameter', `kind is ${JSON.stringify(given.slice(0, 80))}; allowed: ${KEY_KINDS.join(', ')}.`, {
        path: 'kind',
      });
    }
    const { key, text } = await keys.create(project.project_id, kind, fields['name']);
    // The only time that the key itself is shown, so no cache may keep the answer.
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ ...key, key: text });
  });

  server.delete<{ Params: { key_id: string } }>('/v1/keys/:key_id', async (request) => {
    await gate.admit(request, 'administer');
    return keys.revoke(request.params.key_id);
  });
}
