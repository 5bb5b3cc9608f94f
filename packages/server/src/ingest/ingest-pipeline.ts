import { AnalyticsError, type EventTable } from '@systemprompt-analytics/core';
import type { Store, StoredRow } from '../store/store.js';
import { attributeTraces, type CorrectedRow, type TraceOutcome } from './attribute-traces.js';
import { findKnownEvents, identityOf, reconcileKnownEvents } from './known-events.js';
import type { PreparedEvent } from './prepare-event.js';
import type { StoredSpan } from './stored-span.js';
import { sessionOfTask } from './task-state.js';

/** What became of one request's events. */
export interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
}

/** Told after a commit which sessions have new or moved rows. */
export type SessionListener = (projectId: string, sessionId: string) => void;

export interface IngestPipelineOptions {
  /** Events that may wait before requests are refused with `buffer_full`. */
  readonly bufferEventsMax: number;
  /** Bytes of request bodies that may wait likewise. */
  readonly bufferBytesMax: number;
  /** The server's clock, UTC milliseconds. */
  readonly clock: () => number;
  readonly onSession: SessionListener;
  /** Versions continue above this one, which an earlier process reached. */
  readonly newestVersion: number;
}

interface Submission {
  readonly events: readonly PreparedEvent[];
  readonly spans: readonly StoredSpan[];
  readonly bytes: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Events of one commit. A commit costs the engine about 70 ms however small it is, and 10 microseconds per event, so large
 * ones are cheap; beyond this only the latency grows.
 */
const COMMIT_EVENTS_MAX = 10_000;
/**
 * Of more waiting events than this a commit takes half. Clients wait for their answers: if all of them waited for the same
 * commit, the engine would idle while their next requests are read, and reading would wait while the engine writes.
 */
const SPLIT_EVENTS_MIN = 2_000;

const NO_TRACES: TraceOutcome = { newSpans: [], corrected: [] };

/**
 * Group commit: requests that arrive while one commit is under way form the next one. Nothing waits for a timer: an
 * idle server commits a single event at once, a busy one makes larger commits. A request is answered after its rows are
 * stored. Commits run one after the other, so that looking an id up and storing it cannot race.
 */
export class IngestPipeline {
  readonly #store: Store;
  readonly #options: IngestPipelineOptions;
  #waiting: Submission[] = [];
  #waitingEvents = 0;
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #version: number;
  /** Did a commit fail when some of its rows may have been stored without their ids? */
  #mustReconcile = false;

  constructor(store: Store, options: IngestPipelineOptions) {
    this.#store = store;
    this.#options = options;
    this.#version = options.newestVersion;
  }

  /** Events and spans that are not stored yet. */
  get pendingEvents(): number {
    return this.#waitingEvents;
  }

  /**
   * Stores the events of one request; resolves when they are durable.
   *
   * @param bytes size of the request's body, which is about what its events take in memory
   * @throws AnalyticsError `buffer_full` or `store_unavailable`; the request may be sent again, what was stored counts once
   */
  submit(events: readonly PreparedEvent[], spans: readonly StoredSpan[], bytes: number): Promise<Receipt> {
    const size = events.length + spans.length;
    if (size === 0) return Promise.resolve({ accepted: 0, duplicates: 0 });
    const { bufferEventsMax, bufferBytesMax } = this.#options;
    // An idle server takes any single request, however small its buffer: it could never be taken otherwise.
    const full = this.#waitingEvents + size > bufferEventsMax || this.#waitingBytes + bytes > bufferBytesMax;
    if (this.#waitingEvents > 0 && full) {
      const message = `${this.#waitingEvents} events of ${this.#waitingBytes} bytes wait for the store; at most ${bufferEventsMax} of ${bufferBytesMax} may.`;
      return Promise.reject(new AnalyticsError('buffer_full', message, { retryAfterSeconds: 1 }));
    }
    this.#waitingEvents += size;
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, spans, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything submitted so far has been answered. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // One turn of the loop lets the requests of one read of the sockets into the same commit.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      const size = group.reduce((sum, submission) => sum + submission.events.length + submission.spans.length, 0);
      try {
        const receipts = await this.#commit(group);
        for (const [index, submission] of group.entries()) submission.resolve(receipts[index] ?? { accepted: 0, duplicates: 0 });
      } catch (error) {
        for (const submission of group) submission.reject(error);
      } finally {
        this.#waitingEvents -= size;
        this.#waitingBytes -= group.reduce((sum, submission) => sum + submission.bytes, 0);
      }
    }
    this.#running = undefined;
  }

