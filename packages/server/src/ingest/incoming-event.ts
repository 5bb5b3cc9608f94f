import { asksNotToBeTracked, type ParsedEvent, parseUsd, type RequestHeaders, totalInputTokens } from '@systemprompt-analytics/core';
import type { ClientFacts } from '../enrichment/client-facts.js';
import type { ObservedEvent, RequestKind } from '../live/observed-event.js';
import type { ModelCallRow } from './event-rows.js';
import { isInteraction } from './interaction.js';
import type { PreparedEvent, Sender } from './prepare-event.js';
import { EngagementRow, type WebRow } from './web-rows.js';

/** Event types that keep a session alive without opening one; see "Visits" in docs/semantics.md. */
const ENGAGEMENT_TYPES: ReadonlySet<string> = new Set(['engagement', 'page_exit', 'scroll']);

/** Who the client of an event is, before anybody has looked. */
export interface VisitorTraits {
  /** Of the end user, given by a sender that may speak for one. */
  readonly fingerprint: string;
  /** The whole address; empty when it is not known. */
  readonly ip: string;
  readonly userAgent: string;
  /** As the client sent them. */
  readonly headers: RequestHeaders;
  /** Does the client want to be nobody (DNT: 1 or Sec-GPC: 1)? */
  readonly anonymous: boolean;
}

const NO_HEADERS: RequestHeaders = {};

/** Reads who the client of an event is: for a sender that speaks for its end users from the event, else from the request. */
export function readTraits(event: ParsedEvent, sender: Sender, honourDoNotTrack: boolean): VisitorTraits {
  const { fields } = event;
  const text = (name: string): string => String(fields[name] ?? '');
  if (!sender.trusted) {
    const { headers = NO_HEADERS } = sender;
    const anonymous = honourDoNotTrack && asksNotToBeTracked(headers);
    return { fingerprint: '', ip: sender.ip, userAgent: sender.userAgent, headers, anonymous };
  }
  const locale = text('locale');
  return {
    fingerprint: text('fingerprint'),
    ip: text('ip'),
    userAgent: text('user_agent'),
    headers: locale === '' ? NO_HEADERS : { 'accept-language': locale },
    anonymous: honourDoNotTrack && fields['do_not_track'] === true,
  };
}

/**
 * What is known of an event while it is on its way and is never written down: the whole address, the client's headers.
 * Observers see it as an {@link ObservedEvent} once it is stored.
 */
export class IncomingEvent implements ObservedEvent {
  readonly projectId: string;
  readonly eventId: string;
  readonly type: string;
  readonly timestampMs: number;
  readonly receivedMs: number;
  sessionId: string;
  session: object | undefined = undefined;
  visitorId = '';
  readonly userId: string;
  readonly agent: string;
  readonly tool: string;
  readonly model: string;
  readonly path: string;
  readonly queryRole: 'probe' | 'feed' | undefined;
  readonly requestKind: RequestKind | undefined;
  readonly method: string;
  readonly statusCode: number | undefined;
  readonly referrer: string;
  readonly failed: boolean;
  readonly durationMs: number | undefined;
  readonly tokens: number | undefined;
  readonly ip: string;
  readonly userAgent: string;
  client: ClientFacts | undefined;
  /** The row of an event that a web client caused; its session is found when it is committed. */
  readonly web: WebRow | undefined;
  readonly traits: VisitorTraits;
  /** May this event open a session, or only keep one alive? */
  readonly opensSession: boolean;
  /** The address of the page and where the visitor came from, whole, as far as they are given. */
  readonly pageUrl: string;
  readonly #call: ModelCallRow | undefined;

  constructor(event: ParsedEvent, prepared: PreparedEvent, traits: VisitorTraits, receivedMs: number) {
    const { fields, usage } = event;
    const text = (name: string): string => String(fields[name] ?? '');
    const number = (name: string): number | undefined => {
      const value = fields[name];
      return typeof value === 'number' ? value : undefined;
    };
    const web =
      prepared.table === 'analytics_events' || prepared.table === 'engagement_events' || prepared.table === 'http_requests'
        ? prepared.row
        : undefined;
    this.projectId = prepared.projectId;
    this.eventId = prepared.id;
    this.type = event.type;
    this.timestampMs = event.timestampMs;
    this.receivedMs = receivedMs;
    this.sessionId = text('session_id');
    this.userId = text('user_id');
    this.agent = text('agent');
    this.tool = text('tool');
    this.model = text('model');
    this.path = web?.page_path ?? '';
    this.queryRole = web?.query_role;
    this.requestKind = requestKindOf(event.type, prepared);
    this.method = text('method');
    this.statusCode = number('status_code');
    this.referrer = text('referrer');
    const status = text('status');
    this.failed = (this.statusCode ?? 0) >= 400 || status === 'failed' || status === 'error' || status === 'timeout';
    this.durationMs = number('latency_ms') ?? number('duration_ms');
    this.tokens = usage === undefined ? undefined : totalInputTokens(usage) + usage.outputTokens;
    this.ip = traits.ip;
    this.userAgent = traits.userAgent;
    this.web = web;
    this.traits = traits;
    this.opensSession = web !== undefined && !ENGAGEMENT_TYPES.has(event.type);
    this.pageUrl = text('page_url');
    this.#call = prepared.table === 'ai_requests' ? prepared.row : undefined;
  }

  get interacted(): boolean {
    return this.type === 'link_click' || (this.web instanceof EngagementRow && isInteraction(this.web));
  }

  get costPicodollars(): bigint | undefined {
    const cost = this.#call?.cost;
    return cost === undefined || cost === null ? undefined : parseUsd(cost);
  }
}

function requestKindOf(type: string, prepared: PreparedEvent): RequestKind | undefined {
  if (type === 'page_view') return 'page';
  if (type !== 'http_request') return undefined;
  return prepared.table === 'http_requests' ? (prepared.row.request_kind as RequestKind) : 'page';
}
