import { bind, identifier, join, type SqlFragment, sql } from '../store/sql.js';
import { SNAPSHOT_TABLES } from './whole-since.js';

/** Which score decides whether a session behaves like a bot: the seven signals, or all layers together. */
export type BehaviorProfile = 'classic' | 'layered';

/** Where a visitor came from, as the first event of a session says. */
export const ORIGIN_NAMES = [
  'locale',
  'device_type',
  'browser',
  'browser_version',
  'os',
  'country',
  'region',
  'city',
  'asn',
  'network',
  'hosting',
  'referrer_host',
  'referrer_source',
  'channel',
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
  'click_id',
] as const;

/** What is concluded about a session, as columns of `session_verdicts` and of `user_sessions`. */
export const VERDICT_NAMES = [
  'is_bot',
  'is_ai_crawler',
  'is_scanner',
  'is_behavioral_bot',
  'is_layered_bot',
  'bot_name',
  'bot_category',
  'bot_vendor',
  'bot_purpose',
  'behavioral_bot_score',
  'behavioral_signals',
  'behavioral_reason',
  'layered_score',
  'declared_points',
  'declared_reason',
  'ai_crawler_points',
  'ai_crawler_reason',
  'scanner_points',
  'scanner_reason',
  'network_points',
  'network_reason',
  'client_points',
  'client_reason',
  'robots_points',
  'robots_reason',
  'browser_age_points',
  'browser_age_reason',
  'timing_points',
  'timing_reason',
  'navigation_points',
  'navigation_reason',
] as const;

const NO_TIME = sql`toDateTime64(0, 3, 'UTC')`;

/**
 * The statement that writes the snapshots of some sessions anew from all that is stored of them. What happened in a session
 * is added up table by table first and put side by side then: a join of the rows would multiply sums.
 */
export function snapshotStatement(projectId: string, sessionIds: readonly string[], nowMs: number, profile: BehaviorProfile): SqlFragment {
  const condition = sql`project_id = ${bind.string(projectId)} AND session_id IN ${bind.strings(sessionIds)}`;
  const columns = snapshotColumns(profile);
  const names = join(['project_id', 'session_id', 'version', 'computed_at', ...Object.keys(columns)].map(identifier));
  return sql`INSERT INTO user_sessions (${names})
    SELECT ${bind.string(projectId)}, asked.session_id, ${bind.uint(nowMs)}, ${bind.timeMs(nowMs)}, ${join(Object.values(columns))}
    FROM (SELECT arrayJoin(${bind.strings(sessionIds)}) AS session_id) AS asked
    LEFT JOIN (${serverSide(condition)}) AS called ON called.session_id = asked.session_id
    LEFT JOIN (${webSide(condition)}) AS web ON web.session_id = asked.session_id
    LEFT JOIN (${changes(condition)}) AS changed ON changed.session_id = asked.session_id
    LEFT JOIN (SELECT * FROM session_verdicts FINAL WHERE ${condition}) AS verdict ON verdict.session_id = asked.session_id
    LEFT JOIN (SELECT session_id, mark FROM session_marks FINAL WHERE ${condition}) AS marked ON marked.session_id = asked.session_id`;
}

/**
 * The statement that renews what people said and did of some sessions, and leaves the rest of their snapshots as it is: some of
 * their events may have been deleted for their age, and what is added up anew would lack those.
 */
export function agedSnapshotStatement(
  projectId: string,
  sessionIds: readonly string[],
  nowMs: number,
  profile: BehaviorProfile,
): SqlFragment {
  const condition = sql`project_id = ${bind.string(projectId)} AND session_id IN ${bind.strings(sessionIds)}`;
  const stored = Object.keys(snapshotColumns(profile)).map((name): [string, SqlFragment] => [name, sql`aged.${identifier(name)}`]);
  const columns: Record<string, SqlFragment> = {
    ...Object.fromEntries(stored),
    user_id: sql`if(changed.user_id != '', changed.user_id, aged.user_id)`,
    ended_at: sql`coalesce(if(changed.ended_at >= aged.last_activity_at, changed.ended_at, NULL), aged.ended_at)`,
    converted_at: sql`arrayMin(arrayFilter(at -> at IS NOT NULL, [aged.converted_at, changed.converted_at]))`,
    mark: sql`marked.mark`,
    traffic_class: trafficClass(sql`aged.traffic_class != ''`, sql`aged`, sql`aged.page_views`, profile),
  };
  const names = join(['project_id', 'session_id', 'version', 'computed_at', ...Object.keys(columns)].map(identifier));
  return sql`INSERT INTO user_sessions (${names})
    SELECT ${bind.string(projectId)}, aged.session_id, ${bind.uint(nowMs)}, ${bind.timeMs(nowMs)}, ${join(Object.values(columns))}
    FROM (SELECT * FROM user_sessions FINAL WHERE ${condition}) AS aged
    LEFT JOIN (${changes(condition)}) AS changed ON changed.session_id = aged.session_id
    LEFT JOIN (SELECT session_id, mark FROM session_marks FINAL WHERE ${condition}) AS marked ON marked.session_id = aged.session_id`;
}

