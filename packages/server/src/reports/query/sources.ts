import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { requestFilter } from './request-filters.js';

/**
 * The rows reports are made of, each kind under a short name: measures write `request.cost`, so that a column of the
 * answer may bear the name of a column of the table.
 */

/** Rows of a table that lie in the scope; time is the given column. */
function inRange(scope: ReportScope, time: SqlFragment): SqlFragment {
  return sql`project_id = ${bind.string(scope.projectId)} AND ${time} >= ${bind.timeMs(scope.sinceMs)} AND ${time} < ${bind.timeMs(scope.untilMs)}`;
}

/** Model calls of the scope, each once: calls seen by two instrumentations count as the inner one. */
export function requestsOf(scope: ReportScope): SqlFragment {
  return sql`FROM ai_requests AS request FINAL WHERE ${inRange(scope, sql`request.timestamp`)} AND request.duplicate_of = ''${requestFilter(scope.parameters)}`;
}

/** Tool executions of the scope. */
export function toolExecutionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM mcp_tool_executions AS execution FINAL WHERE ${inRange(scope, sql`execution.timestamp`)}`;
}

/** Tasks of the scope: those that started in it. */
export function tasksOf(scope: ReportScope): SqlFragment {
  return sql`FROM agent_tasks AS task WHERE ${inRange(scope, sql`task.started_at`)}`;
}

/** Messages of the scope. */
export function messagesOf(scope: ReportScope): SqlFragment {
  return sql`FROM task_messages AS message FINAL WHERE ${inRange(scope, sql`message.timestamp`)}`;
}

/** Page views and custom events of the scope. */
export function eventsOf(scope: ReportScope): SqlFragment {
  return sql`FROM analytics_events AS event FINAL WHERE ${inRange(scope, sql`event.timestamp`)}`;
}

/** Sessions of the scope: those that started in it. A session that lost its last record to another one has no events left. */
export function sessionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM user_sessions AS session FINAL WHERE ${inRange(scope, sql`session.started_at`)} AND session.events > 0`;
}

/** Sessions with a record since the start of the scope; one from a clock that runs a little ahead counts. */
export function activeSessionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM user_sessions AS session FINAL WHERE project_id = ${bind.string(scope.projectId)}
    AND session.last_activity_at >= ${bind.timeMs(scope.sinceMs)} AND session.events > 0`;
}
