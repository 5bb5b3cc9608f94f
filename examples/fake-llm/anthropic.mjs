// Answers like Anthropic: messages, as one body or as server-sent events.
import { ANSWER, ANSWER_PARTS, newId, TOOL_ARGUMENTS } from './shared.mjs';

/** `POST /v1/messages`, streamed or not. */
export function anthropicMessage(body, send) {
  const request_id = newId('req_');
  if (body.model === 'claude-overloaded') {
    return send.json({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id }, 529, {
      'request-id': request_id,
    });
  }
  const hasToolResult = body.messages.some(
    ({ content }) => Array.isArray(content) && content.some((block) => block.type === 'tool_result'),
  );
  const callsTool = body.tools?.length > 0 && !hasToolResult;
  const block = callsTool
    ? { type: 'tool_use', id: newId('toolu_'), name: body.tools[0].name, input: TOOL_ARGUMENTS }
    : { type: 'text', text: ANSWER, citations: null };
  const usage = {
    input_tokens: 12,
    cache_read_input_tokens: 5000,
    cache_creation_input_tokens: 1000,
    cache_creation: { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 400 },
    output_tokens: 42,
    service_tier: 'standard',
  };
  const message = { id: newId('msg_'), type: 'message', role: 'assistant', model: body.model, stop_sequence: null };
  const stop_reason = callsTool ? 'tool_use' : 'end_turn';
  if (!body.stream) return send.json({ ...message, content: [block], stop_reason, usage }, 200, { 'request-id': request_id });
  // A stream counts the input in its first event and the output in its last but one.
  const event = (type, fields) => send.event({ type, ...fields }, type);
  event('message_start', { message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } } });
  event('content_block_start', { index: 0, content_block: callsTool ? { ...block, input: {} } : { ...block, text: '' } });
  const deltas = callsTool
    ? [{ type: 'input_json_delta', partial_json: JSON.stringify(TOOL_ARGUMENTS) }]
    : ANSWER_PARTS.map((text) => ({ type: 'text_delta', text }));
  for (const delta of deltas) event('content_block_delta', { index: 0, delta });
  event('content_block_stop', { index: 0 });
  event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 42 } });
  event('message_stop', {});
  send.end();
}
