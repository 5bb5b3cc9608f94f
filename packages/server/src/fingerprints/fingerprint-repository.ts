import {
  AnalyticsError,
  adjustScore,
  clearReputation,
  type FingerprintReputation,
  flagReputation,
  reputationAt,
} from '@systemprompt-analytics/core';
import type { EventObserver, ObservedEvent } from '../live/observed-event.js';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';
import { FingerprintRows, type ReputationSort } from './fingerprint-rows.js';
import { ReputationComputer } from './reputation-computer.js';
import { hourOf, TouchedHours } from './touched-hours.js';
import { unite, without } from './user-ids.js';
import { VisitorHours } from './visitor-hours.js';

export interface FingerprintRepositoryOptions {
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Has all observed events in their tables when it resolves. @default they are there already */
  readonly settle?: () => Promise<void>;
  /** Brings reputations up to date in the background; without one only {@link FingerprintRepository.refresh} does. */
  readonly timer?: Timer | undefined;
  /** Told of a refresh in the background that failed; it is repeated. */
  readonly onFailure?: (error: unknown) => void;
  /** Told of a visitor that a person cleared, once it is stored; clearing is done when it resolves. */
  readonly onCleared?: (projectId: string, fingerprint: string) => Promise<void>;
  /** The session that a visitor is in at the moment. @default nobody is in one */
  readonly findRecentSession?: (projectId: string, fingerprint: string) => Promise<string | undefined>;
  /** Pairs of visitor and hour that may wait for a refresh one by one. @default 500000 */
  readonly touchedMax?: number;
}

/** Which reputations are asked for. */
export interface ReputationQuery {
  /** @default 'last_seen' */
  readonly sortBy?: ReputationSort;
  /** @default 50 */
  readonly limit?: number;
  /** Only those that are flagged, of low score or often abusive? @default false */
  readonly highRiskOnly?: boolean;
}

const LIST_LIMIT_DEFAULT = 50;
const TOUCHED_MAX = 500_000;
/** Types whose events say nothing new of a visitor: engagement is measured on a page that was seen already. */
const SILENT_TYPES: ReadonlySet<string> = new Set(['engagement', 'scroll', 'page_exit', 'tool_execution', 'agent_task', 'message']);
/** The background refresh takes at most this share of the time, whatever a refresh costs. */
const REFRESH_SHARE = 0.05;
const REFRESH_PAUSE_MS_MIN = 1_000;
const RETRY_PAUSE_MS = 5_000;
/** Events that a process which was killed had not taken into account arrived at most so long before its last row. */
const RECOVERY_MARGIN_MS = 3_600_000;
const NOTE_LENGTH_MAX = 1_000;

/**
 * What is known of visitors over all their sessions. Events only note which hours of which visitors have something new; these
 * hours are computed anew as a whole from the raw tables, and the reputation from the hours. Nothing is incremented, so that
 * neither a retry nor a crash, a late event or a second server can make a counter drift, and nothing of a visitor has to be
 * kept in memory.
 *
 * @example
 * const fingerprints = new FingerprintRepository({ store, clock });
 * await fingerprints.recover();
 * const known = await fingerprints.list('default', { sortBy: 'total_requests' });
 * await fingerprints.close();
 */
export class FingerprintRepository implements EventObserver {
  readonly #options: FingerprintRepositoryOptions;
  readonly #hours: VisitorHours;
  readonly #rows: FingerprintRows;
  readonly #computer: ReputationComputer;
  readonly #touched: TouchedHours;
  readonly #flaggedByHand = new Map<string, Set<string>>();
  /** One thing at a time: what is read must not have changed when it is written. */
  #working: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;
  #scheduled = false;
  #lastRefreshMs = 0;

  constructor(options: FingerprintRepositoryOptions) {
    this.#options = options;
    this.#hours = new VisitorHours(options.store);
    this.#rows = new FingerprintRows(options.store);
    this.#computer = new ReputationComputer(this.#hours, this.#rows, options.clock);
    this.#touched = new TouchedHours(options.touchedMax ?? TOUCHED_MAX);
    this.#timer = options.timer;
  }

