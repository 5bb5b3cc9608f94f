import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, measure, select } from '../query/measure.js';
import { toolExecutionsOf } from '../query/sources.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';
import { requestsInsideTools, TOOL_COSTS } from './tool-costs.js';

const EXECUTIONS = [
  measure('tools', 'integer', null, 'Tools that were executed', sql`uniqExact(execution.tool)`),
  measure('servers', 'integer', null, 'MCP servers that offered them', sql`uniqExactIf(execution.server, execution.server != '')`),
  ...Object.values(TOOL_MEASURES),
];

export const toolStats: ReportDefinition = {
  group: 'tools',
  name: 'stats',
  title: 'Tools',
  description: 'Tool executions of the range, how they ended and how long they took, and what the model calls made inside tools cost.',
  shape: 'record',
  columns: columnsOf([...EXECUTIONS, ...TOOL_COSTS]),
  parts: (scope) => [
    sql`SELECT ${select(EXECUTIONS)} ${toolExecutionsOf(scope)}`,
    sql`SELECT ${select(TOOL_COSTS)} ${requestsInsideTools(scope)}`,
  ],
};
