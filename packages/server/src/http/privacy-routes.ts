import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance } from 'fastify';
import type { ErasureSubject } from '../privacy/erasure.js';
import type { Product } from '../product.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';
import { readTextFields } from './read-fields.js';

const BODY_BYTES_MAX = 64 * 1024;

/** Whose data is erased, by the field that names it. */
const SUBJECTS = {
  user_id: (value: string): ErasureSubject => ({ userId: value }),
  visitor_id: (value: string): ErasureSubject => ({ visitorId: value }),
  session_id: (value: string): ErasureSubject => ({ sessionId: value }),
} as const;

/** `POST /v1/erase`: erases what is stored of a user, a visitor or a session. For admin keys. */
export function addPrivacyRoutes(server: FastifyInstance, product: Product, gate: Gate): void {
  server.post('/v1/erase', { bodyLimit: BODY_BYTES_MAX }, async (request) => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'administer', projectId);
    const names = Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[];
    const fields = readTextFields(await readBody(request, product.configuration.limits), names);
    const given = names.filter((name) => fields[name] !== undefined && fields[name] !== '');
    const [name] = given;
    if (name === undefined || given.length > 1) {
      throw new AnalyticsError(name === undefined ? 'missing_field' : 'invalid_parameter', `Exactly one of ${names.join(', ')} is needed.`);
    }
    return { erased_rows: await product.erasure.erase(principal.projectId, SUBJECTS[name](fields[name] ?? '')) };
  });
}
