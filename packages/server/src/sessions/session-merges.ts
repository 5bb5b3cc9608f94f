import type { MoveFollower } from '../ingest/event-mover.js';
import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** A session whose events turned out to belong to another one. */
export interface SessionMerge {
  readonly projectId: string;
  readonly sessionId: string;
  readonly mergedInto: string;
}

/** Events, which lie where their session lies, so that moving one is writing it again and deleting the old row. */
const EVENT_TABLES = ['analytics_events', 'engagement_events', 'http_requests'] as const;
/** What was concluded from the events of a session, and is concluded anew for the one they belong to. */
const CONCLUSION_TABLES = ['session_verdicts', 'user_sessions'] as const;
const MERGES_MAX = 100_000;
/** Sessions per statement, so that one statement stays small. */
const SESSIONS_PER_STATEMENT = 5_000;

/**
 * Moves what belongs to sessions that became part of another one: their events, and what was done to them and said about
 * them. A merge is noted durably before the event that caused it is acknowledged, and done when every event of the session
 * is in its table; a process that was killed in between does it when it starts again. Every step may be repeated.
 *
 * When is every event in its table? After a session was merged no event is placed in it any more, so the last ones came with
 * the very batch that merged it, and that batch is accepted after the merge was noted. A merge therefore goes through three
 * lists: noted, until a batch is accepted after it; accepted, until a generation of the journal is closed after that; and
 * closed, until all closed generations are in their tables. As batches are noted and accepted one at a time, the first batch
 * that is accepted after a merge was noted is its own, or its own failed and left no events. A merge that was noted, or whose
 * batch was accepted, while generations are being moved stays behind until the next move. A killed process loses the lists, not
 * the merges: they are marked `moved` only when they have been done, and a start moves the whole journal first.
 */
export class SessionMerges implements MoveFollower {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #onSession: (projectId: string, sessionId: string) => void;
  #noted: SessionMerge[] = [];
  #accepted: SessionMerge[] = [];
  #closed: SessionMerge[] = [];

  /**
   * @param store the connection that moves events
   * @param onSession told of every session that gained or lost events
   */
  constructor(store: Store, clock: () => number, onSession: (projectId: string, sessionId: string) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onSession = onSession;
  }

  /** Notes that sessions became one; resolves when it is durable. Called before the batch that says so is accepted. */
  async note(merges: readonly SessionMerge[]): Promise<void> {
    await this.#write(merges, 'merged');
    this.#noted.push(...merges);
  }

