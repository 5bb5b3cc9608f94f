import { AnalyticsError, DEFAULT_INGEST_LIMITS } from '@systemprompt-analytics/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchItem, readBatch } from './read-batch.js';

const LIMITS = { ...DEFAULT_INGEST_LIMITS, batchEventsMax: 5, eventBytesMax: 100 };
const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';
const read = (body: string, contentType: string | undefined = JSON_TYPE, limits = LIMITS): BatchItem[] =>
  readBatch(Buffer.from(body), contentType, limits);
const values = (items: readonly BatchItem[]): unknown[] => items.map((item) => (item.ok ? item.value : item.fault.code));
const failureOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('the forms of a body', () => {
  const A = { type: 'a' };
  const B = { type: 'b', properties: { text: 'two\nlines' } };
  it.each([
    ['one event', JSON.stringify(A), [A]],
    ['an array', JSON.stringify([A, B]), [A, B]],
    ['an envelope', JSON.stringify({ events: [A, B] }), [A, B]],
    ['an event with a field named events', JSON.stringify({ type: 'a', events: [1] }), [{ type: 'a', events: [1] }]],
    ['lines', `${JSON.stringify(A)}\n${JSON.stringify(B)}`, [A, B]],
    ['lines with blank ones and CRLF', `\r\n${JSON.stringify(A)}\r\n\r\n   \n${JSON.stringify(B)}\r\n`, [A, B]],
    ['JSON over several lines', JSON.stringify([A, B], null, 2), [A, B]],
    ['what is no event', '[1,null,"x",[]]', [1, null, 'x', []]],
  ])('%s', (_name, body, expected) => {
    expect(values(read(body))).toEqual(expected);
    expect(values(read(body, undefined))).toEqual(expected);
  });

  it('lines by their media type, though the body would be JSON as a whole', () => {
    expect(values(read('[1,2]', LINES_TYPE))).toEqual([[1, 2]]);
    expect(values(read('{"events":[1]}', LINES_TYPE))).toEqual([{ events: [1] }]);
  });

  it.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['APPLICATION/JSON'],
    [' text/plain ;charset=UTF-8'],
    ['application/x-www-form-urlencoded'],
    ['application/octet-stream'],
    [''],
    [undefined],
    ['application/x-ndjson'],
    ['application/ndjson'],
    ['application/jsonl'],
    ['application/x-jsonlines; charset=utf-8'],
  ])('are taken as %j', (contentType) => {
    expect(values(readBatch(Buffer.from('{"type":"a"}'), contentType, LIMITS))).toEqual([A]);
  });

  it.each([
    'application/x-protobuf',
    'text/html',
    'application/xml',
    'multipart/form-data; boundary=x',
    'json',
    'application/json5',
    ',',
    '\u0000',
  ])('are not taken as %j', (contentType) => {
    expect(failureOf(() => read('{}', contentType))).toMatchObject({ code: 'unsupported_media_type' });
  });

  it('a long media type is not repeated', () => {
    expect(String(failureOf(() => read('{}', 'x'.repeat(100_000)))).length).toBeLessThan(250);
  });
});

describe('faults', () => {
  it.each([
    ['', 'empty_body'],
    ['[]', 'empty_body'],
    ['{"events":[]}', 'empty_body'],
    [' \n ', 'invalid_json'],
    ['{', 'invalid_json'],
    ['{"type":"a"', 'invalid_json'],
    ['not json', 'invalid_json'],
    ['not\njson', 'invalid_json'],
    ['{"events":{}}', 'invalid_json'],
    ['{"events":null}', 'invalid_json'],
    ['\u0000', 'invalid_json'],
    ['[1,2', 'invalid_json'],
    ['{"type":"a"}garbage', 'invalid_json'],
    ["{'type':'a'}", 'invalid_json'],
  ])('the body %j is refused as %s', (body, code) => {
    expect(failureOf(() => read(body))).toMatchObject({ code });
  });

  it.each([
    ['', 'empty_body'],
    ['\n\r\n \n', 'empty_body'],
    ['x\ny', 'invalid_json'],
  ])('the lines %j are refused as %s', (body, code) => {
    expect(failureOf(() => read(body, LINES_TYPE))).toMatchObject({ code });
  });

  it.each([LINES_TYPE, JSON_TYPE])('a bad line does not touch its neighbours, as %s', (contentType) => {
    const items = read('{"type":"a"}\n{broken\n{"type":"b"}\n', contentType);
    expect(values(items)).toEqual([{ type: 'a' }, 'invalid_json', { type: 'b' }]);
    expect(items[1]).toMatchObject({ ok: false, fault: { path: '', message: expect.stringContaining('not JSON') } });
  });

  it('does not repeat a long body in its message', () => {
    expect(String(failureOf(() => read(`x${'y'.repeat(1_000_000)}`))).length).toBeLessThan(300);
    const [, bad] = read(`{"type":"a"}\nx${'y'.repeat(1_000_000)}`, LINES_TYPE, { ...LIMITS, eventBytesMax: 10_000_000 });
    expect(JSON.stringify(bad).length).toBeLessThan(300);
  });
});

