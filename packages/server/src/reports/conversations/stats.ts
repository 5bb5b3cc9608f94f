import { identifier, sql } from '../../store/sql.js';
import { averageAmount } from '../answer/exact-ratio.js';
import type { Measure, ReportDefinition } from '../definition.js';
import { groupedRows } from '../query/grouped-table.js';
import { column, columnsOf, measure, select } from '../query/measure.js';
import { CONTEXT, CONTEXT_ACTIVITY, CONTEXT_SUMS, contextRecords } from './contexts.js';

const PER_CONTEXT = [
  measure('conversations', 'integer', null, 'Contexts with a task, a message or a model call in the range', sql`countIf(is_total = 0)`),
  measure('average_tasks', 'number', null, 'Tasks / conversations', sql`avgIf(context.tasks, is_total = 0)`),
  measure('average_messages', 'number', null, 'Messages / conversations', sql`avgIf(context.messages, is_total = 0)`),
  measure('average_requests', 'number', null, 'Model calls / conversations', sql`avgIf(context.requests, is_total = 0)`),
  measure(
    'average_duration_ms',
    'number',
    'ms',
    'Mean time from the first to the last activity in the range',
    sql`avgIf(dateDiff('millisecond', context.first_activity_at, context.last_activity_at), is_total = 0)`,
  ),
];
/** The row over everything has the sums already. */
const TOTALS = CONTEXT_SUMS.map((each): Measure => ({ ...each, sql: sql`anyIf(context.${identifier(each.column.name)}, is_total = 1)` }));

export const conversationStats: ReportDefinition = {
  group: 'conversations',
  name: 'stats',
  title: 'Conversations',
  description: 'Conversations of the range with their tasks, messages, model calls and cost. What names no context is not counted.',
  shape: 'record',
  columns: [
    ...columnsOf([...PER_CONTEXT, ...TOTALS]),
    column(
      'average_cost',
      'money',
      'Cost / conversations, rounded half to even to the picodollar; null when none of its requests is priced',
    ),
  ],
  complete: (row) => ({ ...row, average_cost: averageAmount(row['cost'], BigInt(String(row['conversations']))) }),
  parts: (scope) => {
    const contexts = groupedRows(
      [{ column: CONTEXT, value: sql`record.context_id` }],
      [...CONTEXT_SUMS, ...CONTEXT_ACTIVITY],
      contextRecords(scope),
    );
    return [sql`SELECT ${select([...PER_CONTEXT, ...TOTALS])} FROM (${contexts}) AS context`];
  },
};
