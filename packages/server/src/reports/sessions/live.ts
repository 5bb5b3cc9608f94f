import { Type } from '@sinclair/typebox';
import { bind, identifier, sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, measure, select } from '../query/measure.js';
import { activeSessionsOf } from '../query/sources.js';

const MINUTES_DEFAULT = 30;
const MINUTES_MAX = 1440;

const FACTS = [
  measure('session_id', 'string', null, 'Id of the session', sql`session.session_id`),
  measure('user_id', 'string', null, 'Its user', sql`session.user_id`),
  measure('agent', 'string', null, 'The agent that was active last', sql`session.agent`),
  measure('session_source', 'string', null, 'web, api or unknown', sql`session.session_source`),
  measure('started_at', 'timestamp', null, 'Its first event', sql`session.started_at`),
  measure('last_activity_at', 'timestamp', null, 'Its last event or engagement', sql`session.last_activity_at`),
  measure('events', 'integer', null, 'Records of every kind but engagement', sql`session.events`),
  measure('page_views', 'integer', null, 'Page views', sql`session.page_views`),
  measure('requests', 'integer', null, 'Model calls', sql`session.requests`),
  measure(
    'cost',
    'money',
    null,
    'Exact cost; null when there are requests and none is priced',
    sql`if(session.requests > 0 AND session.requests = session.unpriced_requests, NULL, session.cost)`,
  ),
  measure('unpriced_requests', 'integer', null, 'Requests without a price, not in the cost', sql`session.unpriced_requests`),
  measure('failed_requests', 'integer', null, 'Requests that failed or timed out', sql`session.failed_requests`),
  measure('tool_executions', 'integer', null, 'Tool executions', sql`session.tool_executions`),
  measure('failed_tool_executions', 'integer', null, 'Tool executions that failed or timed out', sql`session.failed_tool_executions`),
  measure('tasks', 'integer', null, 'Agent tasks', sql`session.tasks`),
  measure('messages', 'integer', null, 'Messages', sql`session.messages`),
];

export const sessionsLive: ReportDefinition = {
  group: 'sessions',
  name: 'live',
  title: 'Live sessions',
  description: 'Sessions with activity in the last minutes, latest first, with everything that happened in them so far.',
  shape: 'table',
  readsSessions: true,
  parameters: {
    minutes: Type.Integer({
      minimum: 1,
      maximum: MINUTES_MAX,
      default: MINUTES_DEFAULT,
      description: `Minutes since the last activity, 1 to ${MINUTES_MAX}`,
    }),
  },
  rangeFor: (parameters, nowMs) => ({ sinceMs: nowMs - Number(parameters['minutes']) * 60_000, untilMs: nowMs }),
  columns: columnsOf(FACTS),
  keys: [],
  sortable: ['last_activity_at', 'started_at', 'cost', 'requests', 'events'],
  query: (scope, sortBy) =>
    sql`SELECT ${select(FACTS)} ${activeSessionsOf(scope)}
      ORDER BY ${identifier(sortBy.name)} DESC NULLS LAST, session_id LIMIT ${bind.uint(scope.limit + 1)}`,
};
