import type { ClientFacts } from '../enrichment/client-facts.js';

/** What an HTTP request was for, as far as it matters for telling people from programs. */
export type RequestKind = 'page' | 'asset' | 'other';

/**
 * One event as those see it who watch what happens now: after it was stored, once, in the order it was accepted. Absent
 * texts are empty, absent numbers undefined.
 */
export interface ObservedEvent {
  readonly projectId: string;
  readonly eventId: string;
  /** `page_view`, `http_request`, `ai_request`, ... as the sender named it. */
  readonly type: string;
  /** When it happened and when it arrived, UTC milliseconds. */
  readonly timestampMs: number;
  readonly receivedMs: number;
  readonly sessionId: string;
  /** The session in memory that the event was found to belong to, for those who know what that is. */
  readonly session: object | undefined;
  /** The fingerprint, or the cookieless hash; empty when the visitor is not known or does not want to be. */
  readonly visitorId: string;
  readonly userId: string;
  readonly agent: string;
  readonly tool: string;
  readonly model: string;
  /** Of events about a page or a request: the path without its query. */
  readonly path: string;
  /** What the query, which is not stored, says of who asks; undefined when it says nothing. */
  readonly queryRole: 'probe' | 'feed' | undefined;
  /** Of HTTP requests; a page view of a tracker is a `page`. Undefined for all that is no request of a web page. */
  readonly requestKind: RequestKind | undefined;
  readonly method: string;
  /** Undefined where there is none. */
  readonly statusCode: number | undefined;
  readonly referrer: string;
  /** Of what a script in the browser reports: something that a person did, rather than a page being open. */
  readonly interacted: boolean;
  /** Did the request, call or execution fail (status 4xx or 5xx, failed, timeout)? */
  readonly failed: boolean;
  /** Latency of a call, duration of an execution or of an answer. */
  readonly durationMs: number | undefined;
  /** Exact cost of a model call in picodollars; undefined when it is unpriced or no call. */
  readonly costPicodollars: bigint | undefined;
  /** All tokens of a model call. */
  readonly tokens: number | undefined;
  /** The client's whole address, whatever of it is stored. Never written to a disk or a log. */
  readonly ip: string;
  readonly userAgent: string;
  /** Of events that a web client caused. */
  readonly client: ClientFacts | undefined;
}

/** Watches what is stored. */
export interface EventObserver {
  /** Called once per commit with its new events, in order, after they are durable. Must not throw and must not wait. */
  observe(events: readonly ObservedEvent[]): void;
}
