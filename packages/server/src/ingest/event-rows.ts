import {
  type Attribution,
  type AttributionSource,
  EMPTY_USAGE,
  type FieldValue,
  type ParsedEvent,
  priceRequest,
  toDecimal12,
} from '@systemprompt-analytics/core';
import type { PrepareContext } from './prepare-event.js';
import { storedIp } from './stored-ip.js';

type Fields = ParsedEvent['fields'];
/** What a field of an event holds; undefined where it was not given. */
export type Value = FieldValue | undefined;

/**
 * One row of a raw table, its properties named like the columns. Absent values stay undefined and become the column's
 * default. Classes rather than object literals, because every row of a table then has one shape: rows put together
 * property by property from varying events took 20 to 60 microseconds each, these take 2.
 */
export class EventRow {
  readonly project_id: string;
  readonly event_id: string;
  readonly timestamp: string;
  readonly received_at: string;
  /** Of several rows of an id the one with the highest counts: a correction has a higher one. */
  readonly version: number;
  readonly key_id: string;
  session_id: Value;
  /** `visitor` where the session was found by who the visitor is. */
  session_id_source: AttributionSource | 'visitor';
  user_id: Value;
  context_id: Value;
  task_id: Value;
  agent: Value;
  readonly trace_id: Value;
  readonly span_id: Value;
  readonly parent_span_id: Value;
  readonly fingerprint: Value;
  readonly ip: string;
  readonly user_agent: Value;
  readonly properties: Readonly<Record<string, string>>;

  constructor(id: string, event: ParsedEvent, { sender, nowMs, receivedAt, ipPrivacy }: PrepareContext) {
    const { fields } = event;
    this.project_id = sender.projectId;
    this.event_id = id;
    this.timestamp = new Date(event.timestampMs).toISOString();
    this.received_at = receivedAt;
    this.version = nowMs;
    this.key_id = sender.keyId;
    this.session_id = fields['session_id'];
    this.session_id_source = ownOrNone(this.session_id);
    this.user_id = fields['user_id'];
    this.context_id = fields['context_id'];
    this.task_id = fields['task_id'];
    this.agent = fields['agent'];
    this.trace_id = fields['trace_id'];
    this.span_id = fields['span_id'];
    this.parent_span_id = fields['parent_span_id'];
    this.fingerprint = fields['fingerprint'];
    this.ip = storedIp(sender.trusted ? String(fields['ip'] ?? '') : sender.ip, ipPrivacy);
    this.user_agent = sender.trusted ? fields['user_agent'] : sender.userAgent;
    this.properties = event.properties;
  }
}

/** A row that a trace says more about: page events and messages are in no trace. */
class TracedRow extends EventRow {
  user_id_source: AttributionSource;
  context_id_source: AttributionSource;
  task_id_source: AttributionSource;
  agent_source: AttributionSource;
  tool: Value;
  tool_execution_id: Value;
  readonly status: Value;
  readonly error_type: Value;
  readonly error_message: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields } = event;
    this.user_id_source = ownOrNone(this.user_id);
    this.context_id_source = ownOrNone(this.context_id);
    this.task_id_source = ownOrNone(this.task_id);
    this.agent_source = ownOrNone(this.agent);
    this.tool = fields['tool'];
    this.tool_execution_id = fields['tool_execution_id'];
    // Other names of the same outcome are made one here.
    this.status = fields['status'] === 'error' ? 'failed' : (fields['status'] ?? 'success');
    this.error_type = fields['error_type'];
    this.error_message = fields['error_message'];
  }
}

