import { type ErrorCode, type ParsedEvent, type PriceBook, parseEvent } from '@systemprompt-analytics/core';
import type { ServerConfiguration } from '../configuration.js';
import { IncomingEvent, readTraits } from './incoming-event.js';
import type { IngestPipeline, Receipt } from './ingest-pipeline.js';
import { type ArrivedEvent, arrivedEventOf } from './journal.js';
import type { RejectedSpan } from './otlp/decode-traces.js';
import type { MappedSpan } from './otlp/map-span.js';
import type { OtlpEncoding } from './otlp/otlp-encoding.js';
import { readTraceExport } from './otlp/read-trace-export.js';
import type { PageReader } from './page-reader.js';
import { type PrepareContext, prepareEvent, type Sender, spanOfEvent } from './prepare-event.js';
import type { BatchItem } from './read-batch.js';
import { StoredSpan } from './stored-span.js';

/** One event that was not taken; its neighbours were. */
export interface RejectedEvent {
  /** Position in the batch, from 0; of NDJSON the lines that are not blank. */
  readonly index: number;
  readonly id: string | null;
  readonly code: ErrorCode;
  readonly message: string;
  /** Dotted path of the field, empty for the event itself. */
  readonly path: string;
}

/** The answer to a batch, given once its events are stored. */
export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly RejectedEvent[];
  /** Sessions of the batch that are slowed down or shut out, so that their sender can act on it; absent when there is none. */
  readonly throttled?: readonly ThrottledSession[];
}

/** A session that is not at the normal throttle level. */
export interface ThrottledSession {
  readonly session_id: string;
  /** `warning`, `severe` or `blocked`, and its number. */
  readonly level: string;
  readonly level_number: number;
  /** May its requests pass at all? */
  readonly allowed: boolean;
  /** Why, as a sentence. */
  readonly reason: string;
}

export interface IngestServiceOptions {
  readonly configuration: Pick<ServerConfiguration, 'limits' | 'ipPrivacy' | 'honourDoNotTrack'>;
  readonly prices: PriceBook;
  readonly pages: PageReader;
  readonly pipeline: IngestPipeline;
  /** The server's clock, UTC milliseconds. */
  readonly clock: () => number;
  /** The throttle level of a session or its visitor; undefined at the normal one. */
  readonly throttledSession: (projectId: string, sessionId: string, visitorId: string) => ThrottledSession | undefined;
}

/** Numbers that each millisecond has for the events that arrive in it; more of them run ahead of the clock. */
const ARRIVALS_PER_MS = 1024;

/** From what arrived to what is stored: reads, prices and hands over to the pipeline. */
export class IngestService {
  readonly #options: IngestServiceOptions;
  #arrival = 0;
  #acceptedEvents = 0;
  #duplicateEvents = 0;
  readonly #rejectedByCode = new Map<ErrorCode, number>();

  constructor(options: IngestServiceOptions) {
    this.#options = options;
  }

