import {
  coolThrottleState,
  ESCALATION_CRITERIA,
  type EscalationCriteria,
  findThrottleLevel,
  NORMAL_THROTTLE_STATE,
  ThrottleLevel,
  type ThrottleState,
} from '@systemprompt-analytics/core';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { RecentSubjects } from './recent-subjects.js';
import { SUBJECT_KINDS, type SubjectKind, subjectKey, type ThrottledSubject, type ThrottleSubject } from './throttle-subject.js';

/** Rows of one insert. */
const ROWS_PER_INSERT = 10_000;
/** How much newer evidence must be than what is stored, as a part of the cooldown, to be worth another row. */
const EVIDENCE_SHARE = 0.2;

/** What a person said must reach every server, also one that has not been asked about the subject for long. */
export const HAND_LIFE_MS = 30 * 86_400_000;

interface LevelRecord extends ThrottleSubject {
  state: ThrottleState;
  /** The evidence that the stored row names. */
  storedEvidenceMs: number;
}

interface LevelRow {
  readonly project_id: string;
  readonly subject_kind: string;
  readonly subject_id: string;
  readonly level: number;
  readonly since: string;
  readonly last_evidence: string;
  readonly reason: string;
  readonly criterion: string;
  readonly set_by_hand_at: string | null;
}

/**
 * The levels of all subjects that are not at the normal one or about which a person said something, and what of them the store
 * does not know yet. Everybody else has no entry. When there are too many, those that behaved longest go; those of a person
 * stay.
 */
export class LevelRecords {
  readonly #store: Store;
  readonly #criteria: EscalationCriteria;
  readonly #clock: () => number;
  readonly #recordsMax: number;
  readonly #raised: RecentSubjects<LevelRecord>;
  readonly #byHand = new RecentSubjects<LevelRecord>(Number.MAX_SAFE_INTEGER);
  #unstored = new Map<string, LevelRecord>();
  #version = 0;

  constructor(store: Store, criteria: EscalationCriteria, clock: () => number, recordsMax: number) {
    this.#store = store;
    this.#criteria = criteria;
    this.#clock = clock;
    this.#recordsMax = recordsMax;
    this.#raised = new RecentSubjects(recordsMax);
  }

  /** Entries in memory. */
  get size(): number {
    return this.#raised.size + this.#byHand.size;
  }

  /** Subjects whose state the store does not know yet. */
  get unstored(): number {
    return this.#unstored.size;
  }

  /** The state of a subject as it was last changed; cool it to the time it is asked for. */
  stateOf(projectId: string, kind: SubjectKind, id: string): ThrottleState {
    return this.#find(projectId, kind, id)?.state ?? NORMAL_THROTTLE_STATE;
  }

  /** Every entry. */
  all(): ThrottledSubject[] {
    return [...this.#raised.values(), ...this.#byHand.values()];
  }

  #find(projectId: string, kind: SubjectKind, id: string): LevelRecord | undefined {
    const raised = this.#raised.size === 0 ? undefined : this.#raised.use(projectId, kind, id);
    if (raised !== undefined || this.#byHand.size === 0) return raised;
    return this.#byHand.use(projectId, kind, id);
  }

  /**
   * Takes a state over.
   *
   * @param known does the store have it already?
   * @returns is it news that others must be told?
   */
  change(subject: ThrottleSubject, state: ThrottleState, known = false): boolean {
    const { projectId, kind, id } = subject;
    const before = this.#find(projectId, kind, id);
    const isNews = !known && (before === undefined || this.#isNews(before, state));
    const storedEvidenceMs = isNews || known ? state.lastEvidenceMs : (before?.storedEvidenceMs ?? 0);
    const record: LevelRecord = { projectId, kind, id, state, storedEvidenceMs };
    this.#drop(projectId, kind, id);
    if (isByHand(state)) this.#byHand.set(projectId, kind, id, record);
    else if (state.level !== ThrottleLevel.Normal) this.#raised.set(projectId, kind, id, record);
    // While the store is away, as many as fit are kept for it; the others are raised anew when they go on.
    const isKept = isByHand(state) || this.#unstored.size < this.#recordsMax;
    if (isNews && isKept) this.#unstored.set(subjectKey(projectId, kind, id), record);
    return isNews;
  }

  #drop(projectId: string, kind: SubjectKind, id: string): void {
    this.#raised.delete(projectId, kind, id);
    this.#byHand.delete(projectId, kind, id);
  }

  #isNews({ state, storedEvidenceMs }: LevelRecord, next: ThrottleState): boolean {
    const { level, sinceMs, byHandMs, lastEvidenceMs, criterion, reason } = next;
    if (level !== state.level || sinceMs !== state.sinceMs || byHandMs !== state.byHandMs) return true;
    if (criterion !== state.criterion || reason !== state.reason) return true;
    return lastEvidenceMs - storedEvidenceMs >= this.#criteria.cooldownMs * EVIDENCE_SHARE;
  }