/** The sessions with rows that arrived since a time, UTC milliseconds. */
export function touchedSessions(sinceMs: number): SqlFragment {
  const since = bind.timeMs(sinceMs);
  const parts = SNAPSHOT_TABLES.map(
    (table) => sql`SELECT project_id, session_id FROM ${identifier(table)} WHERE received_at >= ${since} AND session_id != ''`,
  );
  return sql`SELECT DISTINCT project_id, session_id FROM (${join(parts, ' UNION ALL ')}
    UNION ALL SELECT project_id, session_id FROM session_changes WHERE changed_at >= ${since})`;
}

function snapshotColumns(profile: BehaviorProfile): Readonly<Record<string, SqlFragment>> {
  const isWeb = sql`web.web_events + web.http_requests > 0`;
  return {
    user_id: sql`multiIf(changed.user_id != '', changed.user_id, ifNull(web.user_at, ${NO_TIME}) >= ifNull(called.user_at, ${NO_TIME}), web.user_id, called.user_id)`,
    agent: sql`if(ifNull(web.agent_at, ${NO_TIME}) > ifNull(called.agent_at, ${NO_TIME}), web.agent, called.agent)`,
    session_source: sql`multiIf(changed.source != '', changed.source, ${isWeb}, 'web', called.requests + called.tool_executions + called.tasks > 0, 'api', 'unknown')`,
    started_at: sql`ifNull(coalesce(arrayMin(arrayFilter(at -> at IS NOT NULL, [called.first_at, web.first_event_at])), web.first_at, changed.created_at), ${NO_TIME})`,
    last_event_at: sql`ifNull(coalesce(arrayMax(arrayFilter(at -> at IS NOT NULL, [called.last_at, web.last_event_at])), web.first_at, changed.created_at), ${NO_TIME})`,
    last_activity_at: sql`ifNull(arrayMax(arrayFilter(at -> at IS NOT NULL, [called.last_at, web.last_at, changed.touched_at])), ${NO_TIME})`,
    first_activity_at: sql`ifNull(arrayMin(arrayFilter(at -> at IS NOT NULL, [called.first_at, web.first_at, changed.created_at])), ${NO_TIME})`,
    events: sql`called.events + web.web_events`,
    page_views: sql`web.page_views`,
    requests: sql`called.requests`,
    unpriced_requests: sql`called.unpriced`,
    failed_requests: sql`called.failed_requests`,
    tool_executions: sql`called.tool_executions`,
    failed_tool_executions: sql`called.failed_tools`,
    tasks: sql`called.tasks`,
    messages: sql`called.messages`,
    input_tokens: sql`called.input_tokens`,
    cache_read_tokens: sql`called.cache_read_tokens`,
    cache_write_tokens: sql`called.cache_write_tokens`,
    output_tokens: sql`called.output_tokens`,
    cost: sql`called.cost`,
    ...Object.fromEntries(
      ['visitor_id', 'fingerprint', 'ip', 'user_agent', 'entry_url', 'entry_page'].map((name) => [name, toldOrCreatedWith(name)]),
    ),
    ...Object.fromEntries(ORIGIN_NAMES.map((name) => [name, originOrCreatedWith(name)])),
    exit_page: sql`web.exit_page`,
    web_events: sql`web.web_events`,
    http_requests: sql`web.http_requests`,
    asset_requests: sql`web.asset_requests`,
    failed_http_requests: sql`web.failed_http_requests`,
    custom_events: sql`web.custom_events`,
    conversions: sql`web.conversions`,
    engagements: sql`web.engagements`,
    ended_at: sql`if(changed.ended_at >= ifNull(arrayMax(arrayFilter(at -> at IS NOT NULL, [called.last_at, web.last_at])), ${NO_TIME}), changed.ended_at, NULL)`,
    converted_at: sql`arrayMin(arrayFilter(at -> at IS NOT NULL, [changed.converted_at, web.converted_at]))`,
    mark: sql`marked.mark`,
    is_ghost: sql`${isWeb} AND web.page_views = 0`,
    traffic_class: trafficClass(isWeb, sql`verdict`, sql`web.page_views`, profile),
    ...Object.fromEntries(VERDICT_NAMES.map((name) => [name, sql`verdict.${identifier(name)}`])),
  };
}

