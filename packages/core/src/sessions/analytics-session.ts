import type { SessionId, UserId, VisitorId } from '../ids/typed-ids.js';
import type { ThrottleLevel } from '../throttle/throttle-level.js';

/** Where a session came about. */
export const SESSION_SOURCES = ['web', 'api', 'cli', 'oauth', 'unknown'] as const;
export type SessionSource = (typeof SESSION_SOURCES)[number];

/** What a session's visitor is taken for: a partition of all web sessions. Empty for sessions without web traffic. */
export const TRAFFIC_CLASSES = ['human', 'ghost', 'bot', 'ai_crawler', 'scanner', 'behavioral_bot'] as const;
export type TrafficClass = (typeof TRAFFIC_CLASSES)[number];

/**
 * One session with everything that happened in it so far. Times are UTC milliseconds, absent texts empty.
 *
 * @example
 * const visit: AnalyticsSession | undefined = await sessions.find('default', 'visit-1');
 */
export interface AnalyticsSession {
  readonly sessionId: SessionId;
  /** The known user; empty for an anonymous one. */
  readonly userId: UserId | '';
  /** The fingerprint or cookieless hash; empty when nobody knows. */
  readonly visitorId: VisitorId | '';
  readonly source: SessionSource;
  readonly startedMs: number;
  readonly lastActivityMs: number;
  /** When it was ended; undefined while it goes on. */
  readonly endedMs: number | undefined;
  /** When its visitor first reached a goal; undefined when it did not. */
  readonly convertedMs: number | undefined;
  readonly deviceType: string;
  readonly browser: string;
  readonly os: string;
  readonly country: string;
  readonly locale: string;
  readonly referrerHost: string;
  readonly referrerSource: string;
  readonly channel: string;
  readonly entryUrl: string;
  readonly landingPage: string;
  readonly counters: SessionCounters;
  readonly trafficClass: TrafficClass | '';
  /** Score of the seven signals, 0 to 135. */
  readonly behavioralBotScore: number;
  /** Score of all layers, 0 to 100. */
  readonly layeredScore: number;
  /** How far its requests are slowed down at the moment: the higher one of its own level and its visitor's. */
  readonly throttleLevel: ThrottleLevel;
}

/** How often what happened in a session. */
export interface SessionCounters {
  /** Records of every kind but engagement. */
  readonly events: number;
  readonly pageViews: number;
  /** Requests that a web server answered and that are no page views. */
  readonly httpRequests: number;
  readonly aiRequests: number;
  readonly toolExecutions: number;
  readonly tasks: number;
  readonly messages: number;
  readonly conversions: number;
  /** Input, cache and output tokens together. */
  readonly tokens: bigint;
  /** Exact cost of the priced calls. */
  readonly costPicodollars: bigint;
  /** Calls without a price, not in the cost. */
  readonly unpricedRequests: number;
  /** Model calls, tool executions and web requests that failed. */
  readonly errors: number;
}