  #takeGroup(): Submission[] {
    const sizeMax = this.#waitingEvents > SPLIT_EVENTS_MIN ? Math.min(COMMIT_EVENTS_MAX, this.#waitingEvents / 2) : COMMIT_EVENTS_MAX;
    let size = 0;
    let count = 0;
    for (const submission of this.#waiting) {
      size += submission.events.length + submission.spans.length;
      if (count > 0 && size > sizeMax) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(group: readonly Submission[]): Promise<Receipt[]> {
    const version = this.#nextVersion();
    if (this.#mustReconcile) await reconcileKnownEvents(this.#store);
    this.#mustReconcile = false;
    const all = group.flatMap((submission) => submission.events);
    const seen = await findKnownEvents(this.#store, all);
    const fresh: PreparedEvent[] = [];
    const receipts = group.map(({ events }) => {
      const firstOfRequest = fresh.length;
      for (const event of events) {
        const identity = identityOf(event);
        if (seen.has(identity)) continue;
        seen.add(identity);
        fresh.push(event);
      }
      const accepted = fresh.length - firstOfRequest;
      return { accepted, duplicates: events.length - accepted };
    });
    const spans = group.flatMap((submission) => submission.spans);
    const traces = spans.length === 0 ? NO_TRACES : await attributeTraces(this.#store, spans, fresh, version);
    const rowsByTable = this.#rowsOf(fresh, traces.corrected, version);
    this.#mustReconcile = true;
    await Promise.all([...rowsByTable].map(([table, rows]) => this.#store.insert(table, rows)));
    await this.#store.insert('event_ids', fresh.map(idRow));
    this.#mustReconcile = false;
    // Last, as the mark of a finished commit: see attributeTraces.
    await this.#store.insert(
      'spans',
      traces.newSpans.map((span) => spanRow(span, version)),
    );
    return receipts;
  }

  /** The rows of a commit by table. Marks their sessions before anything is stored, so that no failure can lose a mark. */
  #rowsOf(fresh: readonly PreparedEvent[], corrected: readonly CorrectedRow[], version: number): Map<EventTable, object[]> {
    const rowsByTable = new Map<EventTable, object[]>();
    const add = (table: EventTable, row: object): void => {
      const rows = rowsByTable.get(table);
      if (rows === undefined) rowsByTable.set(table, [row]);
      else rows.push(row);
    };
    const mark = (projectId: string, sessionId: unknown): void => {
      if (typeof sessionId === 'string' && sessionId !== '') this.#options.onSession(projectId, sessionId);
    };
    for (const event of fresh) {
      if (event.table === 'agent_task_states') mark(event.projectId, sessionOfTask(event.row));
      else {
        event.row.version = version;
        mark(event.projectId, event.row.session_id);
      }
      add(event.table, event.row);
    }
    for (const { table, projectId, row, sessionIds } of corrected) {
      for (const sessionId of sessionIds) mark(projectId, sessionId);
      add(table, row);
    }
    return rowsByTable;
  }

  /** Later commits have higher versions, also when the clock stands still or goes back, and across restarts. */
  #nextVersion(): number {
    this.#version = Math.max(this.#version + 1, this.#options.clock());
    return this.#version;
  }
}

function idRow({ projectId, id, row }: PreparedEvent): StoredRow {
  return { project_id: projectId, event_id: id, received_at: row.received_at };
}

function spanRow(span: StoredSpan, version: number): StoredRow {
  const { timestampMs, ...columns } = span;
  return { ...columns, timestamp: new Date(timestampMs).toISOString(), version };
}
