import type { SpanKind } from '@systemprompt-analytics/core';
import { readText } from './attribute-precedence.js';
import type { OtlpSpan } from './decode-traces.js';

/**
 * What each `gen_ai.operation.name` is. An operation that is not listed, `create_agent` among them, is a plain span:
 * it carries attribution for the spans inside it and produces no row.
 */
const KIND_BY_OPERATION: ReadonlyMap<string, SpanKind> = new Map([
  ['chat', 'ai_request'],
  ['generate_content', 'ai_request'],
  ['text_completion', 'ai_request'],
  ['embeddings', 'ai_request'],
  ['execute_tool', 'tool_execution'],
  // Containers: their usage is the sum of the calls inside and is never billed.
  ['invoke_agent', 'agent_task'],
  ['invoke_workflow', 'agent_task'],
]);

/** What a span is to the product. */
export function kindOf(span: OtlpSpan): SpanKind {
  const operation = readText(span.attributes, 'operation');
  if (operation !== '') return KIND_BY_OPERATION.get(operation) ?? 'other';
  return readText(span.attributes, 'mcp_method') === 'tools/call' ? 'tool_execution' : 'other';
}
