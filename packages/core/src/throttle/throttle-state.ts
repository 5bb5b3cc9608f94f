import type { EscalationCriteria } from './escalation-criteria.js';
import { shiftLevel, ThrottleLevel } from './throttle-level.js';

/** What a level was raised for; `manual` when a person set it, `none` at the normal level. */
export type EscalationCriterion = 'none' | 'bot_score' | 'requests_per_minute' | 'error_rate' | 'scanner' | 'flagged' | 'manual';

/** Every criterion, as stored. */
export const ESCALATION_CRITERIA: readonly EscalationCriterion[] = [
  'none',
  'bot_score',
  'requests_per_minute',
  'error_rate',
  'scanner',
  'flagged',
  'manual',
];

/** The level of a session or visitor and how it came about. Times are UTC milliseconds. */
export interface ThrottleState {
  readonly level: ThrottleLevel;
  /** When the level became what it is. */
  readonly sinceMs: number;
  /** When a criterion last held; the cooldown counts from here. */
  readonly lastEvidenceMs: number;
  readonly criterion: EscalationCriterion;
  /** A sentence with the measured value; empty at the normal level. */
  readonly reason: string;
  /** When a person last set or released the level; 0 when nobody did. */
  readonly byHandMs: number;
}

/** The state of everybody about whom nothing is known. */
export const NORMAL_THROTTLE_STATE: ThrottleState = {
  level: ThrottleLevel.Normal,
  sinceMs: 0,
  lastEvidenceMs: 0,
  criterion: 'none',
  reason: '',
  byHandMs: 0,
};

/** What is known of a subject when one more of its requests is seen. */
export interface ThrottleObservation {
  /** Time of the request, UTC milliseconds. */
  readonly timestampMs: number;
  /** The behavioural score of the session. */
  readonly botScore: number;
  /** Requests in the minute up to this one. */
  readonly requestsPerMinute: number;
  /** Recent requests, and how many of them failed. */
  readonly requests: number;
  readonly failedRequests: number;
  /**
   * Does the client say, believably, that it is the crawler of a search engine? Fast and systematic is what such a crawler is,
   * so that its behaviour alone never slows it down.
   */
  readonly declaredSearchEngine: boolean;
  /** How the client probes for weaknesses: `3 requests for /.env and the like`; empty when it does not. */
  readonly scanner: string;
  /** Did a person flag the visitor? */
  readonly flagged: boolean;
}

/** A criterion that holds, and the sentence for it. */
export interface EscalationEvidence {
  readonly criterion: EscalationCriterion;
  readonly reason: string;
}

/** The first criterion that holds for an observation, or undefined. */
export function findEvidence(observation: ThrottleObservation, criteria: EscalationCriteria): EscalationEvidence | undefined {
  const { botScore, requestsPerMinute, requests, failedRequests } = observation;
  if (!observation.declaredSearchEngine) {
    if (botScore >= criteria.botScoreFrom) {
      return { criterion: 'bot_score', reason: `The bot score is ${botScore}; from ${criteria.botScoreFrom} on the level is raised.` };
    }
    if (requestsPerMinute > criteria.requestsPerMinuteOver) {
      return {
        criterion: 'requests_per_minute',
        reason: `${requestsPerMinute} requests came in a minute; over ${criteria.requestsPerMinuteOver} the level is raised.`,
      };
    }
  }
  if (requests > criteria.errorRateRequestsOver && failedRequests > criteria.errorRateOver * requests) {
    return {
      criterion: 'error_rate',
      reason: `${failedRequests} of the last ${requests} requests failed; over ${percentOf(criteria.errorRateOver)} % of more than ${criteria.errorRateRequestsOver} the level is raised.`,
    };
  }
  if (observation.scanner !== '') return { criterion: 'scanner', reason: `The client probes for weaknesses: ${observation.scanner}.` };
  if (observation.flagged) return { criterion: 'flagged', reason: 'The visitor is flagged.' };
  return undefined;
}

/** 0.29 * 100 is 28.999999999999996; a limit is shown as it was written. */
function percentOf(rate: number): number {
  return Number((rate * 100).toPrecision(12));
}

/**
 * The state at a later time if nothing happened meanwhile: one level lower for every whole cooldown without a criterion. A
 * level set by hand does not cool down. An earlier time changes nothing.
 */
