import type { ReportDefinition } from '../definition.js';
import { sortedTable } from '../query/grouped-table.js';
import { CONTEXT, CONTEXT_COLUMNS, contextRows } from './contexts.js';

export const conversationList: ReportDefinition = {
  group: 'conversations',
  name: 'list',
  title: 'Conversations one by one',
  description: 'Conversations with a task, a message or a model call in the range, latest first. Only what lies in the range is counted.',
  shape: 'table',
  columns: CONTEXT_COLUMNS,
  keys: [CONTEXT.name],
  sortable: ['last_activity_at', 'first_activity_at', 'tasks', 'messages', 'requests', 'cost', 'total_tokens'],
  query: (scope, sortBy) => sortedTable(contextRows(scope), [CONTEXT], sortBy, scope),
};
