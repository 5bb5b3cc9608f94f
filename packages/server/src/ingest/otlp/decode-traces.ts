import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';
import protobuf from 'protobufjs';
import { parseJsonKeepingIntegers } from './json-integers.js';
import type { OtlpEncoding } from './otlp-encoding.js';
import { fieldNumber, OTLP_TYPES } from './otlp-schema.js';
import {
  type AttributeMap,
  OtlpValueFault,
  readAttributes,
  readEnum,
  readFields,
  readId,
  readList,
  readNanoseconds,
  readString,
} from './otlp-values.js';

/** One annotation of a span. */
export interface OtlpSpanEvent {
  readonly name: string;
  readonly attributes: AttributeMap;
}

/** One span, the same whichever encoding it came in. */
export interface OtlpSpan {
  /** Position among all spans of the request, from 0. */
  readonly index: number;
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly name: string;
  /** `SpanKind` of the protocol: 1 internal, 2 server, 3 client, 4 producer, 5 consumer, 0 not said. */
  readonly kind: number;
  /** UTC milliseconds, whole. */
  readonly startMs: number;
  /** UTC milliseconds, whole; absent when the span has no end, or one before its start. */
  readonly endMs: number | undefined;
  /** Milliseconds with a fraction, computed from nanoseconds; absent like `endMs`, since a false 0 would enter averages. */
  readonly durationMs: number | undefined;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributes: AttributeMap;
  /** Attributes that were over the limit and left out; none of them is read by the mapping. */
  readonly droppedAttributes: number;
  readonly events: readonly OtlpSpanEvent[];
  /** Attributes of the emitting process. */
  readonly resource: AttributeMap;
  /** The instrumentation that made the span. */
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly traceState: string;
}

/** A span that was not taken. */
export interface RejectedSpan {
  /** Position among all spans of the request, from 0. */
  readonly index: number;
  readonly reason: string;
}

/** The spans of one export request. */
export interface DecodedTraces {
  readonly spans: readonly OtlpSpan[];
  readonly rejected: readonly RejectedSpan[];
}

/** Bounds on one export request beyond the size of its body. */
export interface DecodeLimits {
  /** Spans of one request; their enclosing groups count too, since an empty one costs memory as well. */
  readonly spansMax: number;
  /** Bytes of one protobuf span. */
  readonly spanBytesMax: number;
  /** Attributes of one span, event or resource that are kept whatever their name. */
  readonly attributesMax: number;
  /** Events of one span; later ones are not looked at. */
  readonly eventsMax: number;
}

export const DEFAULT_DECODE_LIMITS: DecodeLimits = {
  spansMax: 100_000,
  spanBytesMax: 8 * 1024 * 1024,
  attributesMax: 256,
  eventsMax: 128,
};

/** Spans that share a resource and a scope; a protobuf span is still bytes, so that a broken one breaks only itself. */
interface SpanGroup {
  readonly resource: AttributeMap;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly spans: readonly unknown[];
}

const SPAN_KINDS = {
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
};
const STATUS_CODES = { STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 };
/** A reason may quote what was sent, which has no bound. */
const REASON_LENGTH_MAX = 256;
/** The year 2100: what a DateTime64 column holds. */
const TIME_NS_MAX = 4_102_444_800_000_000_000n;

const RESOURCE_SPANS = fieldNumber(OTLP_TYPES.traceRequest, 'resourceSpans');
const RESOURCE = fieldNumber(OTLP_TYPES.resourceSpans, 'resource');
const SCOPE_SPANS = fieldNumber(OTLP_TYPES.resourceSpans, 'scopeSpans');
const SCOPE = fieldNumber(OTLP_TYPES.scopeSpans, 'scope');
const SPANS = fieldNumber(OTLP_TYPES.scopeSpans, 'spans');

