import { AnalyticsError } from '../errors/analytics-error.js';

/**
 * When a level is raised and lowered. "From" includes the value, "over" does not.
 *
 * @example
 * const criteria: EscalationCriteria = { ...DEFAULT_ESCALATION_CRITERIA, requestsPerMinuteOver: 4, escalationIntervalMs: 1000 };
 */
export interface EscalationCriteria {
  /** Bot score from which on a level is raised. */
  readonly botScoreFrom: number;
  /** Requests in a minute over which a level is raised. */
  readonly requestsPerMinuteOver: number;
  /** Share of failed requests over which a level is raised, 0 to 1. */
  readonly errorRateOver: number;
  /** The share counts over more requests than this only: one failure out of one says nothing. */
  readonly errorRateRequestsOver: number;
  /**
   * A level is raised at most once in this time, in milliseconds. Without it the three requests after the first that breaks a
   * criterion would lead from normal to blocked, and nobody would ever be slowed down before being shut out.
   */
  readonly escalationIntervalMs: number;
  /** A level is lowered by one after so many milliseconds in which no criterion held. At least the escalation interval. */
  readonly cooldownMs: number;
}

/** The criteria unless a deployment has its own. */
export const DEFAULT_ESCALATION_CRITERIA: EscalationCriteria = {
  botScoreFrom: 50,
  requestsPerMinuteOver: 30,
  errorRateOver: 0.5,
  errorRateRequestsOver: 20,
  escalationIntervalMs: 10_000,
  cooldownMs: 300_000,
};

interface CriterionBounds {
  readonly key: keyof EscalationCriteria;
  readonly minimum: number;
  readonly maximum: number;
  readonly whole: boolean;
}

const DAY_MS = 86_400_000;

/** Names in a file, and what is allowed. The cooldown must not be shorter than the interval, see {@link readEscalationCriteria}. */
const BOUNDS: ReadonlyMap<string, CriterionBounds> = new Map([
  ['bot_score_from', { key: 'botScoreFrom', minimum: 1, maximum: 1000, whole: false }],
  ['requests_per_minute_over', { key: 'requestsPerMinuteOver', minimum: 1, maximum: 1_000_000, whole: true }],
  ['error_rate_over', { key: 'errorRateOver', minimum: 0, maximum: 1, whole: false }],
  ['error_rate_requests_over', { key: 'errorRateRequestsOver', minimum: 0, maximum: 1_000_000, whole: true }],
  ['escalation_interval_ms', { key: 'escalationIntervalMs', minimum: 0, maximum: DAY_MS, whole: true }],
  ['cooldown_ms', { key: 'cooldownMs', minimum: 1000, maximum: 30 * DAY_MS, whole: true }],
]);

/**
 * Reads criteria of a deployment's own, as JSON has them: `{"requests_per_minute_over": 60}`. What is left out keeps its
 * default. All faults are reported together.
 *
 * @throws AnalyticsError `invalid_configuration`
 */
export function readEscalationCriteria(json: unknown): EscalationCriteria {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new AnalyticsError('invalid_configuration', 'The escalation criteria are not a JSON object.');
  }
  const faults: string[] = [];
  const criteria: Record<keyof EscalationCriteria, number> = { ...DEFAULT_ESCALATION_CRITERIA };
  for (const [name, value] of Object.entries(json)) {
    const bounds = BOUNDS.get(name);
    if (bounds === undefined) {
      faults.push(`${JSON.stringify(name.slice(0, 80))} is not an escalation criterion; there are ${[...BOUNDS.keys()].join(', ')}.`);
      continue;
    }
    const { key, minimum, maximum, whole } = bounds;
    if (typeof value !== 'number' || !(value >= minimum && value <= maximum) || (whole && !Number.isInteger(value))) {
      const given = (JSON.stringify(value) ?? 'nothing').slice(0, 80);
      faults.push(`${name} is ${given}; allowed: a ${whole ? 'whole ' : ''}number from ${minimum} to ${maximum}.`);
      continue;
    }
    criteria[key] = value;
  }
  // With a shorter cooldown a level could be lowered and raised again within one interval.
  if (faults.length === 0 && criteria.cooldownMs < criteria.escalationIntervalMs) {
    faults.push(`cooldown_ms is ${criteria.cooldownMs}, less than escalation_interval_ms ${criteria.escalationIntervalMs}.`);
  }
  if (faults.length > 0) throw new AnalyticsError('invalid_configuration', faults.join(' '));
  return criteria;
}