  /** Takes up what an earlier process left, also one that was killed: the next refresh computes it. Called once. */
  async recover(): Promise<void> {
    const computedMs = await this.#computer.recover();
    for (const { projectId, fingerprint } of await this.#rows.flaggedByHand()) this.#noteFlag(projectId, fingerprint);
    this.#touched.addSince(computedMs - RECOVERY_MARGIN_MS);
    this.#schedule(REFRESH_PAUSE_MS_MIN);
  }

  observe(events: readonly ObservedEvent[]): void {
    for (const { projectId, visitorId, type, timestampMs, receivedMs } of events) {
      if (visitorId === '' || SILENT_TYPES.has(type)) continue;
      this.#touched.add(projectId, visitorId, hourOf(timestampMs), receivedMs);
    }
    if (!this.#touched.isEmpty) this.#schedule(Math.max(REFRESH_PAUSE_MS_MIN, this.#lastRefreshMs / REFRESH_SHARE));
  }

  /** Brings reputations up to date with every event observed before the call. */
  refresh(): Promise<void> {
    return this.#exclusively(() => this.#refresh());
  }

  /**
   * Computes the counters of a project anew from its events. What was concluded (flags, score, incidents) stays, and what the
   * events show besides is concluded.
   *
   * @param receivedSinceMs only visitors with events that arrived since then, UTC milliseconds. @default all
   */
  recompute(projectId: string, receivedSinceMs = 0): Promise<void> {
    return this.#exclusively(async () => {
      await this.#options.settle?.();
      await this.#computer.recomputeSince(receivedSinceMs, projectId);
    });
  }

