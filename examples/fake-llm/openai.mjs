// Answers like OpenAI: chat completions, Responses and embeddings.
import { ANSWER, ANSWER_PARTS, newId, TOOL_ARGUMENTS } from './shared.mjs';

const nowSeconds = () => Math.floor(Date.now() / 1000);
/** OpenAI answers with the dated name of the model that was asked for. */
const datedModel = (model) => (model === 'gpt-4.1-mini' ? 'gpt-4.1-mini-2025-04-14' : model);

/** Which of the two fixed OpenAI usages an answer reports. */
function countsOf(callsTool) {
  return callsTool ? { input: 2048, cached: 1536, output: 83, reasoning: 64 } : { input: 2116, cached: 1920, output: 21, reasoning: 0 };
}

/** `POST /v1/chat/completions`, streamed or not; a stream reports its usage only if `include_usage` asks for it. */
export function chatCompletion(body, send) {
  const hasToolResult = body.messages.some((message) => message.role === 'tool');
  const callsTool = body.tools?.length > 0 && !hasToolResult;
  const counts = countsOf(callsTool);
  const usage = {
    prompt_tokens: counts.input,
    completion_tokens: counts.output,
    total_tokens: counts.input + counts.output,
    prompt_tokens_details: { cached_tokens: counts.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: counts.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
  const toolCall = () => ({
    id: newId('call_'),
    type: 'function',
    function: { name: body.tools[0].function.name, arguments: JSON.stringify(TOOL_ARGUMENTS) },
  });
  const message = { role: 'assistant', content: callsTool ? null : ANSWER, refusal: null, ...(callsTool && { tool_calls: [toolCall()] }) };
  const finish_reason = callsTool ? 'tool_calls' : 'stop';
  const head = { id: newId('chatcmpl-'), created: nowSeconds(), model: datedModel(body.model), service_tier: 'default' };
  if (!body.stream) {
    send.json({ ...head, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason }], usage });
    return;
  }
  const withUsage = body.stream_options?.include_usage === true;
  const chunk = (choices, chunkUsage) =>
    send.event({ ...head, object: 'chat.completion.chunk', choices, ...(withUsage && { usage: chunkUsage ?? null }) });
  const choice = (delta, reason = null) => [{ index: 0, delta, logprobs: null, finish_reason: reason }];
  chunk(choice({ role: 'assistant', content: callsTool ? null : '' }));
  if (callsTool) chunk(choice({ tool_calls: message.tool_calls.map((call, index) => ({ index, ...call })) }));
  else for (const word of ANSWER_PARTS) chunk(choice({ content: word }));
  chunk(choice({}, finish_reason));
  if (withUsage) chunk([], usage);
  send.end('data: [DONE]\n\n');
}

/** `POST /v1/responses`, not streamed. */
export function responses(body, send) {
  if (body.stream) return send.json({ error: { type: 'invalid_request_error', message: 'The fake does not stream Responses.' } }, 400);
  const hasToolResult = Array.isArray(body.input) && body.input.some((item) => item.type === 'function_call_output');
  const callsTool = body.tools?.length > 0 && !hasToolResult;
  const counts = countsOf(callsTool);
  const output = callsTool
    ? {
        type: 'function_call',
        id: newId('fc_'),
        call_id: newId('call_'),
        name: body.tools[0].name,
        arguments: JSON.stringify(TOOL_ARGUMENTS),
        status: 'completed',
      }
    : {
        type: 'message',
        id: newId('msg_'),
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: ANSWER, annotations: [] }],
      };
  send.json({
    id: newId('resp_'),
    object: 'response',
    created_at: nowSeconds(),
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: datedModel(body.model),
    output: [output],
    parallel_tool_calls: true,
    service_tier: 'default',
    temperature: 1,
    top_p: 1,
    tool_choice: 'auto',
    tools: body.tools ?? [],
    usage: {
      input_tokens: counts.input,
      input_tokens_details: { cached_tokens: counts.cached },
      output_tokens: counts.output,
      output_tokens_details: { reasoning_tokens: counts.reasoning },
      total_tokens: counts.input + counts.output,
    },
  });
}

/** `POST /v1/embeddings`: as many vectors as inputs, all the same. */
export function embeddings(body, send) {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const vector = new Float32Array(body.dimensions ?? 1536).fill(0.025);
  // The official SDK asks for base64 unless told otherwise.
  const embedding = body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
  const data = inputs.map((_, index) => ({ object: 'embedding', index, embedding }));
  send.json({ object: 'list', data, model: body.model, usage: { prompt_tokens: 7, total_tokens: 7 } });
}
