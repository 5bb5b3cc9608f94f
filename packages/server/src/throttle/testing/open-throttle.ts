import type { EscalationCriteria } from '@systemprompt-analytics/core';
import { migrate } from '../../store/migrations.js';
import type { Store } from '../../store/store.js';
import { type ContractStore, openEmbedded } from '../../store/testing/open-contract-store.js';
import type { Timer } from '../../timer.js';
import { openRateLimiter } from '../open-rate-limiter.js';
import type { ObservedRequest } from '../throttle-decision.js';
import { ThrottleService } from '../throttle-service.js';

/** Noon of an autumn day; where a test's clock starts. */
export const T0 = Date.UTC(2026, 9, 1, 12);

/** A clock that a test moves. */
export interface TestClock {
  nowMs: number;
}

/** A timer that fires when the test says so. */
export interface ManualTimer extends Timer {
  /** How long the waiting callbacks wait. */
  readonly pauses: readonly number[];
  /** Runs what waits for at most so long, once. */
  run(pauseMsMax: number): void;
}

export function manualTimer(): ManualTimer {
  let waiting: { readonly pause: number; readonly run: () => void }[] = [];
  return {
    get pauses() {
      return waiting.map(({ pause }) => pause);
    },
    after: (pause, run) => {
      waiting.push({ pause, run });
    },
    run: (pauseMsMax) => {
      const due = waiting.filter(({ pause }) => pause <= pauseMsMax);
      waiting = waiting.filter(({ pause }) => pause > pauseMsMax);
      for (const { run } of due) run();
    },
  };
}

export interface TestThrottleOptions {
  readonly store: Store;
  readonly clock: TestClock;
  readonly redisUrl?: string;
  readonly requestsPerMinute?: number;
  readonly criteria?: EscalationCriteria;
  readonly timer?: Timer;
  readonly levelsMax?: number;
  readonly onFailure?: (error: unknown) => void;
}

/** A service as a server opens it. */
export async function openTestThrottle(options: TestThrottleOptions): Promise<ThrottleService> {
  const { store, clock, redisUrl = '', requestsPerMinute = 60, criteria, timer, levelsMax, onFailure } = options;
  const failures = onFailure === undefined ? {} : { onFailure };
  const limiter = await openRateLimiter({ redisUrl, pointsPerMinute: requestsPerMinute, ...failures });
  const throttle = new ThrottleService({
    store,
    limiter,
    requestsPerMinute,
    clock: () => clock.nowMs,
    ...failures,
    ...(timer === undefined ? {} : { timer }),
    ...(criteria === undefined ? {} : { criteria }),
    ...(levelsMax === undefined ? {} : { levelsMax }),
  });
  await throttle.recover();
  return throttle;
}

/** An embedded store with the product's tables. */
export async function openMigratedStore(): Promise<ContractStore> {
  const opened = await openEmbedded();
  await migrate(opened.store, T0);
  return opened;
}

/** A request of a well-behaved visitor at a time. */
export function requestAt(timestampMs: number, more: Partial<ObservedRequest> = {}): ObservedRequest {
  return { timestampMs, countsAsRequest: true, failed: false, botScore: 0, declaredSearchEngine: false, ...more };
}