/** A model call, priced at the time it bears. */
export class ModelCallRow extends TracedRow {
  readonly provider: Value;
  readonly model: Value;
  readonly request_model: Value;
  readonly response_id: Value;
  readonly usage_reported: boolean;
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly cache_write_1h_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly input_audio_tokens: number;
  readonly output_audio_tokens: number;
  readonly input_image_tokens: number;
  readonly output_image_tokens: number;
  readonly cache_read_audio_tokens: number;
  readonly web_searches: number;
  readonly raw_usage: string;
  readonly usage_flags: readonly string[];
  /** Dollars as an exact decimal; null when unpriced. */
  readonly cost: string | null;
  readonly price_version: string;
  readonly price_model: string;
  readonly unpriced_reason: string;
  readonly unpriced_kinds: readonly string[];
  readonly service_tier: Value;
  readonly finish_reason: Value;
  readonly latency_ms: Value;
  readonly time_to_first_token_ms: Value;
  readonly streaming: Value;
  /** Span id of the call that this one repeats. */
  duplicate_of = '';

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields, usage = EMPTY_USAGE } = event;
    this.provider = fields['provider'];
    this.model = fields['model'];
    this.request_model = fields['request_model'];
    this.response_id = fields['response_id'];
    this.usage_reported = event.usage !== undefined;
    this.input_tokens = usage.inputTokens;
    this.cache_read_tokens = usage.cacheReadTokens;
    this.cache_write_tokens = usage.cacheWriteTokens;
    this.cache_write_1h_tokens = usage.cacheWrite1hTokens;
    this.output_tokens = usage.outputTokens;
    this.reasoning_tokens = usage.reasoningTokens;
    this.input_audio_tokens = usage.inputAudioTokens;
    this.output_audio_tokens = usage.outputAudioTokens;
    this.input_image_tokens = usage.inputImageTokens;
    this.output_image_tokens = usage.outputImageTokens;
    this.cache_read_audio_tokens = usage.cacheReadAudioTokens;
    this.web_searches = usage.webSearches;
    this.raw_usage = event.rawUsage;
    this.usage_flags = event.usageFlags;
    const price = priceModelCall(event, this.status, context);
    this.cost = price.cost;
    this.price_version = price.version;
    this.price_model = price.model;
    this.unpriced_reason = price.reason;
    this.unpriced_kinds = price.missing;
    this.service_tier = fields['service_tier'];
    this.finish_reason = fields['finish_reason'];
    this.latency_ms = fields['latency_ms'];
    this.time_to_first_token_ms = fields['time_to_first_token_ms'];
    this.streaming = fields['streaming'];
  }
}

/** A tool execution; its own id stands for it where it has no other. */
export class ToolExecutionRow extends TracedRow {
  readonly server: Value;
  readonly ai_tool_call_id: Value;
  readonly duration_ms: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields } = event;
    if (this.tool_execution_id === undefined || this.tool_execution_id === '') this.tool_execution_id = id;
    this.server = fields['server'];
    this.ai_tool_call_id = fields['ai_tool_call_id'];
    this.duration_ms = fields['duration_ms'];
  }
}

/** A message of a conversation, without its text. */
export class MessageRow extends EventRow {
  readonly message_id: Value;
  readonly role: Value;
  readonly content_length: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    this.message_id = event.fields['message_id'];
    this.role = event.fields['role'];
    this.content_length = event.fields['content_length'];
  }
}

/** The columns that a trace decides over. A stored row that is read back has them under the same names. */
type AttributedColumns = Pick<
  TracedRow,
  | 'session_id'
  | 'session_id_source'
  | 'user_id'
  | 'user_id_source'
  | 'context_id'
  | 'context_id_source'
  | 'task_id'
  | 'task_id_source'
  | 'agent'
  | 'agent_source'
>;

/** Writes what a trace says about a span into its row. */
export function applyAttribution(row: AttributedColumns, attribution: Attribution): void {
  const { session, user, context, task, agent } = attribution;
  row.session_id = session.value;
  row.session_id_source = session.source;
  row.user_id = user.value;
  row.user_id_source = user.source;
  row.context_id = context.value;
  row.context_id_source = context.source;
  row.task_id = task.value;
  row.task_id_source = task.source;
  row.agent = agent.value;
  row.agent_source = agent.source;
}

/** Writes what a trace says about a model call besides: the tool it was made inside, and whether it repeats another. */
export function applyCallAttribution(
  row: Pick<ModelCallRow, 'tool' | 'tool_execution_id' | 'duplicate_of'>,
  attribution: Attribution,
): void {
  row.tool = attribution.tool;
  row.tool_execution_id = attribution.tool_execution_id;
  row.duplicate_of = attribution.duplicate_of;
}

function ownOrNone(value: Value): AttributionSource {
  return value === undefined || value === '' ? 'none' : 'own';
}

interface StoredPrice {
  readonly cost: string | null;
  readonly version: string;
  readonly model: string;
  readonly reason: string;
  readonly missing: readonly string[];
}

const NONE: readonly string[] = [];

function priceModelCall(event: ParsedEvent, status: Value, { prices }: PrepareContext): StoredPrice {
  const { fields, usage } = event;
  const price = priceRequest(prices, {
    provider: textOf(fields, 'provider'),
    model: textOf(fields, 'model'),
    timestampMs: event.timestampMs,
    usage: usage ?? EMPTY_USAGE,
    serviceTier: textOf(fields, 'service_tier'),
  });
  const version = price.priceVersion;
  if (price.status === 'unpriced') return { cost: null, version, model: '', reason: price.reason, missing: price.missing };
  // A call that succeeded used tokens; that nobody reported them does not make it free.
  if (usage === undefined && status === 'success') return { cost: null, version, model: '', reason: 'no_usage', missing: NONE };
  return {
    cost: toDecimal12(price.costPicodollars),
    version,
    model: `${price.priceProvider}/${price.priceModel}`,
    reason: '',
    missing: NONE,
  };
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}
