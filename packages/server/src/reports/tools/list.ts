import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { combinedRows, sortedTable } from '../query/grouped-table.js';
import { column, columnsOf } from '../query/measure.js';
import { toolExecutionsOf } from '../query/sources.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';
import { requestsInsideTools, TOOL_COSTS } from './tool-costs.js';

const TOOL = column('tool', 'string', 'Name of the tool');
const EXECUTIONS = Object.values(TOOL_MEASURES);

export const toolList: ReportDefinition = {
  group: 'tools',
  name: 'list',
  title: 'Tools one by one',
  description: 'Every tool of the range with its executions and what the model calls made inside it cost. Rows add up to the total.',
  shape: 'table',
  columns: [TOOL, ...columnsOf([...EXECUTIONS, ...TOOL_COSTS])],
  keys: ['tool'],
  sortable: [
    'executions',
    'failed_executions',
    'timeout_executions',
    'success_rate',
    'average_duration_ms',
    'p95_duration_ms',
    'requests',
    'cost',
    'tool',
  ],
  query: (scope, sortBy) => {
    const rows = combinedRows(TOOL, [
      { key: sql`execution.tool`, measures: EXECUTIONS, from: toolExecutionsOf(scope) },
      { key: sql`request.tool`, measures: TOOL_COSTS, from: requestsInsideTools(scope) },
    ]);
    return sortedTable(rows, [TOOL], sortBy, scope);
  },
};
