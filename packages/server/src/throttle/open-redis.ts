import { randomUUID } from 'node:crypto';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { Redis } from 'ioredis';
import { type RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Consumption, RateLimiter } from './open-rate-limiter.js';
import { mergeSharedStates, type SharedLevels, writeSharedState } from './shared-levels.js';

export interface RedisOptions {
  readonly url: string;
  /** Points of each key, and the seconds they last. */
  readonly points: number;
  readonly durationSeconds: number;
  /** Limits in this process while Redis is away. */
  readonly insurance: RateLimiterMemory;
  readonly onFailure: (error: unknown) => void;
}

const PREFIX = 'systemprompt-analytics:throttle';
/** A decision must not wait long for a server that does not answer. */
const COMMAND_MS_MAX = 250;
const CONNECT_MS_MAX = 2_000;
const RECONNECT_PAUSE_MS_MAX = 5_000;

/** Opens a connection to Redis. It does not fail when Redis is away: the connection is tried again, and memory stands in. */
export async function openRedis({ url, points, durationSeconds, insurance, onFailure }: RedisOptions): Promise<RateLimiter> {
  const client = new Redis(url, {
    lazyConnect: true,
    // What cannot be sent now is decided by memory now, not by Redis later.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS_MAX,
    connectTimeout: CONNECT_MS_MAX,
    retryStrategy: (attempt) => Math.min(RECONNECT_PAUSE_MS_MAX, 100 * 2 ** Math.min(attempt, 10)),
  });
  client.on('error', onFailure);
  // The listener above is told why.
  await client.connect().catch(() => undefined);
  const limiter = new RateLimiterRedis({
    storeClient: client,
    points,
    duration: durationSeconds,
    keyPrefix: `${PREFIX}:limit`,
    rejectIfRedisNotReady: true,
    insuranceLimiter: insurance,
  });
  return new RedisLimiter(client, limiter);
}

class RedisLimiter implements RateLimiter {
  readonly shared: SharedLevels;
  readonly #client: Redis;
  readonly #limiter: RateLimiterRedis;

  constructor(client: Redis, limiter: RateLimiterRedis) {
    this.#client = client;
    this.#limiter = limiter;
    this.shared = new RedisLevels(client);
  }

  async consume(key: string, points: number): Promise<Consumption> {
    try {
      const { remainingPoints, msBeforeNext } = await this.#limiter.consume(key, points);
      return { allowed: true, remainingPoints, msBeforeNext };
    } catch (error) {
      return refusalOf(error);
    }
  }

  async block(key: string, seconds: number): Promise<void> {
    await this.#limiter.block(key, seconds);
  }

  async unblock(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }
}

/** The library rejects with a result where a limit is used up, and with an error where something failed. */
function refusalOf(error: unknown): Consumption {
  if (!(error instanceof RateLimiterRes)) throw error;
  return { allowed: false, remainingPoints: 0, msBeforeNext: error.msBeforeNext };
}

/**
 * A hash per subject with one field per server, which only that server writes: nothing has to be locked, and what one server
 * writes never undoes what another one knows.
 */
class RedisLevels implements SharedLevels {
  readonly #client: Redis;
  readonly #serverId = randomUUID();

  constructor(client: Redis) {
    this.#client = client;
  }

  async read(key: string): ReturnType<SharedLevels['read']> {
    try {
      return mergeSharedStates(await this.#client.hvals(`${PREFIX}:level:${key}`));
    } catch {
      return undefined;
    }
  }

  async publish(key: string, state: Parameters<SharedLevels['publish']>[1], lifeMs: number): Promise<void> {
    const name = `${PREFIX}:level:${key}`;
    const answers = await this.#client.multi().hset(name, this.#serverId, writeSharedState(state)).pexpire(name, lifeMs).exec();
    for (const [error] of answers ?? []) if (error !== null) throw error;
  }

  async forget(key: string): Promise<void> {
    try {
      await this.#client.del(`${PREFIX}:level:${key}`);
    } catch (cause) {
      throw new AnalyticsError('store_unavailable', 'Redis does not answer, so that what it knows could not be erased.', {
        retryAfterSeconds: 5,
        cause,
      });
    }
  }
}
