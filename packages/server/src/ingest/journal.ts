import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { type EventIdentity, identityKey, identityOf } from './known-events.js';
import type { PreparedEvent } from './prepare-event.js';
import type { StoredSpan } from './stored-span.js';

/** An event on its way, with its identity worked out once. */
export interface AcceptedEvent {
  readonly event: PreparedEvent;
  readonly identity: EventIdentity;
  readonly key: string;
}

/** The events and spans of one commit. */
export interface AcceptedBatch {
  readonly events: readonly AcceptedEvent[];
  readonly spans: readonly StoredSpan[];
}

/** One line of a batch as the store keeps it. */
type JournalLine = readonly ['event', PreparedEvent] | readonly ['span', StoredSpan];

/** Batches read at once when a process starts again. */
const BATCHES_PER_READ = 100;

/** What was acknowledged and is not in its tables yet. */
export class Journal {
  readonly #commitStore: Store;
  readonly #store: Store;
  readonly #nodeId: string;
  #batch = 0;

  /**
   * @param commitStore the connection that batches are written down on, on which nothing takes long
   * @param store the connection for everything else
   * @param nodeId this process among others that use the same store; each moves its own batches only
   */
  constructor(commitStore: Store, store: Store, nodeId: string) {
    this.#commitStore = commitStore;
    this.#store = store;
    this.#nodeId = nodeId;
  }

  /** Writes a batch down; once this resolves, its events are durable. */
  async append(generation: number, batch: AcceptedBatch, nowMs: number): Promise<void> {
    let events = '';
    for (const { event } of batch.events) events += `${JSON.stringify(['event', event] satisfies JournalLine)}\n`;
    for (const span of batch.spans) events += `${JSON.stringify(['span', span] satisfies JournalLine)}\n`;
    const accepted_at = new Date(nowMs).toISOString();
    await this.#commitStore.insert('accepted_batches', [{ node_id: this.#nodeId, generation, batch: this.#batch++, accepted_at, events }]);
  }

  /** The generations that an earlier process left behind, oldest first. */
  async generations(): Promise<number[]> {
    const rows = await this.#store.query<{ generation: string }>(
      render(sql`SELECT DISTINCT generation FROM accepted_batches WHERE node_id = ${bind.string(this.#nodeId)} ORDER BY generation`),
    );
    return rows.map((row) => Number(row.generation));
  }

  /** The batches of a generation, in the order they were accepted in. */
  async *read(generation: number): AsyncGenerator<AcceptedBatch> {
    for (let offset = 0; ; offset += BATCHES_PER_READ) {
      const rows = await this.#store.query<{ events: string }>(
        render(sql`SELECT events FROM accepted_batches WHERE node_id = ${bind.string(this.#nodeId)} AND generation = ${bind.uint(generation)}
          ORDER BY batch LIMIT ${bind.uint(BATCHES_PER_READ)} OFFSET ${bind.uint(offset)}`),
      );
      for (const row of rows) yield parseBatch(row.events);
      if (rows.length < BATCHES_PER_READ) return;
    }
  }

  /** Forgets a generation: its events are in their tables. */
  async drop(generation: number): Promise<void> {
    await this.#store.command(
      render(sql`ALTER TABLE ${this.#table()} DROP PARTITION (${bind.string(this.#nodeId)}, ${bind.uint(generation)})`),
    );
  }

  /** Partitions are dropped from the tables that hold the data, on a cluster on each of its servers. */
  #table(): SqlFragment {
    return this.#store.topology === 'cluster' ? sql`accepted_batches_local ON CLUSTER ${bind.string(this.#store.cluster)}` : sql`accepted_batches`;
  }
}

function parseBatch(text: string): AcceptedBatch {
  const events: AcceptedEvent[] = [];
  const spans: StoredSpan[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [kind, value] = JSON.parse(line) as JournalLine;
    if (kind === 'span') spans.push(value);
    else events.push(acceptedEventOf(value));
  }
  return { events, spans };
}

export function acceptedEventOf(event: PreparedEvent): AcceptedEvent {
  const identity = identityOf(event.projectId, event.id);
  return { event, identity, key: identityKey(identity) };
}