export function coolThrottleState(state: ThrottleState, nowMs: number, { cooldownMs }: EscalationCriteria): ThrottleState {
  const stepMs = nextStepDownMs(state, cooldownMs);
  if (stepMs === undefined || nowMs < stepMs) return state;
  const steps = Math.min(state.level, 1 + Math.floor((nowMs - stepMs) / cooldownMs));
  const level = shiftLevel(state.level, -steps);
  const sinceMs = stepMs + (steps - 1) * cooldownMs;
  return level === ThrottleLevel.Normal
    ? { ...NORMAL_THROTTLE_STATE, sinceMs, lastEvidenceMs: state.lastEvidenceMs, byHandMs: state.byHandMs }
    : { ...state, level, sinceMs };
}

/** When a state's level is lowered if no criterion holds until then, UTC milliseconds; undefined when it never is. */
export function nextStepDownMs(state: ThrottleState, cooldownMs: number): number | undefined {
  if (state.level === ThrottleLevel.Normal || state.criterion === 'manual') return undefined;
  return Math.max(state.sinceMs, state.lastEvidenceMs) + cooldownMs;
}

/**
 * The state after one more request was observed. It first cools down to the time of the request. Then, if a criterion holds,
 * the evidence is noted, and the level raised by one unless it is the highest or was changed less than the escalation interval
 * ago. A request from before the level's last change raises nothing: it is part of what the level was changed for. A level
 * set by hand stays as it is.
 */
export function nextThrottleState(state: ThrottleState, observation: ThrottleObservation, criteria: EscalationCriteria): ThrottleState {
  return applyEvidence(state, findEvidence(observation, criteria), observation.timestampMs, criteria);
}

/** {@link nextThrottleState} where the evidence has been looked for already. */
export function applyEvidence(
  state: ThrottleState,
  evidence: EscalationEvidence | undefined,
  timestampMs: number,
  criteria: EscalationCriteria,
): ThrottleState {
  if (state.criterion === 'manual') return state;
  const cooled = coolThrottleState(state, timestampMs, criteria);
  if (evidence === undefined || timestampMs < cooled.sinceMs) return cooled;
  const lastEvidenceMs = Math.max(cooled.lastEvidenceMs, timestampMs);
  const isNormal = cooled.level === ThrottleLevel.Normal;
  const mayRaise = cooled.level < ThrottleLevel.Blocked && (isNormal || timestampMs - cooled.sinceMs >= criteria.escalationIntervalMs);
  if (!mayRaise) return lastEvidenceMs === cooled.lastEvidenceMs ? cooled : { ...cooled, lastEvidenceMs };
  const { criterion, reason } = evidence;
  return { level: shiftLevel(cooled.level, 1), sinceMs: timestampMs, lastEvidenceMs, criterion, reason, byHandMs: cooled.byHandMs };
}

/** A level that a person sets; it holds until a person sets another or releases it. The normal level holds likewise. */
export function holdThrottleLevel(level: ThrottleLevel, reason: string, nowMs: number): ThrottleState {
  return { level, sinceMs: nowMs, lastEvidenceMs: nowMs, criterion: 'manual', reason, byHandMs: nowMs };
}

/** The state after a person gave the level back to the criteria: normal, whatever it was. */
export function releaseThrottleLevel(nowMs: number): ThrottleState {
  return { ...NORMAL_THROTTLE_STATE, sinceMs: nowMs, byHandMs: nowMs };
}

/**
 * One state out of what two servers know of the same subject: what a person did last wins; else the higher level with the
 * latest evidence of either. The outcome does not depend on who asks whom, in which order or how often.
 */
export function mergeThrottleStates(a: ThrottleState, b: ThrottleState): ThrottleState {
  if (a.byHandMs !== b.byHandMs) return a.byHandMs > b.byHandMs ? a : b;
  const higher = compareStates(a, b) >= 0 ? a : b;
  const lastEvidenceMs = Math.max(a.lastEvidenceMs, b.lastEvidenceMs);
  return lastEvidenceMs === higher.lastEvidenceMs ? higher : { ...higher, lastEvidenceMs };
}

function compareStates(a: ThrottleState, b: ThrottleState): number {
  if (a.level !== b.level) return a.level - b.level;
  if (a.sinceMs !== b.sinceMs) return a.sinceMs - b.sinceMs;
  if (a.criterion !== b.criterion) return a.criterion < b.criterion ? -1 : 1;
  return a.reason === b.reason ? 0 : a.reason < b.reason ? -1 : 1;
}
