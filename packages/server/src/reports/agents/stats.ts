import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, select } from '../query/measure.js';
import { requestsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { activeAgents } from './active-agents.js';
import { ACTIVE_AGENTS, AGENT_REQUESTS, AGENT_TASKS, AGENT_TOOLS } from './agent-measures.js';

export const agentStats: ReportDefinition = {
  group: 'agents',
  name: 'stats',
  title: 'Agents',
  description:
    'Tasks that started in the range, how they ended and how long they took, with the model calls and tool executions of the range.',
  shape: 'record',
  columns: columnsOf([ACTIVE_AGENTS, ...AGENT_TASKS, ...AGENT_REQUESTS, ...AGENT_TOOLS]),
  parts: (scope) => [
    activeAgents(scope),
    sql`SELECT ${select(AGENT_TASKS)} ${tasksOf(scope)}`,
    sql`SELECT ${select(AGENT_REQUESTS)} ${requestsOf(scope)}`,
    sql`SELECT ${select(AGENT_TOOLS)} ${toolExecutionsOf(scope)}`,
  ],
};