/**
 * Reads an `ExportTraceServiceRequest`. A span that makes no sense is left out and named in `rejected`; its neighbours
 * are taken.
 *
 * @throws AnalyticsError `invalid_protobuf` when the request as a whole cannot be read, in either encoding;
 * `batch_too_long` when it has too many spans
 */
export function decodeTraces(body: Uint8Array, encoding: OtlpEncoding, limits: DecodeLimits = DEFAULT_DECODE_LIMITS): DecodedTraces {
  const groups = readGroups(body, encoding, limits);
  const spans: OtlpSpan[] = [];
  const rejected: RejectedSpan[] = [];
  let index = 0;
  for (const group of groups) {
    for (const raw of group.spans) {
      try {
        spans.push(readSpan(raw, index, group, limits));
      } catch (error) {
        if (!(error instanceof OtlpValueFault)) throw error;
        rejected.push({ index, reason: error.message.slice(0, REASON_LENGTH_MAX) });
      }
      index += 1;
    }
  }
  return { spans, rejected };
}

function readGroups(body: Uint8Array, encoding: OtlpEncoding, limits: DecodeLimits): SpanGroup[] {
  const counter = new ElementCounter(limits.spansMax);
  try {
    return encoding === 'protobuf' ? readProtobufGroups(body, limits, counter) : readJsonGroups(body, limits, counter);
  } catch (error) {
    if (error instanceof AnalyticsError) throw error;
    const cause = reasonOf(error).slice(0, REASON_LENGTH_MAX);
    const form = encoding === 'protobuf' ? 'protobuf' : 'JSON';
    throw new AnalyticsError('invalid_protobuf', `The body is not a readable ExportTraceServiceRequest in ${form}: ${cause}.`, {
      cause: error,
    });
  }
}

/** Bounds the elements of a request: two bytes on the wire can become an object of a hundred. */
class ElementCounter {
  #left: number;
  readonly #maximum: number;
  constructor(maximum: number) {
    this.#maximum = maximum;
    this.#left = maximum;
  }
  take(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw new AnalyticsError('batch_too_long', `The request holds more than ${this.#maximum} spans.`);
  }
}

function readProtobufGroups(body: Uint8Array, limits: DecodeLimits, counter: ElementCounter): SpanGroup[] {
  const groups: SpanGroup[] = [];
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (const resourceSpans of fieldsOf(bytes, counter, RESOURCE_SPANS).first) {
    const { first: scopeSpansList, second: resources } = fieldsOf(resourceSpans, counter, SCOPE_SPANS, RESOURCE);
    const resource = readResource(OTLP_TYPES.resource.decode(Buffer.concat(resources)), limits);
    for (const scopeSpans of scopeSpansList) {
      const { first: spans, second: scopes } = fieldsOf(scopeSpans, counter, SPANS, SCOPE);
      groups.push({ resource, ...readScope(OTLP_TYPES.scope.decode(Buffer.concat(scopes))), spans });
    }
  }
  return groups;
}

/** The messages in two repeated fields, undecoded. A singular message sent in parts is, by the format, their concatenation. */
function fieldsOf(bytes: Uint8Array, counter: ElementCounter, first: number, second = 0): { first: Uint8Array[]; second: Uint8Array[] } {
  const found = { first: [] as Uint8Array[], second: [] as Uint8Array[] };
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (wireType !== 2 || (field !== first && field !== second)) {
      reader.skipType(wireType, 0, field);
      continue;
    }
    counter.take(1);
    if (field === first) found.first.push(reader.bytes());
    else found.second.push(reader.bytes());
  }
  return found;
}

