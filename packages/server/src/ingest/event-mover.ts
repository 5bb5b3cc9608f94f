import type { EventTable } from '@systemprompt-analytics/core';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';
import { attributeTraces, type CorrectedRow, type TraceOutcome } from './attribute-traces.js';
import type { AcceptedBatch, AcceptedEvent, Journal } from './journal.js';
import { findKnownEvents, storeIdentities } from './known-events.js';
import type { PreparedEvent } from './prepare-event.js';
import type { StoredSpan } from './stored-span.js';
import { snapshotTasks, type TouchedTask } from './task-snapshots.js';
import { sessionOfTask, type TaskStateRow } from './task-state.js';

/** Told after a move which sessions have new or moved rows. */
export type SessionListener = (projectId: string, sessionId: string) => void;

/** Follows events on their way into their tables, to do something once all that were accepted by some time are there. */
export interface MoveFollower {
  /** A batch has been accepted. It belongs to the next generation that is closed. */
  batchAccepted(): void;
  /** Every batch that has been accepted belongs to a generation that is closed. Nothing is being accepted at this moment. */
  generationClosed(): void;
  /** Every generation that has been closed is in its tables. Meanwhile further batches may have been accepted. */
  generationsMoved(): Promise<void>;
}

export interface EventMoverOptions {
  /** The server's clock, UTC milliseconds. */
  readonly clock: () => number;
  /** Moves in the background; without one only {@link EventMover.move} does. */
  readonly timer?: Timer | undefined;
  readonly onSession: SessionListener;
  readonly follower: MoveFollower;
  /**
   * Are events in their tables before they are acknowledged? On a server elsewhere yes: what it stores survives the loss
   * of this machine, its journal does not. The embedded store lies beside the journal, and gains nothing.
   */
  readonly moveAtOnce: boolean;
  /** Told of a move that failed in the background; it is repeated. */
  readonly onFailure: (error: unknown) => void;
  /** Versions continue above this one, which an earlier process reached. */
  readonly newestVersion: number;
}

/** Acknowledged events are in their tables at the latest after about this time, or when a report asks. */
const MOVE_PAUSE_MS = 1_000;
/** So many are moved without waiting for the pause. */
const MOVE_EVENTS_MIN = 20_000;
/** A move that failed, because the store is away, is repeated after this time. */
const RETRY_PAUSE_MS = 5_000;
const NEVER = new Date(0).toISOString();
const NO_TRACES: TraceOutcome = { newSpans: [], corrected: [] };

interface Generation {
  readonly number: number;
  readonly events: AcceptedEvent[];
  readonly spans: StoredSpan[];
}

/**
 * Moves acknowledged events from the journal into their tables, many at a time: a table is written once for all that
 * arrived meanwhile, and a trace is resolved once for all of its spans.
 *
 * Every step may be repeated. Rows bear the time and id they were accepted with, so writing one twice replaces it; then
 * their ids are written, then the spans, and only then is the generation dropped from the journal. A process that was
 * killed in between repeats the whole generation when it starts again.
 */
export class EventMover {
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #options: EventMoverOptions;
  #current: Generation;
  /** Generations that are closed and not in their tables yet, oldest first. */
  readonly #closed: Generation[] = [];
  readonly #pendingKeys = new Set<string>();
  #moving: Promise<void> = Promise.resolve();
  #accepting: Promise<void> | undefined;
  #scheduled = false;
  #stopped = false;
  #version: number;

  constructor(store: Store, journal: Journal, options: EventMoverOptions) {
    this.#store = store;
    this.#journal = journal;
    this.#options = options;
    this.#version = options.newestVersion;
    this.#current = { number: 0, events: [], spans: [] };
  }

