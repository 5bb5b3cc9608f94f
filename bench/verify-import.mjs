// npm run verify [-- --events N]: imports N mixed events with the CLI, kills the server in the middle, imports again, and
// compares every total with one computed from the file by code of its own. Ends with code 1 when a number differs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { countFile } from './src/count-ndjson.mjs';
import { mixedEvent } from './src/mixed-events.mjs';
import { withFolder, withProduct } from './src/processes.mjs';

const CLI = fileURLToPath(new URL('../packages/server/bin/systemprompt-analytics.js', import.meta.url));
const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
const count = Number(values.events);
if (!Number.isInteger(count) || count < 1) {
  console.error(`--events is ${JSON.stringify(values.events)}; allowed: a whole number from 1 on.`);
  process.exit(2);
}

/** Mixed events lie in November 2026, two milliseconds apart. */
const RANGE = { since: '2026-11-01T00:00:00Z', until: '2026-12-01T00:00:00Z' };
const EXAMPLES = { agent: 'agent-1', tool: 'tool-1' };
const started = performance.now();
const say = (line) => console.error(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${line}`);
let differences = 0;

await withFolder(async (folder) => {
  const file = join(folder, 'events.ndjson');
  const data = join(folder, 'data');
  say(`writing ${count} events`);
  await write(file);
  say('counting them');
  const expected = await countFile(file);

  say('importing, and killing the server in the middle');
  await withProduct(data, async (server) => {
    const importing = cli(['import', file, '--data', data]);
    const imported = importing.done.catch(() => undefined);
    await reachesHalf(server);
    server.kill();
    importing.child.kill();
    await imported;
  });
  for (const round of ['again after the kill', 'once more']) {
    await withProduct(data, async () => {
      say(`importing ${round}`);
      console.log((await cli(['import', file, '--data', data]).done).trim().split('\n').at(-1));
    });
  }
  await withProduct(data, ({ url, token }) => compare(expected, { url, token }));
});
console.log(differences === 0 ? 'Every number agrees.' : `${differences} numbers differ.`);
process.exitCode = differences === 0 ? 0 : 1;

async function write(file) {
  const stream = createWriteStream(file);
  for (let index = 0; index < count; index++) {
    if (!stream.write(`${JSON.stringify(mixedEvent(index))}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

/** Looks at the server until it has taken half of the events. */
async function reachesHalf({ url }) {
  for (;;) {
    const { accepted_events: accepted } = await (await fetch(`${url}/healthz`)).json();
    if (accepted >= count / 2) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function cli(args) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
  });
  child.stderr.on('data', (part) => {
    output += part;
  });
  const done = once(child, 'exit').then(([code]) => {
    if (code === 0) return output;
    throw new Error(`systemprompt-analytics ${args.join(' ')} ended with ${code}: ${output}`);
  });
  return { child, done };
}

async function compare(expected, { url, token }) {
  const get = async (path, parameters = {}, range = RANGE) => {
    const response = await fetch(`${url}${path}?${new URLSearchParams({ ...range, ...parameters })}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const { reports } = await (await fetch(`${url}/v1/reports`, { headers: { authorization: `Bearer ${token}` } })).json();
  for (const report of reports) {
    const parameters = Object.fromEntries(
      report.parameters.filter(({ positional }) => positional).map(({ name }) => [name, EXAMPLES[name]]),
    );
    const before = performance.now();
    // What is live is now; these events are not.
    const { rows } = await get(report.path, parameters, report.parameters.some(({ name }) => name === 'since') ? RANGE : {});
    say(`${report.group} ${report.name}: ${rows.length} rows in ${(performance.now() - before).toFixed(0)} ms`);
  }
  const check = (what, found, wanted) => {
    if (found === wanted) return console.log(`same    ${what} ${found}`);
    differences++;
    console.log(`DIFFERS ${what}: report ${found}, file ${wanted}`);
  };
  const row = async (path) => (await get(path)).rows[0];
  const requests = await row('/v1/reports/requests/stats');
  for (const name of ['requests', 'unpriced_requests', 'input_tokens', 'cache_read_tokens', 'output_tokens', 'cost_usd'])
    check(name, requests[name], expected[name]);
  const overview = await row('/v1/reports/overview');
  for (const name of [
    'requests',
    'cost_usd',
    'unpriced_requests',
    'tool_executions',
    'tasks',
    'messages',
    'page_views',
    'sessions',
    'users',
  ])
    check(`overview ${name}`, overview[name], expected[name]);
  const tools = await row('/v1/reports/tools/stats');
  check('executions', tools.executions, expected.tool_executions);
  check('failed_executions', tools.failed_executions, expected.failed_tool_executions);
  const agents = await row('/v1/reports/agents/stats');
  for (const name of ['tasks', 'completed_tasks', 'failed_tasks']) check(name, agents[name], expected[name]);
  const sessions = await row('/v1/reports/sessions/stats');
  for (const name of ['sessions', 'events', 'page_views', 'requests', 'tool_executions', 'messages', 'cost_usd']) {
    // A task of two statements is one record of its session, and engagement is none.
    const wanted =
      name === 'events' ? expected.events - (expected.task_statements - expected.tasks) - expected.engagements : expected[name];
    check(`sessions ${name}`, sessions[name], wanted);
  }
  const breakdown = await get('/v1/reports/costs/breakdown', { by: 'model', limit: '100' });
  for (const [model, cost] of Object.entries(expected.cost_usd_by_model))
    check(`cost of ${model}`, breakdown.rows.find((each) => each.model === model)?.cost_usd, cost);
  check('cost of all', breakdown.totals.cost_usd, expected.cost_usd);
}