describe('limits', () => {
  it.each([
    ['array', (count: number) => JSON.stringify(Array.from({ length: count }, () => 1)), JSON_TYPE],
    ['envelope', (count: number) => JSON.stringify({ events: Array.from({ length: count }, () => 1) }), JSON_TYPE],
    ['lines', (count: number) => '1\n'.repeat(count), LINES_TYPE],
    ['lines not called so', (count: number) => '1\n'.repeat(count), JSON_TYPE],
  ])('an %s holds as many events as allowed', (_name, bodyOf, contentType) => {
    expect(read(bodyOf(5), contentType)).toHaveLength(5);
    expect(failureOf(() => read(bodyOf(6), contentType))).toMatchObject({ code: 'batch_too_long', status: 413 });
  });

  it.each([
    ['array', (event: string) => `[{"type":"a"},${event}]`, JSON_TYPE],
    ['lines', (event: string) => `{"type":"a"}\n${event}`, LINES_TYPE],
  ])('of an %s an event that is too large is refused alone', (_name, bodyOf, contentType) => {
    const event = (bytes: number): string => `"${'é'.repeat((bytes - 2) / 2)}"`;
    expect(values(read(bodyOf(event(100)), contentType))).toEqual([{ type: 'a' }, 'é'.repeat(49)]);
    expect(values(read(bodyOf(event(102)), contentType))).toEqual([{ type: 'a' }, 'event_too_large']);
  });

  it('an event alone may be too large, too', () => {
    expect(values(read(JSON.stringify({ type: 'a', x: 'x'.repeat(100) })))).toEqual(['event_too_large']);
  });
});

describe('hostile bodies', () => {
  const wide = { ...DEFAULT_INGEST_LIMITS, eventBytesMax: 100_000_000 };

  it.each([
    ['deep arrays', '['.repeat(1_000_000)],
    ['deep arrays that end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['deep objects', '{"a":'.repeat(200_000)],
    ['a million quotes', '"'.repeat(1_000_000)],
    ['a million backslashes', `"${'\\'.repeat(1_000_000)}`],
    ['a million line ends', '\n'.repeat(1_000_000)],
    ['a million blanks', ' '.repeat(1_000_000)],
    ['a long number', '9'.repeat(1_000_000)],
    ['half of a surrogate pair', '"\\ud800"'],
    ['a byte order mark', '\ufeff{"type":"a"}'],
  ])('%s are read or refused in time', (_name, body) => {
    for (const contentType of [JSON_TYPE, LINES_TYPE]) {
      const startMs = performance.now();
      try {
        readBatch(Buffer.from(body), contentType, wide);
      } catch (error) {
        expect(error).toBeInstanceOf(AnalyticsError);
      }
      expect(performance.now() - startMs).toBeLessThan(3000);
    }
  });

  it('a deep event beyond the size of one is refused, not a fault of the server', () => {
    const deep = `{"type":"a","properties":{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    expect(values(readBatch(Buffer.from(`[{"type":"b"},${deep}]`), JSON_TYPE, DEFAULT_INGEST_LIMITS))).toEqual([{ type: 'b' }, 'too_deep']);
    expect(values(readBatch(Buffer.from(`{"type":"b"}\n${deep}`), LINES_TYPE, DEFAULT_INGEST_LIMITS))).toEqual([
      { type: 'b' },
      'event_too_large',
    ]);
  });

  it('prototype keys are values like any other', () => {
    const [item] = read('{"__proto__":{"polluted":1},"constructor":1}');
    expect(item?.ok === true && Object.hasOwn(item.value as object, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  const contentTypes = fc.oneof(fc.constantFrom(JSON_TYPE, LINES_TYPE, '', undefined), fc.string());
  it('any bytes give items or an AnalyticsError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), contentTypes, (bytes, contentType) => {
        try {
          expect(readBatch(Buffer.from(bytes), contentType, LIMITS).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(AnalyticsError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('any events are read back, whatever the form', () => {
    const limits = { ...DEFAULT_INGEST_LIMITS, eventBytesMax: 1_000_000 };
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 }), (given) => {
        const events = JSON.parse(JSON.stringify(given)) as unknown[];
        const lines = events.map((event) => JSON.stringify(event)).join('\n');
        expect(values(read(JSON.stringify(events), JSON_TYPE, limits))).toEqual(events);
        expect(values(read(JSON.stringify({ events }), JSON_TYPE, limits))).toEqual(events);
        expect(values(read(lines, LINES_TYPE, limits))).toEqual(events);
      }),
    );
  });
});
