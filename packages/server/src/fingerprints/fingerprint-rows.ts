import { DEFAULT_REPUTATION_RULES, type FingerprintReputation, FLAG_REASONS, SCORE_START } from '@systemprompt-analytics/core';
import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store, StoredRow } from '../store/store.js';

/** What a list of reputations may be sorted by; each puts first what is looked for: the latest, the most, the worst. */
export const REPUTATION_SORTS = [
  'last_seen',
  'first_seen',
  'total_requests',
  'total_sessions',
  'peak_requests_per_minute',
  'abuse_incidents',
  'reputation_score',
] as const;
export type ReputationSort = (typeof REPUTATION_SORTS)[number];

const ROWS_MAX = 1_000_000;

/** The rows of `fingerprint_reputation`. */
export class FingerprintRows {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The reputations of these visitors, as far as there are any. */
  async read(projectId: string, fingerprints: readonly string[]): Promise<Map<string, FingerprintReputation>> {
    const rows = await this.#store.query(
      render(sql`SELECT * FROM fingerprint_reputation FINAL
        WHERE project_id = ${bind.string(projectId)} AND fingerprint IN ${bind.strings(fingerprints)}`),
      { rows: ROWS_MAX },
    );
    return new Map(rows.map(reputationOf).map((reputation) => [reputation.fingerprint, reputation]));
  }

  /** Reputations of a project in an order. The score is the one of now, by which the high risks are found, too. */
  async list(
    projectId: string,
    options: { readonly sortBy: ReputationSort; readonly limit: number; readonly highRiskOnly: boolean; readonly nowMs: number },
  ): Promise<FingerprintReputation[]> {
    const { sortBy, limit, highRiskOnly, nowMs } = options;
    const { highRiskIncidents, highRiskScoreBelow } = DEFAULT_REPUTATION_RULES;
    const highRisk = sql` AND (is_flagged OR score_now < ${bind.float(highRiskScoreBelow)} OR abuse_incidents >= ${bind.uint(highRiskIncidents)})`;
    const order = sortBy === 'reputation_score' ? sql`score_now` : sql`${identifier(sortBy)} DESC`;
    const rows = await this.#store.query(
      render(sql`SELECT *, ${scoreAt(nowMs)} AS score_now FROM fingerprint_reputation FINAL
        WHERE project_id = ${bind.string(projectId)}${highRiskOnly ? highRisk : sql``}
        ORDER BY ${order}, fingerprint LIMIT ${bind.uint(limit)}`),
      { rows: ROWS_MAX },
    );
    return rows.map(reputationOf);
  }

  /** The visitors that a person flagged, in all projects. */
  async flaggedByHand(): Promise<{ readonly projectId: string; readonly fingerprint: string }[]> {
    const rows = await this.#store.query<{ project_id: string; fingerprint: string }>(
      render(sql`SELECT project_id, fingerprint FROM fingerprint_reputation FINAL WHERE flag_reason = 'manual'`),
      { rows: ROWS_MAX },
    );
    return rows.map((row) => ({ projectId: row.project_id, fingerprint: row.fingerprint }));
  }

  /** The visitors whose reputation names one of these users. */
  async namingUsers(projectId: string, userIds: readonly string[]): Promise<FingerprintReputation[]> {
    const rows = await this.#store.query(
      render(sql`SELECT * FROM fingerprint_reputation FINAL
        WHERE project_id = ${bind.string(projectId)} AND hasAny(associated_user_ids, ${bind.strings(userIds)})`),
      { rows: ROWS_MAX },
    );
    return rows.map(reputationOf);
  }

  /** Deletes the rows of these visitors, or only those older than a version. */
  async erase(projectId: string, fingerprints: readonly string[], version = Number.MAX_SAFE_INTEGER): Promise<void> {
    if (fingerprints.length === 0) return;
    const ofVisitors = sql`project_id = ${bind.string(projectId)} AND fingerprint IN ${bind.strings(fingerprints)}`;
    await deleteRows(this.#store, 'fingerprint_reputation', sql`${ofVisitors} AND version < ${bind.uint(version)}`);
  }

  /** Highest version of a row; 0 without rows. */
  async newestVersion(): Promise<number> {
    const [newest] = await this.#store.query<{ newest: string }>(render(sql`SELECT max(version) AS newest FROM fingerprint_reputation`));
    return Number(newest?.newest ?? 0);
  }

  /** Stores reputations; resolves when they are durable. */
  async write(projectId: string, reputations: readonly FingerprintReputation[], version: number): Promise<void> {
    await this.#store.insert(
      'fingerprint_reputation',
      reputations.map((reputation) => rowOf(projectId, reputation, version)),
    );
  }
}

