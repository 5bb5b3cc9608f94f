import { randomUUID } from 'node:crypto';
import {
  type EventTable,
  type ParsedEvent,
  type PriceBook,
  type RequestHeaders,
  type SpanKind,
  totalInputTokens,
} from '@systemprompt-analytics/core';
import type { IpPrivacy } from '../configuration.js';
import { MessageRow, ModelCallRow, ToolExecutionRow } from './event-rows.js';
import type { PageReader } from './page-reader.js';
import { StoredSpan } from './stored-span.js';
import { type TaskStateRow, taskStateRow } from './task-state.js';
import { EngagementRow, HttpRequestRow, PageEventRow } from './web-rows.js';

/** Who sent an event. */
export interface Sender {
  readonly projectId: string;
  /** Empty for keyless loopback. */
  readonly keyId: string;
  /** May it speak for its end users (secret or admin key, keyless loopback)? */
  readonly trusted: boolean;
  /** The client's address, of which proxies that are not configured say nothing. */
  readonly ip: string;
  readonly userAgent: string;
  /** The request's own headers, which say something about its client. */
  readonly headers?: RequestHeaders;
}

/** One event, priced and laid out as a row, waiting for its commit. */
export type PreparedEvent = { readonly projectId: string; readonly id: string } & (
  | { readonly table: 'ai_requests'; readonly row: ModelCallRow }
  | { readonly table: 'mcp_tool_executions'; readonly row: ToolExecutionRow }
  | { readonly table: 'agent_task_states'; readonly row: TaskStateRow }
  | { readonly table: 'task_messages'; readonly row: MessageRow }
  | { readonly table: 'analytics_events'; readonly row: PageEventRow }
  | { readonly table: 'engagement_events'; readonly row: EngagementRow }
  | { readonly table: 'http_requests'; readonly row: HttpRequestRow }
);

/** What preparing needs besides the event. */
export interface PrepareContext {
  readonly sender: Sender;
  readonly nowMs: number;
  /** The same time in ISO 8601, made once for all events of a request. */
  readonly receivedAt: string;
  /** A number that is higher for each event: events of the same millisecond keep the order they arrived in. */
  readonly nextArrival: () => number;
  readonly prices: PriceBook;
  readonly ipPrivacy: IpPrivacy;
  readonly pages: PageReader;
}

const KIND_BY_TABLE: Readonly<Partial<Record<EventTable, SpanKind>>> = {
  ai_requests: 'ai_request',
  mcp_tool_executions: 'tool_execution',
  agent_task_states: 'agent_task',
};

/** Lays a valid event out as the row of its table; a model call is priced here, at the time it bears. */
export function prepareEvent(event: ParsedEvent, context: PrepareContext): PreparedEvent {
  const { sender } = context;
  const { projectId } = sender;
  const id = event.id ?? randomUUID();
  const { table } = event;
  switch (table) {
    case 'ai_requests':
      return { projectId, id, table, row: new ModelCallRow(id, event, context) };
    case 'mcp_tool_executions':
      return { projectId, id, table, row: new ToolExecutionRow(id, event, context) };
    case 'agent_task_states':
      return {
        projectId,
        id,
        table,
        row: taskStateRow(event, { projectId, keyId: sender.keyId, receivedAt: context.receivedAt }),
      };
    case 'task_messages':
      return { projectId, id, table, row: new MessageRow(id, event, context) };
    case 'analytics_events':
      return { projectId, id, table, row: new PageEventRow(id, event, context) };
    case 'engagement_events':
      return { projectId, id, table, row: new EngagementRow(id, event, context) };
    case 'http_requests': {
      const { fields } = event;
      // A page that a web server answered is a page view, whoever saw it being answered.
      return context.pages.isPageView(fields['page_url'], fields['method'], fields['status_code'])
        ? { projectId, id, table: 'analytics_events', row: new PageEventRow(id, event, context) }
        : { projectId, id, table, row: new HttpRequestRow(id, event, context) };
    }
  }
}

/** The span that an event of the contract is, when it names a trace; without a span id its own id stands for it. */
export function spanOfEvent(event: ParsedEvent, prepared: PreparedEvent): StoredSpan | undefined {
  const text = (name: string): string => String(event.fields[name] ?? '');
  const kind = KIND_BY_TABLE[event.table];
  const traceId = text('trace_id');
  if (kind === undefined || traceId === '') return undefined;
  const eventId = kind === 'agent_task' ? text('task_id') : prepared.id;
  return new StoredSpan(prepared.projectId, eventId, event.timestampMs, {
    trace_id: traceId,
    span_id: text('span_id') === '' ? prepared.id : text('span_id'),
    parent_span_id: text('parent_span_id'),
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
  });
}
