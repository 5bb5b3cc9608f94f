import { sql } from '../../store/sql.js';
import { measure } from '../query/measure.js';
import { IS_WEB } from '../query/traffic-filters.js';

/** What is shown of a single session, in this order. */
export const SESSION_FACTS = [
  measure('session_id', 'string', null, 'Id of the session', sql`session.session_id`),
  measure('user_id', 'string', null, 'Its user', sql`session.user_id`),
  measure('visitor_id', 'string', null, 'Its visitor; null where the sender named nobody', sql`session.visitor_id`),
  measure(
    'traffic_class',
    'string',
    null,
    'human, ghost, bot, ai_crawler, scanner or behavioral_bot; null without a web client',
    sql`session.traffic_class`,
  ),
  measure(
    'behavioral_bot_score',
    'integer',
    null,
    'Score of the seven behavioural signals so far; null without a web client',
    sql`if(${IS_WEB}, session.behavioral_bot_score, NULL)`,
  ),
  measure(
    'layered_score',
    'number',
    null,
    'Score of all layers together so far; null without a web client',
    sql`if(${IS_WEB}, session.layered_score, NULL)`,
  ),
  measure('device', 'string', null, 'desktop, mobile, tablet, tv or bot', sql`session.device_type`),
  measure('country', 'string', null, 'ISO 3166-1 code of the country', sql`session.country`),
  measure('channel', 'string', null, 'Channel it came by', sql`session.channel`),
  measure('entry_page', 'string', null, 'Path of its first page view', sql`session.entry_page`),
  measure('agent', 'string', null, 'The agent that was active last', sql`session.agent`),
  measure('session_source', 'string', null, 'web, api or unknown', sql`session.session_source`),
  measure('started_at', 'timestamp', null, 'Its first event', sql`session.started_at`),
  measure('last_activity_at', 'timestamp', null, 'Its last event or engagement', sql`session.last_activity_at`),
  measure('events', 'integer', null, 'Records of every kind but engagement', sql`session.events`),
  measure('page_views', 'integer', null, 'Page views', sql`session.page_views`),
  measure(
    'http_requests',
    'integer',
    null,
    'Requests of a web client that were no page views: assets, errors, robots.txt',
    sql`session.http_requests`,
  ),
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
