import { sql } from '../../store/sql.js';
import { measure } from './measure.js';

const DURATION = sql`quantilesExactInclusive(0.5, 0.95, 0.99)(execution.duration_ms)`;

/** Measures of tool executions, in the order they are shown. */
export const TOOL_MEASURES = {
  executions: measure('executions', 'integer', null, 'Tool executions', sql`count()`),
  successful_executions: measure(
    'successful_executions',
    'integer',
    null,
    'Executions that succeeded',
    sql`countIf(execution.status = 'success')`,
  ),
  failed_executions: measure('failed_executions', 'integer', null, 'Executions that failed', sql`countIf(execution.status = 'failed')`),
  timeout_executions: measure(
    'timeout_executions',
    'integer',
    null,
    'Executions that timed out',
    sql`countIf(execution.status = 'timeout')`,
  ),
  success_rate: measure(
    'success_rate',
    'ratio',
    null,
    'Successful / all executions; null without executions',
    sql`if(count() = 0, NULL, countIf(execution.status = 'success') / count())`,
  ),
  average_duration_ms: measure(
    'average_duration_ms',
    'number',
    'ms',
    'Mean time of an execution, of those that reported one',
    sql`avg(execution.duration_ms)`,
  ),
  p50_duration_ms: measure('p50_duration_ms', 'number', 'ms', 'Median time of an execution', sql`${DURATION}[1]`),
  p95_duration_ms: measure('p95_duration_ms', 'number', 'ms', '95th percentile of the time of an execution', sql`${DURATION}[2]`),
  p99_duration_ms: measure('p99_duration_ms', 'number', 'ms', '99th percentile of the time of an execution', sql`${DURATION}[3]`),
} as const;
