import { AnalyticsError } from '@systemprompt-analytics/core';
import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, join, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** Whose data is to be erased: exactly one of them. */
export type ErasureSubject = { readonly userId: string } | { readonly visitorId: string } | { readonly sessionId: string };

/** Rows that were erased, by table. */
export type ErasedRows = Readonly<Record<string, number>>;

export interface ErasureOptions {
  /** The connection that moves events. */
  readonly store: Store;
  /** Brings tables and snapshots up to date with all that was acknowledged. */
  readonly catchUp: () => Promise<void>;
  /** Forgets what else is known of sessions, visitors and users: in memory, their throttle levels and their anomalies. */
  readonly forget: (
    projectId: string,
    sessionIds: readonly string[],
    visitorIds: readonly string[],
    userIds: readonly string[],
  ) => Promise<void>;
  readonly onSession: (projectId: string, sessionId: string) => void;
}

/** Tables with a session and a user in every row. */
const EVENT_TABLES = [
  'ai_requests',
  'mcp_tool_executions',
  'task_messages',
  'analytics_events',
  'engagement_events',
  'http_requests',
  'spans',
];
const SESSION_TABLES = ['session_changes', 'session_verdicts', 'session_marks', 'user_sessions'];
const IDS_MAX = 1_000_000;
/** Ids per statement, so that one statement stays small. */
const IDS_PER_STATEMENT = 5_000;

/**
 * Erases what is stored of a person: all rows of the sessions that are theirs and all rows that name them. What was erased
 * does not come back when it is sent again: its event ids stay known.
 */
export class Erasure {
  readonly #options: ErasureOptions;

  constructor(options: ErasureOptions) {
    this.#options = options;
  }

