import { AnalyticsError, type EventFault, type IngestLimits, reasonOf } from '@systemprompt-analytics/core';

/** One event of a body, read as JSON, or why it could not be. */
export type BatchItem = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: EventFault };

const LINE_MEDIA_TYPES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines']);
/** What curl, `sendBeacon` and careless clients say of JSON. */
const JSON_MEDIA_TYPES = new Set(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', '']);
const LINE_FEED = 0x0a;

/**
 * Takes a body apart into events: one event, an array, `{"events": [...]}`, or one event per line. A body that is not
 * JSON as a whole is read line by line, since few clients name the type of newline-delimited JSON.
 *
 * @throws AnalyticsError `unsupported_media_type`, `invalid_json`, `empty_body` or `batch_too_long`
 */
export function readBatch(body: Buffer, contentType: string | undefined, limits: IngestLimits): BatchItem[] {
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const lines = LINE_MEDIA_TYPES.has(mediaType);
  if (!lines && !JSON_MEDIA_TYPES.has(mediaType)) {
    throw new AnalyticsError(
      'unsupported_media_type',
      `Content-Type is ${JSON.stringify(mediaType.slice(0, 80))}; send application/json or application/x-ndjson.`,
    );
  }
  const items = lines ? readLines(body, limits) : readWhole(body, limits);
  if (items.length === 0) throw new AnalyticsError('empty_body', 'The body holds no event.');
  return items;
}

function readWhole(body: Buffer, limits: IngestLimits): BatchItem[] {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    if (body.length === 0) return [];
    if (body.includes(LINE_FEED)) {
      const items = readLines(body, limits);
      if (items.some((item) => item.ok)) return items;
    }
    throw new AnalyticsError('invalid_json', `The body is not JSON: ${reasonOf(cause)}.`, { cause });
  }
  const events = listOf(value);
  if (events.length > limits.batchEventsMax) throw tooLong(events.length, limits);
  // No event can be larger than the whole body, which spares the usual batch the measuring.
  const measured = body.length > limits.eventBytesMax;
  return events.map((event) => (measured ? withinSize(event, limits) : { ok: true, value: event }));
}

function withinSize(event: unknown, limits: IngestLimits): BatchItem {
  try {
    const bytes = Buffer.byteLength(JSON.stringify(event) ?? '');
    return bytes > limits.eventBytesMax ? tooLarge(bytes, limits) : { ok: true, value: event };
  } catch {
    // Reading JSON costs no stack per level of nesting, writing it does.
    return { ok: false, fault: { code: 'too_deep', path: '', message: `The event is nested more than ${limits.nestingMax} levels deep.` } };
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null && 'events' in value && !('type' in value)) {
    if (Array.isArray(value.events)) return value.events;
    throw new AnalyticsError('invalid_json', '"events" is not an array.', { path: 'events' });
  }
  return [value];
}

function readLines(body: Buffer, limits: IngestLimits): BatchItem[] {
  const items: BatchItem[] = [];
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed === -1 ? body.length : feed;
    const line = body.toString('utf8', start, end).trim();
    start = end + 1;
    if (line === '') continue;
    if (items.length === limits.batchEventsMax) throw tooLong(items.length + 1, limits);
    items.push(readLine(line, limits));
  }
  if (items.length > 0 && items.every((item) => !item.ok && item.fault.code === 'invalid_json')) {
    throw new AnalyticsError('invalid_json', 'No line of the body is JSON.');
  }
  return items;
}

function readLine(line: string, limits: IngestLimits): BatchItem {
  const bytes = Buffer.byteLength(line);
  if (bytes > limits.eventBytesMax) return tooLarge(bytes, limits);
  try {
    return { ok: true, value: JSON.parse(line) };
  } catch (error) {
    const reason = reasonOf(error);
    return { ok: false, fault: { code: 'invalid_json', path: '', message: `The line is not JSON: ${reason}.` } };
  }
}

function tooLarge(bytes: number, limits: IngestLimits): BatchItem {
  return {
    ok: false,
    fault: { code: 'event_too_large', path: '', message: `The event has ${bytes} bytes; at most ${limits.eventBytesMax} are allowed.` },
  };
}

function tooLong(count: number, limits: IngestLimits): AnalyticsError {
  return new AnalyticsError('batch_too_long', `The batch holds ${count} events or more; at most ${limits.batchEventsMax} are allowed.`);
}