  /** A visitor's reputation as it is now, or undefined. */
  async get(projectId: string, fingerprint: string): Promise<FingerprintReputation | undefined> {
    await this.refresh();
    const found = (await this.#rows.read(projectId, [fingerprint])).get(fingerprint);
    return found === undefined ? undefined : reputationAt(found, this.#options.clock());
  }

  /** Reputations of a project as they are now: latest, most or worst first. */
  async list(projectId: string, query: ReputationQuery = {}): Promise<FingerprintReputation[]> {
    const { sortBy = 'last_seen', limit = LIST_LIMIT_DEFAULT, highRiskOnly = false } = query;
    await this.refresh();
    const nowMs = this.#options.clock();
    const found = await this.#rows.list(projectId, { sortBy, limit, highRiskOnly, nowMs });
    return found.map((reputation) => reputationAt(reputation, nowMs));
  }

  /** The visitors of a project that are a high risk, lowest score first. */
  highRisk(projectId: string, limit = LIST_LIMIT_DEFAULT): Promise<FingerprintReputation[]> {
    return this.list(projectId, { sortBy: 'reputation_score', limit, highRiskOnly: true });
  }

  /** Is there a flag on the visitor that a person set? Known at once here, on another server when that starts. */
  isFlaggedByHand(projectId: string, fingerprint: string): boolean {
    return this.#flaggedByHand.get(projectId)?.has(fingerprint) ?? false;
  }

  /**
   * Flags a visitor until it is cleared. Stored when this resolves, as are all changes below.
   *
   * @param note what there is against it
   * @throws AnalyticsError `unknown_fingerprint`, `too_long` or `store_unavailable`
   */
  async flag(projectId: string, fingerprint: string, note = ''): Promise<FingerprintReputation> {
    if (note.length > NOTE_LENGTH_MAX) {
      throw new AnalyticsError('too_long', `note has ${note.length} characters; at most ${NOTE_LENGTH_MAX} are allowed.`, { path: 'note' });
    }
    const flagged = await this.#change(projectId, fingerprint, (reputation, nowMs) => flagReputation(reputation, note, nowMs));
    this.#noteFlag(projectId, fingerprint);
    return flagged;
  }

  /** Takes a flag back, and what is held against the visitor. @throws AnalyticsError `unknown_fingerprint` or `store_unavailable` */
  async clear(projectId: string, fingerprint: string): Promise<FingerprintReputation> {
    const cleared = await this.#change(projectId, fingerprint, clearReputation);
    this.#flaggedByHand.get(projectId)?.delete(fingerprint);
    await this.#options.onCleared?.(projectId, fingerprint);
    return cleared;
  }

  /**
   * Gives a visitor so many points more, or less.
   *
   * @throws AnalyticsError `unknown_fingerprint`, `invalid_value` or `store_unavailable`
   */
  adjustScore(projectId: string, fingerprint: string, points: number): Promise<FingerprintReputation> {
    return this.#change(projectId, fingerprint, (reputation, nowMs) => adjustScore(reputation, points, nowMs));
  }

  /** Notes that a visitor is this user. @throws AnalyticsError `unknown_fingerprint` or `store_unavailable` */
  associateUser(projectId: string, fingerprint: string, userId: string): Promise<FingerprintReputation> {
    return this.#change(projectId, fingerprint, (reputation) => ({
      ...reputation,
      associatedUserIds: unite(reputation.associatedUserIds, [userId]),
    }));
  }

  /**
   * Names a user by another id wherever a visitor is known to be it: an anonymous id became a known user.
   *
   * @returns visitors whose reputation changed
   */
  mergeUsers(projectId: string, fromUserId: string, intoUserId: string): Promise<number> {
    return this.#exclusively(async () => {
      await this.#refresh();
      await this.#hours.renameUser(projectId, fromUserId, intoUserId, this.#computer.nextHoursVersion());
      const named = await this.#rows.namingUsers(projectId, [fromUserId]);
      const renamed = named.map((reputation) => ({
        ...reputation,
        associatedUserIds: unite(without(reputation.associatedUserIds, new Set([fromUserId])), [intoUserId]),
      }));
      await this.#rows.write(projectId, renamed, this.#computer.nextRowsVersion());
      return renamed.length;
    });
  }

  /** The session that a visitor is in at the moment, which its next request belongs to. */
  async reusableSession(projectId: string, fingerprint: string): Promise<string | undefined> {
    return this.#options.findRecentSession?.(projectId, fingerprint);
  }

  /**
   * Erases visitors, and everywhere else the names of sessions and users, whose events are gone already; resolves when nothing
   * of them is left.
   *
   * @throws AnalyticsError `store_unavailable`; it may be repeated then
   */
  forget(projectId: string, fingerprints: readonly string[], sessionIds: readonly string[], userIds: readonly string[]): Promise<void> {
    return this.#exclusively(async () => {
      await this.#refresh();
      const named = await this.#hours.naming(projectId, sessionIds, userIds);
      const ofUsers = await this.#rows.namingUsers(projectId, userIds);
      const hours = new Map(ofUsers.map(({ fingerprint }): [string, readonly number[]] => [fingerprint, []]));
      for (const visitor of named) hours.set(visitor.fingerprint, visitor.hours);
      await this.#hours.eraseNaming(projectId, sessionIds, userIds);
      await this.#hours.erase(projectId, fingerprints);
      await this.#rows.erase(projectId, fingerprints);
      const version = this.#computer.nextRowsVersion();
      await this.#computer.compute(projectId, hours, new Set(userIds));
      await this.#rows.erase(projectId, [...hours.keys()], version);
      for (const fingerprint of fingerprints) this.#flaggedByHand.get(projectId)?.delete(fingerprint);
    });
  }

  /** Brings reputations up to date a last time; nothing runs in the background afterwards. */
  async close(): Promise<void> {
    this.#timer = undefined;
    await this.refresh();
  }

  #exclusively<Value>(task: () => Promise<Value>): Promise<Value> {
    const done = this.#working.then(task, task);
    this.#working = done.catch(() => undefined);
    return done;
  }

  #schedule(pauseMs: number): void {
    if (this.#scheduled || this.#timer === undefined) return;
    this.#scheduled = true;
    this.#timer.after(pauseMs, () => {
      this.#scheduled = false;
      if (this.#timer === undefined) return;
      this.refresh().catch((error: unknown) => {
        this.#options.onFailure?.(error);
        this.#schedule(RETRY_PAUSE_MS);
      });
    });
  }

  async #refresh(): Promise<void> {
    if (this.#touched.isEmpty) return;
    const work = this.#touched.take();
    const startMs = this.#options.clock();
    try {
      await this.#options.settle?.();
      if (work.receivedSinceMs !== undefined) await this.#computer.recomputeSince(work.receivedSinceMs, undefined);
      for (const [projectId, visitors] of work.hours) await this.#computer.compute(projectId, visitors);
    } catch (error) {
      this.#touched.putBack(work);
      throw error;
    }
    this.#lastRefreshMs = this.#options.clock() - startMs;
  }

  #change(
    projectId: string,
    fingerprint: string,
    change: (reputation: FingerprintReputation, nowMs: number) => FingerprintReputation,
  ): Promise<FingerprintReputation> {
    return this.#exclusively(async () => {
      await this.#refresh();
      const found = (await this.#rows.read(projectId, [fingerprint])).get(fingerprint);
      if (found === undefined) {
        const asked = JSON.stringify(fingerprint.slice(0, 80));
        throw new AnalyticsError('unknown_fingerprint', `There is no fingerprint ${asked}.`, { path: 'fingerprint' });
      }
      const nowMs = this.#options.clock();
      const changed = change(found, nowMs);
      await this.#rows.write(projectId, [changed], this.#computer.nextRowsVersion());
      return reputationAt(changed, nowMs);
    });
  }

  #noteFlag(projectId: string, fingerprint: string): void {
    const flagged = this.#flaggedByHand.get(projectId);
    if (flagged === undefined) this.#flaggedByHand.set(projectId, new Set([fingerprint]));
    else flagged.add(fingerprint);
  }
}
