import { randomUUID } from 'node:crypto';
import {
  type Attribution,
  categoryOf,
  type EventTable,
  type ParsedEvent,
  type PriceBook,
  priceRequest,
  type SpanKind,
  toDecimal12,
  totalInputTokens,
} from '@systemprompt-analytics/core';
import type { IpPrivacy } from '../configuration.js';
import { storedIp } from './stored-ip.js';
import type { StoredSpan } from './stored-span.js';
import { taskStateRow } from './task-state.js';

/** Who sent an event. */
export interface Sender {
  readonly projectId: string;
  /** Empty for keyless loopback. */
  readonly keyId: string;
  /** May it speak for its end users (secret or admin key, keyless loopback)? */
  readonly trusted: boolean;
  readonly ip: string;
  readonly userAgent: string;
}

/** A row on its way to the store; columns are added until it is inserted. */
export type PendingRow = Record<string, unknown>;

/** One event, priced and laid out as a row, waiting for its commit. */
export interface PreparedEvent {
  readonly projectId: string;
  readonly id: string;
  readonly table: EventTable;
  readonly timestampMs: number;
  readonly row: PendingRow;
}

/** What preparing needs besides the event. */
export interface PrepareContext {
  readonly sender: Sender;
  readonly nowMs: number;
  readonly prices: PriceBook;
  readonly ipPrivacy: IpPrivacy;
}

const KIND_BY_TABLE: Readonly<Partial<Record<EventTable, SpanKind>>> = {
  ai_requests: 'ai_request',
  mcp_tool_executions: 'tool_execution',
  agent_task_states: 'agent_task',
};

/** Lays a valid event out as the row of its table; a model call is priced here, at the time it bears. */
export function prepareEvent(event: ParsedEvent, context: PrepareContext): PreparedEvent {
  const { sender, nowMs } = context;
  const id = event.id ?? randomUUID();
  const prepared = { projectId: sender.projectId, id, table: event.table, timestampMs: event.timestampMs };
  if (event.table === 'agent_task_states') {
    return { ...prepared, row: taskStateRow(event, { projectId: sender.projectId, keyId: sender.keyId, eventId: id, nowMs }) };
  }
  const row: PendingRow = {
    ...event.fields,
    project_id: sender.projectId,
    event_id: id,
    timestamp: new Date(event.timestampMs).toISOString(),
    received_at: new Date(nowMs).toISOString(),
    key_id: sender.keyId,
    properties: event.properties,
  };
  for (const field of ['session_id', 'user_id', 'context_id', 'task_id', 'agent'] as const) {
    row[`${field}_source`] = event.fields[field] === undefined || event.fields[field] === '' ? 'none' : 'own';
  }
  row['ip'] = storedIp(sender.trusted ? String(event.fields['ip'] ?? '') : sender.ip, context.ipPrivacy);
  if (!sender.trusted) row['user_agent'] = sender.userAgent;
  if (event.table === 'ai_requests') addModelCall(row, event, context.prices);
  else if (event.table === 'mcp_tool_executions') addToolExecution(row, id);
  else if (event.table !== 'task_messages') addPage(row, event);
  return { ...prepared, row };
}

/** The span that an event of the contract is, when it names a trace; without a span id its own id stands for it. */
export function spanOfEvent(event: ParsedEvent, prepared: PreparedEvent): StoredSpan | undefined {
  const text = (name: string): string => String(event.fields[name] ?? '');
  const kind = KIND_BY_TABLE[event.table];
  const traceId = text('trace_id');
  if (kind === undefined || traceId === '') return undefined;
  return {
    project_id: prepared.projectId,
    trace_id: traceId,
    span_id: text('span_id') === '' ? prepared.id : text('span_id'),
    parent_span_id: text('parent_span_id'),
    timestampMs: event.timestampMs,
    event_id: kind === 'agent_task' ? text('task_id') : prepared.id,
    kind,
    session_id: text('session_id'),
    user_id: text('user_id'),
    context_id: text('context_id'),
    task_id: text('task_id'),
    agent: text('agent'),
    resource_session_id: '',
    resource_user_id: '',
    resource_agent: '',
    tool: text('tool'),
    tool_execution_id: text('tool_execution_id') === '' && kind === 'tool_execution' ? prepared.id : text('tool_execution_id'),
    response_id: text('response_id'),
    total_tokens: event.usage === undefined ? 0 : totalInputTokens(event.usage) + event.usage.outputTokens,
  };
}

