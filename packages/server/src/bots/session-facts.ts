import { type PathTable, SessionBehavior } from '@systemprompt-analytics/core';
import { isMissingUserAgent, NO_BOT } from '../enrichment/bot-identity.js';
import type { BotIdentity, ClientFacts } from '../enrichment/client-facts.js';
import { interactionCondition } from '../ingest/interaction.js';
import type { RequestKind } from '../live/observed-event.js';
import { FOUND_PREFIX } from '../sessions/live-sessions.js';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** Requests of a kind that are looked at in a session; what it does after so many changes nothing any more. */
const REQUESTS_MAX = 5_000;
const SESSIONS_MAX = 1_000_000;
const DEVICE_TYPES = ['desktop', 'mobile', 'tablet', 'tv', 'bot'] as const;

/** The requests of a session and what its events say of its client, as the store answers them. */
export interface SessionFacts {
  readonly session_id: string;
  readonly visitor_id: string;
  readonly user_agent: string;
  /** Did a web server report its requests, with their status? */
  readonly is_server_told: number;
  /** Was it a client that has to name itself, rather than a program that speaks for one? */
  readonly is_told: number;
  /** As its first event says. */
  readonly client: readonly [
    locale: string,
    deviceType: string,
    browser: string,
    browserVersion: string,
    os: string,
    country: string,
    region: string,
    city: string,
    asn: number,
    network: string,
    hosting: boolean,
  ];
  readonly first_ms: string;
  readonly last_ms: string;
  readonly beacons: string;
  readonly interactions: string;
  /** Its requests in order; other events are none. */
  readonly requests: readonly (readonly [
    timestampMs: string,
    path: string,
    kind: RequestKind,
    method: string,
    statusCode: number,
    hasReferrer: number,
    queryRole: 'probe' | 'feed' | '',
  ])[];
}

/** What is stored of sessions that a web client caused; of others nothing. */
export function readSessionFacts(store: Store, projectId: string, sessionIds: readonly string[]): Promise<SessionFacts[]> {
  const condition = sql`project_id = ${bind.string(projectId)} AND session_id IN ${bind.strings(sessionIds)}`;
  const limit = sql`ORDER BY session_id, timestamp LIMIT ${bind.uint(REQUESTS_MAX)} BY session_id`;
  const client = sql`(toString(locale), toString(device_type), toString(browser), toString(browser_version), toString(os), toString(country),
    toString(region), toString(city), asn, toString(network), hosting)`;
  return store.query<SessionFacts>(
    render(sql`SELECT session_id, argMinIf(row.visitor_id, row.timestamp, row.visitor_id != '') AS visitor_id,
        argMinIf(row.user_agent, row.timestamp, row.user_agent != '') AS user_agent, toUInt8(max(row.status_code) > 0) AS is_server_told,
        toUInt8(max(row.status_code) > 0 OR startsWith(session_id, ${bind.string(FOUND_PREFIX)})) AS is_told,
        argMinIf(row.client, row.timestamp, row.is_origin) AS client,
        toUnixTimestamp64Milli(min(row.timestamp)) AS first_ms, toUnixTimestamp64Milli(max(row.timestamp)) AS last_ms,
        countIf(row.kind = 'beacon') AS beacons, countIf(row.kind = 'beacon' AND row.interacted = 1) AS interactions,
        arrayMap(request -> request.2, arraySort(request -> request.1, groupArrayIf(((row.timestamp, row.arrival),
          (toUnixTimestamp64Milli(row.timestamp), row.page_path, row.kind, row.method, row.status_code, row.has_referrer, row.query_role)),
          row.kind NOT IN ('', 'beacon')))) AS requests
      FROM (
        SELECT session_id, visitor_id, user_agent, ${client} AS client, timestamp, page_path, is_origin, status_code, toString(method) AS method,
           multiIf(event_type = 'page_view', 'page', event_type = 'link_click', 'beacon', '') AS kind,
          toUInt8(referrer != '') AS has_referrer, toString(query_role) AS query_role, arrival, toUInt8(1) AS interacted
        FROM analytics_events FINAL WHERE ${condition} ${limit}
        UNION ALL SELECT session_id, visitor_id, user_agent, ${client}, timestamp, page_path, is_origin, status_code, toString(method), toString(request_kind), toUInt8(referrer != ''), toString(query_role), arrival, toUInt8(0)
        FROM http_requests FINAL WHERE ${condition} ${limit}
        UNION ALL SELECT session_id, visitor_id, user_agent, ('', '', '', '', '', '', '', '', toUInt32(0), '', false), timestamp, '', false, toUInt16(0), '', 'beacon', toUInt8(0), '', toUInt64(0),
          toUInt8(${interactionCondition()})
        FROM engagement_events FINAL WHERE ${condition} ${limit}
      ) AS row GROUP BY session_id`),
    { rows: SESSIONS_MAX, seconds: 60 },
  );
}

/** What a session did, as if it had been watched. */
export function behaviorOf(facts: SessionFacts, paths: PathTable): SessionBehavior {
  const behavior = new SessionBehavior(paths);
  for (const [timestampMs, path, kind, method, statusCode, hasReferrer, queryRole] of facts.requests) {
    behavior.observe({
      timestampMs: Number(timestampMs),
      path,
      queryRole: queryRole || 'plain',
      kind,
      method: method || 'GET',
      statusCode: statusCode || undefined,
      hasReferrer: hasReferrer === 1,
    });
  }
  const interactions = Number(facts.interactions);
  for (let beacon = 0; beacon < Number(facts.beacons); beacon++) behavior.beacon(beacon < interactions);
  return behavior;
}

/**
 * What a session's client declared to be. Headers are not stored, so that of a program that declared itself in one of them only
 * that it did is known afterwards.
 */
export function declaredBotOf(facts: SessionFacts, identify: (userAgent: string) => BotIdentity): BotIdentity {
  if (isMissingUserAgent(facts.user_agent) && facts.is_told === 0) return NO_BOT;
  const bot = identify(facts.user_agent);
  const [, deviceType] = facts.client;
  if (bot.declared || deviceType !== 'bot') return bot;
  return { ...bot, declared: true, category: 'other' };
}

/** What is known of a session's client, as it was when the session began. */
export function clientOf({ client }: SessionFacts, bot: BotIdentity): ClientFacts {
  const [locale, deviceType, browser, browserVersion, os, country, region, city, asn, network, hosting] = client;
  return {
    deviceType: DEVICE_TYPES.find((type) => type === deviceType) ?? '',
    browser,
    browserVersion,
    os,
    locale,
    country,
    region,
    city,
    asn,
    network,
    hosting,
    bot,
  };
}
