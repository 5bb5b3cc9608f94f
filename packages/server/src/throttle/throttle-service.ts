import {
  AnalyticsError,
  adjustedLimit,
  allowsRequests,
  applyEvidence,
  coolThrottleState,
  DEFAULT_ESCALATION_CRITERIA,
  type EscalationCriteria,
  type EscalationEvidence,
  findEvidence,
  holdThrottleLevel,
  mergeThrottleStates,
  NORMAL_THROTTLE_STATE,
  nextStepDownMs,
  releaseThrottleLevel,
  requestCost,
  ThrottleLevel,
  type ThrottleState,
} from '@systemprompt-analytics/core';
import { deleteRows } from '../store/delete-rows.js';
import { bind, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';
import { HAND_LIFE_MS, LevelRecords } from './level-records.js';
import type { RateLimiter } from './open-rate-limiter.js';
import { RecentSubjects } from './recent-subjects.js';
import { RequestWindow, type WindowHolder } from './request-window.js';
import type { DecisionRequest, ObservedRequest, ThrottleDecision } from './throttle-decision.js';
import { type SubjectKind, subjectKey, type ThrottledSubject, type ThrottleSubject } from './throttle-subject.js';

export interface ThrottleServiceOptions {
  readonly store: Store;
  readonly limiter: RateLimiter;
  /** Requests per minute at the normal level; the limiter must have been opened with as many points. */
  readonly requestsPerMinute: number;
  readonly criteria?: EscalationCriteria;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Stores levels in the background; without one only {@link ThrottleService.flush} and `close` do. */
  readonly timer?: Timer | undefined;
  /** Told of levels that could not be stored or shared; they are tried again. */
  readonly onFailure?: (error: unknown) => void;
  /** Subjects whose requests are counted. @default 1000000 */
  readonly subjectsMax?: number;
  /** Subjects not at the normal level. @default 100000 */
  readonly levelsMax?: number;
}

/** At the severe level a request costs four of them: with fewer none would pass, and the level would be no other than blocked. */
export const REQUESTS_PER_MINUTE_MIN = 4;
const SUBJECTS_MAX = 1_000_000;
const LEVELS_MAX = 100_000;
/** Subjects that one statement deletes. */
const IDS_PER_STATEMENT = 5_000;
const FLUSH_PAUSE_MS = 1_000;
const RETRY_PAUSE_MS = 5_000;
/** Levels are lowered in the store, and counters of who is gone dropped, at this interval; a decision never waits for it. */
const SWEEP_PAUSE_MS = 60_000;
/** Windows that were not used for one to two of these are dropped: they have nothing to say any more. */
const WINDOW_SWEEPS = 5;

/**
 * Slows down who misbehaves, and shuts out who goes on. Requests that were seen raise the level of their session and of their
 * visitor, one step at a time; time lowers it again. A decision takes the higher of both levels and charges the request to the
 * limit of the visitor, or of the session where the visitor is not known: whoever opens a session per request has one limit.
 * Memory per subject is a few numbers, and levels above normal outlive the process.
 *
 * @example
 * const limiter = await openRateLimiter({ redisUrl: '', pointsPerMinute: 60 });
 * const throttle = new ThrottleService({ store, limiter, requestsPerMinute: 60, criteria, clock });
 * await throttle.recover();
 * const refused = await throttle.decide({ projectId: 'default', sessionId: '', visitorId: 'hurried' });
 * await throttle.close();
 */
export class ThrottleService {
  readonly #options: ThrottleServiceOptions;
  readonly #criteria: EscalationCriteria;
  readonly #levels: LevelRecords;
  readonly #windows: RecentSubjects<RequestWindow>;
  #flushing: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #scheduled = false;
  #sweeps = 0;

  /** @throws AnalyticsError `invalid_configuration` */
  constructor(options: ThrottleServiceOptions) {
    const { store, clock, requestsPerMinute, criteria = DEFAULT_ESCALATION_CRITERIA } = options;
    if (!Number.isSafeInteger(requestsPerMinute) || requestsPerMinute < REQUESTS_PER_MINUTE_MIN) {
      throw new AnalyticsError(
        'invalid_configuration',
        `${requestsPerMinute} requests per minute is no limit; it is a whole number from ${REQUESTS_PER_MINUTE_MIN}.`,
      );
    }
    this.#options = options;
    this.#criteria = criteria;
    this.#timer = options.timer;
    this.#levels = new LevelRecords(store, criteria, clock, options.levelsMax ?? LEVELS_MAX);
    this.#windows = new RecentSubjects(options.subjectsMax ?? SUBJECTS_MAX);
  }

  /** Takes over the levels that an earlier process left, and starts the work in the background. Called once. */
  async recover(): Promise<void> {
    await this.#levels.load();
    this.#scheduleSweep();
  }

  /**
   * Decides about one request, and charges it. Nobody's requests, without session and visitor, have no limit to be charged to, and search
   * engines have none.
   */
  decide(request: DecisionRequest): Promise<ThrottleDecision> {
    if (this.#options.limiter.shared === undefined) return this.#decide(request);
    return this.#adoptShared(request).then(() => this.#decide(request));
  }

  /** Decides with what is known here. Without `async`: each request would pay for one more promise. */
  #decide({ projectId, sessionId, visitorId, declaredSearchEngine = false }: DecisionRequest): Promise<ThrottleDecision> {
    const { limiter, clock, requestsPerMinute } = this.#options;
    const nowMs = clock();
    const ofSession = sessionId === '' ? NORMAL_THROTTLE_STATE : this.#stateAt(projectId, 'session', sessionId, nowMs);
    const ofVisitor = visitorId === '' ? NORMAL_THROTTLE_STATE : this.#stateAt(projectId, 'fingerprint', visitorId, nowMs);
    const { level, reason } = ofVisitor.level > ofSession.level ? ofVisitor : ofSession;
    if (!allowsRequests(level)) {
      const retryAfterSeconds = this.#secondsBlocked([ofSession, ofVisitor], nowMs);
      return Promise.resolve({ level, allowed: false, limit: 0, remaining: 0, retryAfterSeconds, reason });
    }
    const limit = adjustedLimit(requestsPerMinute, level);
    const isCounted = !declaredSearchEngine && (visitorId !== '' || sessionId !== '');
    if (!isCounted) return Promise.resolve({ level, allowed: true, limit, remaining: limit, retryAfterSeconds: 0, reason });
    const key = visitorId === '' ? subjectKey(projectId, 'session', sessionId) : subjectKey(projectId, 'fingerprint', visitorId);
    const cost = requestCost(level);
    return limiter.consume(key, cost).then(({ allowed, remainingPoints, msBeforeNext }) => {
      if (allowed) return { level, allowed, limit, remaining: Math.floor(remainingPoints / cost), retryAfterSeconds: 0, reason };
      const usedUp = `The ${limit} requests of this minute are used up.`;
      const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
      return { level, allowed, limit, remaining: 0, retryAfterSeconds, reason: reason === '' ? usedUp : `${usedUp} ${reason}` };
    });
  }

  /**
   * Counts a request that was seen, and raises the levels of its session and its visitor if it gives cause. Requests are counted by
   * visitor, or by session where the visitor is not known, as they are charged. Those older than the cooldown give no cause any more.
   *
   * @param holder keeps what is counted, where the caller has an object for the visitor or session; else it is kept here
   */
  observe(projectId: string, sessionId: string, visitorId: string, request: ObservedRequest, holder?: WindowHolder): void {
    if (!request.countsAsRequest || (sessionId === '' && visitorId === '')) return;
    const nowMs = this.#options.clock();
    if (nowMs - request.timestampMs > this.#criteria.cooldownMs) return;
    // A client's clock that runs ahead must not hold a level longer.
    const timestampMs = Math.min(nowMs, request.timestampMs);
    const window =
      visitorId === ''
        ? this.#windowOf(projectId, 'session', sessionId, holder)
        : this.#windowOf(projectId, 'fingerprint', visitorId, holder);
    window.record(timestampMs, request.failed);
    const { botScore, declaredSearchEngine, scanner = '', flagged = false } = request;
    const evidence = findEvidence(
      {
        timestampMs,
        botScore,
        requestsPerMinute: window.requestsPerMinute(timestampMs),
        requests: window.recentRequests,
        failedRequests: window.recentFailures,
        declaredSearchEngine,
        scanner,
        flagged,
      },
      this.#criteria,
    );
    if (evidence === undefined) return;
    if (sessionId !== '') this.#raise({ projectId, kind: 'session', id: sessionId }, evidence, timestampMs);
    if (visitorId !== '') this.#raise({ projectId, kind: 'fingerprint', id: visitorId }, evidence, timestampMs);
  }

  #windowOf(projectId: string, kind: SubjectKind, id: string, holder: WindowHolder | undefined): RequestWindow {
    if (holder !== undefined) {
      holder.window ??= new RequestWindow();
      return holder.window;
    }
    let window = this.#windows.use(projectId, kind, id);
    if (window === undefined) {
      window = new RequestWindow();
      this.#windows.set(projectId, kind, id, window);
    }
    return window;
  }

  #raise(subject: ThrottleSubject, evidence: EscalationEvidence, timestampMs: number): void {
    const before = this.#levels.stateOf(subject.projectId, subject.kind, subject.id);
    const after = applyEvidence(before, evidence, timestampMs, this.#criteria);
    if (after !== before) this.#change(subject, after);
  }

  /** The state of a session or visitor at this moment. */
  levelOf(projectId: string, kind: SubjectKind, id: string): ThrottleState {
    return this.#stateAt(projectId, kind, id, this.#options.clock());
  }

  /** The state of a session or of its visitor, whichever is slowed down further; an empty id is that of nobody. */
  higherLevelOf(projectId: string, sessionId: string, visitorId: string): ThrottleState {
    const ofSession = sessionId === '' ? NORMAL_THROTTLE_STATE : this.levelOf(projectId, 'session', sessionId);
    const ofVisitor = visitorId === '' ? NORMAL_THROTTLE_STATE : this.levelOf(projectId, 'fingerprint', visitorId);
    return ofVisitor.level > ofSession.level ? ofVisitor : ofSession;
  }

  /**
   * Sets a level by hand. It holds, the normal level too, until another is set or it is released. Stored when this resolves.
   *
   * @throws AnalyticsError `store_unavailable`
   */
  async setLevel(subject: ThrottleSubject, level: ThrottleLevel, reason: string): Promise<void> {
    await this.#changeByHand(subject, holdThrottleLevel(level, reason, this.#options.clock()));
  }

  /**
   * Gives a level back to the criteria, beginning at the normal one. Stored when this resolves.
   *
   * @throws AnalyticsError `store_unavailable`
   */
  async release(subject: ThrottleSubject): Promise<void> {
    await this.#changeByHand(subject, releaseThrottleLevel(this.#options.clock()));
  }

  /** Sessions and visitors of a project that are not at the normal level, or held there: the highest and newest first. */
  list(projectId: string, limit: number): ThrottledSubject[] {
    const nowMs = this.#options.clock();
    const listed: ThrottledSubject[] = [];
    for (const { projectId: ofProject, kind, id, state: stored } of this.#levels.all()) {
      const state = coolThrottleState(stored, nowMs, this.#criteria);
      if (ofProject !== projectId || (state.level === ThrottleLevel.Normal && state.criterion !== 'manual')) continue;
      listed.push({ projectId, kind, id, state });
    }
    return listed.sort((a, b) => b.state.level - a.state.level || b.state.sinceMs - a.state.sinceMs).slice(0, limit);
  }

  /**
   * Erases what is known of sessions and visitors, here, in the store and in what servers share; resolves when it is gone.
   *
   * @throws AnalyticsError `store_unavailable`; it may be repeated then
   */
  async forget(projectId: string, sessionIds: readonly string[], visitorIds: readonly string[]): Promise<void> {
    const { store, limiter } = this.#options;
    const erase = async (kind: SubjectKind, ids: readonly string[]): Promise<void> => {
      for (const id of ids) {
        const key = subjectKey(projectId, kind, id);
        this.#levels.forget({ projectId, kind, id });
        this.#windows.delete(projectId, kind, id);
        await limiter.unblock(key);
        await limiter.shared?.forget(key);
      }
      // What was just being stored must not come after the deletion.
      await this.flush();
      for (let start = 0; start < ids.length; start += IDS_PER_STATEMENT) {
        const part = bind.strings(ids.slice(start, start + IDS_PER_STATEMENT));
        const ofSubjects = sql`project_id = ${bind.string(projectId)} AND subject_kind = ${bind.string(kind)} AND subject_id IN ${part}`;
        await deleteRows(store, 'throttle_levels', ofSubjects);
      }
    };
    await erase('session', sessionIds);
    await erase('fingerprint', visitorIds);
  }

  /** How much is kept in memory. */
  get sizes(): { readonly levels: number; readonly windows: number } {
    return { levels: this.#levels.size, windows: this.#windows.size };
  }

  /** Stores levels that are not stored yet. */
  flush(): Promise<void> {
    const run = (): Promise<void> => this.#levels.flush();
    this.#flushing = this.#flushing.then(run, run);
    return this.#flushing;
  }

  /** Stores levels a last time and closes the limiter; nothing runs in the background afterwards. */
  async close(): Promise<void> {
    this.#timer = undefined;
    try {
      this.#levels.complete();
      await this.flush();
    } finally {
      await this.#options.limiter.close();
    }
  }

  #stateAt(projectId: string, kind: SubjectKind, id: string, nowMs: number): ThrottleState {
    return coolThrottleState(this.#levels.stateOf(projectId, kind, id), nowMs, this.#criteria);
  }

  /** Until nothing blocks any more, in whole seconds; null where a person does. */
  #secondsBlocked(states: readonly ThrottleState[], nowMs: number): number | null {
    let endMs = nowMs;
    for (const state of states) {
      if (allowsRequests(state.level)) continue;
      const stepMs = nextStepDownMs(state, this.#criteria.cooldownMs);
      if (stepMs === undefined) return null;
      endMs = Math.max(endMs, stepMs);
    }
    return Math.max(1, Math.ceil((endMs - nowMs) / 1000));
  }

  #change(subject: ThrottleSubject, state: ThrottleState): void {
    if (!this.#levels.change(subject, state)) return;
    this.#schedule();
    if (this.#options.limiter.shared === undefined && allowsRequests(state.level)) return;
    this.#tellOthers(subject, state).catch((error: unknown) => this.#options.onFailure?.(error));
  }

  async #changeByHand(subject: ThrottleSubject, state: ThrottleState): Promise<void> {
    if (subject.id === '') throw new AnalyticsError('missing_field', `The id of the ${subject.kind} is empty.`, { path: 'id' });
    this.#levels.change(subject, state);
    await this.flush();
    await this.#tellOthers(subject, state).catch((error: unknown) => this.#options.onFailure?.(error));
  }

  /** The limiter itself refuses who is blocked, so that a server which has not read the level yet refuses, too. */
  async #tellOthers({ projectId, kind, id }: ThrottleSubject, state: ThrottleState): Promise<void> {
    const { limiter } = this.#options;
    const key = subjectKey(projectId, kind, id);
    const { cooldownMs } = this.#criteria;
    // Never longer than the level itself lasts.
    if (!allowsRequests(state.level)) await limiter.block(key, Math.max(1, Math.floor(cooldownMs / 1000)));
    else if (state.byHandMs === state.sinceMs) await limiter.unblock(key);
    await limiter.shared?.publish(key, state, state.byHandMs > 0 ? HAND_LIFE_MS : (state.level + 1) * cooldownMs);
  }

  async #adoptShared({ projectId, sessionId, visitorId }: DecisionRequest): Promise<void> {
    await Promise.all([this.#adopt(projectId, 'session', sessionId), this.#adopt(projectId, 'fingerprint', visitorId)]);
  }

  async #adopt(projectId: string, kind: SubjectKind, id: string): Promise<void> {
    if (id === '') return;
    const shared = await this.#options.limiter.shared?.read(subjectKey(projectId, kind, id));
    if (shared === undefined) return;
    const own = this.#levels.stateOf(projectId, kind, id);
    const merged = mergeThrottleStates(own, shared);
    // Whoever changed it has stored it.
    if (merged !== own) this.#levels.change({ projectId, kind, id }, merged, true);
  }

  #schedule(): void {
    this.#after(FLUSH_PAUSE_MS);
  }

  #after(pauseMs: number): void {
    if (this.#scheduled || this.#timer === undefined) return;
    this.#scheduled = true;
    this.#timer.after(pauseMs, () => {
      this.#scheduled = false;
      if (this.#timer === undefined) return;
      this.flush().catch((error: unknown) => {
        this.#options.onFailure?.(error);
        this.#after(RETRY_PAUSE_MS);
      });
    });
  }

  #scheduleSweep(): void {
    this.#timer?.after(SWEEP_PAUSE_MS, () => {
      if (this.#timer === undefined) return;
      this.#levels.cool();
      if (this.#levels.unstored > 0) this.#schedule();
      this.#sweeps++;
      if (this.#sweeps % WINDOW_SWEEPS === 0) this.#windows.age();
      this.#scheduleSweep();
    });
  }
}