  /**
   * Erases a user, a visitor or a session; resolves when no report shows any of it.
   *
   * @throws AnalyticsError `missing_field` when the subject is empty, or `store_unavailable`; it may be repeated then
   */
  async erase(projectId: string, subject: ErasureSubject): Promise<ErasedRows> {
    const [[name, value] = ['', '']] = Object.entries(subject) as [string, string][];
    if (value === '') throw new AnalyticsError('missing_field', `${name} is empty; it names whose data is to be erased.`, { path: name });
    await this.#options.catchUp();
    const sessions = await this.#sessionsOf(projectId, subject);
    const erased: Record<string, number> = {};
    for (const table of EVENT_TABLES) erased[table] = await this.#eraseRows(projectId, table, sessions.ids, ownCondition(table, subject));
    Object.assign(erased, await this.#eraseTasks(projectId, sessions.ids, subject));
    for (const table of SESSION_TABLES) erased[table] = await this.#eraseIds(projectId, table, 'session_id', sessions.ids);
    if ('userId' in subject) await this.#eraseFormerName(projectId, subject.userId);
    const visitors = [...sessions.visitorIds];
    erased['fingerprint_reputation'] = await this.#eraseIds(projectId, 'fingerprint_reputation', 'fingerprint', visitors);
    await this.#options.forget(projectId, sessions.ids, visitors, 'userId' in subject ? [subject.userId] : []);
    // Sessions of others in which the person was named have changed.
    for (const sessionId of sessions.touchedIds) this.#options.onSession(projectId, sessionId);
    return erased;
  }

  async #sessionsOf(
    projectId: string,
    subject: ErasureSubject,
  ): Promise<{ readonly ids: string[]; readonly visitorIds: Set<string>; readonly touchedIds: string[] }> {
    const rows = await this.#options.store.query<{ session_id: string; visitor_id: string }>(
      render(
        sql`SELECT session_id, visitor_id FROM user_sessions FINAL WHERE ${ofProject(projectId)} AND ${ownCondition('user_sessions', subject) ?? sql`false`}`,
      ),
      { rows: IDS_MAX },
    );
    const ids = new Set(rows.map((row) => row.session_id));
    if ('sessionId' in subject) ids.add(subject.sessionId);
    for (const sessionId of await this.#mergedInto(projectId, [...ids])) ids.add(sessionId);
    const visitorIds = new Set('visitorId' in subject ? [subject.visitorId] : 'userId' in subject ? rows.map((row) => row.visitor_id) : []);
    visitorIds.delete('');
    const touchedIds: string[] = [];
    for (const table of EVENT_TABLES) {
      const condition = ownCondition(table, subject);
      if (condition === undefined) continue;
      const touched = await this.#options.store.query<{ session_id: string }>(
        render(
          sql`SELECT DISTINCT session_id FROM ${identifier(table)} WHERE ${ofProject(projectId)} AND ${condition} AND session_id != ''`,
        ),
        { rows: IDS_MAX },
      );
      for (const { session_id: sessionId } of touched) if (!ids.has(sessionId)) touchedIds.push(sessionId);
    }
    return { ids: [...ids], visitorIds, touchedIds };
  }

  /** Sessions that became part of these, or of those: what was said about them lies under their own ids. */
  async #mergedInto(projectId: string, sessionIds: readonly string[]): Promise<string[]> {
    const found = new Set<string>();
    for (let into = [...sessionIds]; into.length > 0; ) {
      const rows = await this.#options.store.query<{ session_id: string }>(
        render(
          sql`SELECT DISTINCT session_id FROM session_changes WHERE ${ofProject(projectId)} AND change = 'merged' AND merged_into IN ${bind.strings(into)}`,
        ),
        { rows: IDS_MAX },
      );
      into = rows.map((row) => row.session_id).filter((sessionId) => !found.has(sessionId));
      for (const sessionId of into) found.add(sessionId);
    }
    return [...found];
  }

  /** Sessions that were the user's once and are somebody else's now keep what was done to them, without the name. */
  async #eraseFormerName(projectId: string, userId: string): Promise<void> {
    const { store } = this.#options;
    const named = sql`${ofProject(projectId)} AND user_id = ${bind.string(userId)}`;
    const rows = await store.query(render(sql`SELECT * FROM session_changes FINAL WHERE ${named}`), { rows: IDS_MAX });
    if (rows.length === 0) return;
    await deleteRows(store, 'session_changes', named);
    // Snapshots of when the session was the user's; the one of now names somebody else.
    await deleteRows(store, 'user_sessions', named);
    await store.insert(
      'session_changes',
      rows.filter((row) => row['change'] !== 'migrated').map((row) => ({ ...row, user_id: '', version: Number(row['version']) + 1 })),
    );
    for (const row of rows) this.#options.onSession(projectId, String(row['session_id']));
  }

  async #eraseTasks(projectId: string, sessionIds: readonly string[], subject: ErasureSubject): Promise<Record<string, number>> {
    const own = 'userId' in subject ? sql` OR user_id = ${bind.string(subject.userId)}` : sql``;
    const tasks = await this.#options.store.query<{ task_id: string }>(
      render(
        sql`SELECT task_id FROM agent_tasks FINAL WHERE ${ofProject(projectId)} AND (session_id IN ${bind.strings(sessionIds)}${own})`,
      ),
      { rows: IDS_MAX },
    );
    const taskIds = tasks.map((task) => task.task_id);
    await this.#eraseIds(projectId, 'agent_task_states', 'task_id', taskIds);
    return { agent_tasks: await this.#eraseIds(projectId, 'agent_tasks', 'task_id', taskIds) };
  }

  async #eraseRows(projectId: string, table: string, sessionIds: readonly string[], own: SqlFragment | undefined): Promise<number> {
    const bySession = await this.#eraseIds(projectId, table, 'session_id', sessionIds);
    return own === undefined ? bySession : bySession + (await this.#eraseWhere(projectId, table, own));
  }

  async #eraseIds(projectId: string, table: string, column: string, ids: readonly string[]): Promise<number> {
    let erased = 0;
    for (let start = 0; start < ids.length; start += IDS_PER_STATEMENT) {
      const part = bind.strings(ids.slice(start, start + IDS_PER_STATEMENT));
      erased += await this.#eraseWhere(projectId, table, sql`${identifier(column)} IN ${part}`);
    }
    return erased;
  }

  async #eraseWhere(projectId: string, table: string, condition: SqlFragment): Promise<number> {
    const { store } = this.#options;
    const where = join([ofProject(projectId), condition], ' AND ');
    const name = identifier(table);
    const [stored] = await store.query<{ count: string }>(render(sql`SELECT count() AS count FROM ${name} WHERE ${where}`));
    if (Number(stored?.count ?? 0) === 0) return 0;
    // What was written several times is one row to whoever reads the table.
    const [known] = await store.query<{ count: string }>(render(sql`SELECT count() AS count FROM ${name} FINAL WHERE ${where}`));
    await deleteRows(store, table, where);
    return Number(known?.count ?? 0);
  }
}

function ofProject(projectId: string): SqlFragment {
  return sql`project_id = ${bind.string(projectId)}`;
}

/** The rows of a table that name the subject themselves; undefined where none can. */
function ownCondition(table: string, subject: ErasureSubject): SqlFragment | undefined {
  if ('sessionId' in subject) return table === 'user_sessions' ? sql`session_id = ${bind.string(subject.sessionId)}` : undefined;
  if ('userId' in subject) return sql`user_id = ${bind.string(subject.userId)}`;
  const visitor = bind.string(subject.visitorId);
  if (table === 'spans') return undefined;
  const named = sql`fingerprint = ${visitor}`;
  const found = ['analytics_events', 'engagement_events', 'http_requests', 'user_sessions'].includes(table);
  return found ? sql`(${named} OR visitor_id = ${visitor})` : named;
}
