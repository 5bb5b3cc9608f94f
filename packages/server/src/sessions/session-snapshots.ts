import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';
import { agedSnapshotStatement, type BehaviorProfile, snapshotStatement, touchedSessions } from './session-row.js';
import { wholeSinceMs } from './whole-since.js';

/** Sessions per statement: one pass over the raw tables serves them all, so few large statements beat many small ones. */
const SESSIONS_PER_STATEMENT = 20_000;
/** The background refresh takes at most this share of the time, whatever a refresh costs. */
const REFRESH_SHARE = 0.1;
const REFRESH_PAUSE_MS_MIN = 1_000;

/** Concludes what a session's visitor is; see session-verdicts.ts. */
export interface SessionJudge {
  /** Judges those of the sessions that a web client caused, and stores what it concludes. */
  judge(projectId: string, sessionIds: readonly string[]): Promise<void>;
}

export interface SessionSnapshotsOptions {
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly verdicts: SessionJudge;
  /** Which score decides whether a session behaves like a bot. */
  readonly behaviorProfile: BehaviorProfile;
  /** Days that rows are kept, by table. */
  readonly retentionDays: Readonly<Record<string, number>>;
  /** Works in the background; without one sessions are brought up to date before a report only. */
  readonly timer?: Timer | undefined;
}

/**
 * Keeps `user_sessions` equal to what the raw tables say. A move marks the sessions it touched; they are recomputed
 * as a whole in the background, and before a report that reads sessions. Nothing is incremented, so that neither a
 * retry nor a crash nor a late event can make a session drift.
 */
export class SessionSnapshots {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #verdicts: SessionJudge;
  readonly #behaviorProfile: BehaviorProfile;
  readonly #retentionDays: Readonly<Record<string, number>>;
  #dirty = new Map<string, Set<string>>();
  #refreshing: Promise<void> = Promise.resolve();
  #scheduled = false;
  #timer: Timer | undefined;
  #lastRefreshMs = 0;

  constructor(store: Store, options: SessionSnapshotsOptions) {
    this.#store = store;
    this.#clock = options.clock;
    this.#verdicts = options.verdicts;
    this.#behaviorProfile = options.behaviorProfile;
    this.#retentionDays = options.retentionDays;
    this.#timer = options.timer;
  }

  /** Notes that a session has new or moved rows. */
  mark(projectId: string, sessionId: string): void {
    const sessions = this.#dirty.get(projectId);
    if (sessions === undefined) this.#dirty.set(projectId, new Set([sessionId]));
    else sessions.add(sessionId);
    this.#schedule();
  }

  /** Recomputes every marked session; resolves when the snapshots are as new as the rows stored before the call. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(
      () => this.#recomputeMarked(),
      () => this.#recomputeMarked(),
    );
    return this.#refreshing;
  }

  /** Recomputes what is marked a last time; nothing runs in the background afterwards. */
  async stop(): Promise<void> {
    this.#timer = undefined;
    await this.refresh();
  }

  /** Marks the sessions that a process which was killed may have left behind its rows. */
  async recover(): Promise<void> {
    const [newest] = await this.#store.query<{ newest: string }>(
      render(sql`SELECT toUnixTimestamp64Milli(max(computed_at)) AS newest FROM user_sessions`),
    );
    const sinceMs = Math.max(0, Number(newest?.newest ?? 0) - 3_600_000);
    const rows = await this.#store.query<{ project_id: string; session_id: string }>(render(touchedSessions(sinceMs)), {
      rows: 10_000_000,
      seconds: 600,
    });
    const moved = await this.#store.query<{ project_id: string; session_id: string }>(
      render(sql`SELECT project_id, session_id FROM user_sessions FINAL WHERE computed_at = toDateTime64(0, 3, 'UTC')`),
      { rows: 10_000_000, seconds: 600 },
    );
    for (const row of [...rows, ...moved]) this.mark(row.project_id, row.session_id);
  }

  #schedule(): void {
    if (this.#scheduled || this.#timer === undefined) return;
    this.#scheduled = true;
    this.#timer.after(Math.max(REFRESH_PAUSE_MS_MIN, this.#lastRefreshMs / REFRESH_SHARE), () => {
      this.#scheduled = false;
      if (this.#timer === undefined) return;
      // A failed refresh leaves its sessions marked; the next one takes them along.
      this.refresh().catch(() => this.#schedule());
    });
  }

  async #recomputeMarked(): Promise<void> {
    const marked = this.#dirty;
    if (marked.size === 0) return;
    this.#dirty = new Map();
    const startMs = this.#clock();
    try {
      for (const [projectId, sessions] of marked) {
        const ids = [...sessions];
        for (let start = 0; start < ids.length; start += SESSIONS_PER_STATEMENT) {
          await this.#recompute(projectId, ids.slice(start, start + SESSIONS_PER_STATEMENT));
        }
      }
    } catch (error) {
      for (const [projectId, sessions] of marked) for (const sessionId of sessions) this.mark(projectId, sessionId);
      throw error;
    }
    this.#lastRefreshMs = this.#clock() - startMs;
  }

  /** A session that lost its last row to another one becomes a row without events, which no report shows. */
  async #recompute(projectId: string, sessionIds: readonly string[]): Promise<void> {
    const nowMs = this.#clock();
    const aged = await this.#agedOf(projectId, sessionIds, nowMs);
    const whole = sessionIds.filter((sessionId) => !aged.has(sessionId));
    if (aged.size > 0) {
      await this.#store.command(render(agedSnapshotStatement(projectId, [...aged], nowMs, this.#behaviorProfile)), { seconds: 120 });
    }
    if (whole.length === 0) return;
    await this.#verdicts.judge(projectId, whole);
    await this.#store.command(render(snapshotStatement(projectId, whole, nowMs, this.#behaviorProfile)), { seconds: 120 });
  }

  /** Those whose events may have been deleted for their age in part. */
  async #agedOf(projectId: string, sessionIds: readonly string[], nowMs: number): Promise<Set<string>> {
    const sinceMs = wholeSinceMs(this.#retentionDays, nowMs);
    if (sinceMs <= 0) return new Set();
    const rows = await this.#store.query<{ session_id: string }>(
      render(sql`SELECT session_id FROM user_sessions FINAL WHERE project_id = ${bind.string(projectId)} AND session_id IN ${bind.strings(sessionIds)}
        AND first_activity_at < ${bind.timeMs(sinceMs)} AND events + http_requests > 0`),
      { rows: SESSIONS_PER_STATEMENT },
    );
    return new Set(rows.map((row) => row.session_id));
  }
}
