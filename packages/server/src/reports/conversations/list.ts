import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { groupedRows, sortedTable } from '../query/grouped-table.js';
import { columnsOf } from '../query/measure.js';
import { CONTEXT, CONTEXT_ACTIVITY, CONTEXT_SUMS, contextRecords } from './contexts.js';

const MEASURES = [...CONTEXT_SUMS, ...CONTEXT_ACTIVITY];

export const conversationList: ReportDefinition = {
  group: 'conversations',
  name: 'list',
  title: 'Conversations one by one',
  description: 'Conversations with a task, a message or a model call in the range, latest first. Only what lies in the range is counted.',
  shape: 'table',
  columns: [CONTEXT, ...columnsOf(MEASURES)],
  keys: [CONTEXT.name],
  sortable: ['last_activity_at', 'first_activity_at', 'tasks', 'messages', 'requests', 'cost', 'total_tokens'],
  query: (scope, sortBy) => {
    const rows = groupedRows([{ column: CONTEXT, value: sql`record.context_id` }], MEASURES, contextRecords(scope));
    return sortedTable(rows, [CONTEXT], sortBy, scope);
  },
};
