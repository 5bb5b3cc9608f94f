import { CLOSED_TASK_STATUSES } from '@systemprompt-analytics/core';
import { bind, sql } from '../../store/sql.js';
import { measure } from './measure.js';

const ENDED = sql`task.status IN ${bind.strings(CLOSED_TASK_STATUSES)}`;
const DURATION = sql`quantilesExactInclusive(0.5, 0.95, 0.99)(task.duration_ms)`;

/** Measures of agent tasks, in the order they are shown. */
export const TASK_MEASURES = {
  tasks: measure('tasks', 'integer', null, 'Tasks that started in the range', sql`count()`),
  completed_tasks: measure('completed_tasks', 'integer', null, 'Tasks that completed', sql`countIf(task.status = 'completed')`),
  failed_tasks: measure('failed_tasks', 'integer', null, 'Tasks that failed', sql`countIf(task.status = 'failed')`),
  timeout_tasks: measure('timeout_tasks', 'integer', null, 'Tasks that timed out', sql`countIf(task.status = 'timeout')`),
  canceled_tasks: measure(
    'canceled_tasks',
    'integer',
    null,
    'Tasks that were canceled or rejected',
    sql`countIf(task.status IN ('canceled', 'rejected'))`,
  ),
  running_tasks: measure(
    'running_tasks',
    'integer',
    null,
    'Tasks that have not ended; not in the success rate',
    sql`countIf(NOT ${ENDED})`,
  ),
  success_rate: measure(
    'success_rate',
    'ratio',
    null,
    'Completed / ended tasks; null when none has ended',
    sql`if(countIf(${ENDED}) = 0, NULL, countIf(task.status = 'completed') / countIf(${ENDED}))`,
  ),
  average_duration_ms: measure('average_duration_ms', 'number', 'ms', 'Mean time of ended tasks', sql`avg(task.duration_ms)`),
  p50_duration_ms: measure('p50_duration_ms', 'number', 'ms', 'Median time of ended tasks', sql`${DURATION}[1]`),
  p95_duration_ms: measure('p95_duration_ms', 'number', 'ms', '95th percentile of the time of ended tasks', sql`${DURATION}[2]`),
  p99_duration_ms: measure('p99_duration_ms', 'number', 'ms', '99th percentile of the time of ended tasks', sql`${DURATION}[3]`),
} as const;