  /** Acknowledged events and spans that are not in their tables yet. */
  get pendingEvents(): number {
    let count = this.#current.events.length + this.#current.spans.length;
    for (const { events, spans } of this.#closed) count += events.length + spans.length;
    return count;
  }

  /** Is an event with this identity key acknowledged and not in its table yet? */
  isPending(key: string): boolean {
    return this.#pendingKeys.has(key);
  }

  /** Writes a batch down in the journal and takes it over; once this resolves its events are durable. Called one at a time. */
  async accept(batch: AcceptedBatch): Promise<void> {
    this.#accepting = this.#writeDown(batch);
    try {
      await this.#accepting;
    } finally {
      this.#accepting = undefined;
    }
    if (this.#options.moveAtOnce) await this.move();
    else if (this.#current.events.length + this.#current.spans.length >= MOVE_EVENTS_MIN) this.#moveInBackground();
    else this.#schedule(MOVE_PAUSE_MS);
  }

  async #writeDown(batch: AcceptedBatch): Promise<void> {
    await this.#journal.append(this.#current.number, batch);
    for (const event of batch.events) {
      this.#current.events.push(event);
      this.#pendingKeys.add(event.key);
    }
    for (const span of batch.spans) this.#current.spans.push(span);
    this.#options.follower.batchAccepted();
  }

  /** Moves what has been acknowledged before the call; resolves when reports see it. */
  move(): Promise<void> {
    const run = (): Promise<void> => this.#moveAll();
    this.#moving = this.#moving.then(run, run);
    return this.#moving;
  }

  /** Moves what an earlier process acknowledged and left in the journal. */
  async recover(): Promise<void> {
    const generations = this.#journal.generations();
    for (const number of generations) {
      const { events, spans } = await this.#journal.read(number);
      const known = await findKnownEvents(
        this.#store,
        events.map(({ identity }) => identity),
      );
      this.#closed.push({ number, events: events.filter(({ key }) => !known.has(key)), spans: [...spans] });
    }
    this.#current = { number: (generations.at(-1) ?? 0) + 1, events: [], spans: [] };
    await this.move();
  }

  /** Moves everything a last time; nothing runs in the background afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.move();
    await this.#journal.close();
  }

  #schedule(pauseMs: number): void {
    if (this.#scheduled || this.#stopped || this.#options.timer === undefined) return;
    this.#scheduled = true;
    this.#options.timer.after(pauseMs, () => {
      this.#scheduled = false;
      if (!this.#stopped) this.#moveInBackground();
    });
  }

  #moveInBackground(): void {
    if (this.#options.timer === undefined) return;
    this.move().catch((error: unknown) => {
      this.#options.onFailure(error);
      this.#schedule(RETRY_PAUSE_MS);
    });
  }

  async #moveAll(): Promise<void> {
    // A generation is closed between two batches: one that is just being written down belongs to it.
    while (this.#accepting !== undefined) await this.#accepting.catch(() => undefined);
    if (this.#current.events.length + this.#current.spans.length > 0) {
      this.#closed.push(this.#current);
      this.#current = { number: this.#current.number + 1, events: [], spans: [] };
    }
    this.#options.follower.generationClosed();
    for (let generation = this.#closed[0]; generation !== undefined; generation = this.#closed[0]) {
      await this.#moveGeneration(generation);
      await this.#journal.drop(generation.number);
      this.#closed.shift();
      for (const { key } of generation.events) this.#pendingKeys.delete(key);
    }
    await this.#options.follower.generationsMoved();
  }

  async #moveGeneration({ events, spans }: Generation): Promise<void> {
    const version = this.#nextVersion();
    const prepared = events.map(({ event }) => event);
    const traces = spans.length === 0 ? NO_TRACES : await attributeTraces(this.#store, spans, prepared, version);
    const rowsByTable = rowsOf(events, traces.corrected);
    try {
      await this.#noteMovedSessions(traces.corrected);
      // One table after the other: the engine would not be faster with all at once, and commits get their turn between.
      for (const [table, rows] of rowsByTable) await this.#store.insert(table, rows);
      await snapshotTasks(this.#store, touchedTasks(prepared, traces.corrected), version);
      await storeIdentities(
        this.#store,
        events.map(({ identity }) => identity),
      );
      for (const span of traces.newSpans) span.version = version;
      await this.#store.insert('spans', traces.newSpans);
    } finally {
      // After storing: a refresh between two tables would take the mark and miss the rows of the second. Also after a
      // failure, which may have stored some of them.
      this.#markSessions(events, traces.corrected);
    }
  }

  #markSessions(events: readonly AcceptedEvent[], corrected: readonly CorrectedRow[]): void {
    const mark = (projectId: string, sessionId: unknown): void => {
      if (typeof sessionId === 'string' && sessionId !== '') this.#options.onSession(projectId, sessionId);
    };
    for (const { event } of events) {
      mark(event.projectId, event.table === 'agent_task_states' ? sessionOfTask(event.row) : event.row.session_id);
    }
    for (const { projectId, sessionIds } of corrected) for (const sessionId of sessionIds) mark(projectId, sessionId);
  }

  /**
   * A correction moves a row between sessions, and nothing in the row tells afterwards which one it left. An empty
   * snapshot of both, computed at no time, makes a process that starts again recompute them.
   */
  async #noteMovedSessions(corrected: readonly CorrectedRow[]): Promise<void> {
    const snapshots = new Map<string, object>();
    for (const { projectId, sessionIds } of corrected) {
      for (const sessionId of sessionIds) {
        if (sessionId === '') continue;
        const row = { project_id: projectId, session_id: sessionId, version: this.#options.clock(), computed_at: NEVER };
        snapshots.set(`${projectId}\u0000${sessionId}`, row);
      }
    }
    await this.#store.insert('user_sessions', [...snapshots.values()]);
  }

  /** Later moves have higher versions, also when the clock stands still or goes back, and across restarts. */
  #nextVersion(): number {
    this.#version = Math.max(this.#version + 1, this.#options.clock());
    return this.#version;
  }
}

/** The rows of a move by table. */
function rowsOf(events: readonly AcceptedEvent[], corrected: readonly CorrectedRow[]): Map<EventTable, (object | string)[]> {
  const rowsByTable = new Map<EventTable, (object | string)[]>();
  const add = (table: EventTable, row: object | string): void => {
    const rows = rowsByTable.get(table);
    if (rows === undefined) rowsByTable.set(table, [row]);
    else rows.push(row);
  };
  // A row in a trace may say more by now than when it was written down.
  for (const { event, line } of events) add(event.table, isTraced(event) ? event.row : line);
  for (const { table, row } of corrected) add(table, row);
  return rowsByTable;
}

function isTraced({ table, row }: PreparedEvent): boolean {
  return table === 'agent_task_states' || (row.trace_id !== undefined && row.trace_id !== '');
}

/** The tasks that these events and corrections say something about. */
function touchedTasks(events: readonly PreparedEvent[], corrected: readonly CorrectedRow[]): TouchedTask[] {
  const ofEvents = events.filter(({ table }) => table === 'agent_task_states');
  const ofCorrections = corrected.filter(({ table }) => table === 'agent_task_states');
  return [...ofEvents, ...ofCorrections].map(({ projectId, row }) => ({ projectId, taskId: String((row as TaskStateRow)['task_id']) }));
}
