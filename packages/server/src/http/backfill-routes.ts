import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance } from 'fastify';
import type { ServerConfiguration } from '../configuration.js';
import type { ProjectRepository } from '../projects/project-repository.js';
import { readTime } from '../reports/parameters/read-time.js';
import type { OriginBackfill } from '../sessions/origin-backfill.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';
import { readTextFields, requiredField } from './read-fields.js';

/** What the route needs of the product. */
export interface BackfillRouteOptions {
  readonly configuration: Pick<ServerConfiguration, 'limits'>;
  readonly originBackfill: Pick<OriginBackfill, 'run'>;
  readonly projects: Pick<ProjectRepository, 'get'>;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const BODY_BYTES_MAX = 64 * 1024;

/**
 * `/v1/sessions/backfill`: computes anew where the visitors of stored sessions came from, a slice of the sessions that started in
 * a range per request. Times are read as those of reports: a span of `since` lies before `until`, a date is one of the project.
 */
export function addBackfillRoutes(server: FastifyInstance, product: BackfillRouteOptions, gate: Gate): void {
  const { configuration, originBackfill, projects, clock } = product;

  server.post('/v1/sessions/backfill', { bodyLimit: BODY_BYTES_MAX }, async (request) => {
    const { project_id: requestedProject } = readQuery(request, ['project_id']);
    const { projectId } = await gate.admit(request, 'administer', requestedProject);
    const fields = readTextFields(await readBody(request, configuration.limits), ['since', 'until', 'after']);
    const { time_zone: timeZone } = await projects.get(projectId);
    const untilMs = readTime('until', requiredField(fields, 'until'), { anchorMs: clock(), timeZone });
    const sinceMs = readTime('since', requiredField(fields, 'since'), { anchorMs: untilMs, timeZone });
    if (untilMs <= sinceMs) throw new AnalyticsError('invalid_parameter', 'until lies not after since.', { path: 'until' });
    return originBackfill.run(projectId, sinceMs, untilMs, fields['after'] ?? '');
  });
}
