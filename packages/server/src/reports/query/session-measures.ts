import { sql } from '../../store/sql.js';
import { measure } from './measure.js';

const DURATION = sql`dateDiff('millisecond', session.started_at, session.last_event_at)`;

/** Measures of session snapshots, in the order they are shown. */
export const SESSION_MEASURES = {
  sessions: measure('sessions', 'integer', null, 'Sessions that started in the range', sql`count()`),
  users: measure('users', 'integer', null, 'Known users among them', sql`uniqExactIf(session.user_id, session.user_id != '')`),
  average_duration_ms: measure(
    'average_duration_ms',
    'number',
    'ms',
    'Mean time from the first to the last event of a session; engagement is no event',
    sql`avg(${DURATION})`,
  ),
  p50_duration_ms: measure(
    'p50_duration_ms',
    'number',
    'ms',
    'Median time from the first to the last event',
    sql`quantileExactInclusive(0.5)(${DURATION})`,
  ),
  events: measure('events', 'integer', null, 'Records of every kind but engagement in these sessions', sql`sum(session.events)`),
  page_views: measure('page_views', 'integer', null, 'Page views in these sessions', sql`sum(session.page_views)`),
  requests: measure('requests', 'integer', null, 'Model calls in these sessions', sql`sum(session.requests)`),
  tool_executions: measure('tool_executions', 'integer', null, 'Tool executions in these sessions', sql`sum(session.tool_executions)`),
  tasks: measure('tasks', 'integer', null, 'Agent tasks in these sessions', sql`sum(session.tasks)`),
  messages: measure('messages', 'integer', null, 'Messages in these sessions', sql`sum(session.messages)`),
  cost: measure(
    'cost',
    'money',
    null,
    'Exact cost of the priced requests; null when there are requests and none is priced',
    sql`if(sum(session.requests) > 0 AND sum(session.requests) = sum(session.unpriced_requests), NULL, sum(session.cost))`,
  ),
  unpriced_requests: measure(
    'unpriced_requests',
    'integer',
    null,
    'Requests without a price, not in the cost; see costs unpriced',
    sql`sum(session.unpriced_requests)`,
  ),
} as const;
