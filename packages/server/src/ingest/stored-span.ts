import type { SpanKind, TraceSpan } from '@systemprompt-analytics/core';

/** What a span says of itself, with its trace. */
export type SpanWords = TraceSpan & { readonly trace_id: string };

/**
 * A span as the `spans` table keeps it: its own words, never what it inherited, and the row it produced. A class for
 * the same reason as the rows of events.
 */
export class StoredSpan implements TraceSpan {
  readonly project_id: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string;
  /** ISO 8601; also the time of the row it produced. */
  readonly timestamp: string;
  /** Set by the move that stores it. */
  version = 0;
  /** Id of the row it produced; empty when it produced none. */
  readonly event_id: string;
  readonly kind: SpanKind;
  readonly session_id: string;
  readonly user_id: string;
  readonly context_id: string;
  readonly task_id: string;
  readonly agent: string;
  readonly resource_session_id: string;
  readonly resource_user_id: string;
  readonly resource_agent: string;
  readonly tool: string;
  readonly tool_execution_id: string;
  readonly response_id: string;
  readonly total_tokens: number;

  constructor(projectId: string, eventId: string, timestampMs: number, words: SpanWords) {
    this.project_id = projectId;
    this.trace_id = words.trace_id;
    this.span_id = words.span_id;
    this.parent_span_id = words.parent_span_id;
    this.timestamp = new Date(timestampMs).toISOString();
    this.event_id = eventId;
    this.kind = words.kind;
    this.session_id = words.session_id;
    this.user_id = words.user_id;
    this.context_id = words.context_id;
    this.task_id = words.task_id;
    this.agent = words.agent;
    this.resource_session_id = words.resource_session_id;
    this.resource_user_id = words.resource_user_id;
    this.resource_agent = words.resource_agent;
    this.tool = words.tool;
    this.tool_execution_id = words.tool_execution_id;
    this.response_id = words.response_id;
    this.total_tokens = words.total_tokens;
  }
}
