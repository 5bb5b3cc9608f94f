import type { ReportDefinition } from '../definition.js';
import { columnsOf } from '../query/measure.js';
import { sideBySide } from '../query/side-by-side.js';
import { ACTIVE_AGENTS, AGENT_REQUESTS, AGENT_TASKS, AGENT_TOOLS, agentSides } from './agent-measures.js';

export const agentStats: ReportDefinition = {
  group: 'agents',
  name: 'stats',
  title: 'Agents',
  description:
    'Tasks that started in the range, how they ended and how long they took, with the model calls and tool executions of the range.',
  shape: 'record',
  columns: [ACTIVE_AGENTS, ...columnsOf([...AGENT_TASKS, ...AGENT_REQUESTS, ...AGENT_TOOLS])],
  parts: (scope) => [sideBySide(agentSides(scope))],
};
