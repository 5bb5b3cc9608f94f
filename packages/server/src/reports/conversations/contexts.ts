import { type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { combinedRows } from '../query/grouped-table.js';
import { column, columnsOf, measure } from '../query/measure.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
import { messagesOf, requestsOf, tasksOf } from '../query/sources.js';
import { TASK_MEASURES } from '../query/task-measures.js';

/** A conversation is a context with a task, a message or a model call in the range; only what lies in the range is counted. */
export const CONTEXT = column('context_id', 'string', 'Id of the conversation');

export const CONTEXT_TASKS = [TASK_MEASURES.tasks];
export const CONTEXT_MESSAGES = [measure('messages', 'integer', null, 'Messages', sql`count()`)];
export const CONTEXT_REQUESTS = [
  REQUEST_MEASURES.requests,
  REQUEST_MEASURES.cost,
  REQUEST_MEASURES.unpriced_requests,
  REQUEST_MEASURES.total_tokens,
];
const CONTEXT_COUNTS = [...CONTEXT_TASKS, ...CONTEXT_MESSAGES, ...CONTEXT_REQUESTS];

function activity(time: SqlFragment) {
  const first = measure(
    'first_activity_at',
    'timestamp',
    null,
    'First task, message or model call in the range',
    sql`if(count() = 0, NULL, min(${time}))`,
  );
  const last = measure(
    'last_activity_at',
    'timestamp',
    null,
    'Last task, message or model call in the range',
    sql`if(count() = 0, NULL, max(${time}))`,
  );
  return [{ ...first, combined: 'min' } as const, { ...last, combined: 'max' } as const];
}

/** Columns of one conversation. */
export const CONTEXT_COLUMNS = [CONTEXT, ...columnsOf([...CONTEXT_COUNTS, ...activity(sql`timestamp`)])];

/** Records that belong to a conversation. */
export function contextTasks(scope: ReportScope): SqlFragment {
  return sql`${tasksOf(scope)} AND task.context_id != ''`;
}
export function contextMessages(scope: ReportScope): SqlFragment {
  return sql`${messagesOf(scope)} AND message.context_id != ''`;
}
export function contextRequests(scope: ReportScope): SqlFragment {
  return sql`${requestsOf(scope)} AND request.context_id != ''`;
}

/** One row per conversation, and the total. */
export function contextRows(scope: ReportScope): SqlFragment {
  return combinedRows(CONTEXT, [
    { key: sql`task.context_id`, measures: [...CONTEXT_TASKS, ...activity(sql`task.started_at`)], from: contextTasks(scope) },
    { key: sql`message.context_id`, measures: [...CONTEXT_MESSAGES, ...activity(sql`message.timestamp`)], from: contextMessages(scope) },
    { key: sql`request.context_id`, measures: [...CONTEXT_REQUESTS, ...activity(sql`request.timestamp`)], from: contextRequests(scope) },
  ]);
}
