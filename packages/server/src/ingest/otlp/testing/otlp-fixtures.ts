import { readFileSync } from 'node:fs';
import { decodeTraces, type OtlpSpan } from '../decode-traces.js';
import { type MappedSpan, mapSpan } from '../map-span.js';

const FOLDER = new URL('../../../../fixtures/otlp/', import.meta.url);

/** The bytes of a captured export request. */
export function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

/** A JSON request with these spans, each completed with valid ids and times. */
export function requestOf(
  spans: readonly Record<string, unknown>[],
  around: { readonly resource?: Record<string, unknown>; readonly scopeName?: string } = {},
): Buffer {
  const completed = spans.map((span, index) => ({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: (index + 1).toString(16).padStart(16, '0'),
    name: 'a span',
    kind: 3,
    startTimeUnixNano: '1795452059050000000',
    endTimeUnixNano: '1795452059099699199',
    ...span,
  }));
  const resource = { attributes: attributesOf(around.resource ?? {}) };
  return Buffer.from(
    JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: around.scopeName ?? 'a scope' }, spans: completed }] }] }),
  );
}

/** Attributes in OTLP/JSON from plain values. */
export function attributesOf(values: Record<string, unknown>): { key: string; value: unknown }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValueOf(value) }));
}

function anyValueOf(value: unknown): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValueOf) } };
  return value;
}

/** One span with these attributes, decoded. */
export function spanWith(
  attributes: Record<string, unknown>,
  more: Record<string, unknown> = {},
  around: { readonly resource?: Record<string, unknown>; readonly scopeName?: string } = {},
): OtlpSpan {
  const { spans, rejected } = decodeTraces(requestOf([{ attributes: attributesOf(attributes), ...more }], around), 'json');
  const span = spans[0];
  if (span === undefined) throw new Error(`the span was rejected: ${rejected[0]?.reason}`);
  return span;
}

/** The same span, mapped. */
export function mapped(...span: Parameters<typeof spanWith>): MappedSpan {
  const outcome = mapSpan(spanWith(...span));
  if (!outcome.ok) throw new Error(outcome.fault.message);
  return outcome.mapped;
}

/** Why the span is refused; empty when it is not. */
export function faultOf(...span: Parameters<typeof spanWith>): string {
  const outcome = mapSpan(spanWith(...span));
  return outcome.ok ? '' : outcome.fault.message;
}
