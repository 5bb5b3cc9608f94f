import { AnalyticsError } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_DECODE_LIMITS, decodeTraces } from './decode-traces.js';
import type { OtlpEncoding } from './otlp-encoding.js';
import { OTLP_TYPES } from './otlp-schema.js';
import { readTraceExport } from './read-trace-export.js';
import { attributesOf, fixture, requestOf, spanWith } from './testing/otlp-fixtures.js';

const PROTOBUF = fixture('02-otel-instrumentation-openai-protobuf.traces.pb');

const reasons = (spans: readonly Record<string, unknown>[]) => decodeTraces(requestOf(spans), 'json').rejected;

/** A length-delimited field on the wire. */
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(bytes)
    .finish();

/** The code of the error that reading throws; undefined when it throws none. */
function errorOf(body: Uint8Array | string, encoding: OtlpEncoding): string | undefined {
  try {
    decodeTraces(typeof body === 'string' ? Buffer.from(body) : body, encoding);
    return undefined;
  } catch (error) {
    if (error instanceof AnalyticsError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

describe('JSON', () => {
  it('reads every type of value', () => {
    const { attributes } = spanWith({
      text: 'a',
      yes: true,
      no: false,
      small: { intValue: 7 },
      asText: { intValue: '7' },
      large: { intValue: '9007199254740993' },
      double: { doubleValue: 0.5 },
      doubleText: { doubleValue: '1e-3' },
      list: ['a', 'b'],
      map: { kvlistValue: { values: [{ key: 'k', value: { intValue: '1' } }] } },
      bytes: { bytesValue: 'AQID' },
      empty: {},
      nothing: { stringValue: null },
      emptyText: '',
    });
    expect(Object.fromEntries(attributes)).toEqual({
      text: 'a',
      yes: true,
      no: false,
      small: 7,
      asText: 7,
      large: '9007199254740993',
      double: 0.5,
      doubleText: 0.001,
      list: ['a', 'b'],
      map: new Map([['k', 1]]),
      bytes: 'AQID',
      emptyText: '',
    });
  });

  it('keeps integers that a double cannot hold, quoted or not', () => {
    const text = requestOf([
      { attributes: attributesOf({ n: { intValue: 'N' }, s: 'a: 1234567890123456789, "x"' }), startTimeUnixNano: 'START' },
    ])
      .toString()
      .replace('"N"', '9223372036854775807')
      .replace('"START"', '1795452059050000001');
    const span = decodeTraces(Buffer.from(text), 'json').spans[0];
    expect(span?.attributes.get('n')).toBe('9223372036854775807');
    expect(span?.attributes.get('s')).toBe('a: 1234567890123456789, "x"');
    expect(span?.durationMs).toBe(49.699198);
  });

  it('takes ids of either case, enums by number or name, and ignores what it does not know', () => {
    const span = spanWith(
      {},
      { traceId: 'ABCDEF00000000000000000000000001', parentSpanId: '00000000000000FF', kind: 'SPAN_KIND_SERVER', newField: [1] },
    );
    expect(span).toMatchObject({ traceId: 'abcdef00000000000000000000000001', parentSpanId: '00000000000000ff', kind: 2 });
    expect(spanWith({}, { kind: 'SPAN_KIND_NEW', parentSpanId: '0000000000000000' })).toMatchObject({ kind: 0, parentSpanId: '' });
  });

  it('takes an empty request', () => {
    expect(decodeTraces(Buffer.from('{}'), 'json')).toEqual({ spans: [], rejected: [] });
    expect(decodeTraces(Buffer.from('{"resourceSpans":[{"scopeSpans":[{}]},{}]}'), 'json')).toEqual({ spans: [], rejected: [] });
  });

  it.each([
    ['', 'Unexpected end'],
    ['{', 'JSON'],
    ['[]', 'the request is not an object'],
    ['null', 'the request is not an object'],
    ['7', 'the request is not an object'],
    ['{"resourceSpans":{}}', 'resourceSpans is not an array'],
    ['{"resourceSpans":[7]}', 'resourceSpans is not an object'],
    ['{"resourceSpans":[{"resource":{"attributes":[{"key":7}]}}]}', 'resource attributes key is not a string'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":7}]}]}', 'spans is not an array'],
    ['{"resourceSpans":[{"scopeSpans":[{"scope":[]}]}]}', 'scope is not an object'],
  ])('refuses %s as a whole', (body, message) => {
    expect(errorOf(body, 'json')).toMatch(/^invalid_protobuf: The body is not a readable ExportTraceServiceRequest in JSON: /);
    expect(errorOf(body, 'json')).toContain(message);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(errorOf(Uint8Array.of(0x22, 0xff, 0x22), 'json')).toContain('invalid_protobuf');
  });
});

describe('protobuf', () => {
  it('takes an empty request', () => {
    expect(decodeTraces(new Uint8Array(0), 'protobuf')).toEqual({ spans: [], rejected: [] });
  });

  it('reads the same as JSON from every type of value', () => {
    const json = JSON.parse(
      requestOf([
        {
          attributes: attributesOf({
            list: ['a', 1],
            large: { intValue: '-9223372036854775808' },
            zero: { intValue: 0 },
            half: 0.5,
            no: false,
            none: {},
          }),
          status: { code: 2, message: 'no' },
          events: [{ name: 'exception', attributes: attributesOf({ 'exception.type': 'E' }) }],
          traceState: 'a=b',
        },
      ]).toString(),
    );
    const bytes = structuredClone(json);
    const span = bytes.resourceSpans[0].scopeSpans[0].spans[0];
    span.traceId = Buffer.from(span.traceId, 'hex');
    span.spanId = Buffer.from(span.spanId, 'hex');
    const body = OTLP_TYPES.traceRequest.encode(OTLP_TYPES.traceRequest.fromObject(bytes)).finish();
    expect(decodeTraces(body, 'protobuf')).toEqual(decodeTraces(Buffer.from(JSON.stringify(json)), 'json'));
    expect(decodeTraces(body, 'protobuf').spans[0]?.attributes.get('large')).toBe('-9223372036854775808');
  });

  it('breaks only the span that is broken', () => {
    const span = Buffer.concat([field(1, Buffer.alloc(16, 1)), field(2, Buffer.alloc(8, 2)), Uint8Array.of(0x39), Buffer.alloc(8, 3)]);
    const spans = [span, Uint8Array.of(0x0a, 0x7f), Uint8Array.of(), span].map((bytes) => field(2, bytes));
    const body = field(1, field(2, Buffer.concat(spans)));
    const decoded = decodeTraces(body, 'protobuf');
    expect(decoded.spans.map(({ index }) => index)).toEqual([0, 3]);
    expect(decoded.rejected).toEqual([
      { index: 1, reason: expect.stringContaining('the span is not readable') },
      { index: 2, reason: 'traceId is missing or zero' },
    ]);
  });

  it('refuses a body that ends early, or is something else', () => {
    expect(errorOf(PROTOBUF.subarray(0, PROTOBUF.length - 1), 'protobuf')).toMatch(/^invalid_protobuf: .* in protobuf: /);
    expect(errorOf('{"resourceSpans":[]}', 'protobuf')).toContain('invalid_protobuf');
    expect(errorOf(fixture('01-otel-instrumentation-openai.traces.json'), 'protobuf')).toContain('invalid_protobuf');
  });

  it('refuses a body of empty messages before they fill the memory', () => {
    const limits = { ...DEFAULT_DECODE_LIMITS, spansMax: 1000 };
    const empties = Buffer.from('0a00'.repeat(1001), 'hex');
    expect(() => decodeTraces(empties, 'protobuf', limits)).toThrow('The request holds more than 1000 spans.');
    expect(() => decodeTraces(PROTOBUF, 'protobuf', { ...limits, spansMax: 3 })).toThrow(AnalyticsError);
    expect(decodeTraces(PROTOBUF, 'protobuf', { ...limits, spanBytesMax: 100 }).rejected).toHaveLength(5);
  });

  it('refuses values nested without end', () => {
    let value: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 5000; depth += 1) value = field(5, field(1, value));
    const attribute = Buffer.concat([field(1, Buffer.from('a')), field(2, value)]);
    const body = field(1, field(2, field(2, field(9, attribute))));
    expect(decodeTraces(body, 'protobuf').rejected).toEqual([{ index: 0, reason: 'the span is not readable: max depth exceeded' }]);
  });
});

describe('spans', () => {
  it.each([
    [{ traceId: '' }, 'traceId is missing or zero'],
    [{ traceId: '0'.repeat(32) }, 'traceId is missing or zero'],
    [{ traceId: 'abcd' }, 'traceId has 2 bytes, not 16'],
    [{ traceId: 'CvdlGRbNQ92ESOshHIAxnA==' }, 'traceId is not hex'],
    [{ traceId: 7 }, 'traceId is not hex'],
    [{ spanId: undefined }, 'spanId is missing or zero'],
    [{ spanId: '00000000000000' }, 'spanId has 7 bytes, not 8'],
    [{ parentSpanId: 'ff' }, 'parentSpanId has 1 bytes, not 8'],
    [{ startTimeUnixNano: '0' }, 'startTimeUnixNano is missing or zero'],
    [{ startTimeUnixNano: undefined }, 'startTimeUnixNano is missing or zero'],
    [{ startTimeUnixNano: '-1' }, 'startTimeUnixNano is not a time in nanoseconds'],
    [{ startTimeUnixNano: 'yesterday' }, 'startTimeUnixNano is not a time in nanoseconds'],
    [{ endTimeUnixNano: '18446744073709551616' }, 'endTimeUnixNano is not a time in nanoseconds'],
    [{ endTimeUnixNano: '18446744073709551615' }, 'the span lies after the year 2100'],
    [{ attributes: {} }, 'attributes is not an array'],
    [{ attributes: [{ key: 'n', value: { intValue: 'x' } }] }, 'intValue of n is not a 64-bit integer'],
    [{ attributes: [{ key: 'n', value: { intValue: '9223372036854775808' } }] }, 'intValue of n is not a 64-bit integer'],
    [{ attributes: [{ key: 'n', value: { doubleValue: 'x' } }] }, 'doubleValue of n is not a number'],
    [{ attributes: [{ key: 'n', value: { boolValue: 'true' } }] }, 'boolValue of n is not a boolean'],
    [{ events: 'none' }, 'events is not an array'],
  ])('leaves out %j and takes its neighbours', (span, reason) => {
    expect(reasons([{}, span, {}])).toEqual([{ index: 1, reason }]);
  });

  it('keeps nanoseconds', () => {
    const span = spanWith({}, { startTimeUnixNano: '1795452059050999999', endTimeUnixNano: '1795452059051000000' });
    expect(span).toMatchObject({ startMs: 1795452059050, endMs: 1795452059051, durationMs: 0.000001 });
  });

  it('has neither end nor duration when it ends before it starts', () => {
    expect(spanWith({}, { endTimeUnixNano: '1795452059049999999' })).toMatchObject({ endMs: undefined, durationMs: undefined });
  });

  it('keeps mapped attributes beyond the limit and counts the others', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`message.${index}`, 'x']));
    const span = spanWith({ ...many, 'gen_ai.usage.input_tokens': 5 });
    expect(span.attributes.size).toBe(257);
    expect(span.attributes.get('gen_ai.usage.input_tokens')).toBe(5);
    expect(span.droppedAttributes).toBe(44);
  });

  it('names rejected spans of both steps in the order of the request', () => {
    const body = requestOf([{}, { attributes: attributesOf({ 'session.id': 'x'.repeat(300) }) }, { spanId: '' }, {}]);
    const { mapped, rejected } = readTraceExport(body, 'json');
    expect(mapped).toHaveLength(2);
    expect(rejected).toEqual([
      { index: 1, reason: 'session_id has 300 characters; at most 256 are allowed.' },
      { index: 2, reason: 'spanId is missing or zero' },
    ]);
  });
});