/** What a person said, else what is declared, else how it behaves; the order of bots/traffic-class.ts. */
function trafficClass(isWeb: SqlFragment, verdict: SqlFragment, pageViews: SqlFragment, profile: BehaviorProfile): SqlFragment {
  const behaves = identifier(profile === 'layered' ? 'is_layered_bot' : 'is_behavioral_bot');
  return sql`multiIf(NOT (${isWeb}), '', marked.mark = 'human', 'human', marked.mark = 'bot', 'behavioral_bot',
      ${verdict}.is_bot, 'bot', ${verdict}.is_ai_crawler, 'ai_crawler', ${verdict}.is_scanner, 'scanner',
      ${verdict}.${behaves}, 'behavioral_bot', ${pageViews} = 0, 'ghost', 'human')`;
}

/** What the events of a session say, else what it was created with. */
function toldOrCreatedWith(name: string): SqlFragment {
  return sql`if(web.${identifier(name)} != '', web.${identifier(name)}, JSONExtractString(changed.origin, ${bind.string(name)}))`;
}

function originOrCreatedWith(name: (typeof ORIGIN_NAMES)[number]): SqlFragment {
  const key = bind.string(name);
  const created =
    name === 'asn'
      ? sql`toUInt32(JSONExtractUInt(changed.origin, ${key}))`
      : name === 'hosting'
        ? sql`JSONExtractBool(changed.origin, ${key})`
        : sql`JSONExtractString(changed.origin, ${key})`;
  return sql`if(web.origins > 0, web.${identifier(name)}, ${created})`;
}

/** Model calls, tool executions, tasks and messages of some sessions. A bare `cost` would be the column of the result, which is never null. */
function serverSide(condition: SqlFragment): SqlFragment {
  const nothing = sql`toDecimal128(0, 12)`;
  return sql`SELECT session_id, min(row.happened_at) AS first_at, max(row.happened_at) AS last_at,
      argMaxIf(row.user_id, row.happened_at, row.user_id != '') AS user_id, maxIf(row.happened_at, row.user_id != '') AS user_at,
      argMaxIf(row.agent, row.happened_at, row.agent != '') AS agent, maxIf(row.happened_at, row.agent != '') AS agent_at,
      count() AS events, sum(row.requests) AS requests, sum(row.unpriced) AS unpriced, sum(row.failed_requests) AS failed_requests,
      sum(row.tool_executions) AS tool_executions, sum(row.failed_tools) AS failed_tools, sum(row.tasks) AS tasks, sum(row.messages) AS messages,
      sum(row.input_tokens) AS input_tokens, sum(row.cache_read_tokens) AS cache_read_tokens, sum(row.cache_write_tokens) AS cache_write_tokens,
      sum(row.output_tokens) AS output_tokens, sum(row.cost) AS cost
    FROM (
      SELECT session_id, toNullable(timestamp) AS happened_at, user_id, toString(agent) AS agent, toUInt64(duplicate_of = '') AS requests,
        toUInt64(request.cost IS NULL AND duplicate_of = '') AS unpriced, toUInt64(status != 'success' AND duplicate_of = '') AS failed_requests,
        0 AS tool_executions, 0 AS failed_tools, 0 AS tasks, 0 AS messages,
        if(duplicate_of = '', input_tokens, 0) AS input_tokens, if(duplicate_of = '', cache_read_tokens, 0) AS cache_read_tokens,
        if(duplicate_of = '', cache_write_tokens, 0) AS cache_write_tokens, if(duplicate_of = '', output_tokens, 0) AS output_tokens,
        if(duplicate_of = '', ifNull(request.cost, ${nothing}), ${nothing}) AS cost
      FROM ai_requests AS request FINAL WHERE ${condition}
      UNION ALL SELECT session_id, toNullable(timestamp), user_id, toString(agent), 0, 0, 0, 1, toUInt64(status != 'success'), 0, 0, 0, 0, 0, 0, ${nothing}
      FROM mcp_tool_executions FINAL WHERE ${condition}
      UNION ALL SELECT session_id, toNullable(started_at), user_id, toString(agent), 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, ${nothing}
      FROM agent_tasks FINAL WHERE ${condition}
      UNION ALL SELECT session_id, toNullable(timestamp), user_id, toString(agent), 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, ${nothing}
      FROM task_messages FINAL WHERE ${condition}
    ) AS row GROUP BY session_id`;
}

