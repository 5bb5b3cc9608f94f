import { DEFAULT_INGEST_LIMITS, type IngestLimits } from '@systemprompt-analytics/core';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits, decodeTraces, type RejectedSpan } from './decode-traces.js';
import { type MappedSpan, mapSpan } from './map-span.js';
import type { OtlpEncoding } from './otlp-encoding.js';

/** A mapped span with its position among all spans of the request, from 0. */
export interface ExportedSpan extends MappedSpan {
  readonly index: number;
}

/** What one export request brought. */
export interface TraceExport {
  readonly mapped: readonly ExportedSpan[];
  /** In the order of the request; answered as partial success. */
  readonly rejected: readonly RejectedSpan[];
}

/**
 * Decodes and maps one export request.
 *
 * @throws AnalyticsError see {@link decodeTraces}
 */
export function readTraceExport(
  body: Uint8Array,
  encoding: OtlpEncoding,
  ingestLimits: IngestLimits = DEFAULT_INGEST_LIMITS,
  decodeLimits: DecodeLimits = DEFAULT_DECODE_LIMITS,
): TraceExport {
  const decoded = decodeTraces(body, encoding, decodeLimits);
  const mapped: ExportedSpan[] = [];
  const rejected: RejectedSpan[] = [...decoded.rejected];
  for (const span of decoded.spans) {
    const outcome = mapSpan(span, ingestLimits);
    if (outcome.ok) mapped.push({ ...outcome.mapped, index: span.index });
    else rejected.push({ index: span.index, reason: outcome.fault.message });
  }
  return { mapped, rejected: rejected.sort((a, b) => a.index - b.index) };
}
