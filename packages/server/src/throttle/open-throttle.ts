import { readFileSync } from 'node:fs';
import {
  AnalyticsError,
  DEFAULT_ESCALATION_CRITERIA,
  type EscalationCriteria,
  readEscalationCriteria,
  reasonOf,
} from '@systemprompt-analytics/core';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';
import { openRateLimiter } from './open-rate-limiter.js';
import { ThrottleService } from './throttle-service.js';

/** What of the configuration the throttle needs. */
export interface ThrottleConfiguration {
  readonly redisUrl: string;
  /** Requests per minute at the normal level. */
  readonly decisionLimit: number;
  /** Sessions in memory; as many of their visitors may be. */
  readonly liveSessionsMax: number;
  /** JSON file of criteria; empty for the built-in ones. */
  readonly throttleRulesFile: string;
}

export interface ThrottleSurroundings {
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly timer?: Timer | undefined;
  /** Told of levels that could not be stored or shared; they are tried again. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Opens the limiter that is configured and takes over the levels that an earlier process left.
 *
 * @throws AnalyticsError `invalid_configuration` or `store_unavailable`
 */
export async function openThrottle(
  store: Store,
  { redisUrl, decisionLimit, liveSessionsMax, throttleRulesFile }: ThrottleConfiguration,
  { clock, timer, onFailure }: ThrottleSurroundings,
): Promise<ThrottleService> {
  const criteria = readCriteria(throttleRulesFile);
  const limiter = await openRateLimiter({ redisUrl, pointsPerMinute: decisionLimit, onFailure });
  const throttle = new ThrottleService({
    store,
    limiter,
    requestsPerMinute: decisionLimit,
    criteria,
    clock,
    timer,
    onFailure,
    subjectsMax: 2 * liveSessionsMax,
  });
  await throttle.recover();
  return throttle;
}

function readCriteria(file: string): EscalationCriteria {
  if (file === '') return DEFAULT_ESCALATION_CRITERIA;
  try {
    return readEscalationCriteria(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new AnalyticsError('invalid_configuration', `The throttle rules ${file} cannot be used: ${reason}`, { cause });
  }
}
