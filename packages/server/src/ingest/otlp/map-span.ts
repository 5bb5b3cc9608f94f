import {
  DEFAULT_INGEST_LIMITS,
  type EventFault,
  type FieldValue,
  type IngestLimits,
  type ParsedEvent,
  type SpanKind,
  type TokenUsage,
  type TraceSpan,
  tableOf,
  totalInputTokens,
} from '@systemprompt-analytics/core';
import { readBoolean, readNumber, readText } from './attribute-precedence.js';
import { findSpanFault } from './check-span.js';
import type { OtlpSpan } from './decode-traces.js';
import { readFailure } from './span-failure.js';
import { kindOf } from './span-kind.js';
import { readProperties } from './span-properties.js';
import { readSpanUsage } from './span-usage.js';

/** A span as attribution sees it, with what a store needs to find it again. */
export interface MappedTraceSpan extends TraceSpan {
  readonly trace_id: string;
  /** UTC milliseconds of its start. */
  readonly timestampMs: number;
}

/** What a span is to the product. */
export interface MappedSpan {
  /** Every span takes part in attribution, plain ones too. */
  readonly span: MappedTraceSpan;
  /** The event that a model call, a tool execution or an agent task is. */
  readonly event: ParsedEvent | undefined;
}

/** A span that makes no sense is refused as a whole: neither the span nor an event of it is to be stored. */
export type MapOutcome = { readonly ok: true; readonly mapped: MappedSpan } | { readonly ok: false; readonly fault: EventFault };

type Fields = Record<string, FieldValue>;

/** Values that the conventions renamed; the pricing of both spellings is the same, reports want one. */
const PROVIDER_RENAMES: ReadonlyMap<string, string> = new Map([
  ['gemini', 'gcp.gemini'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['xai', 'x_ai'],
]);
/** Span names of tool calls are one of these and the tool's name. */
const TOOL_SPAN_NAME = /^(?:execute_tool|tools\/call) (.+)$/;
/** What SDKs send as `service.name` when nobody set one. */
const UNKNOWN_SERVICE = 'unknown_service';

/** Maps a span onto the span and the event it is. A pure function: the same span gives the same ids every time. */
export function mapSpan(span: OtlpSpan, limits: IngestLimits = DEFAULT_INGEST_LIMITS): MapOutcome {
  const kind = kindOf(span);
  const counted = kind === 'ai_request' ? readSpanUsage(span) : undefined;
  if (counted?.ok === false) return counted;
  const traceSpan = toTraceSpan(span, kind, counted?.usage);
  const event: ParsedEvent | undefined =
    kind === 'other'
      ? undefined
      : {
          id: eventIdOf(span),
          type: kind,
          table: tableOf(kind),
          timestampMs: span.startMs,
          fields: readEventFields(span, kind, traceSpan, limits),
          properties: readProperties(span),
          usage: counted?.usage,
          usageFlags: counted?.flags ?? [],
          rawUsage: counted?.raw ?? '',
        };
  const fault = findSpanFault(traceSpan, event, limits);
  return fault === undefined ? { ok: true, mapped: { span: traceSpan, event } } : { ok: false, fault };
}

/** The same span, however often it is exported, is the same event. */
function eventIdOf(span: OtlpSpan): string {
  return `${span.traceId}:${span.spanId}`;
}

function toTraceSpan(span: OtlpSpan, kind: SpanKind, usage: TokenUsage | undefined): MappedTraceSpan {
  const { attributes, resource } = span;
  const service = readText(resource, 'service');
  const ownTask = readText(attributes, 'task_id');
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    timestampMs: span.startMs,
    kind,
    session_id: readText(attributes, 'session_id'),
    user_id: readText(attributes, 'user_id'),
    context_id: readText(attributes, 'context_id'),
    // An agent's span is a task even when nobody named it, so that what happens inside belongs to one.
    task_id: ownTask === '' && kind === 'agent_task' ? eventIdOf(span) : ownTask,
    agent: readText(attributes, 'agent'),
    resource_session_id: readText(resource, 'session_id'),
    resource_user_id: readText(resource, 'user_id'),
    resource_agent: service.startsWith(UNKNOWN_SERVICE) ? '' : service,
    tool: kind === 'tool_execution' ? toolOf(span) : '',
    tool_execution_id: kind === 'tool_execution' ? eventIdOf(span) : '',
    response_id: kind === 'ai_request' ? readText(attributes, 'response_id') : '',
    total_tokens: usage === undefined ? 0 : totalInputTokens(usage) + usage.outputTokens,
  };
}

function toolOf(span: OtlpSpan): string {
  const named = readText(span.attributes, 'tool');
  return named !== '' ? named : (TOOL_SPAN_NAME.exec(span.name)?.[1] ?? '');
}

function readEventFields(span: OtlpSpan, kind: Exclude<SpanKind, 'other'>, traceSpan: MappedTraceSpan, limits: IngestLimits): Fields {
  const fields: Fields = { trace_id: span.traceId, span_id: span.spanId };
  for (const name of ['parent_span_id', 'session_id', 'user_id', 'context_id', 'task_id', 'agent'] as const) {
    putText(fields, name, traceSpan[name]);
  }
  const failure = readFailure(span, limits.textLengthMax);
  putText(fields, 'error_type', failure?.type ?? '');
  putText(fields, 'error_message', failure?.message ?? '');
  if (kind === 'agent_task') {
    fields['status'] = failure === undefined ? 'completed' : 'failed';
    fields['started_at'] = span.startMs;
    putNumber(fields, 'completed_at', span.endMs);
    return fields;
  }
  fields['status'] = failure === undefined ? 'success' : 'failed';
  if (kind === 'tool_execution') putToolFields(fields, span, traceSpan);
  else putModelFields(fields, span);
  return fields;
}

function putToolFields(fields: Fields, span: OtlpSpan, traceSpan: MappedTraceSpan): void {
  const { attributes } = span;
  putText(fields, 'tool', traceSpan.tool);
  putText(fields, 'ai_tool_call_id', readText(attributes, 'tool_call_id'));
  if (readText(attributes, 'mcp_method') !== '') putText(fields, 'server', readText(attributes, 'server_address'));
  putNumber(fields, 'duration_ms', span.durationMs);
}

/** A call that failed before a model answered has the requested one; one that names no model at all is kept, unpriced. */
function putModelFields(fields: Fields, span: OtlpSpan): void {
  const { attributes } = span;
  const provider = readText(attributes, 'provider');
  const requestModel = readText(attributes, 'request_model');
  const answered = readText(attributes, 'model');
  const model = answered !== '' ? answered : requestModel;
  putText(fields, 'provider', PROVIDER_RENAMES.get(provider) ?? provider);
  putText(fields, 'model', model);
  if (requestModel !== model) putText(fields, 'request_model', requestModel);
  putText(fields, 'response_id', readText(attributes, 'response_id'));
  putText(fields, 'service_tier', readText(attributes, 'service_tier'));
  putText(fields, 'finish_reason', readText(attributes, 'finish_reason'));
  putNumber(fields, 'latency_ms', span.durationMs);
  const firstChunkSeconds = readNumber(attributes, 'time_to_first_chunk');
  if (firstChunkSeconds !== undefined) fields['time_to_first_token_ms'] = firstChunkSeconds * 1000;
  const streaming = readBoolean(attributes, 'streaming');
  if (streaming !== undefined) fields['streaming'] = streaming;
}

function putText(fields: Fields, name: string, value: string): void {
  if (value !== '') fields[name] = value;
}

function putNumber(fields: Fields, name: string, value: number | undefined): void {
  if (value !== undefined) fields[name] = value;
}
