import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { nameParameter } from '../query/request-filters.js';
import { toolExecutionsOf } from '../query/sources.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';
import { trendColumns } from '../query/trend-columns.js';
import { requestsInsideTools, TOOL_COSTS } from './tool-costs.js';

const EXECUTIONS = Object.values(TOOL_MEASURES);

export const toolTrends: ReportDefinition = {
  group: 'tools',
  name: 'trends',
  title: 'Tools over time',
  description: 'Tool executions per hour, day or week in the time zone of the project, and what the model calls made inside tools cost.',
  shape: 'trend',
  parameters: { tool: nameParameter('Only this tool') },
  columns: trendColumns([...EXECUTIONS, ...TOOL_COSTS]),
  parts: (scope) => [
    perBucket(scope, select(EXECUTIONS), sql`execution.timestamp`, toolExecutionsOf(scope)),
    perBucket(scope, select(TOOL_COSTS), sql`request.timestamp`, requestsInsideTools(scope)),
  ],
};
