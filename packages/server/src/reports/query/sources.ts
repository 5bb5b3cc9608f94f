import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { recordFilter } from './record-filter.js';
import { includedSessions, includedTraffic } from './traffic-filters.js';

/**
 * The rows reports are made of, each kind under a short name: measures write `request.cost`, so that a column of the
 * answer may bear the name of a column of the table.
 */

/** Columns the filters of a report narrow, by the parameter's name; a kind of record without the column is not narrowed. */
export const REQUEST_COLUMNS = {
  model: sql`request.model`,
  provider: sql`request.provider`,
  agent: sql`request.agent`,
  status: sql`request.status`,
  session: sql`request.session_id`,
  user: sql`request.user_id`,
  task: sql`request.task_id`,
  trace: sql`request.trace_id`,
  tool: sql`request.tool`,
};
const EXECUTION_COLUMNS = { agent: sql`execution.agent`, tool: sql`execution.tool` };
const TASK_COLUMNS = { agent: sql`task.agent` };

/** Rows of a table that lie in the scope; time is the given column. */
function inRange(scope: ReportScope, time: SqlFragment): SqlFragment {
  return sql`project_id = ${bind.string(scope.projectId)} AND ${time} >= ${bind.timeMs(scope.sinceMs)} AND ${time} < ${bind.timeMs(scope.untilMs)}`;
}

/** Model calls of the scope, each once: calls seen by two instrumentations count as the inner one. */
export function requestsOf(scope: ReportScope): SqlFragment {
  return sql`FROM ai_requests AS request FINAL WHERE ${inRange(scope, sql`request.timestamp`)} AND request.duplicate_of = ''${recordFilter(REQUEST_COLUMNS, scope.parameters)}`;
}

/** Tool executions of the scope. */
export function toolExecutionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM mcp_tool_executions AS execution FINAL WHERE ${inRange(scope, sql`execution.timestamp`)}${recordFilter(EXECUTION_COLUMNS, scope.parameters)}`;
}

/** Tasks of the scope: those that started in it. */
export function tasksOf(scope: ReportScope): SqlFragment {
  return sql`FROM agent_tasks AS task FINAL WHERE ${inRange(scope, sql`task.started_at`)}${recordFilter(TASK_COLUMNS, scope.parameters)}`;
}

/** Messages of the scope. */
export function messagesOf(scope: ReportScope): SqlFragment {
  return sql`FROM task_messages AS message FINAL WHERE ${inRange(scope, sql`message.timestamp`)}`;
}

/**
 * Sessions of the scope: those that started in it, with an event, as the parameter `include` narrows them. A session that lost
 * its last record to another one has none, nor has one that was answered with errors only.
 */
export function sessionsOf(scope: ReportScope): SqlFragment {
  return sql`${startedSessions(scope)} AND session.events > 0${includedSessions(scope)}`;
}

/** The same, those that were answered with errors only among them. */
export function listedSessionsOf(scope: ReportScope): SqlFragment {
  return sql`${startedSessions(scope)} AND (session.events > 0 OR session.http_requests > 0)${includedSessions(scope)}`;
}

/** Sessions of the scope that a web client caused, one that was answered with errors only among them. */
export function webSessionsOf(scope: ReportScope): SqlFragment {
  return sql`${startedSessions(scope)} AND session.traffic_class != ''`;
}

/** Sessions of web clients as the parameter `include` narrows them. */
export function trafficOf(scope: ReportScope): SqlFragment {
  return sql`${webSessionsOf(scope)}${includedTraffic(scope)}`;
}

function startedSessions(scope: ReportScope): SqlFragment {
  return sql`FROM user_sessions AS session FINAL WHERE ${inRange(scope, sql`session.started_at`)}`;
}

/** Sessions with a record since the start of the scope; one from a clock that runs a little ahead counts. */
export function activeSessionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM user_sessions AS session FINAL WHERE project_id = ${bind.string(scope.projectId)}
    AND session.last_activity_at >= ${bind.timeMs(scope.sinceMs)} AND (session.events > 0 OR session.http_requests > 0)${includedSessions(scope)}`;
}

/** Rows about pages that may belong to the sessions of the scope, which last longer than its range. */
export function duringSessions(scope: ReportScope, time: SqlFragment): SqlFragment {
  const since = sql`project_id = ${bind.string(scope.projectId)} AND ${time} >= ${bind.timeMs(scope.sinceMs)}`;
  // Nothing is later than now, and looking for the last activity takes 15 ms for a million sessions.
  if (scope.untilMs >= scope.nowMs) return since;
  return sql`${since} AND ${time} <= (SELECT greatest(max(session.last_activity_at), ${bind.timeMs(scope.untilMs)}) ${webSessionsOf(scope)})`;
}
