// An ordinary OpenAI program with the official OpenTelemetry instrumentation. Nothing in it knows where its spans go:
// OTEL_EXPORTER_OTLP_ENDPOINT decides, and its default, http://localhost:4318, is where the analytics server listens.
// CommonJS, because the instrumentation hooks `require`; an ESM program needs a loader hook besides.
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OpenAIInstrumentation } = require('@opentelemetry/instrumentation-openai');

// Empty lists: traces only, no metrics and no logs. The trace exporter is the default one.
const sdk = new NodeSDK({
  serviceName: process.env.OTEL_SERVICE_NAME ?? 'weather-bot',
  instrumentations: [new OpenAIInstrumentation()],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();

// After sdk.start(): a module loaded before is not instrumented.
const { SpanKind, SpanStatusCode, trace } = require('@opentelemetry/api');
const { OpenAI } = require('openai');

const openai = new OpenAI({
  apiKey: process.env.OPENAI_API_KEY ?? 'sk-fake',
  baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:4399/v1',
});
const tracer = trace.getTracer('weather-bot');
const MODEL = 'gpt-4.1-mini';
const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather in a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

/** Runs `work` in a span of its own and ends it, failed if `work` throws. */
function inSpan(name, options, work) {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The tool of the program, with the span that the GenAI conventions give to a tool execution. */
function runTool(toolCall) {
  const { name } = toolCall.function;
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.call.id': toolCall.id };
  return inSpan(`execute_tool ${name}`, { kind: SpanKind.INTERNAL, attributes }, async () => {
    const { city } = JSON.parse(toolCall.function.arguments);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { role: 'tool', tool_call_id: toolCall.id, content: `${city}: 21 degrees, sunny` };
  });
}

async function handleRequest() {
  const messages = [{ role: 'user', content: 'How is the weather in Paris?' }];

  const first = await openai.chat.completions.create({ model: MODEL, messages, tools: TOOLS, max_completion_tokens: 200 });
  report('chat, calls the tool', first);

  messages.push(first.choices[0].message);
  for (const toolCall of first.choices[0].message.tool_calls ?? []) messages.push(await runTool(toolCall));

  const second = await openai.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
  report('chat, answers', second);

  report('embeddings', await openai.embeddings.create({ model: 'text-embedding-3-small', input: second.choices[0].message.content ?? '' }));
}

function report(what, { model, usage }) {
  console.log(`${what}: ${model} ${JSON.stringify(usage)}`);
}

async function main() {
  // Who it was for is said once, on the span of the request; the calls in it inherit it.
  const attributes = {
    'session.id': process.env.SESSION_ID ?? 'sess-1',
    'user.id': process.env.USER_ID ?? 'user-1',
    'gen_ai.conversation.id': process.env.CONVERSATION_ID ?? 'conv-1',
  };
  try {
    await inSpan('handle-request', { attributes }, handleRequest);
  } catch (error) {
    console.error(`The request failed: ${error.message}`);
    process.exitCode = 1;
  }
  try {
    // Sends what is still queued. Without it a short program loses its last spans.
    await sdk.shutdown();
  } catch (error) {
    console.error(`The spans were not sent: ${error.message}`);
    process.exitCode = 1;
  }
}

main();
