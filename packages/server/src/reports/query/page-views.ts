import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { measure } from './measure.js';
import { duringSessions, trafficOf } from './sources.js';
import { VISITOR } from './traffic-filters.js';

/** Hash of the id of no session: visitors who asked not to be tracked have none. */
const NO_SESSION = sql`cityHash64('')`;

/**
 * The sessions that a report counts: session_hash, visitor_hash, started_at. What belongs to a session is found by a 64-bit
 * hash of its id: among 10 million page views that takes 0.3 s, with the ids themselves 1.3 s. Of a million sessions two have
 * the same hash in one store of thirty million.
 */
export function countedSessions(scope: ReportScope): SqlFragment {
  return sql`SELECT cityHash64(session.session_id) AS session_hash, ${VISITOR} AS visitor_hash, session.started_at AS started_at ${trafficOf(scope)}`;
}

/** The same, and no session as a row where everything counts. It has no visitor. */
function countedSessionsOrNone(scope: ReportScope): SqlFragment {
  if (scope.parameters['include'] !== 'all') return countedSessions(scope);
  return sql`${countedSessions(scope)} UNION ALL SELECT ${NO_SESSION}, 0, ${bind.timeMs(0)}`;
}

/** What belongs to no session counts in the range it happened in. */
function isCounted(scope: ReportScope, sessionId: SqlFragment, time: SqlFragment): SqlFragment {
  return sql`${duringSessions(scope, time)} AND (${sessionId} != '' OR ${time} < ${bind.timeMs(scope.untilMs)})`;
}

/** Page views of the sessions that a report counts, as `seen` beside their `session`. */
export function pageViewsOf(scope: ReportScope): SqlFragment {
  return sql`FROM (
      SELECT cityHash64(event.session_id) AS session_hash, event.page_path AS page_path, event.content_id AS content_id, event.timestamp AS happened_at
      FROM analytics_events AS event FINAL
      WHERE ${isCounted(scope, sql`event.session_id`, sql`event.timestamp`)} AND event.event_type = 'page_view'
    ) AS seen INNER JOIN (${countedSessionsOrNone(scope)}) AS session ON seen.session_hash = session.session_hash`;
}

/** Requests of pages, by the sessions that a report counts, that were answered with an error, as `failed`. */
export function failedPagesOf(scope: ReportScope): SqlFragment {
  return sql`FROM (
      SELECT cityHash64(request.session_id) AS session_hash, request.page_path AS page_path
      FROM http_requests AS request FINAL
      WHERE ${isCounted(scope, sql`request.session_id`, sql`request.timestamp`)} AND request.status_code >= 400 AND request.request_kind != 'asset'
    ) AS failed INNER JOIN (${countedSessionsOrNone(scope)}) AS session ON failed.session_hash = session.session_hash`;
}

/** When the visit started that a page view belongs to; for one without a session, when it happened. */
export const VIEW_STARTED_AT = sql`if(seen.session_hash = ${NO_SESSION}, seen.happened_at, session.started_at)`;

/** The content a page shows: its id, else its path. */
export const SEEN_CONTENT = sql`if(seen.content_id != '', seen.content_id, seen.page_path)`;

/** Measures of page views, in the order they are shown. */
export const PAGE_VIEW_MEASURES = {
  page_views: measure('page_views', 'integer', null, 'Page views in the sessions that started in the range', sql`count()`),
  visitors: measure(
    'visitors',
    'integer',
    null,
    'Different visitors; a session whose sender named no visitor is one of its own',
    sql`uniqExactIf(session.visitor_hash, session.visitor_hash != 0)`,
  ),
  sessions: measure(
    'sessions',
    'integer',
    null,
    'Different sessions',
    sql`uniqExactIf(seen.session_hash, seen.session_hash != ${NO_SESSION})`,
  ),
} as const;
