import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Product } from '../product.js';
import { KEY_KINDS } from '../projects/key-repository.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';

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
    const project = await projects.create(required(fields, 'project_id'), fields['name'], fields['time_zone']);
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
    const project = await projects.get(required(fields, 'project_id'));
    const given = required(fields, 'kind');
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

function readTextFields(body: Buffer, known: readonly string[]): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AnalyticsError('invalid_json', `The body is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AnalyticsError('invalid_json', 'The body is not a JSON object.');
  const fields: Record<string, string> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!known.includes(name)) {
      throw new AnalyticsError(
        'unknown_field',
        `${JSON.stringify(name.slice(0, 80))} is not a field here; there are ${known.join(', ')}.`,
        { path: name },
      );
    }
    if (field === null) continue;
    if (typeof field !== 'string') throw new AnalyticsError('invalid_type', `${name} is a string.`, { path: name });
    if (!field.isWellFormed()) {
      throw new AnalyticsError('invalid_value', `${name} holds half of a surrogate pair, which is not Unicode text.`, { path: name });
    }
    fields[name] = field;
  }
  return fields;
}

function required(fields: Readonly<Record<string, string>>, name: string): string {
  const value = fields[name];
  if (value === undefined || value === '') throw new AnalyticsError('missing_field', `${name} is needed.`, { path: name });
  return value;
}
