import { sql } from '../../store/sql.js';
import { ACTIVE_AGENTS } from '../agents/agent-measures.js';
import type { ReportDefinition } from '../definition.js';
import { column, columnsOf, measure, renamed } from '../query/measure.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
import { CLASS_MEASURES, SESSION_MEASURES } from '../query/session-measures.js';
import { sideBySide } from '../query/side-by-side.js';
import { messagesOf, requestsOf, sessionsOf, tasksOf, toolExecutionsOf, webSessionsOf } from '../query/sources.js';
import { TASK_MEASURES } from '../query/task-measures.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';
import { INCLUDE_SESSIONS_FILTER } from '../query/traffic-filters.js';

const REQUESTS = [
  REQUEST_MEASURES.requests,
  REQUEST_MEASURES.cost,
  REQUEST_MEASURES.unpriced_requests,
  REQUEST_MEASURES.total_tokens,
  REQUEST_MEASURES.cache_hit_rate,
  REQUEST_MEASURES.error_rate,
];
const SESSIONS = [
  SESSION_MEASURES.sessions,
  SESSION_MEASURES.visitors,
  SESSION_MEASURES.page_views,
  SESSION_MEASURES.bounce_rate,
  measure('conversions', 'integer', null, 'Conversion events in these sessions', sql`sum(session.conversions)`),
];
const TOOLS = [renamed(TOOL_MEASURES.executions, 'tool_executions'), renamed(TOOL_MEASURES.success_rate, 'tool_success_rate')];
const TASKS = [TASK_MEASURES.tasks, renamed(TASK_MEASURES.success_rate, 'task_success_rate')];
const MESSAGES = [measure('messages', 'integer', null, 'Messages', sql`count()`)];

/** Users of page views and custom events are those of their sessions: reading them from the events would take longer than all else. */
const USERS = column(
  'users',
  'integer',
  'Known users of the sessions that started and of the model calls, tool executions, tasks and messages in the range',
);
const CONVERSATIONS = column('conversations', 'integer', 'Contexts with a task, a message or a model call in the range');

const COLUMNS = [
  ...columnsOf([...REQUESTS, ...SESSIONS, ...CLASS_MEASURES]),
  USERS,
  ...columnsOf([...TOOLS, ...TASKS]),
  CONVERSATIONS,
  ...columnsOf(MESSAGES),
  ACTIVE_AGENTS,
];

export const overview: ReportDefinition = {
  group: 'overview',
  name: 'overview',
  title: 'Overview',
  description:
    'Model calls, cost, visits, tools, tasks and conversations of the range, each against the previous period of the same length.',
  shape: 'record',
  readsSessions: true,
  parameters: INCLUDE_SESSIONS_FILTER,
  columns: COLUMNS,
  compared: COLUMNS.map((each) => each.name),
  parts: (scope) => [
    sideBySide([
      {
        measures: REQUESTS,
        from: requestsOf(scope),
        ids: { users: sql`request.user_id`, conversations: sql`request.context_id`, active_agents: sql`request.agent` },
      },
      { measures: TOOLS, from: toolExecutionsOf(scope), ids: { users: sql`execution.user_id`, active_agents: sql`execution.agent` } },
      {
        measures: TASKS,
        from: tasksOf(scope),
        ids: { users: sql`task.user_id`, conversations: sql`task.context_id`, active_agents: sql`task.agent` },
      },
      { measures: MESSAGES, from: messagesOf(scope), ids: { users: sql`message.user_id`, conversations: sql`message.context_id` } },
      { measures: SESSIONS, from: sessionsOf(scope), ids: { users: sql`session.user_id` } },
      { measures: CLASS_MEASURES, from: webSessionsOf(scope) },
    ]),
  ],
};
