import type { ObservedEvent } from '../../live/observed-event.js';
import type { Store } from '../../store/store.js';

/** What a visitor did once, as far as its reputation is concerned. */
export interface Visit {
  readonly visitor: string;
  readonly timestampMs: number;
  /** @default 'page' */
  readonly kind?: 'page' | 'other' | 'asset' | 'call' | 'repeated_call' | 'custom' | 'engagement';
  /** @default the visitor's own session */
  readonly session?: string;
  /** @default '' */
  readonly user?: string;
  /** @default '192.0.2.0' */
  readonly ip?: string;
  /** When it arrived. @default when it happened */
  readonly receivedMs?: number;
}

const TABLES = {
  page: 'analytics_events',
  custom: 'analytics_events',
  other: 'http_requests',
  asset: 'http_requests',
  call: 'ai_requests',
  repeated_call: 'ai_requests',
  engagement: 'engagement_events',
} as const;

const TYPES = {
  page: 'page_view',
  custom: 'signed_up',
  other: 'http_request',
  asset: 'http_request',
  call: 'ai_request',
  repeated_call: 'ai_request',
  engagement: 'engagement',
} as const;

let serial = 0;

/** Writes visits into the raw tables, as a move does. */
export async function storeVisits(store: Store, projectId: string, visits: readonly Visit[]): Promise<ObservedEvent[]> {
  const rows = new Map<string, object[]>();
  const observed: ObservedEvent[] = [];
  for (const visit of visits) {
    const { visitor, timestampMs, kind = 'page', user = '', ip = '192.0.2.0', receivedMs = timestampMs } = visit;
    const session = visit.session ?? `session of ${visitor}`;
    const eventId = `e${++serial}`;
    const byFingerprint = kind === 'call' || kind === 'repeated_call';
    const row = {
      project_id: projectId,
      event_id: eventId,
      timestamp: new Date(timestampMs).toISOString(),
      received_at: new Date(receivedMs).toISOString(),
      version: receivedMs,
      session_id: session,
      user_id: user,
      ip,
      user_agent: `agent at ${timestampMs}`,
      ...(byFingerprint ? { fingerprint: visitor } : { visitor_id: visitor }),
      ...(kind === 'page' || kind === 'custom' || kind === 'engagement' ? { event_type: TYPES[kind] } : {}),
      ...(kind === 'other' || kind === 'asset' ? { request_kind: kind } : {}),
      ...(kind === 'repeated_call' ? { duplicate_of: 'another span' } : {}),
    };
    const table = TABLES[kind];
    rows.set(table, [...(rows.get(table) ?? []), row]);
    observed.push(
      observedEvent({ projectId, eventId, type: TYPES[kind], timestampMs, receivedMs, sessionId: session, visitorId: visitor }),
    );
  }
  for (const [table, ofTable] of rows) await store.insert(table, ofTable);
  return observed;
}

type Named = Pick<ObservedEvent, 'projectId' | 'eventId' | 'type' | 'timestampMs' | 'receivedMs' | 'sessionId' | 'visitorId'>;

function observedEvent(named: Named): ObservedEvent {
  return {
    ...named,
    userId: '',
    agent: '',
    tool: '',
    model: '',
    path: '',
    requestKind: undefined,
    method: '',
    statusCode: undefined,
    referrer: '',
    interacted: false,
    session: undefined,
    queryRole: undefined,
    failed: false,
    durationMs: undefined,
    costPicodollars: undefined,
    tokens: undefined,
    ip: '',
    userAgent: '',
    client: undefined,
  };
}

/** The counters of a visitor, counted by hand. */
export interface ExpectedCounters {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly totalSessions: number;
  readonly activeSessions: number;
  readonly totalRequests: number;
  readonly requestsLastHour: number;
  readonly peakRequestsPerMinute: number;
  readonly lastUserAgent: string;
  readonly associatedUserIds: readonly string[];
}

/** What the reputation of each visitor has to say after these visits, to whom asks at a time. */
export function countByHand(visits: readonly Visit[], nowMs: number): Map<string, ExpectedCounters> {
  const expected = new Map<string, ExpectedCounters>();
  const seen = visits.filter(({ kind }) => kind !== 'engagement');
  for (const visitor of new Set(seen.map((visit) => visit.visitor))) {
    const own = seen.filter((visit) => visit.visitor === visitor);
    const times = own.map(({ timestampMs }) => timestampMs);
    const last = Math.max(...times);
    const sessionOf = (visit: Visit): string => visit.session ?? `session of ${visitor}`;
    const minuteOf = (timestampMs: number): number => Math.floor(timestampMs / 60_000);
    const sessions = new Set(own.map(sessionOf).filter((session) => session !== ''));
    const active = own.filter(({ timestampMs }) => timestampMs >= last - 30 * 60_000).map(sessionOf);
    const requests = own.filter(({ kind = 'page' }) => ['page', 'other', 'call'].includes(kind)).map(({ timestampMs }) => timestampMs);
    const perMinute = new Map<number, number>();
    for (const time of requests) perMinute.set(minuteOf(time), (perMinute.get(minuteOf(time)) ?? 0) + 1);
    expected.set(visitor, {
      firstSeenMs: Math.min(...times),
      lastSeenMs: last,
      totalSessions: sessions.size,
      activeSessions: nowMs - last > 30 * 60_000 ? 0 : new Set(active.filter((session) => session !== '')).size,
      totalRequests: requests.length,
      requestsLastHour: nowMs - last > 3_600_000 ? 0 : requests.filter((time) => minuteOf(time) > minuteOf(last) - 60).length,
      peakRequestsPerMinute: Math.max(0, ...perMinute.values()),
      lastUserAgent: `agent at ${last}`,
      associatedUserIds: [...new Set(own.map(({ user = '' }) => user))].filter((user) => user !== '').sort(),
    });
  }
  return expected;
}