describe('hostile bodies', () => {
  const readable = (body: Uint8Array, encoding: OtlpEncoding) => {
    try {
      readTraceExport(body, encoding);
    } catch (error) {
      if (!(error instanceof AnalyticsError)) throw error;
    }
  };

  it('every truncation is refused or read', () => {
    for (let length = 0; length <= PROTOBUF.length; length += 1) readable(PROTOBUF.subarray(0, length), 'protobuf');
  });

  it.each(['protobuf', 'json'] as const)('mutations of %s throw nothing but AnalyticsError', (encoding) => {
    const original = encoding === 'protobuf' ? PROTOBUF : fixture('12-anthropic-sdk-native.traces.json');
    const mutation = fc.record({ at: fc.nat(original.length - 1), bytes: fc.uint8Array({ maxLength: 6 }), remove: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        let body: Buffer = original;
        for (const { at, bytes, remove } of mutations) body = Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + remove)]);
        readable(body, encoding);
      }),
      { numRuns: 1000 },
    );
  });

  it('arbitrary JSON throws nothing but AnalyticsError', () => {
    fc.assert(
      fc.property(fc.json(), fc.jsonValue(), (text, value) => {
        readable(Buffer.from(text), 'json');
        readable(
          Buffer.from(
            JSON.stringify({
              resourceSpans: [{ resource: value, scopeSpans: [{ scope: {}, spans: [value, { attributes: [{ key: 'a', value }] }] }] }],
            }),
          ),
          'json',
        );
        readable(requestOf([{ attributes: [{ key: 'session.id', value }], status: value, events: [value] }]), 'json');
      }),
    );
  });

  it('arbitrary bytes throw nothing but AnalyticsError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readable(bytes, 'protobuf')));
  });
});
