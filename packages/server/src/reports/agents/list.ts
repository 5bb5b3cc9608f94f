import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { combinedRows, sortedTable } from '../query/grouped-table.js';
import { column, columnsOf } from '../query/measure.js';
import { requestsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { AGENT_REQUESTS, AGENT_TASKS, AGENT_TOOLS } from './agent-measures.js';

const AGENT = column('agent', 'string', 'Name of the agent; null: what names none');

export const agentList: ReportDefinition = {
  group: 'agents',
  name: 'list',
  title: 'Agents one by one',
  description: 'Every agent of the range with its tasks, model calls, cost and tool executions. Rows add up to the total.',
  shape: 'table',
  columns: [AGENT, ...columnsOf([...AGENT_TASKS, ...AGENT_REQUESTS, ...AGENT_TOOLS])],
  keys: ['agent'],
  sortable: [
    'tasks',
    'completed_tasks',
    'failed_tasks',
    'success_rate',
    'average_duration_ms',
    'p95_duration_ms',
    'requests',
    'cost',
    'tool_executions',
    'agent',
  ],
  query: (scope, sortBy) => {
    const rows = combinedRows(AGENT, [
      { key: sql`task.agent`, measures: AGENT_TASKS, from: tasksOf(scope) },
      { key: sql`request.agent`, measures: AGENT_REQUESTS, from: requestsOf(scope) },
      { key: sql`execution.agent`, measures: AGENT_TOOLS, from: toolExecutionsOf(scope) },
    ]);
    return sortedTable(rows, [AGENT], sortBy, scope);
  },
};
