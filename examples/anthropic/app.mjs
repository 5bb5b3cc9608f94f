// An ordinary Anthropic program. The SDK makes its own OpenTelemetry spans as soon as a tracer provider is registered, so
// there is nothing to instrument. Where they go OTEL_EXPORTER_OTLP_ENDPOINT decides; its default, http://localhost:4318,
// is where the analytics server listens.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';

// Empty lists: traces only, no metrics and no logs. The trace exporter is the default one.
const sdk = new NodeSDK({
  serviceName: process.env.OTEL_SERVICE_NAME ?? 'weather-bot',
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();

const anthropic = new Anthropic({
  apiKey: process.env.ANTHROPIC_API_KEY ?? 'sk-ant-fake',
  baseURL: process.env.ANTHROPIC_BASE_URL ?? 'http://127.0.0.1:4399',
});
const REQUEST = { model: 'claude-sonnet-4-6', max_tokens: 64, messages: [{ role: 'user', content: 'How is the weather in Paris?' }] };
// The conversation goes onto every span of a call by an option of the SDK.
const OPTIONS = { openTelemetry: { conversationId: process.env.CONVERSATION_ID ?? 'conv-1' } };

const getWeather = betaTool({
  name: 'get_weather',
  description: 'The weather in a city',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  run: async ({ city }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return `${city}: 21 degrees, sunny`;
  },
});

async function handleRequest() {
  report('create', await anthropic.messages.create(REQUEST, OPTIONS));

  const stream = anthropic.messages.stream(REQUEST, OPTIONS);
  report('stream', await stream.finalMessage());

  try {
    await anthropic.messages.create({ ...REQUEST, model: 'claude-overloaded' }, { ...OPTIONS, maxRetries: 0 });
    console.log('overloaded: answered');
  } catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    console.log(`overloaded: failed with ${error.status} ${error.type ?? ''}`);
  }

  // The runner calls the model, runs the tool it asks for and calls the model again: one message per turn.
  const runner = anthropic.beta.messages.toolRunner({ ...REQUEST, tools: [getWeather] }, OPTIONS);
  for await (const message of runner) report(`tool runner, ${message.stop_reason}`, message);
}

function report(what, { model, usage }) {
  console.log(`${what}: ${model} ${JSON.stringify(usage)}`);
}

/** The span of the request says once who it was for; the SDK's spans in it inherit it. */
function handleRequestInSpan() {
  const attributes = { 'session.id': process.env.SESSION_ID ?? 'sess-1', 'user.id': process.env.USER_ID ?? 'user-1' };
  return trace.getTracer('weather-bot').startActiveSpan('handle-request', { attributes }, async (span) => {
    try {
      await handleRequest();
    } finally {
      span.end();
    }
  });
}

try {
  await handleRequestInSpan();
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
