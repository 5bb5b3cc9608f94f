import { sql } from '../../store/sql.js';
import { measure } from './measure.js';
import { IS_BOT, IS_HUMAN, IS_VISIT, isBounce, VISITOR } from './traffic-filters.js';

const DURATION = sql`dateDiff('millisecond', session.started_at, session.last_event_at)`;

/** Measures of session snapshots, in the order they are shown. */
export const SESSION_MEASURES = {
  sessions: measure('sessions', 'integer', null, 'Sessions with an event that started in the range', sql`count()`),
  users: measure('users', 'integer', null, 'Known users among them', sql`uniqExactIf(session.user_id, session.user_id != '')`),
  visitors: measure(
    'visitors',
    'integer',
    null,
    'Different visitors of the visits among them, which are sessions of a web client, ghosts left out; a visit whose sender named no visitor is one of its own',
    sql`uniqExactIf(${VISITOR}, ${IS_VISIT})`,
  ),
  converted_sessions: measure(
    'converted_sessions',
    'integer',
    null,
    'Sessions that converted',
    sql`countIf(session.converted_at IS NOT NULL)`,
  ),
  bounce_rate: measure(
    'bounce_rate',
    'ratio',
    null,
    'Of the visits among them those with exactly one event, engagement not counted; null without any',
    sql`if(countIf(${IS_VISIT}) = 0, NULL, countIf(${IS_VISIT} AND ${isBounce('plausible')}) / countIf(${IS_VISIT}))`,
  ),
  average_duration_ms: measure(
    'average_duration_ms',
    'number',
    'ms',
    'Mean time from the first to the last event of a session; engagement is no event',
    sql`if(count() = 0, NULL, avg(${DURATION}))`,
  ),
  p50_duration_ms: measure(
    'p50_duration_ms',
    'number',
    'ms',
    'Median time from the first to the last event',
    sql`if(count() = 0, NULL, quantileExactInclusive(0.5)(${DURATION}))`,
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

/** Who came with a web client, whatever is included. */
export const CLASS_MEASURES = [
  measure('human_sessions', 'integer', null, 'Sessions of people with a web client, whatever is included', sql`countIf(${IS_HUMAN})`),
  measure(
    'bot_sessions',
    'integer',
    null,
    'Sessions of programs with a web client, whatever is included, also without an event',
    sql`countIf(${IS_BOT})`,
  ),
  measure(
    'bot_share',
    'ratio',
    null,
    'Sessions of programs / all sessions of web clients; null without any',
    sql`if(count() = 0, NULL, countIf(${IS_BOT}) / count())`,
  ),
];
