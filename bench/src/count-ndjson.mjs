// Reads a file of events and counts them, sharing no code with the product: prices are written down here, money is summed
// in picodollars. `node count-ndjson.mjs FILE` prints the totals as JSON.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Picodollars a token: list prices in dollars a million, times a million. */
const PICODOLLARS = {
  'claude-sonnet-4-5': { input: 3_000_000n, cacheRead: 300_000n, output: 15_000_000n },
  'gpt-4.1-mini': { input: 400_000n, cacheRead: 100_000n, output: 1_600_000n },
  'gemini-2.5-flash': { input: 300_000n, cacheRead: 30_000n, output: 2_500_000n },
};

/** Totals of the events in a file; an id counts once. */
export async function countFile(path) {
  const seen = new Set();
  const totals = {
    events: 0,
    requests: 0,
    unpriced_requests: 0,
    tool_executions: 0,
    failed_tool_executions: 0,
    messages: 0,
    page_views: 0,
    input_tokens: 0,
    cache_read_tokens: 0,
    output_tokens: 0,
    task_statements: 0,
    engagements: 0,
  };
  const costByModel = new Map();
  const sessions = new Set();
  const users = new Set();
  const tasks = new Map();
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue;
    const event = JSON.parse(line);
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    totals.events++;
    sessions.add(event.session_id);
    users.add(event.user_id);
    if (event.type === 'ai_request') {
      totals.requests++;
      totals.input_tokens += event.input_tokens;
      totals.cache_read_tokens += event.cache_read_tokens;
      totals.output_tokens += event.output_tokens;
      const price = PICODOLLARS[event.model];
      if (price === undefined) totals.unpriced_requests++;
      else {
        const cost =
          BigInt(event.input_tokens) * price.input +
          BigInt(event.cache_read_tokens) * price.cacheRead +
          BigInt(event.output_tokens) * price.output;
        costByModel.set(event.model, (costByModel.get(event.model) ?? 0n) + cost);
      }
    } else if (event.type === 'tool_execution') {
      totals.tool_executions++;
      if (event.status !== 'success') totals.failed_tool_executions++;
    } else if (event.type === 'message') totals.messages++;
    else if (event.type === 'page_view') totals.page_views++;
    else if (event.type === 'engagement') totals.engagements++;
    else if (event.type === 'agent_task') {
      totals.task_statements++;
      const known = tasks.get(event.task_id);
      if (known === undefined || event.status !== 'working') tasks.set(event.task_id, event.status);
    }
  }
  const ended = [...tasks.values()];
  return {
    ...totals,
    sessions: sessions.size,
    users: users.size,
    tasks: tasks.size,
    completed_tasks: ended.filter((status) => status === 'completed').length,
    failed_tasks: ended.filter((status) => status === 'failed').length,
    cost_usd: usd([...costByModel.values()].reduce((sum, cost) => sum + cost, 0n)),
    cost_usd_by_model: Object.fromEntries([...costByModel].map(([model, cost]) => [model, usd(cost)])),
  };
}

/** Dollars without a rounding: as many decimals as it takes. */
function usd(picodollars) {
  const text = picodollars.toString().padStart(13, '0');
  return `${text.slice(0, -12)}.${text.slice(-12)}`.replace(/\.?0+$/, '');
}

if (process.argv[1]?.endsWith('count-ndjson.mjs')) console.log(JSON.stringify(await countFile(process.argv[2]), null, 2));