  /** Drops what is known of a subject, and does not store it any more. */
  forget({ projectId, kind, id }: ThrottleSubject): void {
    this.#drop(projectId, kind, id);
    this.#unstored.delete(subjectKey(projectId, kind, id));
  }

  /** Lowers what has cooled down since it was last looked at. */
  cool(): void {
    const nowMs = this.#clock();
    for (const record of this.all()) {
      const cooled = coolThrottleState(record.state, nowMs, this.#criteria);
      if (cooled !== record.state) this.change(record, cooled);
      const { level, criterion, byHandMs } = cooled;
      const isOver = level === ThrottleLevel.Normal && criterion !== 'manual' && nowMs - byHandMs > HAND_LIFE_MS;
      if (isOver) this.#drop(record.projectId, record.kind, record.id);
    }
  }

  /** Has the newest evidence stored as well, also where it is little newer than what the store knows. */
  complete(): void {
    for (const record of [...this.#raised.values(), ...this.#byHand.values()]) {
      const { projectId, kind, id, state, storedEvidenceMs } = record;
      if (state.lastEvidenceMs > storedEvidenceMs) this.#unstored.set(subjectKey(projectId, kind, id), record);
    }
  }

  /**
   * Stores what the store does not know yet.
   *
   * @throws AnalyticsError `store_unavailable`; what could not be stored is stored the next time
   */
  async flush(): Promise<void> {
    const writing = this.#unstored;
    this.#unstored = new Map();
    try {
      const rows = [...writing.values()].map((record) => ({ ...rowOf(record), version: this.#nextVersion() }));
      for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
        await this.#store.insert('throttle_levels', rows.slice(start, start + ROWS_PER_INSERT));
      }
    } catch (error) {
      // What changed meanwhile is newer.
      for (const [key, record] of writing) if (!this.#unstored.has(key)) this.#unstored.set(key, record);
      throw error;
    }
  }

  /** Reads the levels that have not cooled down yet. */
  async load(): Promise<void> {
    const nowMs = this.#clock();
    const [newest] = await this.#store.query<{ newest: string }>(render(sql`SELECT max(version) AS newest FROM throttle_levels`));
    this.#version = Number(newest?.newest ?? 0);
    const oldestMs = Math.max(0, nowMs - ThrottleLevel.Blocked * this.#criteria.cooldownMs);
    const rows = await this.#store.query<LevelRow>(
      render(sql`SELECT project_id, subject_kind, subject_id, level, since, last_evidence, reason, criterion, set_by_hand_at
        FROM throttle_levels FINAL
        WHERE criterion = 'manual' OR set_by_hand_at > ${bind.timeMs(Math.max(0, nowMs - HAND_LIFE_MS))}
          OR (level > 0 AND greatest(since, last_evidence) > ${bind.timeMs(oldestMs)})
        ORDER BY set_by_hand_at IS NULL, last_evidence DESC LIMIT ${bind.uint(this.#recordsMax)}`),
      { rows: this.#recordsMax },
    );
    for (const row of rows.toReversed()) {
      const subject = subjectOf(row);
      if (subject === undefined) continue;
      const cooled = coolThrottleState(subject.state, nowMs, this.#criteria);
      this.change(subject, cooled, cooled === subject.state);
    }
  }

  /** Later rows have higher versions, also when the clock stands still or goes back, and across restarts. */
  #nextVersion(): number {
    this.#version = Math.max(this.#version + 1, this.#clock());
    return this.#version;
  }
}

/** Is there something that a person said about it? A release is remembered, so that it can win over what others still hold. */
function isByHand({ byHandMs }: ThrottleState): boolean {
  return byHandMs > 0;
}

function rowOf({ projectId, kind, id, state }: LevelRecord): LevelRow {
  return {
    project_id: projectId,
    subject_kind: kind,
    subject_id: id,
    level: state.level,
    since: new Date(state.sinceMs).toISOString(),
    last_evidence: new Date(state.lastEvidenceMs).toISOString(),
    reason: state.reason,
    criterion: state.criterion,
    set_by_hand_at: state.byHandMs === 0 ? null : new Date(state.byHandMs).toISOString(),
  };
}

/** A row that a newer program wrote may name what this one does not know; it is left alone. */
function subjectOf(row: LevelRow): ThrottledSubject | undefined {
  const level = findThrottleLevel(row.level);
  const kind = SUBJECT_KINDS.find((candidate) => candidate === row.subject_kind);
  const criterion = ESCALATION_CRITERIA.find((candidate) => candidate === row.criterion);
  if (level === undefined || kind === undefined || criterion === undefined) return undefined;
  const state: ThrottleState = {
    level,
    sinceMs: Date.parse(row.since),
    lastEvidenceMs: Date.parse(row.last_evidence),
    criterion,
    reason: row.reason,
    byHandMs: row.set_by_hand_at === null ? 0 : Date.parse(row.set_by_hand_at),
  };
  return { projectId: row.project_id, kind, id: row.subject_id, state };
}
