import { type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { measure, select } from '../query/measure.js';
import { messagesOf, requestsOf, sessionsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';

/** Users of page views and custom events are those of their sessions: reading them from the events would take longer than all else. */
export const USERS = measure(
  'users',
  'integer',
  null,
  'Known users of the sessions that started and of the model calls, tool executions, tasks and messages in the range',
  sql`uniqExact(record.user)`,
);

/** Part of a record: how many known users there were. Ids are counted as 64-bit hashes, as conversations are. */
export function activeUsers(scope: ReportScope): SqlFragment {
  return sql`SELECT ${select([USERS])} FROM (
    SELECT cityHash64(session.user_id) AS user ${sessionsOf(scope)} AND session.user_id != ''
    UNION ALL SELECT cityHash64(request.user_id) ${requestsOf(scope)} AND request.user_id != ''
    UNION ALL SELECT cityHash64(execution.user_id) ${toolExecutionsOf(scope)} AND execution.user_id != ''
    UNION ALL SELECT cityHash64(task.user_id) ${tasksOf(scope)} AND task.user_id != ''
    UNION ALL SELECT cityHash64(message.user_id) ${messagesOf(scope)} AND message.user_id != ''
  ) AS record`;
}
