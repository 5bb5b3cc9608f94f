import { sql } from '../../store/sql.js';
import { averageAmount } from '../answer/exact-ratio.js';
import type { ReportDefinition } from '../definition.js';
import { column, columnsOf, measure, select } from '../query/measure.js';
import {
  CONTEXT_MESSAGES,
  CONTEXT_REQUESTS,
  CONTEXT_TASKS,
  contextMessages,
  contextRequests,
  contextRows,
  contextTasks,
} from './contexts.js';

const PER_CONTEXT = [
  measure('conversations', 'integer', null, 'Contexts with a task, a message or a model call in the range', sql`count()`),
  measure('average_tasks', 'number', null, 'Tasks / conversations', sql`avg(context.tasks)`),
  measure('average_messages', 'number', null, 'Messages / conversations', sql`avg(context.messages)`),
  measure('average_requests', 'number', null, 'Model calls / conversations', sql`avg(context.requests)`),
  measure(
    'average_duration_ms',
    'number',
    'ms',
    'Mean time from the first to the last activity in the range',
    sql`avg(dateDiff('millisecond', context.first_activity_at, context.last_activity_at))`,
  ),
];

export const conversationStats: ReportDefinition = {
  group: 'conversations',
  name: 'stats',
  title: 'Conversations',
  description: 'Conversations of the range with their tasks, messages, model calls and cost. What names no context is not counted.',
  shape: 'record',
  columns: [
    ...columnsOf([...PER_CONTEXT, ...CONTEXT_TASKS, ...CONTEXT_MESSAGES, ...CONTEXT_REQUESTS]),
    column(
      'average_cost',
      'money',
      'Cost / conversations, rounded half to even to the picodollar; null when none of its requests is priced',
    ),
  ],
  complete: (row) => ({ ...row, average_cost: averageAmount(row['cost'], BigInt(String(row['conversations']))) }),
  parts: (scope) => [
    sql`SELECT ${select(PER_CONTEXT)} FROM (${contextRows(scope)}) AS context WHERE context.is_total = 0`,
    sql`SELECT ${select(CONTEXT_TASKS)} ${contextTasks(scope)}`,
    sql`SELECT ${select(CONTEXT_MESSAGES)} ${contextMessages(scope)}`,
    sql`SELECT ${select(CONTEXT_REQUESTS)} ${contextRequests(scope)}`,
  ],
};
