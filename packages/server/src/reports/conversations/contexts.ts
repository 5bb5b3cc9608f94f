import { type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { column, measure } from '../query/measure.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
import { messagesOf, requestsOf, tasksOf } from '../query/sources.js';

/** A conversation is a context with a task, a message or a model call in the range; only what lies in the range is counted. */
export const CONTEXT = column('context_id', 'string', 'Id of the conversation');

/** Sums over the records of conversations. */
export const CONTEXT_SUMS = [
  measure('tasks', 'integer', null, 'Tasks that started in the range', sql`sum(record.tasks)`),
  measure('messages', 'integer', null, 'Messages', sql`sum(record.messages)`),
  measure('requests', 'integer', null, 'Model calls', sql`sum(record.requests)`),
  {
    ...REQUEST_MEASURES.cost,
    sql: sql`if(sum(record.requests) > 0 AND count(record.cost) = 0, NULL, ifNull(sum(record.cost), toDecimal128(0, 12)))`,
  },
  { ...REQUEST_MEASURES.unpriced_requests, sql: sql`sum(record.requests) - count(record.cost)` },
  { ...REQUEST_MEASURES.total_tokens, sql: sql`sum(record.tokens)` },
];

/** First and last record of a conversation. */
export const CONTEXT_ACTIVITY = [
  measure(
    'first_activity_at',
    'timestamp',
    null,
    'First task, message or model call in the range',
    sql`if(count() = 0, NULL, min(record.happened_at))`,
  ),
  measure(
    'last_activity_at',
    'timestamp',
    null,
    'Last task, message or model call in the range',
    sql`if(count() = 0, NULL, max(record.happened_at))`,
  ),
];

/** One narrow row per record of a conversation; one pass over them is faster than one per kind of record and a join. */
export function contextRecords(scope: ReportScope): SqlFragment {
  return sql`FROM (
    SELECT request.context_id AS context_id, request.timestamp AS happened_at, 0 AS tasks, 0 AS messages, 1 AS requests, request.cost AS cost,
      request.input_tokens + request.cache_read_tokens + request.cache_write_tokens + request.output_tokens AS tokens
      ${requestsOf(scope)} AND request.context_id != ''
    UNION ALL SELECT message.context_id, message.timestamp, 0, 1, 0, NULL, 0 ${messagesOf(scope)} AND message.context_id != ''
    UNION ALL SELECT task.context_id, task.started_at, 1, 0, 0, NULL, 0 ${tasksOf(scope)} AND task.context_id != ''
  ) AS record`;
}
