import { AnalyticsError } from '../errors/analytics-error.js';
import { type MinuteRequests, type MinuteVelocity, measureVelocity } from './minute-velocity.js';
import { DEFAULT_REPUTATION_RULES, type ReputationRules, SCORE_MAX, SCORE_MIN, SCORE_START } from './reputation-rules.js';

/** Why a visitor is flagged: what it did, or that a person said so. */
export const FLAG_REASONS = ['request_count', 'sustained_velocity', 'session_count', 'low_reputation', 'manual'] as const;
/**
 * One of these reasons.
 *
 * @example
 * const reason: FlagReason | '' = crawler?.flagReason ?? '';
 */
export type FlagReason = (typeof FLAG_REASONS)[number];

/**
 * What is known of a visitor over all its sessions. Times are UTC milliseconds.
 *
 * @example
 * const crawler: FingerprintReputation | undefined = await fingerprints.get('default', 'crawler');
 */
export interface FingerprintReputation {
  /** The client's fingerprint, or its cookieless hash. */
  readonly fingerprint: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly totalSessions: number;
  /** Sessions with activity in the half hour up to `lastSeenMs`. */
  readonly activeSessions: number;
  readonly totalRequests: number;
  /** Requests in the hour up to `lastSeenMs`, in whole minutes. */
  readonly requestsLastHour: number;
  readonly peakRequestsPerMinute: number;
  /** Most minutes in a row, up to an hour, that each had as many requests as {@link ReputationRules.velocityRequestsPerMinute}. */
  readonly sustainedHighVelocityMinutes: number;
  readonly isFlagged: boolean;
  /** Empty unless flagged. */
  readonly flagReason: FlagReason | '';
  /** What a person said about a flag. */
  readonly flagNote: string;
  readonly flaggedAtMs: number | undefined;
  /** 0 to 100 as it was at `scoreUpdatedAtMs`; see {@link scoreAt}. */
  readonly reputationScore: number;
  readonly scoreUpdatedAtMs: number;
  readonly abuseIncidents: number;
  readonly lastIncidentAtMs: number | undefined;
  /** As the privacy setting left it. */
  readonly lastIp: string;
  readonly lastUserAgent: string;
  readonly associatedUserIds: readonly string[];
}

