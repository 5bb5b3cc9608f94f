import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { SharedLevels } from './shared-levels.js';

/** What using up a part of a limit came to. */
export interface Consumption {
  readonly allowed: boolean;
  /** Points left of the limit. */
  readonly remainingPoints: number;
  /** Until the limit is whole again, in milliseconds. */
  readonly msBeforeNext: number;
}

/** One limit of points per minute for every key. Requests of a slowed down subject cost more points, so one limiter serves all. */
export interface RateLimiter {
  /** Uses points of a key. */
  consume(key: string, points: number): Promise<Consumption>;
  /** Refuses a key for a time, in seconds. */
  block(key: string, seconds: number): Promise<void>;
  /** Ends a refusal, and forgets what was used. */
  unblock(key: string): Promise<void>;
  /** Levels as other servers know them; undefined where there are no others. */
  readonly shared: SharedLevels | undefined;
  close(): Promise<void>;
}

export interface RateLimiterOptions {
  /** redis:// or rediss:// address of the server that several servers share their limits over; empty keeps them in memory. */
  readonly redisUrl: string;
  /** Points per minute and key. */
  readonly pointsPerMinute: number;
  /** Keys in memory; the oldest goes when there are more. @default 250000, which take about 120 MiB */
  readonly keysMax?: number;
  /** Told when the shared server is away; limits are kept in memory meanwhile. */
  readonly onFailure?: (error: unknown) => void;
}

const DEFAULT_KEYS_MAX = 250_000;
/** Seconds that used points count: the limit is one per minute. */
const LIMIT_SECONDS = 60;

/** Opens the limiter that the configuration asks for. This is the only place that knows which there are. */
export async function openRateLimiter(options: RateLimiterOptions): Promise<RateLimiter> {
  const { pointsPerMinute, keysMax = DEFAULT_KEYS_MAX, redisUrl, onFailure = () => undefined } = options;
  if (redisUrl === '') return new MemoryLimiter(pointsPerMinute, keysMax);
  // Here, not above: who does not use Redis does not load its client.
  const { openRedis } = await import('./open-redis.js');
  const insurance = new BoundedMemory(pointsPerMinute, keysMax);
  return openRedis({ url: redisUrl, points: pointsPerMinute, durationSeconds: LIMIT_SECONDS, insurance, onFailure });
}

/** So many points that the library never rejects: a rejection takes three times as long as a result. */
const NEVER_USED_UP = 2 ** 50;

/**
 * The limit in this process. The library counts, and the limit is compared here: who floods a site is refused most of the time,
 * and a refusal must not cost more than letting through.
 */
class MemoryLimiter implements RateLimiter {
  readonly shared = undefined;
  readonly #pointsPerMinute: number;
  readonly #limiter = new RateLimiterMemory({ points: NEVER_USED_UP, duration: LIMIT_SECONDS, keyPrefix: '' });
  readonly #keys: KeyRing;

  constructor(pointsPerMinute: number, keysMax: number) {
    this.#pointsPerMinute = pointsPerMinute;
    this.#keys = new KeyRing(keysMax, (key) => void this.#limiter.delete(key));
  }

  consume(key: string, points: number): Promise<Consumption> {
    const answer = (result: RateLimiterRes): Consumption => this.#answer(key, result);
    // A blocked key has more points used than there are; the library throws the same that it answers.
    return this.#limiter.consume(key, points).then(answer, (refused: unknown) => {
      if (refused instanceof RateLimiterRes) return answer(refused);
      throw refused;
    });
  }

  #answer(key: string, result: RateLimiterRes): Consumption {
    if (result.isFirstInDuration) this.#keys.add(key);
    const left = this.#pointsPerMinute - result.consumedPoints;
    return { allowed: left >= 0, remainingPoints: Math.max(0, left), msBeforeNext: result.msBeforeNext };
  }

  async block(key: string, seconds: number): Promise<void> {
    await this.#limiter.block(key, seconds);
  }

  async unblock(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }

  async close(): Promise<void> {
    // What is counted goes with the process.
  }
}

/** The library's own limiter in memory, bounded: what stands in for Redis has to be one of the library's. */
export class BoundedMemory extends RateLimiterMemory {
  readonly #keys: KeyRing;

  constructor(pointsPerMinute: number, keysMax: number) {
    super({ points: pointsPerMinute, duration: LIMIT_SECONDS, keyPrefix: '' });
    this.#keys = new KeyRing(keysMax, (key) => void this.delete(key));
  }

  override async consume(key: string, points: number): Promise<RateLimiterRes> {
    const result = await super.consume(key, points);
    if (result.isFirstInDuration) this.#keys.add(key);
    return result;
  }
}

/**
 * The library keeps a key for a minute, however many there are. Here the key that was taken up first goes when there are too
 * many: whoever comes with a new address each time must not take up all memory.
 */
class KeyRing {
  readonly #keys: string[] = [];
  readonly #keysMax: number;
  readonly #drop: (key: string) => void;
  #next = 0;

  constructor(keysMax: number, drop: (key: string) => void) {
    this.#keysMax = keysMax;
    this.#drop = drop;
  }

  add(key: string): void {
    const oldest = this.#keys[this.#next];
    // The key itself may have come back in the meantime; then it has just been taken up anew.
    if (oldest !== undefined && oldest !== key) this.#drop(oldest);
    this.#keys[this.#next] = key;
    this.#next = (this.#next + 1) % this.#keysMax;
  }
}
