import type { ThrottleLevelName } from '@systemprompt-analytics/core';

/** A request to a site as its server describes it before answering. Absent texts are empty. */
export interface RequestDescription {
  /** Whole address of the client; empty when the session or fingerprint is named instead. */
  readonly ip: string;
  readonly userAgent: string;
  /** Absolute address; empty when only the path is known. */
  readonly url: string;
  /** The path without its query. */
  readonly path: string;
  /** Upper case. */
  readonly method: string;
  /** What the server is about to answer, where it knows. */
  readonly statusCode: number | undefined;
  readonly sessionId: string;
  readonly fingerprint: string;
  readonly referrer: string;
  /** When the request came, UTC milliseconds. */
  readonly timestampMs: number;
}

/** What to do with a request, as sent. */
export interface Decision {
  readonly level: ThrottleLevelName;
  readonly level_number: number;
  readonly allowed: boolean;
  /** Requests per minute that the level allows, and how many of them are left. */
  readonly limit: number;
  readonly remaining: number;
  /** Seconds; 0 when allowed, null when only a person can end it. */
  readonly retry_after: number | null;
  /** Empty when there is nothing to say. */
  readonly reason: string;
  /** Behavioural score of the session, this request not among its requests yet. */
  readonly bot_score: number;
}

/** Decides about requests: finds the session and visitor of each, scores it and asks the throttle. */
export interface DecisionMaker {
  /** One decision per description, in the same order. */
  decide(projectId: string, descriptions: readonly RequestDescription[]): Promise<readonly Decision[]>;
}
