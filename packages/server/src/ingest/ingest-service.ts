import { type ErrorCode, type PriceBook, parseEvent } from '@systemprompt-analytics/core';
import type { ServerConfiguration } from '../configuration.js';
import type { IngestPipeline, Receipt } from './ingest-pipeline.js';
import type { RejectedSpan } from './otlp/decode-traces.js';
import type { MappedSpan } from './otlp/map-span.js';
import type { OtlpEncoding } from './otlp/otlp-encoding.js';
import { readTraceExport } from './otlp/read-trace-export.js';
import { type PreparedEvent, prepareEvent, type Sender, spanOfEvent } from './prepare-event.js';
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
}

export interface IngestServiceOptions {
  readonly configuration: Pick<ServerConfiguration, 'limits' | 'ipPrivacy'>;
  readonly prices: PriceBook;
  readonly pipeline: IngestPipeline;
  /** The server's clock, UTC milliseconds. */
  readonly clock: () => number;
}

/** From what arrived to what is stored: reads, prices and hands over to the pipeline. */
export class IngestService {
  readonly #options: IngestServiceOptions;
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
    const { configuration, prices, clock } = this.#options;
    const nowMs = clock();
    const parseContext = { nowMs, limits: configuration.limits, trusted: sender.trusted };
    const prepareContext = { sender, nowMs, receivedAt: new Date(nowMs).toISOString(), prices, ipPrivacy: configuration.ipPrivacy };
    const events: PreparedEvent[] = [];
    const spans: StoredSpan[] = [];
    const rejected: RejectedEvent[] = [];
    items.forEach((item, index) => {
      const outcome = item.ok ? parseEvent(item.value, parseContext) : item;
      if (!outcome.ok) {
        rejected.push({ index, id: item.ok ? idOf(item.value) : null, ...outcome.fault });
        return;
      }
      const prepared = prepareEvent(outcome.event, prepareContext);
      events.push(prepared);
      const span = spanOfEvent(outcome.event, prepared);
      if (span !== undefined) spans.push(span);
    });
    this.#countRejected(rejected);
    return { ...(await this.#submit(events, spans, bytes)), rejected };
  }

  /**
   * Stores the spans of one OTLP export.
   *
   * @returns the spans that were not taken, for the partial success
   * @throws AnalyticsError also `invalid_json` or `invalid_protobuf`
   */
  async ingestTraces(body: Uint8Array, encoding: OtlpEncoding, sender: Sender): Promise<readonly RejectedSpan[]> {
    const { configuration, prices, clock } = this.#options;
    const nowMs = clock();
    const { mapped, rejected } = readTraceExport(body, encoding, configuration.limits);
    const prepareContext = { sender, nowMs, receivedAt: new Date(nowMs).toISOString(), prices, ipPrivacy: configuration.ipPrivacy };
    const events: PreparedEvent[] = [];
    const spans: StoredSpan[] = [];
    const outOfTime: RejectedSpan[] = [];
    for (const each of mapped) {
      const fault = this.#findTimeFault(each, sender, nowMs);
      if (fault !== undefined) {
        outOfTime.push({ index: each.index, reason: fault });
        continue;
      }
      if (each.event !== undefined) events.push(prepareEvent(each.event, prepareContext));
      spans.push(storedSpanOf(each, sender.projectId));
    }
    const all = [...rejected, ...outOfTime].sort((a, b) => a.index - b.index);
    this.#countRejected(all.map(() => ({ code: 'invalid_value' })));
    await this.#submit(events, spans, body.length);
    return all;
  }

  #findTimeFault({ span }: MappedSpan, sender: Sender, nowMs: number): string | undefined {
    const { futureSkewMsMax, ageMsMax } = this.#options.configuration.limits;
    if (span.timestampMs > nowMs + futureSkewMsMax) return `it starts more than ${futureSkewMsMax} ms after the server's clock`;
    if (!sender.trusted && span.timestampMs < nowMs - ageMsMax) return `it starts more than ${ageMsMax} ms before the server's clock`;
    return undefined;
  }

  async #submit(events: readonly PreparedEvent[], spans: readonly StoredSpan[], bytes: number): Promise<Receipt> {
    const receipt = await this.#options.pipeline.submit(events, spans, bytes);
    this.#acceptedEvents += receipt.accepted;
    this.#duplicateEvents += receipt.duplicates;
    return receipt;
  }

  #countRejected(rejected: readonly { readonly code: ErrorCode }[]): void {
    for (const { code } of rejected) this.#rejectedByCode.set(code, (this.#rejectedByCode.get(code) ?? 0) + 1);
  }
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