/** The core's `scoreAt` for the engine. */
function scoreAt(nowMs: number): SqlFragment {
  const days = sql`greatest(0, ${bind.float(nowMs)} - toUnixTimestamp64Milli(score_updated_at)) / 86400000`;
  const drift = sql`${days} * ${bind.float(DEFAULT_REPUTATION_RULES.scoreDriftPerDay)}`;
  const start = bind.float(SCORE_START);
  return sql`if(reputation_score < ${start}, least(${start}, reputation_score + ${drift}), greatest(${start}, reputation_score - ${drift}))`;
}

function rowOf(projectId: string, reputation: FingerprintReputation, version: number): object {
  return {
    project_id: projectId,
    fingerprint: reputation.fingerprint,
    version,
    first_seen: iso(reputation.firstSeenMs),
    last_seen: iso(reputation.lastSeenMs),
    total_sessions: reputation.totalSessions,
    active_sessions: reputation.activeSessions,
    total_requests: reputation.totalRequests,
    requests_last_hour: reputation.requestsLastHour,
    peak_requests_per_minute: reputation.peakRequestsPerMinute,
    sustained_high_velocity_minutes: reputation.sustainedHighVelocityMinutes,
    is_flagged: reputation.isFlagged,
    flag_reason: reputation.flagReason,
    flag_note: reputation.flagNote,
    flagged_at: isoOrNull(reputation.flaggedAtMs),
    reputation_score: reputation.reputationScore,
    score_updated_at: iso(reputation.scoreUpdatedAtMs),
    abuse_incidents: reputation.abuseIncidents,
    last_incident_at: isoOrNull(reputation.lastIncidentAtMs),
    last_ip: reputation.lastIp,
    last_user_agent: reputation.lastUserAgent,
    associated_user_ids: reputation.associatedUserIds,
  };
}

function reputationOf(row: StoredRow): FingerprintReputation {
  const text = (name: string): string => String(row[name]);
  const count = (name: string): number => Number(row[name]);
  const time = (name: string): number => Date.parse(text(name));
  const timeOrNone = (name: string): number | undefined => (row[name] === null ? undefined : time(name));
  const users: unknown = row['associated_user_ids'];
  return {
    fingerprint: text('fingerprint'),
    firstSeenMs: time('first_seen'),
    lastSeenMs: time('last_seen'),
    totalSessions: count('total_sessions'),
    activeSessions: count('active_sessions'),
    totalRequests: count('total_requests'),
    requestsLastHour: count('requests_last_hour'),
    peakRequestsPerMinute: count('peak_requests_per_minute'),
    sustainedHighVelocityMinutes: count('sustained_high_velocity_minutes'),
    isFlagged: row['is_flagged'] === true,
    flagReason: FLAG_REASONS.find((reason) => reason === row['flag_reason']) ?? '',
    flagNote: text('flag_note'),
    flaggedAtMs: timeOrNone('flagged_at'),
    reputationScore: count('reputation_score'),
    scoreUpdatedAtMs: time('score_updated_at'),
    abuseIncidents: count('abuse_incidents'),
    lastIncidentAtMs: timeOrNone('last_incident_at'),
    lastIp: text('last_ip'),
    lastUserAgent: text('last_user_agent'),
    associatedUserIds: Array.isArray(users) ? users.map(String) : [],
  };
}

function iso(timestampMs: number): string {
  return new Date(timestampMs).toISOString();
}

function isoOrNull(timestampMs: number | undefined): string | null {
  return timestampMs === undefined ? null : iso(timestampMs);
}
