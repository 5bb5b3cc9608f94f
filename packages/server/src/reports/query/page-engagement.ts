import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { measure } from './measure.js';
import { countedSessions } from './page-views.js';
import { duringSessions } from './sources.js';

/** Longest time that one visit of a page counts for: a page left open overnight was not read all night. */
const PAGE_VISIT_MS_MAX = 30 * 60_000;

/** What pages are told apart by. */
export type PageKind = 'path' | 'content';

/** A page was visible and focused no longer than it was open, visible and focused; what was not reported limits nothing. */
const TIME_MS = sql`least(
  coalesce(engagement.visible_time_ms, engagement.focus_time_ms, engagement.time_on_page_ms),
  coalesce(engagement.focus_time_ms, engagement.time_on_page_ms, engagement.visible_time_ms),
  coalesce(engagement.time_on_page_ms, engagement.visible_time_ms, engagement.focus_time_ms))`;

/**
 * What the sessions of a report did on pages, one row for each session and page, as `told`: page, started_at (of the
 * session), time_ms, scroll_depth, clicks, the last three null when not reported.
 *
 * An engagement event reports on one visit of a page, from its page view to that moment, so that of several reports on a
 * visit the largest counts, and the visits are added up. A visit starts with a page view; only where a session reports on a
 * page more than once does it matter which one.
 *
 * Visits and pages are grouped by 64-bit hashes of what tells them apart: adding up 400,000 visits takes 50 ms of processor time
 * that way, by sessions and the texts of pages 140 ms.
 */
export function engagementOf(scope: ReportScope, kind: PageKind): SqlFragment {
  const page =
    kind === 'path'
      ? sql`done.page_path`
      : sql`multiIf(done.content_id != '', done.content_id, seen.content_id != '', seen.content_id, done.page_path)`;
  const longest = bind.float(PAGE_VISIT_MS_MAX);
  return sql`FROM (
      SELECT any(visit.page) AS page, any(visit.started_at) AS started_at,
        sum(visit.time_ms) AS time_ms, max(visit.scroll_depth) AS scroll_depth, sum(visit.clicks) AS clicks
      FROM (
        SELECT any(report.told_hash) AS told_hash, any(report.page) AS page, any(report.started_at) AS started_at,
          max(if(report.time_ms > ${longest}, ${longest}, report.time_ms)) AS time_ms, max(report.scroll_depth) AS scroll_depth, max(report.clicks) AS clicks
        FROM (
          SELECT ${page} AS page, cityHash64(done.session_hash, ${page}) AS told_hash, cityHash64(told_hash, done.page_hash, seen.happened_at) AS visit_hash,
            done.started_at AS started_at, done.time_ms AS time_ms, done.scroll_depth AS scroll_depth, done.clicks AS clicks
          FROM (${countedEngagement(scope)}) AS done
          ASOF LEFT JOIN (${deciding(scope, kind)}) AS seen ON done.page_hash = seen.page_hash AND done.happened_at >= seen.happened_at
        ) AS report
        WHERE report.page != ''
        GROUP BY report.visit_hash
      ) AS visit
      GROUP BY visit.told_hash
    ) AS told`;
}

/** Engagement events of the sessions that a report counts, before anything is looked up for those of others. */
function countedEngagement(scope: ReportScope): SqlFragment {
  return sql`SELECT event.session_hash AS session_hash, event.page_hash AS page_hash, event.page_path AS page_path, event.content_id AS content_id,
      event.happened_at AS happened_at, event.time_ms AS time_ms, event.scroll_depth AS scroll_depth, event.clicks AS clicks, session.started_at AS started_at
    FROM (
      SELECT cityHash64(engagement.session_id) AS session_hash, cityHash64(engagement.session_id, engagement.page_path) AS page_hash,
        engagement.page_path AS page_path, engagement.content_id AS content_id, engagement.timestamp AS happened_at,
        ${TIME_MS} AS time_ms, engagement.max_scroll_depth AS scroll_depth, engagement.clicks AS clicks
      ${engagementEvents(scope)}
    ) AS event INNER JOIN (${countedSessions(scope)}) AS session ON event.session_hash = session.session_hash`;
}

function engagementEvents(scope: ReportScope): SqlFragment {
  return sql`FROM engagement_events AS engagement FINAL WHERE ${duringSessions(scope, sql`engagement.timestamp`)} AND engagement.session_id != ''`;
}

/** The page views that decide which visit an engagement belongs to, or which content it is about when it does not say so. */
function deciding(scope: ReportScope, kind: PageKind): SqlFragment {
  const hash = sql`cityHash64(event.session_id, event.page_path)`;
  const reported = sql`SELECT cityHash64(engagement.session_id, engagement.page_path) AS page_hash ${engagementEvents(scope)}`;
  const repeated = sql`${hash} GLOBAL IN (${reported} GROUP BY page_hash HAVING count() > 1)`;
  const named = namesContent(scope);
  // The set is filled whether a page view asks for it or not, so that it has to be told, too, that none will.
  const condition =
    kind === 'path'
      ? repeated
      : sql`(${repeated} OR ${named} AND event.content_id != '' AND ${hash} GLOBAL IN (${reported} AND engagement.content_id = '' AND ${named}))`;
  return sql`SELECT ${hash} AS page_hash, event.timestamp AS happened_at, event.content_id AS content_id
    FROM analytics_events AS event FINAL
    WHERE ${duringSessions(scope, sql`event.timestamp`)} AND event.event_type = 'page_view' AND ${condition}`;
}

/**
 * Does any page view name its content? A site that never does is spared hashing all of its page views. Replaced versions of
 * a row are looked at, too: that can only answer yes too often, which changes no number.
 */
function namesContent(scope: ReportScope): SqlFragment {
  return sql`(SELECT max(view.content_id != '') FROM analytics_events AS view WHERE ${duringSessions(scope, sql`view.timestamp`)}) = 1`;
}

const TIME = sql`quantilesExactInclusive(0.5, 0.9)(told.time_ms)`;

/** Measures of what visitors did on pages, in the order they are shown. */
export const ENGAGEMENT_MEASURES = {
  average_time_on_page_ms: measure(
    'average_time_on_page_ms',
    'number',
    'ms',
    'Mean time that the page was visible and focused in a session, each visit of it capped at 30 minutes, of the sessions that reported one',
    sql`avg(told.time_ms)`,
  ),
  p50_time_on_page_ms: measure('p50_time_on_page_ms', 'number', 'ms', 'Median time on the page', sql`${TIME}[1]`),
  p90_time_on_page_ms: measure('p90_time_on_page_ms', 'number', 'ms', '90th percentile of the time on the page', sql`${TIME}[2]`),
  average_scroll_depth: measure(
    'average_scroll_depth',
    'number',
    'percent',
    'Mean over sessions and pages of the deepest point seen, of those that reported one',
    sql`avg(told.scroll_depth)`,
  ),
  clicks: measure('clicks', 'integer', null, 'Clicks on the page', sql`ifNull(sum(told.clicks), 0)`),
} as const;
