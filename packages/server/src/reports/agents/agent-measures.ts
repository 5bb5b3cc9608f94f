import { sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { column, renamed } from '../query/measure.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
import type { RecordSide } from '../query/side-by-side.js';
import { requestsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { TASK_MEASURES } from '../query/task-measures.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';

/** What is said of agents, by the kind of record it comes from. */
export const AGENT_TASKS = Object.values(TASK_MEASURES);
export const AGENT_REQUESTS = [
  REQUEST_MEASURES.requests,
  REQUEST_MEASURES.cost,
  REQUEST_MEASURES.unpriced_requests,
  REQUEST_MEASURES.total_tokens,
  renamed(REQUEST_MEASURES.error_rate, 'request_error_rate'),
];
export const AGENT_TOOLS = [renamed(TOOL_MEASURES.executions, 'tool_executions')];

export const ACTIVE_AGENTS = column('active_agents', 'integer', 'Agents with a task, a model call or a tool execution in the range');

/** All of it, and how many agents there were. */
export function agentSides(scope: ReportScope): RecordSide[] {
  return [
    { measures: AGENT_TASKS, from: tasksOf(scope), ids: { active_agents: sql`task.agent` } },
    { measures: AGENT_REQUESTS, from: requestsOf(scope), ids: { active_agents: sql`request.agent` } },
    { measures: AGENT_TOOLS, from: toolExecutionsOf(scope), ids: { active_agents: sql`execution.agent` } },
  ];
}