function readJsonGroups(body: Uint8Array, limits: DecodeLimits, counter: ElementCounter): SpanGroup[] {
  const request = parseJsonKeepingIntegers(new TextDecoder('utf-8', { fatal: true }).decode(body));
  if (typeof request !== 'object' || request === null) throw new OtlpValueFault('the request is not an object');
  const groups: SpanGroup[] = [];
  for (const entry of readList(readFields(request, 'the request')['resourceSpans'], 'resourceSpans')) {
    const resourceSpans = readFields(entry, 'resourceSpans');
    const resource = readResource(readFields(resourceSpans['resource'], 'resource'), limits);
    for (const scopeEntry of readList(resourceSpans['scopeSpans'], 'scopeSpans')) {
      const scopeSpans = readFields(scopeEntry, 'scopeSpans');
      const spans = readList(scopeSpans['spans'], 'spans');
      counter.take(spans.length);
      groups.push({ resource, ...readScope(readFields(scopeSpans['scope'], 'scope')), spans });
    }
  }
  return groups;
}

function readResource(resource: object, limits: DecodeLimits): AttributeMap {
  return readAttributes(readFields(resource, 'resource')['attributes'], 'resource attributes', limits.attributesMax).attributes;
}

function readScope(scope: object): { readonly scopeName: string; readonly scopeVersion: string } {
  const fields = readFields(scope, 'scope');
  return { scopeName: readString(fields['name'], 'scope name'), scopeVersion: readString(fields['version'], 'scope version') };
}

function readSpan(raw: unknown, index: number, group: SpanGroup, limits: DecodeLimits): OtlpSpan {
  const span = readFields(raw instanceof Uint8Array ? decodeSpan(raw, limits) : raw, 'span');
  const traceId = readId(span['traceId'], 16, 'traceId');
  const spanId = readId(span['spanId'], 8, 'spanId');
  if (traceId === '') throw new OtlpValueFault('traceId is missing or zero');
  if (spanId === '') throw new OtlpValueFault('spanId is missing or zero');
  const start = readNanoseconds(span['startTimeUnixNano'], 'startTimeUnixNano');
  const end = readNanoseconds(span['endTimeUnixNano'], 'endTimeUnixNano');
  if (start === 0n) throw new OtlpValueFault('startTimeUnixNano is missing or zero');
  if (start > TIME_NS_MAX || end > TIME_NS_MAX) throw new OtlpValueFault('the span lies after the year 2100');
  const ended = end >= start;
  const status = readFields(span['status'], 'status');
  const { attributes, dropped } = readAttributes(span['attributes'], 'attributes', limits.attributesMax);
  return {
    index,
    traceId,
    spanId,
    parentSpanId: readId(span['parentSpanId'], 8, 'parentSpanId'),
    name: readString(span['name'], 'name'),
    kind: readEnum(span['kind'], SPAN_KINDS),
    startMs: toMilliseconds(start),
    endMs: ended ? toMilliseconds(end) : undefined,
    durationMs: ended ? Number(end - start) / 1e6 : undefined,
    statusCode: readEnum(status['code'], STATUS_CODES),
    statusMessage: readString(status['message'], 'status message'),
    attributes,
    droppedAttributes: dropped,
    events: readEvents(span['events'], limits),
    resource: group.resource,
    scopeName: group.scopeName,
    scopeVersion: group.scopeVersion,
    traceState: readString(span['traceState'], 'traceState'),
  };
}

function decodeSpan(bytes: Uint8Array, limits: DecodeLimits): object {
  if (bytes.byteLength > limits.spanBytesMax) {
    throw new OtlpValueFault(`the span has ${bytes.byteLength} bytes; at most ${limits.spanBytesMax} are allowed`);
  }
  try {
    return OTLP_TYPES.span.decode(bytes);
  } catch (error) {
    throw new OtlpValueFault(`the span is not readable: ${reasonOf(error)}`);
  }
}

function readEvents(value: unknown, limits: DecodeLimits): OtlpSpanEvent[] {
  return readList(value, 'events')
    .slice(0, limits.eventsMax)
    .map((entry) => {
      const event = readFields(entry, 'event');
      return {
        name: readString(event['name'], 'event name'),
        attributes: readAttributes(event['attributes'], 'event attributes', limits.attributesMax).attributes,
      };
    });
}

function toMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
