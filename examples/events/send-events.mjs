// Sends a small batch of events to the analytics server: one JSON object a line (NDJSON), no SDK needed.
//
//   node examples/events/send-events.mjs
//
// SYSTEMPROMPT_ANALYTICS_URL  where the server listens, default http://127.0.0.1:4318
// SYSTEMPROMPT_ANALYTICS_KEY  a secret key, where the server asks for one
import { randomUUID } from 'node:crypto';

const url = new URL('/v1/events', process.env.SYSTEMPROMPT_ANALYTICS_URL ?? 'http://127.0.0.1:4318');
const key = process.env.SYSTEMPROMPT_ANALYTICS_KEY;

// An event with an id that the server already has counts once: a batch can be sent again after a lost answer.
// Every run of this program is a batch of its own.
const run = randomUUID();
const startMs = Date.now() - 2000;
const at = (offsetMs) => new Date(startMs + offsetMs).toISOString();
const who = { session_id: 'sess-1', user_id: 'user-1', context_id: 'conv-1' };
const task = { ...who, task_id: `task-${run}`, agent: 'weather-bot' };

const events = [
  {
    id: `${run}-page`,
    type: 'page_view',
    timestamp: at(0),
    ...who,
    page_url: 'https://example.com/weather',
    title: 'Weather',
    properties: { theme: 'dark' },
  },
  // A task is told as it goes: each event states how it stands now.
  { id: `${run}-task-1`, type: 'agent_task', timestamp: at(100), ...task, status: 'working', started_at: at(100) },
  {
    id: `${run}-ai`,
    type: 'ai_request',
    timestamp: at(150),
    ...task,
    provider: 'anthropic',
    model: 'claude-sonnet-4-6',
    // As Anthropic counts: what was read from or written to the cache is not in input_tokens.
    input_tokens: 12,
    cache_read_tokens: 5000,
    cache_write_tokens: 1000,
    cache_write_1h_tokens: 400,
    output_tokens: 42,
    reasoning_tokens: 0,
    latency_ms: 850,
    status: 'success',
    properties: { feature: 'forecast' },
  },
  {
    id: `${run}-tool`,
    type: 'tool_execution',
    timestamp: at(1010),
    ...task,
    tool: 'get_weather',
    server: 'weather-mcp',
    status: 'failed',
    duration_ms: 120,
    error_message: 'The weather station did not answer',
    // The tool call of the model that this execution answers.
    ai_tool_call_id: `toolu_${run}`,
  },
  {
    id: `${run}-task-2`,
    type: 'agent_task',
    timestamp: at(1200),
    ...task,
    status: 'completed',
    started_at: at(100),
    completed_at: at(1200),
  },
];

const headers = { 'content-type': 'application/x-ndjson' };
if (key !== undefined && key !== '') headers.authorization = `Bearer ${key}`;

try {
  const answer = await fetch(url, { method: 'POST', headers, body: events.map((event) => `${JSON.stringify(event)}\n`).join('') });
  console.log(`${events.length} events to ${url}: ${answer.status} ${await answer.text()}`);
  if (!answer.ok) process.exitCode = 1;
} catch (error) {
  console.error(`${url} did not answer: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