  /** Events since the start, by outcome. */
  get counts(): { readonly accepted: number; readonly duplicates: number; readonly rejected: Readonly<Record<string, number>> } {
    return { accepted: this.#acceptedEvents, duplicates: this.#duplicateEvents, rejected: Object.fromEntries(this.#rejectedByCode) };
  }

  /**
   * Stores the events of one batch and answers for each.
   *
   * @param bytes size of the body they came in
   * @throws AnalyticsError `buffer_full` or `store_unavailable`; the batch may be sent again
   */
  async ingestEvents(items: readonly BatchItem[], sender: Sender, bytes = 0): Promise<IngestAnswer> {
    const nowMs = this.#options.clock();
    const parseContext = { nowMs, limits: this.#options.configuration.limits, trusted: sender.trusted };
    const prepareContext = this.#contextOf(sender, nowMs);
    const events: ArrivedEvent[] = [];
    const rejected: RejectedEvent[] = [];
    items.forEach((item, index) => {
      const outcome = item.ok ? parseEvent(item.value, parseContext) : item;
      if (!outcome.ok) {
        rejected.push({ index, id: item.ok ? idOf(item.value) : null, ...outcome.fault });
        return;
      }
      events.push(this.#arrive(outcome.event, prepareContext, undefined));
    });
    this.#countRejected(rejected);
    const receipt = await this.#submit(events, [], bytes);
    const throttled = this.#throttledOf(events);
    return { ...receipt, rejected, ...(throttled.length === 0 ? {} : { throttled }) };
  }

  /**
   * Stores the spans of one OTLP export.
   *
   * @returns the spans that were not taken, for the partial success
   * @throws AnalyticsError also `invalid_json` or `invalid_protobuf`
   */
  async ingestTraces(body: Uint8Array, encoding: OtlpEncoding, sender: Sender): Promise<readonly RejectedSpan[]> {
    const nowMs = this.#options.clock();
    const { mapped, rejected } = readTraceExport(body, encoding, this.#options.configuration.limits);
    const prepareContext = this.#contextOf(sender, nowMs);
    const events: ArrivedEvent[] = [];
    const spans: StoredSpan[] = [];
    const outOfTime: RejectedSpan[] = [];
    for (const each of mapped) {
      const fault = this.#findTimeFault(each, sender, nowMs);
      if (fault !== undefined) {
        outOfTime.push({ index: each.index, reason: fault });
        continue;
      }
      const span = storedSpanOf(each, sender.projectId);
      if (each.event === undefined) spans.push(span);
      else events.push(this.#arrive(each.event, prepareContext, span));
    }
    const all = [...rejected, ...outOfTime].sort((a, b) => a.index - b.index);
    this.#countRejected(all.map(() => ({ code: 'invalid_value' })));
    await this.#submit(events, spans, body.length);
    return all;
  }

  /** Sessions are known after the commit; those of events that were there before are not looked for. */
  #throttledOf(events: readonly ArrivedEvent[]): ThrottledSession[] {
    const throttled: ThrottledSession[] = [];
    const asked = new Set<string>();
    for (const { incoming } of events) {
      const { projectId, sessionId, visitorId, web } = incoming;
      if (web === undefined || sessionId === '' || asked.has(sessionId)) continue;
      asked.add(sessionId);
      const found = this.#options.throttledSession(projectId, sessionId, visitorId);
      if (found !== undefined) throttled.push(found);
    }
    return throttled;
  }

  #contextOf(sender: Sender, nowMs: number): PrepareContext {
    const { configuration, prices, pages } = this.#options;
    const receivedAt = new Date(nowMs).toISOString();
    return { sender, nowMs, receivedAt, nextArrival: () => this.#nextArrival(nowMs), prices, ipPrivacy: configuration.ipPrivacy, pages };
  }

  /** Goes on after a restart, too: it is never behind the clock. */
  #nextArrival(nowMs: number): number {
    this.#arrival = Math.max(this.#arrival + 1, nowMs * ARRIVALS_PER_MS);
    return this.#arrival;
  }

  #arrive(event: ParsedEvent, context: PrepareContext, span: StoredSpan | undefined): ArrivedEvent {
    const traits = readTraits(event, context.sender, this.#options.configuration.honourDoNotTrack);
    const anonymous = traits.anonymous && VISIT_TABLES.has(event.table);
    const told = anonymous ? anonymousEvent(event) : event;
    const prepared = prepareEvent(told, anonymous ? { ...context, sender: { ...context.sender, ip: '', userAgent: '' } } : context);
    return arrivedEventOf(
      prepared,
      span ?? spanOfEvent(told, prepared),
      new IncomingEvent(told, prepared, anonymous ? NOBODY : traits, context.nowMs),
    );
  }

  #findTimeFault({ span }: MappedSpan, sender: Sender, nowMs: number): string | undefined {
    const { futureSkewMsMax, ageMsMax } = this.#options.configuration.limits;
    if (span.timestampMs > nowMs + futureSkewMsMax) return `it starts more than ${futureSkewMsMax} ms after the server's clock`;
    if (!sender.trusted && span.timestampMs < nowMs - ageMsMax) return `it starts more than ${ageMsMax} ms before the server's clock`;
    return undefined;
  }

  async #submit(events: readonly ArrivedEvent[], spans: readonly StoredSpan[], bytes: number): Promise<Receipt> {
    const receipt = await this.#options.pipeline.submit(events, spans, bytes);
    this.#acceptedEvents += receipt.accepted;
    this.#duplicateEvents += receipt.duplicates;
    return receipt;
  }

  #countRejected(rejected: readonly { readonly code: ErrorCode }[]): void {
    for (const { code } of rejected) this.#rejectedByCode.set(code, (this.#rejectedByCode.get(code) ?? 0) + 1);
  }
}

/** Tables of events that a web client causes. */
const VISIT_TABLES: ReadonlySet<string> = new Set(['analytics_events', 'engagement_events', 'http_requests']);
const NOBODY = { fingerprint: '', ip: '', userAgent: '', headers: {}, anonymous: true } as const;
/** Fields that tell one visitor from another. */
const PERSONAL_FIELDS = ['session_id', 'user_id', 'fingerprint', 'ip', 'user_agent', 'locale'] as const;

/** The same event of nobody. */
function anonymousEvent(event: ParsedEvent): ParsedEvent {
  const personal: ReadonlySet<string> = new Set(PERSONAL_FIELDS);
  return { ...event, fields: Object.fromEntries(Object.entries(event.fields).filter(([name]) => !personal.has(name))) };
}

function storedSpanOf({ span, event }: MappedSpan, projectId: string): StoredSpan {
  const eventId = event === undefined ? '' : span.kind === 'agent_task' ? span.task_id : (event.id ?? '');
  return new StoredSpan(projectId, eventId, span.timestampMs, span);
}

/** The id of an event that was refused, as far as it has a readable one. */
function idOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  return typeof value.id === 'string' ? value.id.slice(0, 256) : null;
}
