import { sql } from '../../store/sql.js';
import { measure, renamed } from '../query/measure.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
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

export const ACTIVE_AGENTS = measure(
  'active_agents',
  'integer',
  null,
  'Agents with a task, a model call or a tool execution in the range',
  sql`uniqExact(record.agent)`,
);
