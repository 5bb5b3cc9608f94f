import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { nameParameter } from '../query/request-filters.js';
import { requestsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { trendColumns } from '../query/trend-columns.js';
import { AGENT_REQUESTS, AGENT_TASKS, AGENT_TOOLS } from './agent-measures.js';

export const agentTrends: ReportDefinition = {
  group: 'agents',
  name: 'trends',
  title: 'Agents over time',
  description: 'Tasks by the time they started, model calls and tool executions per hour, day or week in the time zone of the project.',
  shape: 'trend',
  parameters: { agent: nameParameter('Only this agent') },
  columns: trendColumns([...AGENT_TASKS, ...AGENT_REQUESTS, ...AGENT_TOOLS]),
  parts: (scope) => [
    perBucket(scope, select(AGENT_TASKS), sql`task.started_at`, tasksOf(scope)),
    perBucket(scope, select(AGENT_REQUESTS), sql`request.timestamp`, requestsOf(scope)),
    perBucket(scope, select(AGENT_TOOLS), sql`execution.timestamp`, toolExecutionsOf(scope)),
  ],
};
