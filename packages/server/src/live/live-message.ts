import { formatUsd } from '@systemprompt-analytics/core';
import type { ObservedEvent } from './observed-event.js';

/** What a subscriber can ask for. */
export const LIVE_MESSAGE_TYPES = ['event', 'session', 'anomaly'] as const;
export type LiveMessageType = (typeof LIVE_MESSAGE_TYPES)[number];

/** A stored event as live subscribers see it: whose it is and what it did, and nothing that tells who the visitor is beyond that. */
export interface LiveEventMessage {
  readonly event_id: string;
  readonly type: string;
  /** ISO 8601. */
  readonly time: string;
  readonly session_id: string;
  readonly user_id: string;
  readonly agent: string;
  readonly tool: string;
  readonly model: string;
  readonly path: string;
  readonly method: string;
  readonly status_code: number | null;
  readonly failed: boolean;
  readonly duration_ms: number | null;
  /** Exact decimal; null when unpriced or no model call. */
  readonly cost_usd: string | null;
  readonly tokens: number | null;
  readonly country: string;
  readonly device_type: string;
  readonly browser: string;
  /** Name of the program that the client says it is; empty for people. */
  readonly bot_name: string;
}

/** How a session stands. */
export interface LiveSessionMessage {
  readonly change: 'opened' | 'updated' | 'level_changed';
  readonly session_id: string;
  readonly page_views: number;
  /** Throttle level. */
  readonly level: string;
  /** human, ghost, user-agent bot, ... */
  readonly traffic_class: string;
  readonly bot_score: number;
}

/** The part of an event that is shown. What is not in it is not kept for whoever may come: no address, no user agent. */
export type ShownEvent = Omit<
  ObservedEvent,
  'ip' | 'session' | 'userAgent' | 'visitorId' | 'referrer' | 'queryRole' | 'interacted' | 'receivedMs' | 'projectId' | 'requestKind'
>;

/** Takes from an event what is shown of it. */
export function shownPartOf(event: ObservedEvent): ShownEvent {
  return {
    eventId: event.eventId,
    type: event.type,
    timestampMs: event.timestampMs,
    sessionId: event.sessionId,
    userId: event.userId,
    agent: event.agent,
    tool: event.tool,
    model: event.model,
    path: event.path,
    method: event.method,
    statusCode: event.statusCode,
    failed: event.failed,
    durationMs: event.durationMs,
    costPicodollars: event.costPicodollars,
    tokens: event.tokens,
    client: event.client,
  };
}

/** An event as live subscribers see it. */
export function liveEventOf(event: ShownEvent): LiveEventMessage {
  const { client, costPicodollars } = event;
  return {
    event_id: event.eventId,
    type: event.type,
    time: new Date(event.timestampMs).toISOString(),
    session_id: event.sessionId,
    user_id: event.userId,
    agent: event.agent,
    tool: event.tool,
    model: event.model,
    path: event.path,
    method: event.method,
    status_code: event.statusCode ?? null,
    failed: event.failed,
    duration_ms: event.durationMs ?? null,
    cost_usd: costPicodollars === undefined ? null : formatUsd(costPicodollars),
    tokens: event.tokens ?? null,
    country: client?.country ?? '',
    device_type: client?.deviceType ?? '',
    browser: client?.browser ?? '',
    bot_name: client?.bot.name ?? '',
  };
}
