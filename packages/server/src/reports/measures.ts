import { bind, identifier, join, type SqlFragment, sql } from '../store/sql.js';
import type { Bucket, ColumnDefinition, ColumnType, Measure, ReportScope } from './definition.js';

function measure(name: string, type: ColumnType, unit: string | null, description: string, expression: SqlFragment): Measure {
  return { column: { name, type, unit, description }, sql: expression };
}

/** A column without an aggregate of its own. */
export function column(name: string, type: ColumnType, description: string, unit: string | null = null): ColumnDefinition {
  return { name, type, unit, description };
}

/** Rows of a table that lie in the scope; time is the given column. */
export function inRange(scope: ReportScope, time: SqlFragment = sql`timestamp`): SqlFragment {
  return sql`project_id = ${bind.string(scope.projectId)} AND ${time} >= ${bind.timeMs(scope.sinceMs)} AND ${time} < ${bind.timeMs(scope.untilMs)}`;
}

/** The same report's previous period: as long, right before. */
export function previousScope(scope: ReportScope): ReportScope {
  return { ...scope, sinceMs: scope.sinceMs - (scope.untilMs - scope.sinceMs), untilMs: scope.sinceMs };
}

/** Model calls of the scope, each once: calls seen by two instrumentations count as the inner one. */
export function requestsOf(scope: ReportScope): SqlFragment {
  return sql`FROM ai_requests FINAL WHERE ${inRange(scope)} AND duplicate_of = ''`;
}
export function toolExecutionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM mcp_tool_executions FINAL WHERE ${inRange(scope)}`;
}
/** Tasks of the scope: those that started in it. */
export function tasksOf(scope: ReportScope): SqlFragment {
  return sql`FROM agent_tasks WHERE ${inRange(scope, sql`started_at`)}`;
}

/** Cost is null only where every request is unpriced: then nothing is known. No requests cost nothing. */
const COST = sql`if(count() > 0 AND count(cost) = 0, NULL, ifNull(sum(cost), toDecimal128(0, 12)))`;

/** Measures of model calls, in the order they are shown. */
export const REQUEST_MEASURES = {
  requests: measure('requests', 'integer', null, 'Model calls', sql`count()`),
  cost: measure('cost', 'money', null, 'Exact cost of the priced requests; null when none is priced', COST),
  unpriced_requests: measure('unpriced_requests', 'integer', null, 'Requests without a price, not in the cost; see costs unpriced', sql`countIf(cost IS NULL)`),
  input_tokens: measure('input_tokens', 'integer', 'tokens', 'Input tokens neither read from nor written to a cache', sql`sum(input_tokens)`),
  cache_read_tokens: measure('cache_read_tokens', 'integer', 'tokens', 'Input tokens read from a cache', sql`sum(cache_read_tokens)`),
  cache_write_tokens: measure('cache_write_tokens', 'integer', 'tokens', 'Input tokens written to a cache', sql`sum(cache_write_tokens)`),
  output_tokens: measure('output_tokens', 'integer', 'tokens', 'Output tokens, reasoning included', sql`sum(output_tokens)`),
  reasoning_tokens: measure('reasoning_tokens', 'integer', 'tokens', 'The part of the output tokens spent on reasoning', sql`sum(reasoning_tokens)`),
  total_tokens: measure(
    'total_tokens',
    'integer',
    'tokens',
    'Input, cache read, cache write and output together',
    sql`sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens)`,
  ),
  cache_hit_rate: measure(
    'cache_hit_rate',
    'ratio',
    null,
    'Cache read tokens / all input tokens',
    sql`if(sum(input_tokens + cache_read_tokens + cache_write_tokens) = 0, NULL, sum(cache_read_tokens) / sum(input_tokens + cache_read_tokens + cache_write_tokens))`,
  ),
  failed_requests: measure('failed_requests', 'integer', null, 'Requests that failed or timed out', sql`countIf(status != 'success')`),
  error_rate: measure('error_rate', 'ratio', null, 'Failed requests / requests', sql`if(count() = 0, NULL, countIf(status != 'success') / count())`),
  average_latency_ms: measure('average_latency_ms', 'number', 'ms', 'Mean time from request to the end of the answer', sql`avg(latency_ms)`),
  p50_latency_ms: measure('p50_latency_ms', 'number', 'ms', 'Median latency', sql`quantileExact(0.5)(latency_ms)`),
  p95_latency_ms: measure('p95_latency_ms', 'number', 'ms', '95th percentile of the latency', sql`quantileExact(0.95)(latency_ms)`),
  p99_latency_ms: measure('p99_latency_ms', 'number', 'ms', '99th percentile of the latency', sql`quantileExact(0.99)(latency_ms)`),
  average_time_to_first_token_ms: measure('average_time_to_first_token_ms', 'number', 'ms', 'Mean time to the first token', sql`avg(time_to_first_token_ms)`),
} as const;

const CLOSED = sql`status IN ('completed', 'failed', 'timeout', 'canceled', 'rejected')`;

/** Measures of agent tasks. */
export const TASK_MEASURES = {
  tasks: measure('tasks', 'integer', null, 'Tasks that started', sql`count()`),
  completed_tasks: measure('completed_tasks', 'integer', null, 'Tasks that completed', sql`countIf(status = 'completed')`),
  failed_tasks: measure('failed_tasks', 'integer', null, 'Tasks that failed', sql`countIf(status = 'failed')`),
  timeout_tasks: measure('timeout_tasks', 'integer', null, 'Tasks that timed out', sql`countIf(status = 'timeout')`),
  canceled_tasks: measure('canceled_tasks', 'integer', null, 'Tasks that were canceled or rejected', sql`countIf(status IN ('canceled', 'rejected'))`),
  running_tasks: measure('running_tasks', 'integer', null, 'Tasks that have not ended; not in the success rate', sql`countIf(NOT ${CLOSED})`),
  success_rate: measure('success_rate', 'ratio', null, 'Completed / ended tasks', sql`if(countIf(${CLOSED}) = 0, NULL, countIf(status = 'completed') / countIf(${CLOSED}))`),
  average_duration_ms: measure('average_duration_ms', 'number', 'ms', 'Mean time of ended tasks', sql`avg(duration_ms)`),
  p50_duration_ms: measure('p50_duration_ms', 'number', 'ms', 'Median time of ended tasks', sql`quantileExact(0.5)(duration_ms)`),
  p95_duration_ms: measure('p95_duration_ms', 'number', 'ms', '95th percentile of the time of ended tasks', sql`quantileExact(0.95)(duration_ms)`),
} as const;

/** Measures of tool executions. */
export const TOOL_MEASURES = {
  executions: measure('executions', 'integer', null, 'Tool executions', sql`count()`),
  successful_executions: measure('successful_executions', 'integer', null, 'Executions that succeeded', sql`countIf(status = 'success')`),
  failed_executions: measure('failed_executions', 'integer', null, 'Executions that failed', sql`countIf(status = 'failed')`),
  timeout_executions: measure('timeout_executions', 'integer', null, 'Executions that timed out', sql`countIf(status = 'timeout')`),
  success_rate: measure('success_rate', 'ratio', null, 'Successful / all executions', sql`if(count() = 0, NULL, countIf(status = 'success') / count())`),
  average_duration_ms: measure('average_duration_ms', 'number', 'ms', 'Mean time of an execution', sql`avg(duration_ms)`),
  p50_duration_ms: measure('p50_duration_ms', 'number', 'ms', 'Median time of an execution', sql`quantileExact(0.5)(duration_ms)`),
  p95_duration_ms: measure('p95_duration_ms', 'number', 'ms', '95th percentile of the time of an execution', sql`quantileExact(0.95)(duration_ms)`),
} as const;

/** Measures of session snapshots. */
export const SESSION_MEASURES = {
  sessions: measure('sessions', 'integer', null, 'Sessions that started', sql`count()`),
  users: measure('users', 'integer', null, 'Known users among them', sql`uniqExactIf(user_id, user_id != '')`),
  average_duration_ms: measure('average_duration_ms', 'number', 'ms', 'Mean time from first to last activity', sql`if(count() = 0, NULL, avg(dateDiff('millisecond', started_at, last_activity_at)))`),
  events: measure('events', 'integer', null, 'Records of every kind', sql`sum(events)`),
  page_views: measure('page_views', 'integer', null, 'Page views', sql`sum(page_views)`),
  requests: measure('requests', 'integer', null, 'Model calls', sql`sum(requests)`),
  tool_executions: measure('tool_executions', 'integer', null, 'Tool executions', sql`sum(tool_executions)`),
  tasks: measure('tasks', 'integer', null, 'Agent tasks', sql`sum(tasks)`),
  messages: measure('messages', 'integer', null, 'Messages', sql`sum(messages)`),
  cost: measure('cost', 'money', null, 'Exact cost of the priced requests; null when none is priced', sql`if(sum(requests) > 0 AND sum(requests) = sum(unpriced_requests), NULL, sum(cost))`),
  unpriced_requests: measure('unpriced_requests', 'integer', null, 'Requests without a price, not in the cost', sql`sum(unpriced_requests)`),
} as const;

/** Sessions of the scope: those that started in it. */
export function sessionsOf(scope: ReportScope): SqlFragment {
  return sql`FROM user_sessions FINAL WHERE ${inRange(scope, sql`started_at`)} AND events > 0`;
}

/** `expression AS name, ...` of some measures. */
export function select(measures: readonly Measure[]): SqlFragment {
  return join(measures.map((each) => sql`${each.sql} AS ${identifier(each.column.name)}`));
}

/** The bucket a time lies in, in the project's time zone, clipped at the start of the range. */
export function bucketOf(scope: ReportScope, time: SqlFragment = sql`timestamp`): SqlFragment {
  return sql`greatest(toDateTime64(${bucketStart(scope.bucket, time, scope.timeZone)}, 3, 'UTC'), toDateTime64(${bind.timeMs(scope.sinceMs)}, 3, 'UTC'))`;
}

function bucketStart(bucket: Bucket, time: SqlFragment, timeZone: string): SqlFragment {
  const zone = bind.string(timeZone);
  switch (bucket) {
    case 'hour':
      return sql`toStartOfHour(${time}, ${zone})`;
    case 'day':
      return sql`toStartOfDay(${time}, ${zone})`;
    case 'week':
      return sql`toStartOfDay(toDateTime(toMonday(${time}, ${zone}), ${zone}), ${zone})`;
  }
}