/** Page events, requests and engagement of some sessions. Engagement keeps a session alive and is no event of it. */
function webSide(condition: SqlFragment): SqlFragment {
  const origin = join(
    ORIGIN_NAMES.map((name) => sql`argMinIf(row.${identifier(name)}, row.happened_at, row.is_origin) AS ${identifier(name)}`),
  );
  const names = join(ORIGIN_NAMES.map(identifier));
  const none = join(ORIGIN_NAMES.map((name) => (name === 'asn' ? sql`toUInt32(0)` : name === 'hosting' ? sql`false` : sql`''`)));
  return sql`SELECT session_id, minIf(row.happened_at, row.kind != 'engagement') AS first_at, max(row.happened_at) AS last_at,
      minIf(row.happened_at, row.event_type != '') AS first_event_at, maxIf(row.happened_at, row.event_type != '') AS last_event_at,
      argMaxIf(row.user_id, row.happened_at, row.user_id != '') AS user_id, maxIf(row.happened_at, row.user_id != '') AS user_at,
      argMaxIf(row.agent, row.happened_at, row.agent != '') AS agent, maxIf(row.happened_at, row.agent != '') AS agent_at,
      argMinIf(row.visitor_id, row.happened_at, row.visitor_id != '') AS visitor_id, argMinIf(row.fingerprint, row.happened_at, row.fingerprint != '') AS fingerprint,
      argMinIf(row.ip, row.happened_at, row.ip != '') AS ip, argMinIf(row.user_agent, row.happened_at, row.user_agent != '') AS user_agent, ${origin},
      argMinIf(row.page_url, row.place, row.event_type = 'page_view') AS entry_url, argMinIf(row.page_path, row.place, row.event_type = 'page_view') AS entry_page,
      argMaxIf(row.page_path, row.place, row.event_type = 'page_view') AS exit_page,
      countIf(row.event_type != '') AS web_events, countIf(row.event_type = 'page_view') AS page_views,
      countIf(row.kind NOT IN ('event', 'engagement')) AS http_requests, countIf(row.kind = 'asset') AS asset_requests,
      countIf(row.status_code >= 400) AS failed_http_requests, countIf(row.event_type NOT IN ('', 'page_view', 'link_click', 'conversion')) AS custom_events,
      countIf(row.event_type = 'conversion') AS conversions, minIf(row.happened_at, row.event_type = 'conversion') AS converted_at,
      countIf(row.kind = 'engagement') AS engagements, countIf(row.is_origin) AS origins
    FROM (
      SELECT session_id, 'event' AS kind, toNullable(timestamp) AS happened_at, (timestamp, arrival) AS place, user_id, toString(agent) AS agent, visitor_id, fingerprint, ip, user_agent,
        toString(event_type) AS event_type, page_url, page_path, status_code, is_origin, ${names}
      FROM analytics_events FINAL WHERE ${condition}
      UNION ALL SELECT session_id, toString(request_kind), toNullable(timestamp), (timestamp, arrival), user_id, toString(agent), visitor_id, fingerprint, ip, user_agent,
        '', page_url, page_path, status_code, is_origin, ${names}
      FROM http_requests FINAL WHERE ${condition}
      UNION ALL SELECT session_id, 'engagement', toNullable(timestamp), (timestamp, toUInt64(0)), user_id, toString(agent), visitor_id, fingerprint, ip, user_agent,
        '', '', '', 0, false, ${none}
      FROM engagement_events FINAL WHERE ${condition}
    ) AS row GROUP BY session_id`;
}

/** What was done to some sessions besides the events in them. */
function changes(condition: SqlFragment): SqlFragment {
  return sql`SELECT session_id, maxIf(toNullable(change_row.changed_at), change_row.change = 'ended') AS ended_at,
      minIf(toNullable(change_row.changed_at), change_row.change = 'converted') AS converted_at,
      minIf(toNullable(change_row.changed_at), change_row.change = 'created') AS created_at,
      maxIf(toNullable(change_row.changed_at), change_row.change IN ('created', 'touched')) AS touched_at,
      argMaxIf(change_row.user_id, (change_row.change = 'migrated', change_row.changed_at), change_row.change IN ('created', 'migrated') AND change_row.user_id != '') AS user_id,
      argMinIf(toString(change_row.source), change_row.changed_at, change_row.change = 'created') AS source, argMinIf(change_row.origin, change_row.changed_at, change_row.change = 'created') AS origin
    FROM session_changes AS change_row FINAL WHERE ${condition} GROUP BY session_id`;
}