/** Writes what a trace says about a span into its row. */
export function applyAttribution(row: PendingRow, table: EventTable, attribution: Attribution): void {
  const { session, user, context, task, agent } = attribution;
  const values = { session_id: session, user_id: user, context_id: context, task_id: task, agent };
  for (const [field, attributed] of Object.entries(values)) {
    row[field] = attributed.value;
    row[`${field}_source`] = attributed.source;
  }
  if (table !== 'ai_requests') return;
  row['tool'] = attribution.tool;
  row['tool_execution_id'] = attribution.tool_execution_id;
  row['duplicate_of'] = attribution.duplicate_of;
}

function addModelCall(row: PendingRow, event: ParsedEvent, prices: PriceBook): void {
  const { usage } = event;
  const failed = row['status'] === 'failed' || row['status'] === 'error' || row['status'] === 'timeout';
  if (row['status'] === 'error') row['status'] = 'failed';
  row['status'] ??= 'success';
  row['usage_reported'] = usage !== undefined;
  row['usage_flags'] = event.usageFlags;
  row['raw_usage'] = event.rawUsage;
  if (usage !== undefined) {
    row['input_tokens'] = usage.inputTokens;
    row['cache_read_tokens'] = usage.cacheReadTokens;
    row['cache_write_tokens'] = usage.cacheWriteTokens;
    row['cache_write_1h_tokens'] = usage.cacheWrite1hTokens;
    row['output_tokens'] = usage.outputTokens;
    row['reasoning_tokens'] = usage.reasoningTokens;
    row['input_audio_tokens'] = usage.inputAudioTokens;
    row['output_audio_tokens'] = usage.outputAudioTokens;
    row['input_image_tokens'] = usage.inputImageTokens;
    row['output_image_tokens'] = usage.outputImageTokens;
    row['cache_read_audio_tokens'] = usage.cacheReadAudioTokens;
    row['web_searches'] = usage.webSearches;
  }
  const price = priceRequest(prices, {
    provider: String(row['provider'] ?? ''),
    model: String(row['model'] ?? ''),
    timestampMs: event.timestampMs,
    usage: usage ?? NO_TOKENS,
    serviceTier: String(row['service_tier'] ?? ''),
  });
  row['price_version'] = price.priceVersion;
  if (price.status === 'unpriced') {
    row['cost'] = null;
    row['unpriced_reason'] = price.reason;
    row['unpriced_kinds'] = price.missing;
  } else if (usage === undefined && !failed) {
    // A call that succeeded used tokens; that nobody reported them does not make it free.
    row['cost'] = null;
    row['unpriced_reason'] = 'no_usage';
  } else {
    row['cost'] = toDecimal12(price.costPicodollars);
    row['price_model'] = `${price.priceProvider}/${price.priceModel}`;
  }
}

const NO_TOKENS = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  inputImageTokens: 0,
  cacheReadAudioTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  webSearches: 0,
};

function addToolExecution(row: PendingRow, id: string): void {
  row['status'] ??= 'success';
  row['tool_execution_id'] ??= id;
}

function addPage(row: PendingRow, event: ParsedEvent): void {
  row['event_type'] = event.type;
  if (event.table === 'analytics_events') {
    row['event_category'] = categoryOf(event.type);
    row['severity'] ??= 'info';
  }
  const address = event.fields['page_url'];
  if (typeof address !== 'string') return;
  const url = new URL(address);
  row['page_path'] = url.pathname;
  row['page_host'] = url.host;
}
