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
  const memory = new BoundedMemoryLimiter(pointsPerMinute, keysMax);
  if (redisUrl === '') return new LibraryLimiter(memory);
  // Here, not above: who does not use Redis does not load its client.
  const { openRedis } = await import('./open-redis.js');
  const redis = await openRedis({ url: redisUrl, points: pointsPerMinute, durationSeconds: LIMIT_SECONDS, insurance: memory, onFailure });
  return new LibraryLimiter(redis.limiter, redis.levels, redis.close);
}

/** What the limiters of the library have in common. */
interface LibraryApi {
  consume(key: string, points: number): Promise<RateLimiterRes>;
  block(key: string, seconds: number): Promise<RateLimiterRes>;
  delete(key: string): Promise<boolean>;
}

class LibraryLimiter implements RateLimiter {
  readonly shared: SharedLevels | undefined;
  readonly #limiter: LibraryApi;
  readonly #close: () => Promise<void>;

  constructor(limiter: LibraryApi, shared?: SharedLevels, close: () => Promise<void> = async () => undefined) {
    this.#limiter = limiter;
    this.shared = shared;
    this.#close = close;
  }

  async consume(key: string, points: number): Promise<Consumption> {
    try {
      const { remainingPoints, msBeforeNext } = await this.#limiter.consume(key, points);
      return { allowed: true, remainingPoints, msBeforeNext };
    } catch (error) {
      // The library rejects with a result where the limit is used up, and with an error where something failed.
      if (!(error instanceof RateLimiterRes)) throw error;
      return { allowed: false, remainingPoints: 0, msBeforeNext: error.msBeforeNext };
    }
  }

  async block(key: string, seconds: number): Promise<void> {
    await this.#limiter.block(key, seconds);
  }

  async unblock(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/**
 * The library's limiter in memory keeps a key for a minute, however many there are. This one forgets the key that it took up
 * first when there are too many: whoever comes with a new address each time must not take up all memory.
 */
export class BoundedMemoryLimiter extends RateLimiterMemory {
  readonly #keys: string[] = [];
  readonly #keysMax: number;
  #next = 0;

  constructor(pointsPerMinute: number, keysMax: number) {
    super({ points: pointsPerMinute, duration: LIMIT_SECONDS, keyPrefix: '' });
    this.#keysMax = keysMax;
  }

  override async consume(key: string, points: number): Promise<RateLimiterRes> {
    const result = await super.consume(key, points);
    if (result.isFirstInDuration) this.#remember(key);
    return result;
  }

  #remember(key: string): void {
    const oldest = this.#keys[this.#next];
    // The key itself may have come back in the meantime; then it has just been taken up anew.
    if (oldest !== undefined && oldest !== key) void this.delete(oldest);
    this.#keys[this.#next] = key;
    this.#next = (this.#next + 1) % this.#keysMax;
  }
}
