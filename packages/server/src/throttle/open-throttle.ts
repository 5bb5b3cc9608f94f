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
  { redisUrl, decisionLimit, liveSessionsMax }: ThrottleConfiguration,
  { clock, timer, onFailure }: ThrottleSurroundings,
): Promise<ThrottleService> {
  const limiter = await openRateLimiter({ redisUrl, pointsPerMinute: decisionLimit, onFailure });
  const throttle = new ThrottleService({
    store,
    limiter,
    requestsPerMinute: decisionLimit,
    clock,
    timer,
    onFailure,
    subjectsMax: 2 * liveSessionsMax,
  });
  await throttle.recover();
  return throttle;
}
