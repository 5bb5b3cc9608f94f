import { AnalyticsError, type FingerprintReputation, isHighRisk } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerConfiguration } from '../configuration.js';
import type { FingerprintRepository } from '../fingerprints/fingerprint-repository.js';
import { REPUTATION_SORTS, type ReputationSort } from '../fingerprints/fingerprint-rows.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';
import { readBody } from './read-body.js';
import { readTextFields } from './read-fields.js';

/** What the routes need of the product. */
export interface FingerprintRouteOptions {
  readonly configuration: Pick<ServerConfiguration, 'limits'>;
  readonly fingerprints: FingerprintRepository;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const BODY_BYTES_MAX = 64 * 1024;
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 10_000;

type FingerprintRequest = FastifyRequest<{ Params: { fingerprint: string } }>;

/** `/v1/fingerprints`: what is known of visitors over all their sessions; flagging and clearing them is for admin keys. */
export function addFingerprintRoutes(server: FastifyInstance, product: FingerprintRouteOptions, gate: Gate): void {
  const { fingerprints, clock, configuration } = product;
  const projectOf = async (request: FastifyRequest, permission: 'report' | 'administer'): Promise<string> => {
    const { project_id: requestedProject } = readQuery(request, ['project_id']);
    return (await gate.admit(request, permission, requestedProject)).projectId;
  };
  const answer = (reputation: FingerprintReputation): Record<string, unknown> => reputationAnswer(reputation, clock());

  server.get('/v1/fingerprints', async (request) => {
    const { project_id: requestedProject, ...parameters } = readQuery(request, ['project_id', 'sort_by', 'limit', 'high_risk']);
    const { projectId } = await gate.admit(request, 'report', requestedProject);
    const query = {
      sortBy: readSort(parameters['sort_by']),
      limit: readLimit(parameters['limit']),
      highRiskOnly: readBoolean('high_risk', parameters['high_risk']),
    };
    return { fingerprints: (await fingerprints.list(projectId, query)).map(answer) };
  });

  server.get('/v1/fingerprints/:fingerprint', async (request: FingerprintRequest) => {
    const projectId = await projectOf(request, 'report');
    const found = await fingerprints.get(projectId, request.params.fingerprint);
    if (found === undefined) {
      const asked = JSON.stringify(request.params.fingerprint.slice(0, 80));
      throw new AnalyticsError('unknown_fingerprint', `There is no fingerprint ${asked}.`, { path: 'fingerprint' });
    }
    return answer(found);
  });

  server.post('/v1/fingerprints/:fingerprint/flag', { bodyLimit: BODY_BYTES_MAX }, async (request: FingerprintRequest) => {
    const projectId = await projectOf(request, 'administer');
    const body = await readBody(request, configuration.limits);
    const { note } = body.length === 0 ? {} : readTextFields(body, ['note']);
    return answer(await fingerprints.flag(projectId, request.params.fingerprint, note));
  });

  server.post('/v1/fingerprints/:fingerprint/clear', { bodyLimit: BODY_BYTES_MAX }, async (request: FingerprintRequest) => {
    const projectId = await projectOf(request, 'administer');
    const body = await readBody(request, configuration.limits);
    if (body.length > 0) readTextFields(body, []);
    return answer(await fingerprints.clear(projectId, request.params.fingerprint));
  });
}

/** A reputation as HTTP answers it: times ISO 8601, what is not known null. */
export function reputationAnswer(reputation: FingerprintReputation, nowMs: number): Record<string, unknown> {
  const time = (timestampMs: number | undefined): string | null => (timestampMs === undefined ? null : new Date(timestampMs).toISOString());
  const known = (text: string): string | null => (text === '' ? null : text);
  return {
    fingerprint: reputation.fingerprint,
    first_seen_at: time(reputation.firstSeenMs),
    last_seen_at: time(reputation.lastSeenMs),
    total_sessions: reputation.totalSessions,
    active_sessions: reputation.activeSessions,
    total_requests: reputation.totalRequests,
    requests_last_hour: reputation.requestsLastHour,
    peak_requests_per_minute: reputation.peakRequestsPerMinute,
    sustained_high_velocity_minutes: reputation.sustainedHighVelocityMinutes,
    is_high_risk: isHighRisk(reputation, nowMs),
    is_flagged: reputation.isFlagged,
    flag_reason: known(reputation.flagReason),
    flag_note: known(reputation.flagNote),
    flagged_at: time(reputation.flaggedAtMs),
    // A score drifts by fractions of a point; more than two digits of it say nothing.
    reputation_score: Math.round(reputation.reputationScore * 100) / 100,
    abuse_incidents: reputation.abuseIncidents,
    // Clearing notes when, so that what was before counts no more; that is no incident.
    last_incident_at: time(reputation.abuseIncidents === 0 ? undefined : reputation.lastIncidentAtMs),
    last_ip: known(reputation.lastIp),
    last_user_agent: known(reputation.lastUserAgent),
    associated_user_ids: reputation.associatedUserIds,
  };
}

function readSort(given: string | undefined): ReputationSort {
  const sort = REPUTATION_SORTS.find((candidate) => candidate === (given ?? 'last_seen'));
  if (sort !== undefined) return sort;
  const text = JSON.stringify(given?.slice(0, 80));
  throw new AnalyticsError('invalid_parameter', `sort_by is ${text}; allowed: ${REPUTATION_SORTS.join(', ')}.`, { path: 'sort_by' });
}

function readLimit(given: string | undefined): number {
  if (given === undefined) return LIMIT_DEFAULT;
  const limit = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new AnalyticsError(
    'invalid_parameter',
    `limit is ${JSON.stringify(given.slice(0, 80))}; allowed: a whole number from 1 to ${LIMIT_MAX}.`,
    {
      path: 'limit',
    },
  );
}

function readBoolean(name: string, given: string | undefined): boolean {
  if (given === undefined || given === 'false') return false;
  if (given === 'true') return true;
  throw new AnalyticsError('invalid_parameter', `${name} is ${JSON.stringify(given.slice(0, 80))}; allowed: true, false.`, { path: name });
}
