import { sql } from '../../store/sql.js';
import { activeAgents } from '../agents/active-agents.js';
import { ACTIVE_AGENTS } from '../agents/agent-measures.js';
import { activeContexts, CONVERSATIONS } from '../conversations/active-contexts.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, measure, renamed, select } from '../query/measure.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
import { SESSION_MEASURES } from '../query/session-measures.js';
import { eventsOf, messagesOf, requestsOf, sessionsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { TASK_MEASURES } from '../query/task-measures.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';
import { activeUsers, USERS } from './active-users.js';

const REQUESTS = [
  REQUEST_MEASURES.requests,
  REQUEST_MEASURES.cost,
  REQUEST_MEASURES.unpriced_requests,
  REQUEST_MEASURES.total_tokens,
  REQUEST_MEASURES.cache_hit_rate,
  REQUEST_MEASURES.error_rate,
];
const SESSIONS = [SESSION_MEASURES.sessions];
const PAGE_VIEWS = [measure('page_views', 'integer', null, 'Page views', sql`count()`)];
const TOOLS = [renamed(TOOL_MEASURES.executions, 'tool_executions'), renamed(TOOL_MEASURES.success_rate, 'tool_success_rate')];
const TASKS = [TASK_MEASURES.tasks, renamed(TASK_MEASURES.success_rate, 'task_success_rate')];
const MESSAGES = [measure('messages', 'integer', null, 'Messages', sql`count()`)];

const COLUMNS = columnsOf([...REQUESTS, ...SESSIONS, USERS, ...PAGE_VIEWS, ...TOOLS, ...TASKS, CONVERSATIONS, ...MESSAGES, ACTIVE_AGENTS]);

export const overview: ReportDefinition = {
  group: 'overview',
  name: 'overview',
  title: 'Overview',
  description:
    'Model calls, cost, visits, tools, tasks and conversations of the range, each against the previous period of the same length.',
  shape: 'record',
  readsSessions: true,
  columns: COLUMNS,
  compared: COLUMNS.map((column) => column.name),
  parts: (scope) => [
    sql`SELECT ${select(REQUESTS)} ${requestsOf(scope)}`,
    sql`SELECT ${select(SESSIONS)} ${sessionsOf(scope)}`,
    activeUsers(scope),
    sql`SELECT ${select(PAGE_VIEWS)} ${eventsOf(scope)} AND event.event_type = 'page_view'`,
    sql`SELECT ${select(TOOLS)} ${toolExecutionsOf(scope)}`,
    sql`SELECT ${select(TASKS)} ${tasksOf(scope)}`,
    activeContexts(scope),
    sql`SELECT ${select(MESSAGES)} ${messagesOf(scope)}`,
    activeAgents(scope),
  ],
};
