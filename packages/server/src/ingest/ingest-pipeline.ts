import { AnalyticsError } from '@systemprompt-analytics/core';
import type { EventObserver } from '../live/observed-event.js';
import type { Store } from '../store/store.js';
import type { EventMover } from './event-mover.js';
import { type ArrivedEvent, acceptedEventOf } from './journal.js';
import { type EventIdentity, findKnownEvents } from './known-events.js';
import type { StoredSpan } from './stored-span.js';

/** What became of one request's events. */
export interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
}

/** Finds the sessions of events that name none; see sessions/session-assignment.ts. */
export interface SessionFinder {
  /** Completes the rows of new events, in the order they were accepted. Doing it again for the same event changes nothing. */
  assign(events: readonly ArrivedEvent[]): Promise<void>;
}

export interface IngestPipelineOptions {
  /** Events that may wait before requests are refused with `buffer_full`. */
  readonly bufferEventsMax: number;
  /** Bytes of request bodies that may wait likewise. */
  readonly bufferBytesMax: number;
  readonly sessions: SessionFinder;
  /** Told of new events once they are stored. */
  readonly observers: readonly EventObserver[];
}

interface Submission {
  readonly events: readonly ArrivedEvent[];
  readonly spans: readonly StoredSpan[];
  readonly bytes: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Events of one commit; beyond this only the latency grows. */
const COMMIT_EVENTS_MAX = 10_000;
/**
 * Of more waiting events than this a commit takes half. Clients wait for their answers: if all of them waited for the same
 * commit, the engine would idle while their next requests are read, and reading would wait while the engine writes.
 */
const SPLIT_EVENTS_MIN = 2_000;

/**
 * Group commit: requests that arrive while one commit is under way form the next one. Nothing waits for a timer: an
 * idle server commits a single event at once, a busy one makes larger commits. A request is answered after its events are
 * written down in the journal of the store; from there they are moved into their tables. Commits run one after the
 * other, so that looking an id up and writing its event down cannot race.
 */
export class IngestPipeline {
  readonly #store: Store;
  readonly #mover: EventMover;
  readonly #options: IngestPipelineOptions;
  #waiting: Submission[] = [];
  #waitingEvents = 0;
  #waitingBytes = 0;
  #running: Promise<void> | undefined;

  /** @param store a connection of its own, on which nothing takes long */
  constructor(store: Store, mover: EventMover, options: IngestPipelineOptions) {
    this.#store = store;
    this.#mover = mover;
    this.#options = options;
  }

  /** Events and spans that are not acknowledged yet. */
  get waitingEvents(): number {
    return this.#waitingEvents;
  }

  /**
   * Stores the events of one request; resolves when they are durable.
   *
   * @param spans those that are no events: containers and what else a trace has
   * @param bytes size of the request's body, which is about what its events take in memory
   * @throws AnalyticsError `buffer_full` or `store_unavailable`; the request may be sent again, what was stored counts once
   */
  submit(events: readonly ArrivedEvent[], spans: readonly StoredSpan[], bytes: number): Promise<Receipt> {
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
      try {
        const receipts = await this.#commit(group);
        for (const [index, submission] of group.entries()) submission.resolve(receipts[index] ?? { accepted: 0, duplicates: 0 });
      } catch (error) {
        for (const submission of group) submission.reject(error);
      } finally {
        for (const { events, spans, bytes } of group) {
          this.#waitingEvents -= events.length + spans.length;
          this.#waitingBytes -= bytes;
        }
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
    // What is acknowledged and not moved is in memory as well: when moving cannot keep up, acknowledging waits for it.
    if (this.#mover.pendingEvents > this.#options.bufferEventsMax) await this.#mover.move();
    // Pending ones are told before the lookup starts: they may get into their tables while it runs, too late for it to see.
    const known = new Set<string>();
    const unknown: EventIdentity[] = [];
    for (const { events } of group) {
      for (const { key, identity } of events) {
        if (this.#mover.isPending(key)) known.add(key);
        else unknown.push(identity);
      }
    }
    for (const key of await findKnownEvents(this.#store, unknown)) known.add(key);
    const fresh: ArrivedEvent[] = [];
    const receipts = group.map(({ events }) => {
      const firstOfRequest = fresh.length;
      for (const event of events) {
        if (known.has(event.key)) continue;
        known.add(event.key);
        fresh.push(event);
      }
      const accepted = fresh.length - firstOfRequest;
      return { accepted, duplicates: events.length - accepted };
    });
    await this.#options.sessions.assign(fresh);
    const batch = {
      events: fresh.map(({ event, identity }) => acceptedEventOf(event, identity)),
      // Without those of events that are known: what was erased does not come back when it is sent again.
      spans: [...group.flatMap((submission) => submission.spans), ...fresh.flatMap(({ span }) => span ?? [])],
    };
    if (batch.events.length + batch.spans.length > 0) await this.#mover.accept(batch);
    const observed = fresh.map(({ incoming }) => incoming);
    for (const observer of this.#options.observers) observer.observe(observed);
    return receipts;
  }
}
