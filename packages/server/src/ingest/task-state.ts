import { type Attribution, isClosedTaskStatus, type ParsedEvent } from '@systemprompt-analytics/core';

/**
 * Rank of a statement of the task's own: above every inherited value, later statements above earlier ones. Inherited
 * values are ranked by the move that found them, so that a parent that arrives late corrects them. Both stay below
 * 2^53: milliseconds take 42 bits, the offset is 2^51.
 */
const OWN_RANK = 2 ** 51;

/** Texts of a task that are kept with their rank. */
const RANKED_TEXTS = [
  'parent_task_id',
  'agent',
  'session_id',
  'user_id',
  'context_id',
  'trace_id',
  'span_id',
  'parent_span_id',
  'error_type',
  'error_message',
] as const;
const ATTRIBUTED_TEXTS = ['agent', 'session_id', 'user_id', 'context_id'] as const;

/** A row of `agent_task_states` by column; what is absent was not said. */
export type TaskStateRow = Record<string, unknown>;

/** Where a statement about a task comes from. */
export interface TaskStatement {
  readonly projectId: string;
  readonly keyId: string;
  /** The server's clock, ISO 8601. */
  readonly receivedAt: string;
}

/**
 * One statement about a task as a row of `agent_task_states`, which the engine merges with all others of the task by
 * maximum and minimum: a started and a completed statement give the same task in either order and however often.
 */
export function taskStateRow(event: ParsedEvent, statement: TaskStatement): TaskStateRow {
  const ownRank = OWN_RANK + event.timestampMs;
  const status = String(event.fields['status'] ?? 'submitted');
  const closed = isClosedTaskStatus(status);
  const startedAt = event.fields['started_at'] ?? (closed ? undefined : event.timestampMs);
  const completedAt = event.fields['completed_at'] ?? (closed ? event.timestampMs : undefined);
  const row: TaskStateRow = {
    project_id: statement.projectId,
    task_id: String(event.fields['task_id']),
    received_at: statement.receivedAt,
    timestamp: new Date(event.timestampMs).toISOString(),
    started_at: typeof startedAt === 'number' ? new Date(startedAt).toISOString() : null,
    completed_at: typeof completedAt === 'number' ? new Date(completedAt).toISOString() : null,
    status: `${closed ? 1 : 0}${rankedText(event.timestampMs, status)}`,
    properties: Object.fromEntries(Object.entries(event.properties).map(([name, value]) => [name, rankedText(event.timestampMs, value)])),
    key_id: rankedText(ownRank, statement.keyId),
  };
  for (const name of RANKED_TEXTS) {
    const value = event.fields[name];
    if (typeof value === 'string' && value !== '') row[name] = rankedText(ownRank, value);
  }
  for (const name of ATTRIBUTED_TEXTS) {
    if (row[name] !== undefined) row[`${name}_source`] = rankedText(ownRank, 'own');
  }
  return row;
}

/** A statement of what a task inherits from its trace, as the move with this version finds it. */
export function inheritedTaskRow(row: TaskStateRow, attribution: Attribution, version: number): TaskStateRow {
  const values = { agent: attribution.agent, session_id: attribution.session, user_id: attribution.user, context_id: attribution.context };
  const inherited: TaskStateRow = { ...row };
  for (const [name, attributed] of Object.entries(values)) {
    if (attributed.source === 'own') continue;
    inherited[name] = rankedText(version, attributed.value);
    inherited[`${name}_source`] = rankedText(version, attributed.source);
  }
  if (inherited['parent_task_id'] === undefined && attribution.parent_task_id !== '') {
    inherited['parent_task_id'] = rankedText(version, attribution.parent_task_id);
  }
  return inherited;
}

/** The session that a statement names, if it names one. */
export function sessionOfTask(row: TaskStateRow): string {
  const ranked = row['session_id'];
  return typeof ranked === 'string' ? ranked.slice(RANK_DIGITS) : '';
}

/** Ranks are below 2^53, which has 16 digits; written in full, the larger rank is also the larger text. */
const RANK_DIGITS = 16;

/** A text as the table of tasks keeps it, behind its rank. */
function rankedText(rank: number, text: string): string {
  return `${String(rank).padStart(RANK_DIGITS, '0')}${text}`;
}