/** What a visitor did, all of it: the counters as they follow from its events, not what was added to them. */
export interface FingerprintActivity {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly totalSessions: number;
  readonly activeSessions: number;
  /** Sessions with activity in the 24 hours up to `lastSeenMs`. */
  readonly sessionsLastDay: number;
  readonly totalRequests: number;
  readonly peakRequestsPerMinute: number;
  readonly lastIp: string;
  readonly lastUserAgent: string;
  readonly userIds: readonly string[];
  /** Requests by minute, ascending: at least those of the last hour, and an hour before and after everything that is new. */
  readonly minutes: readonly MinuteRequests[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ACTIVE_SESSION_MS = 30 * MINUTE_MS;

/** The reputation of a visitor of whom nothing is known but when it was first heard of. */
export function newReputation(fingerprint: string, nowMs: number): FingerprintReputation {
  return {
    fingerprint,
    firstSeenMs: nowMs,
    lastSeenMs: nowMs,
    totalSessions: 0,
    activeSessions: 0,
    totalRequests: 0,
    requestsLastHour: 0,
    peakRequestsPerMinute: 0,
    sustainedHighVelocityMinutes: 0,
    isFlagged: false,
    flagReason: '',
    flagNote: '',
    flaggedAtMs: undefined,
    reputationScore: SCORE_START,
    scoreUpdatedAtMs: nowMs,
    abuseIncidents: 0,
    lastIncidentAtMs: undefined,
    lastIp: '',
    lastUserAgent: '',
    associatedUserIds: [],
  };
}

/**
 * The reputation after what a visitor did. Counters are taken over; each abuse that shows is an incident, which costs score and
 * flags. An incident covers the time its rule looks at (an hour, of sessions a day), so that applying the same activity again,
 * or the same abuse growing, makes no second one.
 *
 * @param previous undefined when the visitor was not known
 */
export function applyActivity(
  previous: FingerprintReputation | undefined,
  fingerprint: string,
  activity: FingerprintActivity,
  rules: ReputationRules = DEFAULT_REPUTATION_RULES,
): FingerprintReputation {
  const velocities = measureVelocity(activity.minutes, rules.velocityRequestsPerMinute);
  const longestRow = velocities.reduce((longest, { minutesInRow }) => Math.max(longest, minutesInRow), 0);
  const known = previous ?? newReputation(fingerprint, activity.firstSeenMs);
  const counted: FingerprintReputation = {
    ...known,
    firstSeenMs: activity.firstSeenMs,
    lastSeenMs: activity.lastSeenMs,
    totalSessions: activity.totalSessions,
    activeSessions: activity.activeSessions,
    totalRequests: activity.totalRequests,
    requestsLastHour: requestsUpTo(activity.minutes, Math.floor(activity.lastSeenMs / MINUTE_MS)),
    peakRequestsPerMinute: activity.peakRequestsPerMinute,
    sustainedHighVelocityMinutes: Math.max(known.sustainedHighVelocityMinutes, Math.min(rules.velocityMinutes, longestRow)),
    lastIp: activity.lastIp,
    lastUserAgent: activity.lastUserAgent,
    associatedUserIds: activity.userIds,
  };
  return abusesOf(activity, velocities, rules).reduce((reputation, abuse) => applyAbuse(reputation, abuse, rules), counted);
}

interface Abuse {
  readonly reason: FlagReason;
  /** Start of the minute in which it shows: the same however often and in what portions the activity is looked at. */
  readonly atMs: number;
  /** How long the rule looks back. */
  readonly windowMs: number;
}

function abusesOf(activity: FingerprintActivity, velocities: readonly MinuteVelocity[], rules: ReputationRules): Abuse[] {
  const abuses: Abuse[] = [];
  for (const { minute, requestsInHour, minutesInRow } of velocities) {
    const atMs = minute * MINUTE_MS;
    if (requestsInHour > rules.requestsPerHourOver) abuses.push({ reason: 'request_count', atMs, windowMs: HOUR_MS });
    else if (minutesInRow >= rules.velocityMinutes) abuses.push({ reason: 'sustained_velocity', atMs, windowMs: HOUR_MS });
  }
  if (activity.sessionsLastDay > rules.sessionsPerDayOver) {
    abuses.push({ reason: 'session_count', atMs: activity.lastSeenMs - (activity.lastSeenMs % MINUTE_MS), windowMs: DAY_MS });
  }
  return abuses;
}

function applyAbuse(reputation: FingerprintReputation, { reason, atMs, windowMs }: Abuse, rules: ReputationRules): FingerprintReputation {
  const { lastIncidentAtMs } = reputation;
  const covered = lastIncidentAtMs !== undefined && atMs < lastIncidentAtMs + windowMs;
  return covered ? reputation : recordIncident(reputation, reason, atMs, rules);
}

function requestsUpTo(minutes: readonly MinuteRequests[], lastMinute: number): number {
  return minutes.reduce((sum, { minute, requests }) => (minute > lastMinute - 60 && minute <= lastMinute ? sum + requests : sum), 0);
}

/** The reputation after one abuse: an incident more, less score, and a flag unless there is one. */
export function recordIncident(
  reputation: FingerprintReputation,
  reason: FlagReason,
  atMs: number,
  rules: ReputationRules = DEFAULT_REPUTATION_RULES,
): FingerprintReputation {
  const scored = withScore(reputation, -rules.incidentPenalty, atMs, rules);
  const counted = { ...scored, abuseIncidents: scored.abuseIncidents + 1, lastIncidentAtMs: atMs };
  return counted.isFlagged ? counted : { ...counted, isFlagged: true, flagReason: reason, flagNote: '', flaggedAtMs: atMs };
}

/**
 * The reputation with so many points more (or less), within 0 to 100. A score that falls below the limit flags.
 *
 * @throws AnalyticsError `invalid_value` unless the points are a number from -100 to 100
 */
export function adjustScore(
  reputation: FingerprintReputation,
  points: number,
  nowMs: number,
  rules: ReputationRules = DEFAULT_REPUTATION_RULES,
): FingerprintReputation {
  if (!(Math.abs(points) <= SCORE_MAX)) {
    throw new AnalyticsError('invalid_value', `points is ${points}; allowed: a number from -${SCORE_MAX} to ${SCORE_MAX}.`, {
      path: 'points',
    });
  }
  const scored = withScore(reputation, points, nowMs, rules);
  if (scored.isFlagged || scored.reputationScore >= rules.flagScoreBelow) return scored;
  return { ...scored, isFlagged: true, flagReason: 'low_reputation', flagNote: '', flaggedAtMs: nowMs };
}

function withScore(reputation: FingerprintReputation, points: number, atMs: number, rules: ReputationRules): FingerprintReputation {
  const score = Math.min(SCORE_MAX, Math.max(SCORE_MIN, scoreAt(reputation, atMs, rules) + points));
  return { ...reputation, reputationScore: score, scoreUpdatedAtMs: Math.max(reputation.scoreUpdatedAtMs, atMs) };
}

/** The score at a time: it drifts back to 50 by {@link ReputationRules.scoreDriftPerDay}, and never beyond. */
export function scoreAt(
  { reputationScore, scoreUpdatedAtMs }: FingerprintReputation,
  nowMs: number,
  { scoreDriftPerDay }: ReputationRules = DEFAULT_REPUTATION_RULES,
): number {
  const drift = (Math.max(0, nowMs - scoreUpdatedAtMs) / DAY_MS) * scoreDriftPerDay;
  return reputationScore < SCORE_START ? Math.min(SCORE_START, reputationScore + drift) : Math.max(SCORE_START, reputationScore - drift);
}

/** The reputation with a flag that a person sets; it stands until a person clears it. */
export function flagReputation(reputation: FingerprintReputation, note: string, nowMs: number): FingerprintReputation {
  return { ...reputation, isFlagged: true, flagReason: 'manual', flagNote: note, flaggedAtMs: nowMs };
}

/**
 * The reputation after a person said that there is nothing against the visitor: no flag, no incidents, and no less score than
 * at the start. What it did in the hour (or day) before is settled with it, and does not flag again.
 */
export function clearReputation(
  reputation: FingerprintReputation,
  nowMs: number,
  rules: ReputationRules = DEFAULT_REPUTATION_RULES,
): FingerprintReputation {
  return {
    ...reputation,
    isFlagged: false,
    flagReason: '',
    flagNote: '',
    flaggedAtMs: undefined,
    reputationScore: Math.max(SCORE_START, scoreAt(reputation, nowMs, rules)),
    scoreUpdatedAtMs: nowMs,
    abuseIncidents: 0,
    lastIncidentAtMs: nowMs,
  };
}

/** Is a visitor flagged, of low score, or often abusive? */
export function isHighRisk(reputation: FingerprintReputation, nowMs: number, rules: ReputationRules = DEFAULT_REPUTATION_RULES): boolean {
  return (
    reputation.isFlagged ||
    scoreAt(reputation, nowMs, rules) < rules.highRiskScoreBelow ||
    reputation.abuseIncidents >= rules.highRiskIncidents
  );
}

/** A reputation as it stands at a later time: with its score of then, and without what has been over since. */
export function reputationAt(
  reputation: FingerprintReputation,
  nowMs: number,
  rules: ReputationRules = DEFAULT_REPUTATION_RULES,
): FingerprintReputation {
  const idleMs = nowMs - reputation.lastSeenMs;
  return {
    ...reputation,
    activeSessions: idleMs > ACTIVE_SESSION_MS ? 0 : reputation.activeSessions,
    requestsLastHour: idleMs > HOUR_MS ? 0 : reputation.requestsLastHour,
    reputationScore: scoreAt(reputation, nowMs, rules),
    scoreUpdatedAtMs: Math.max(nowMs, reputation.scoreUpdatedAtMs),
  };
}
