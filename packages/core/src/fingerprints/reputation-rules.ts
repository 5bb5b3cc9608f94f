/** What counts as abuse by a visitor, and what follows from it. "Over" and "below" do not include the value. */
export interface ReputationRules {
  /** Requests in an hour over which a visitor is flagged. The hour is what the number of 100 is taken to mean. */
  readonly requestsPerHourOver: number;
  /** Requests in each minute that, kept up for {@link velocityMinutes} in a row, flag a visitor. */
  readonly velocityRequestsPerMinute: number;
  readonly velocityMinutes: number;
  /** Sessions in 24 hours over which a visitor is flagged; a faithful visitor has any number of them over the years. */
  readonly sessionsPerDayOver: number;
  /** Score below which a visitor is flagged. */
  readonly flagScoreBelow: number;
  /** Score below which a visitor is a high risk. */
  readonly highRiskScoreBelow: number;
  /** Incidents from which on a visitor is a high risk. */
  readonly highRiskIncidents: number;
  /** What an incident takes off the score. */
  readonly incidentPenalty: number;
  /** Points per day by which the score drifts back to where it started, from below by not abusing, from above by time. */
  readonly scoreDriftPerDay: number;
}

/** Limits of the score, and where everybody starts. */
export const SCORE_MIN = 0;
export const SCORE_MAX = 100;
export const SCORE_START = 50;

/**
 * The rules unless a caller has its own. Two incidents leave a score of 30, which is no high risk yet, the third makes it one
 * by number and score alike; from there the score takes six days to be back at 50.
 */
export const DEFAULT_REPUTATION_RULES: ReputationRules = {
  requestsPerHourOver: 100,
  velocityRequestsPerMinute: 10,
  velocityMinutes: 60,
  sessionsPerDayOver: 10,
  flagScoreBelow: 20,
  highRiskScoreBelow: 30,
  highRiskIncidents: 3,
  incidentPenalty: 10,
  scoreDriftPerDay: 5,
};
