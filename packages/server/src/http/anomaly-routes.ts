import { AnalyticsError, type AnomalyMetric, type IngestLimits, readAnomalyMetric, reasonOf } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ANOMALY_STATUSES, type AnomalyStatus } from '../anomalies/anomaly.js';
import type { AnomalyDetectionService } from '../anomalies/anomaly-detection-service.js';
import type { ProjectRepository } from '../projects/project-repository.js';
import { readTime } from '../reports/parameters/read-time.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
/** Two numbers; what is larger is something else. */
const BODY_BYTES_MAX = 4 * 1024;
const LIMITS = ['warning', 'critical'] as const;

/** The parts of a product that the routes need. */
export interface AnomalyRouteParts {
  readonly anomalies: AnomalyDetectionService;
  readonly projects: ProjectRepository;
  readonly configuration: { readonly limits: IngestLimits };
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** `/v1/anomalies` and `/v1/anomalies/thresholds`: reading for reports, setting limits for admin keys. */
export function addAnomalyRoutes(server: FastifyInstance, parts: AnomalyRouteParts, gate: Gate): void {
  const { anomalies, projects, configuration, clock } = parts;
  const projectOf = async (request: FastifyRequest, known: readonly string[]): Promise<Given> => {
    const { project_id: projectId, ...given } = readQuery(request, ['project_id', ...known]);
    const principal = await gate.admit(request, 'report', projectId);
    return { projectId: principal.projectId, given };
  };

  server.get('/v1/anomalies', async (request) => {
    const { projectId, given } = await projectOf(request, ['status', 'since', 'limit']);
    const { time_zone: timeZone } = await projects.get(projectId);
    const limit = readLimit(given['limit']);
    const sinceMs = given['since'] === undefined ? undefined : readTime('since', given['since'], { anchorMs: clock(), timeZone });
    const found = await anomalies.list(projectId, { status: readStatus(given['status']), sinceMs, limit: limit + 1 });
    return {
      project_id: projectId,
      anomalies: found.slice(0, limit),
      truncated: found.length > limit,
      suppressed: anomalies.suppressed(projectId),
    };
  });

  server.get('/v1/anomalies/thresholds', async (request) => {
    const { projectId } = await projectOf(request, []);
    return { project_id: projectId, thresholds: anomalies.thresholds(projectId) };
  });

  server.get<{ Params: { anomaly_id: string } }>('/v1/anomalies/:anomaly_id', async (request) => {
    const { projectId } = await projectOf(request, []);
    const { anomaly_id: anomalyId } = request.params;
    const anomaly = await anomalies.find(projectId, anomalyId);
    if (anomaly !== undefined) return anomaly;
    throw new AnalyticsError(
      'unknown_anomaly',
      `There is no anomaly ${JSON.stringify(anomalyId.slice(0, 80))} in the project ${projectId}.`,
      { path: 'anomaly_id' },
    );
  });

  const admitToSet = async (request: FastifyRequest, name: string): Promise<{ projectId: string; metric: AnomalyMetric }> => {
    const { project_id: projectId } = readQuery(request, ['project_id']);
    const principal = await gate.admit(request, 'administer', projectId);
    return { projectId: principal.projectId, metric: readAnomalyMetric(name) };
  };

  server.put<{ Params: { metric: string } }>('/v1/anomalies/thresholds/:metric', { bodyLimit: BODY_BYTES_MAX }, async (request) => {
    const { projectId, metric } = await admitToSet(request, request.params.metric);
    const given = readLimits(await readBody(request, configuration.limits), metric);
    return anomalies.updateThreshold(metric, given, projectId);
  });

  server.delete<{ Params: { metric: string } }>('/v1/anomalies/thresholds/:metric', async (request) => {
    const { projectId, metric } = await admitToSet(request, request.params.metric);
    return anomalies.updateThreshold(metric, undefined, projectId);
  });
}

interface Given {
  readonly projectId: string;
  readonly given: Readonly<Record<string, string>>;
}

function readStatus(given: string | undefined): AnomalyStatus {
  if (given === undefined) return 'open';
  const status = ANOMALY_STATUSES.find((each) => each === given);
  if (status !== undefined) return status;
  throw new AnalyticsError(
    'invalid_parameter',
    `status is ${JSON.stringify(given.slice(0, 80))}; allowed: ${ANOMALY_STATUSES.join(', ')}.`,
    {
      path: 'status',
    },
  );
}

function readLimit(given: string | undefined): number {
  if (given === undefined) return LIMIT_DEFAULT;
  const limit = /^\d{1,7}$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new AnalyticsError(
    'invalid_parameter',
    `limit is ${JSON.stringify(given.slice(0, 80))}; allowed: a whole number from 1 to ${LIMIT_MAX}.`,
    {
      path: 'limit',
    },
  );
}

/** The two limits as they were sent; what they may be is the metric's business. */
function readLimits(body: Buffer, metric: AnomalyMetric): { readonly warning: unknown; readonly critical: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AnalyticsError('invalid_json', `The body is not JSON: ${reasonOf(cause)}.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AnalyticsError('invalid_json', 'The body is not a JSON object such as {"warning": 15, "critical": 30}.');
  }
  const fields: Readonly<Record<string, unknown>> = { ...value };
  for (const name of Object.keys(fields)) {
    if (LIMITS.some((each) => each === name)) continue;
    throw new AnalyticsError('unknown_field', `${JSON.stringify(name.slice(0, 80))} is not a field here; there are ${LIMITS.join(', ')}.`, {
      path: name,
    });
  }
  for (const name of LIMITS) {
    if (fields[name] === undefined || fields[name] === null) {
      throw new AnalyticsError('missing_field', `${name} of ${metric} is needed.`, { path: name });
    }
  }
  return { warning: fields['warning'], critical: fields['critical'] };
}
