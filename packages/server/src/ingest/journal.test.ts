import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_INGEST_LIMITS, defaultContentRouting, parseEvent } from '@systemprompt-analytics/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPriceBook } from '../prices/load-price-book.js';
import { type AcceptedBatch, acceptedEventOf, Journal } from './journal.js';
import { PageReader } from './page-reader.js';
import { type PrepareContext, prepareEvent, spanOfEvent } from './prepare-event.js';

const NOW_MS = Date.UTC(2026, 10, 24);
const CONTEXT: PrepareContext = {
  nextArrival: () => 0,
  sender: { projectId: 'p', keyId: 'k', trusted: true, ip: '', userAgent: '' },
  nowMs: NOW_MS,
  receivedAt: new Date(NOW_MS).toISOString(),
  prices: loadPriceBook(''),
  ipPrivacy: 'none',
  pages: new PageReader(defaultContentRouting(), []),
};

/** A batch of one model call in a trace. */
function batchOf(id: string): AcceptedBatch {
  const input = {
    id,
    type: 'ai_request',
    provider: 'openai',
    model: 'gpt-4.1-mini',
    input_tokens: 3,
    trace_id: 't',
    properties: { note: 'a\n"b"\u2028' },
  };
  const outcome = parseEvent(input, { nowMs: NOW_MS, limits: DEFAULT_INGEST_LIMITS, trusted: true });
  if (!outcome.ok) throw new Error(outcome.fault.message);
  const prepared = prepareEvent(outcome.event, CONTEXT);
  const span = spanOfEvent(outcome.event, prepared);
  return { events: [acceptedEventOf(prepared)], spans: span === undefined ? [] : [span] };
}

/** What of a batch outlives the process: an absent value and an undefined one are the same in JSON. */
const written = ({ events, spans }: AcceptedBatch): unknown =>
  JSON.parse(JSON.stringify({ events: events.map(({ event, key, line }) => ({ event, key, line })), spans }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('what is written down', () => {
  it('is read back by another process, in order', async () => {
    const journal = new Journal(folder);
    await journal.append(1, batchOf('a'));
    await journal.append(1, batchOf('b'));
    await journal.append(2, batchOf('c'));
    const other = new Journal(folder);
    expect(other.generations()).toEqual([1, 2]);
    const first = await other.read(1);
    expect(first.events.map(({ event }) => event.id)).toEqual(['a', 'b']);
    expect(written(await other.read(2))).toEqual(written(batchOf('c')));
    await journal.close();
  });

  it('is forgotten generation by generation', async () => {
    const journal = new Journal(folder);
    await journal.append(9, batchOf('a'));
    await journal.append(10, batchOf('b'));
    await journal.drop(9);
    expect(journal.generations()).toEqual([10]);
    await journal.drop(10);
    await journal.drop(10);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is readable by its owner only', async () => {
    const journal = new Journal(join(folder, 'made'));
    await journal.append(1, batchOf('a'));
    await journal.close();
    const [file = ''] = readdirSync(join(folder, 'made'));
    expect(statSync(join(folder, 'made')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'made', file)).mode & 0o777).toBe(0o600);
  });

  it('may be continued after a close, and other files beside it are left alone', async () => {
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const journal = new Journal(folder);
    await journal.append(1, batchOf('a'));
    await journal.close();
    await journal.append(1, batchOf('b'));
    await journal.close();
    expect(journal.generations()).toEqual([1]);
    expect((await journal.read(1)).events).toHaveLength(2);
  });
});

describe('a process that was killed while it wrote', () => {
  const pathOf = (): string => join(folder, readdirSync(folder)[0] ?? '');

  it('leaves a line without its end, which was never acknowledged', async () => {
    const journal = new Journal(folder);
    await journal.append(1, batchOf('a'));
    await journal.close();
    const whole = readFileSync(pathOf(), 'utf8');
    for (const length of [1, 20, whole.length - 1]) {
      writeFileSync(pathOf(), whole);
      appendFileSync(pathOf(), whole.slice(0, length).replace(/\n[\s\S]*$/, ''));
      const { events } = await journal.read(1);
      expect(events.map(({ event }) => event.id)).toEqual(['a']);
    }
  });

  it('does not hide damage in the middle', async () => {
    const journal = new Journal(folder);
    await journal.append(1, batchOf('a'));
    await journal.close();
    writeFileSync(pathOf(), `["event",{"proj\n${readFileSync(pathOf(), 'utf8')}`);
    await expect(journal.read(1)).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('Line 1 of') });
  });
});

describe('a disk that does not take it', () => {
  it('fails with what to do, and the next batch is written', async () => {
    const journal = new Journal(folder);
    mkdirSync(join(folder, '000000000001.ndjson'));
    await expect(journal.append(1, batchOf('a'))).rejects.toMatchObject({ code: 'store_unavailable', retryAfterSeconds: 5 });
    rmSync(join(folder, '000000000001.ndjson'), { recursive: true });
    await journal.append(1, batchOf('b'));
    expect((await journal.read(1)).events.map(({ event }) => event.id)).toEqual(['b']);
    await journal.close();
  });
});
