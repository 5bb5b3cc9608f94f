import { mkdirSync, readdirSync } from 'node:fs';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';
import type { IncomingEvent } from './incoming-event.js';
import { type EventIdentity, identityKey, identityOf } from './known-events.js';
import type { PreparedEvent } from './prepare-event.js';
import type { StoredSpan } from './stored-span.js';

/** An event on its way, with its identity worked out once. */
export interface ArrivedEvent {
  readonly event: PreparedEvent;
  /** The span that it is, when it is part of a trace. */
  readonly span: StoredSpan | undefined;
  readonly incoming: IncomingEvent;
  readonly identity: EventIdentity;
  readonly key: string;
}

/** An event that is new, with its row complete. */
export interface AcceptedEvent extends Omit<ArrivedEvent, 'incoming' | 'span'> {
  /** The row as JSON, written once for the journal and for its table. */
  readonly line: string;
}

/** The events and spans of one commit. */
export interface AcceptedBatch {
  readonly events: readonly AcceptedEvent[];
  readonly spans: readonly StoredSpan[];
}

/** One line of a journal file. */
type JournalLine = readonly ['event', PreparedEvent] | readonly ['span', StoredSpan];

function eventLine({ event, line }: AcceptedEvent): string {
  const { projectId, id, table } = event;
  return `["event",{"projectId":${JSON.stringify(projectId)},"id":${JSON.stringify(id)},"table":"${table}","row":${line}}]\n`;
}

const FILE_NAME = /^(\d{12})\.ndjson$/;

/**
 * What was acknowledged and is not in its tables yet: files beside the store, one per generation, removed when the
 * events of the generation are in their tables. A commit that wrote to every table at once would cost the engine 130 ms
 * however small it is; a line in a file that is forced to the disk costs a few.
 */
export class Journal {
  readonly #folder: string;
  #open: { readonly generation: number; readonly file: FileHandle; size: number } | undefined;

  /** @param folder made when absent */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Writes a batch down; once this resolves it is on the disk.
   *
   * @throws AnalyticsError `store_unavailable` when the disk does not take it; nothing of the batch is left then
   */
  async append(generation: number, batch: AcceptedBatch): Promise<void> {
    let lines = '';
    for (const event of batch.events) lines += eventLine(event);
    for (const span of batch.spans) lines += `${JSON.stringify(['span', span] satisfies JournalLine)}\n`;
    const bytes = Buffer.from(lines);
    try {
      const target = await this.#openGeneration(generation);
      try {
        await target.file.appendFile(bytes);
        await target.file.datasync();
        target.size += bytes.length;
      } catch (error) {
        // Half a batch was never acknowledged; the next one must not stand behind it.
        await target.file.truncate(target.size);
        throw error;
      }
    } catch (cause) {
      const reason = reasonOf(cause);
      throw new AnalyticsError('store_unavailable', `The journal in ${this.#folder} cannot be written: ${reason}`, {
        retryAfterSeconds: 5,
        cause,
      });
    }
  }

  /** The generations that an earlier process left behind, oldest first. */
  generations(): number[] {
    return readdirSync(this.#folder)
      .flatMap((name) => FILE_NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  /**
   * All that was written down in a generation. A last line without its end was never acknowledged and is left out.
   *
   * @throws AnalyticsError `store_unavailable` when another line cannot be read: what it held is not known
   */
  async read(generation: number): Promise<AcceptedBatch> {
    const path = this.#pathOf(generation);
    const lines = (await readFile(path, 'utf8')).split('\n');
    // What follows the last line end: nothing, or the beginning of a line that was being written.
    lines.pop();
    const events: AcceptedEvent[] = [];
    const spans: StoredSpan[] = [];
    for (const [index, line] of lines.entries()) {
      const [kind, value] = parseLine(line, path, index + 1);
      if (kind === 'span') spans.push(value);
      else events.push(acceptedEventOf(value));
    }
    return { events, spans };
  }

  /** Forgets a generation: its events are in their tables. */
  async drop(generation: number): Promise<void> {
    if (this.#open?.generation === generation) await this.close();
    await rm(this.#pathOf(generation), { force: true });
  }

  /** Closes the file that is open; the journal may be used afterwards. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }

  async #openGeneration(generation: number): Promise<{ readonly file: FileHandle; size: number }> {
    if (this.#open?.generation === generation) return this.#open;
    // The file of the generation before is dropped by its mover, who may still be at it.
    await this.close();
    const file = await open(this.#pathOf(generation), 'a+', 0o600);
    const { size } = await file.stat();
    this.#open = { generation, file, size };
    const folder = await open(this.#folder, 'r');
    try {
      // A new name is durable when its folder is.
      await folder.sync();
    } finally {
      await folder.close();
    }
    return this.#open;
  }

  #pathOf(generation: number): string {
    return join(this.#folder, `${String(generation).padStart(12, '0')}.ndjson`);
  }
}

function parseLine(line: string, path: string, number: number): JournalLine {
  try {
    return JSON.parse(line) as JournalLine;
  } catch (cause) {
    throw new AnalyticsError(
      'store_unavailable',
      `Line ${number} of ${path} is damaged. Events in it were acknowledged: keep a copy of the file, remove the line and start again.`,
      { cause },
    );
  }
}

/** Works out by what an event is known. */
export function arrivedEventOf(event: PreparedEvent, span: StoredSpan | undefined, incoming: IncomingEvent): ArrivedEvent {
  const identity = identityOf(event.projectId, event.id);
  return { event, span, incoming, identity, key: identityKey(identity) };
}

/** Works out what writing an event down and moving it need. Its row does not change any more but for its trace. */
export function acceptedEventOf(event: PreparedEvent, identity = identityOf(event.projectId, event.id)): AcceptedEvent {
  return { event, identity, key: identityKey(identity), line: JSON.stringify(event.row) };
}
