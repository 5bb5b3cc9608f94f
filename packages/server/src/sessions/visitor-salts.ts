import { createHmac, randomBytes } from 'node:crypto';
import { deleteRows } from '../store/delete-rows.js';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

const DAY_MS = 86_400_000;
const SALT_BYTES = 32;
/** 128 bits: of a million million visitors two have the same hash with a chance of 1 in 10^15. */
const VISITOR_ID_BYTES = 16;
/** Salts of days gone by serve an import that was interrupted and goes on; after this time they are destroyed as well. */
const SALT_LIFE_MS_MIN = 2 * DAY_MS;
/** Destroyed salts are looked for this often. */
const SWEEP_PAUSE_MS = 3_600_000;

/** The UTC day a time lies in, counted from 1970. */
export function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / DAY_MS);
}

/**
 * The random salt of each day, of which cookieless visitors are made: whoever has the salt can find out whose hash a
 * visitor is by trying addresses, so a salt is destroyed once its day is over and sessions that began before midnight
 * have ended. It lies in the store, because all processes on one store must make the same visitors.
 */
export class VisitorSalts {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #salts = new Map<number, Buffer>();
  /** When each day's salt was asked for last: whoever asked may still be using it. */
  readonly #askedMs = new Map<number, number>();
  #sweptMs = Number.NEGATIVE_INFINITY;

  /** @param clock UTC milliseconds */
  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Makes sure that the salts of these days are in memory, making those that are not in the store. */
  async ensure(days: ReadonlySet<number>): Promise<void> {
    for (const day of days) this.#askedMs.set(day, this.#clock());
    await this.destroyOld();
    const missing = [...days].filter((day) => !this.#salts.has(day));
    if (missing.length === 0) return;
    await this.#read(missing);
    const fresh = missing.filter((day) => !this.#salts.has(day));
    if (fresh.length === 0) return;
    const nowMs = this.#clock();
    await this.#store.insert(
      'visitor_salts',
      fresh.map((day) => ({
        day: isoDay(day),
        salt: randomBytes(SALT_BYTES).toString('base64'),
        created_at: new Date(nowMs).toISOString(),
        // Of two processes that make the salt of a day the first one's counts.
        version: Number.MAX_SAFE_INTEGER - nowMs,
      })),
    );
    await this.#read(fresh);
  }

  /**
   * The visitor that an address and user agent are on a day: HMAC-SHA-256 with the day's salt, 128 bits of it in base64url.
   *
   * @throws TypeError when the day's salt was not ensured
   */
  visitorId(day: number, projectId: string, ip: string, userAgent: string): string {
    const salt = this.#salts.get(day);
    if (salt === undefined) throw new TypeError(`the salt of day ${day} is not there`);
    const digest = createHmac('sha256', salt).update(`${projectId}\0${ip}\0${userAgent}`).digest();
    return digest.subarray(0, VISITOR_ID_BYTES).toString('base64url');
  }

  /** Destroys the salts whose time is over. */
  async destroyOld(): Promise<void> {
    const nowMs = this.#clock();
    if (nowMs - this.#sweptMs < SWEEP_PAUSE_MS) return;
    this.#sweptMs = nowMs;
    // Yesterday's is still needed: sessions go on over midnight.
    const firstDay = dayOf(nowMs) - 1;
    const madeBeforeMs = nowMs - SALT_LIFE_MS_MIN;
    const old = sql`day < toDate(${bind.uint(firstDay)}) AND created_at < ${bind.timeMs(madeBeforeMs)}`;
    const [found] = await this.#store.query<{ count: string }>(render(sql`SELECT count() AS count FROM visitor_salts FINAL WHERE ${old}`));
    if (Number(found?.count ?? 0) > 0) {
      await deleteRows(this.#store, 'visitor_salts', old);
      // A deleted row lies on the disk until its part is written anew, which would be at the engine's leisure.
      const target = this.#store.topology === 'cluster' ? sql`visitor_salts_local` : sql`visitor_salts`;
      await this.#store.command(render(sql`OPTIMIZE TABLE ${target} FINAL`));
    }
    for (const day of this.#salts.keys()) {
      if (day >= firstDay || nowMs - (this.#askedMs.get(day) ?? 0) < SWEEP_PAUSE_MS) continue;
      this.#salts.delete(day);
      this.#askedMs.delete(day);
    }
  }

  async #read(days: readonly number[]): Promise<void> {
    const first = Math.min(...days);
    const last = Math.max(...days);
    const rows = await this.#store.query<{ day_number: number; salt: string }>(
      render(sql`SELECT toUInt32(toRelativeDayNum(day)) AS day_number, salt FROM visitor_salts FINAL
        WHERE day >= toDate(${bind.uint(first)}) AND day <= toDate(${bind.uint(last)})`),
    );
    for (const { day_number: day, salt } of rows) this.#salts.set(Number(day), Buffer.from(salt, 'base64'));
  }
}

function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
