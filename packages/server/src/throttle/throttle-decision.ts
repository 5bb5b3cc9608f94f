import type { ThrottleLevel } from '@systemprompt-analytics/core';

/** Who asks for something: a session, a visitor, or both. */
export interface DecisionRequest {
  readonly projectId: string;
  /** Empty when there is none. */
  readonly sessionId: string;
  /** The fingerprint or cookieless hash; empty when the visitor is not known. */
  readonly visitorId: string;
  /** See `ThrottleObservation` of the core: its requests are not counted against a limit. @default false */
  readonly declaredSearchEngine?: boolean;
}

/** May a request pass? */
export interface ThrottleDecision {
  /** The higher one of the session's and the visitor's. */
  readonly level: ThrottleLevel;
  readonly allowed: boolean;
  /** Requests per minute that the level allows. */
  readonly limit: number;
  /** How many of them are left. */
  readonly remaining: number;
  /** Seconds after which the next request may pass: 0 when this one does, null when only a person can say. */
  readonly retryAfterSeconds: number | null;
  /** Why the level is not the normal one, or the request refused; else empty. */
  readonly reason: string;
}

/** What is known of a request that was seen. */
export interface ObservedRequest {
  /** When it happened, UTC milliseconds. */
  readonly timestampMs: number;
  /** Is it one that counts (a page, a call of an API or a model), and no asset or beacon that a page causes by itself? */
  readonly countsAsRequest: boolean;
  readonly failed: boolean;
  /** The behavioural score of its session. */
  readonly botScore: number;
  /** See `ThrottleObservation` of the core. */
  readonly declaredSearchEngine: boolean;
  /** How the client probes for weaknesses. @default '', it does not */
  readonly scanner?: string;
  /** Did a person flag the visitor? @default false */
  readonly flagged?: boolean;
}