  batchAccepted(): void {
    if (this.#noted.length === 0) return;
    this.#accepted.push(...this.#noted);
    this.#noted = [];
  }

  generationClosed(): void {
    if (this.#accepted.length === 0) return;
    this.#closed.push(...this.#accepted);
    this.#accepted = [];
  }

  /** Does the merges whose events are all in their tables. After a failure the next call does them. */
  async generationsMoved(): Promise<void> {
    const merges = [...this.#closed];
    if (merges.length === 0) return;
    for (const [projectId, targets] of rootsOf(merges)) {
      const sessions = [...targets];
      for (let start = 0; start < sessions.length; start += SESSIONS_PER_STATEMENT) {
        await this.#move(projectId, sessions.slice(start, start + SESSIONS_PER_STATEMENT));
      }
    }
    await this.#write(merges, 'moved');
    this.#closed = this.#closed.slice(merges.length);
  }

  /** Does the merges that an earlier process noted and did not finish. Called when the whole journal is in its tables. */
  async recover(): Promise<void> {
    // A session whose opening commit failed may be opened again and be merged a second time, after it was moved.
    const rows = await this.#store.query<{ project_id: string; session_id: string; target: string }>(
      render(sql`SELECT project_id, session_id, argMaxIf(merged_into, changed_at, change = 'merged') AS target FROM session_changes FINAL
        WHERE change IN ('merged', 'moved') GROUP BY project_id, session_id
        HAVING maxIf(changed_at, change = 'merged') > maxIf(changed_at, change = 'moved') ORDER BY project_id, session_id`),
      { rows: MERGES_MAX },
    );
    for (const row of rows) this.#closed.push({ projectId: row.project_id, sessionId: row.session_id, mergedInto: row.target });
    await this.generationsMoved();
  }

  /** Each session of these with the one it became part of. */
  async #move(projectId: string, sessions: readonly (readonly [sessionId: string, target: string])[]): Promise<void> {
    const sessionIds = bind.strings(sessions.map(([sessionId]) => sessionId));
    const target = sql`transform(session_id, ${sessionIds}, ${bind.strings(sessions.map(([, each]) => each))}, session_id)`;
    const ofSessions = sql`project_id = ${bind.string(projectId)} AND session_id IN ${sessionIds}`;
    for (const table of EVENT_TABLES) await this.#moveRows(table, ofSessions, sql`${target} AS session_id, version + 1 AS version`);
    // The version is the time at which it was done or said, and stays: of two marks the later one holds, whichever session it
    // was given to. Which session became part of which is told of the old one for good.
    await this.#moveRows('session_changes', sql`${ofSessions} AND change NOT IN ('merged', 'moved')`, sql`${target} AS session_id`);
    await this.#moveRows('session_marks', ofSessions, sql`${target} AS session_id`);
    for (const table of CONCLUSION_TABLES) {
      if (await this.#hasRows(table, ofSessions)) await deleteRows(this.#store, table, ofSessions);
    }
    for (const sessionId of new Set(sessions.flat())) this.#onSession(projectId, sessionId);
  }

  async #moveRows(table: string, condition: SqlFragment, replaced: SqlFragment): Promise<void> {
    if (!(await this.#hasRows(table, condition))) return;
    const name = identifier(table);
    await this.#store.command(
      render(sql`INSERT INTO ${name} SELECT * REPLACE (${replaced}) FROM (SELECT * FROM ${name} FINAL WHERE ${condition})`),
    );
    await deleteRows(this.#store, table, condition);
  }

  /** Deleting nothing costs the engine as much as deleting something; most sessions have rows in few tables. */
  async #hasRows(table: string, condition: SqlFragment): Promise<boolean> {
    const rows = await this.#store.query(render(sql`SELECT 1 AS found FROM ${identifier(table)} WHERE ${condition} LIMIT 1`));
    return rows.length > 0;
  }

  async #write(merges: readonly SessionMerge[], change: 'merged' | 'moved'): Promise<void> {
    const nowMs = this.#clock();
    await this.#store.insert(
      'session_changes',
      merges.map(({ projectId, sessionId, mergedInto }) => ({
        project_id: projectId,
        session_id: sessionId,
        changed_at: new Date(nowMs).toISOString(),
        change,
        merged_into: mergedInto,
        version: nowMs,
      })),
    );
  }
}

/**
 * The session that each merged one is part of in the end, by project: of a chain the last one, whatever order its merges are
 * in. The sessions of a circle, which no order of events makes, all become the first of them by name, so that no two ever swap
 * their events.
 */
export function rootsOf(merges: readonly SessionMerge[]): Map<string, Map<string, string>> {
  const byProject = new Map<string, Map<string, string>>();
  for (const { projectId, sessionId, mergedInto } of merges) {
    const targets = byProject.get(projectId) ?? new Map<string, string>();
    byProject.set(projectId, targets.set(sessionId, mergedInto));
  }
  for (const [projectId, targets] of byProject) {
    const roots = new Map<string, string>();
    for (const sessionId of targets.keys()) {
      const root = rootOf(sessionId, targets);
      if (root !== sessionId) roots.set(sessionId, root);
    }
    byProject.set(projectId, roots);
  }
  return byProject;
}

function rootOf(sessionId: string, targets: ReadonlyMap<string, string>): string {
  const path = [sessionId];
  const seen = new Set(path);
  for (let next = targets.get(sessionId); next !== undefined; next = targets.get(next)) {
    if (seen.has(next)) {
      const circle = path.slice(path.indexOf(next));
      return circle.sort().at(0) ?? sessionId;
    }
    path.push(next);
    seen.add(next);
  }
  return path.at(-1) ?? sessionId;
}
