import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALL_PICODOLLARS } from './harness/list-prices.js';
import { type Outcome, type Program, ROOT, runProgram, startProgram } from './harness/program.js';
import { costsBy, countsBy, DIMENSIONS, picodollars, type Report, readReport, total, totalCost } from './harness/reports.js';
import { newFolder, removeFolders, runCli, type ServerProgram, serve } from './harness/server-program.js';

// The programs are those of examples/README.md as they are; only their environment differs, because ports are free ones.

const folder = newFolder();
const OPENAI = { OTEL_SERVICE_NAME: 'openai-bot', SESSION_ID: 'session-openai', USER_ID: 'ann', CONVERSATION_ID: 'conversation-openai' };
const ANTHROPIC = {
  OTEL_SERVICE_NAME: 'anthropic-bot',
  SESSION_ID: 'session-anthropic',
  USER_ID: 'bob',
  CONVERSATION_ID: 'conversation-2',
};
const OPENAI_COST = CALL_PICODOLLARS.gptToolCall + CALL_PICODOLLARS.gptAnswer + CALL_PICODOLLARS.embedding;
const ANTHROPIC_COST = 4n * CALL_PICODOLLARS.claude;

let server: ServerProgram;
let fakeLlm: Program;
let fakeUrl: string;
const outcomes: Record<'openai' | 'anthropic', Outcome | undefined> = { openai: undefined, anthropic: undefined };

function runExample(file: string, environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runProgram([file], {
    environment: {
      OPENAI_BASE_URL: `${fakeUrl}/v1`,
      ANTHROPIC_BASE_URL: fakeUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      SYSTEMPROMPT_ANALYTICS_URL: server.url,
      ...environment,
    },
  });
}

async function cliJson(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await runCli(folder, [...args, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

beforeAll(async () => {
  fakeLlm = startProgram(['examples/fake-llm/server.mjs', '--port', '0']);
  const [started, [, url = '']] = await Promise.all([serve(folder), fakeLlm.seen('stdout', /Fake LLM on (\S+) /)]);
  server = started;
  fakeUrl = url;
  outcomes.openai = await runExample('examples/openai-otel/app.cjs', OPENAI);
  outcomes.anthropic = await runExample('examples/anthropic/app.mjs', ANTHROPIC);
});

afterAll(async () => {
  await Promise.all([server?.program.stop(), fakeLlm?.stop()]);
  removeFolders();
});

describe('two ordinary programs', () => {
  it('run undisturbed', () => {
    for (const outcome of Object.values(outcomes)) expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });

  it('the hand calculation is what the list prices say', () => {
    expect(CALL_PICODOLLARS).toEqual({ gptToolCall: 952_000_000n, gptAnswer: 880_000_000n, embedding: 140_000n, claude: 6_816_000_000n });
    expect(OPENAI_COST).toBe(1_832_140_000n);
    expect(ANTHROPIC_COST).toBe(27_264_000_000n);
  });

  it('cost what the hand calculation says, to the picodollar', async () => {
    const report = await cliJson('costs', 'breakdown', '--by', 'model');
    const shown = report.rows.map(({ model, requests, unpriced_requests, cost_usd, cost_microdollars }) => [
      model,
      requests,
      unpriced_requests,
      cost_usd,
      cost_microdollars,
    ]);
    expect(shown).toEqual([
      ['claude-sonnet-4-6', 4, 0, '0.027264', 27_264],
      ['gpt-4.1-mini-2025-04-14', 2, 0, '0.001832', 1_832],
      // 0.14 microdollars: nothing when rounded, and yet counted.
      ['text-embedding-3-small', 1, 0, '0.00000014', 0],
      // It failed before a token was used: its cost is not known, which is not nothing.
      ['claude-overloaded', 1, 1, null, null],
    ]);
    expect(costsBy(report, 'model')).toEqual({
      'claude-sonnet-4-6': ANTHROPIC_COST,
      'gpt-4.1-mini-2025-04-14': CALL_PICODOLLARS.gptToolCall + CALL_PICODOLLARS.gptAnswer,
      'text-embedding-3-small': CALL_PICODOLLARS.embedding,
      'claude-overloaded': 0n,
    });
    expect(report.totals).toMatchObject({ requests: 8, unpriced_requests: 1, cost_usd: '0.02909614', cost_microdollars: 29_096 });
    expect(picodollars(report.totals?.['cost_usd'])).toBe(OPENAI_COST + ANTHROPIC_COST);
  });

  it('count the tokens that the fake LLM reports', async () => {
    const { rows } = await cliJson('costs', 'breakdown', '--by', 'model');
    const tokens = rows.map((row) => [row['input_tokens'], row['cache_read_tokens'], row['cache_write_tokens'], row['output_tokens']]);
    expect(tokens).toEqual([
      [4 * 12, 4 * 5000, 4 * 1000, 4 * 42],
      [2048 + 2116, 0, 0, 83 + 21],
      [7, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it('are shown as a table for people', async () => {
    const { code, stdout, stderr } = await runCli(folder, ['costs', 'breakdown', '--by', 'model']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Cost breakdown\n/);
    expect(stdout).toMatch(/^model +requests +cost_usd +cost_share +unpriced_requests /m);
    expect(stdout).toMatch(/^claude-sonnet-4-6 +4 +\$0\.027264 +93\.7 % +0 /m);
    expect(stdout).toMatch(/^gpt-4\.1-mini-2025-04-14 +2 +\$0\.001832 +6\.3 % +0 /m);
    expect(stdout).toMatch(/^text-embedding-3-small +1 +\$0\.00000014 +<0\.1 % +0 /m);
    expect(stdout).toMatch(/^claude-overloaded +1 +- +- +1 /m);
    expect(stdout).toMatch(/^total +8 +\$0\.02909614 +100\.0 % +1 /m);
    expect(stdout).toContain('note: 1 request is unpriced and not in the cost; see costs unpriced.');
  });

  it.each([
    ['session', 'session-openai', 'session-anthropic'],
    ['user', 'ann', 'bob'],
    ['agent', 'openai-bot', 'anthropic-bot'],
  ])('belong to the %s that each names', async (dimension, openai, anthropic) => {
    const report = await cliJson('costs', 'breakdown', '--by', dimension);
    expect(costsBy(report, dimension)).toEqual({ [openai]: OPENAI_COST, [anthropic]: ANTHROPIC_COST });
    expect(countsBy(report, dimension, 'requests')).toEqual({ [openai]: 3, [anthropic]: 5 });
  });

  it.each([...DIMENSIONS, 'properties.service.name'])('add up by %s to the total', async (dimension) => {
    const report = await readReport(server.url, 'costs/breakdown', { by: dimension });
    expect(totalCost(report)).toBe(OPENAI_COST + ANTHROPIC_COST);
    expect(picodollars(report.totals?.['cost_usd'])).toBe(OPENAI_COST + ANTHROPIC_COST);
    expect([total(report, 'requests'), total(report, 'unpriced_requests')]).toEqual([8, 1]);
  });

  it('ran a tool each, which no model call was made inside of', async () => {
    const tools = await cliJson('tools', 'list');
    expect(tools.rows).toHaveLength(1);
    expect(tools.rows[0]).toMatchObject({ tool: 'get_weather', executions: 2, successful_executions: 2, requests: 0, cost_usd: '0' });
    expect(costsBy(await cliJson('costs', 'breakdown', '--by', 'tool'), 'tool')).toEqual({ '-': OPENAI_COST + ANTHROPIC_COST });
    const agents = await cliJson('agents', 'list');
    expect(countsBy(agents, 'agent', 'tool_executions')).toEqual({ 'openai-bot': 1, 'anthropic-bot': 1 });
  });

  it('came in two sessions of two users and two conversations', async () => {
    const overview = await cliJson('overview');
    expect(overview.rows[0]).toMatchObject({
      sessions: 2,
      users: 2,
      conversations: 2,
      requests: 8,
      tool_executions: 2,
      cost_usd: '0.02909614',
    });
  });
});

describe('settings of the two programs', () => {
  it('send JSON, compressed, with a key, into the project of the key', async () => {
    expect(await runCli(folder, ['projects', 'create', 'other'])).toMatchObject({ code: 0 });
    const created = await runCli(folder, ['keys', 'create', '--kind', 'write', '--project', 'other']);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sa_write_\S+\n$/) });
    const environment = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${created.stdout.trim()}`,
      OTEL_NODE_RESOURCE_DETECTORS: 'env',
    };
    for (const file of ['examples/openai-otel/app.cjs', 'examples/anthropic/app.mjs']) {
      expect(await runExample(file, environment)).toMatchObject({ code: 0, stderr: '' });
    }
    const sessions = await cliJson('costs', 'breakdown', '--by', 'session', '--project', 'other');
    // The names that the README states as defaults.
    expect(costsBy(sessions, 'session')).toEqual({ 'sess-1': OPENAI_COST + ANTHROPIC_COST });
    const agents = await cliJson('costs', 'breakdown', '--by', 'agent', '--project', 'other');
    expect(costsBy(agents, 'agent')).toEqual({ 'weather-bot': OPENAI_COST + ANTHROPIC_COST });
  });

  it('fail loudly when the server refuses the spans', async () => {
    const outcome = await runExample('examples/openai-otel/app.cjs', { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20wrong' });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('The spans were not sent');
  });
});

describe('the program without OpenTelemetry', () => {
  it('adds its page view, task, model call and tool execution', async () => {
    const before = await cliJson('overview');
    const outcome = await runExample('examples/events/send-events.mjs', {});
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('200 {"accepted":5,"duplicates":0,"rejected":[]}');
    expect(costsBy(await cliJson('costs', 'breakdown', '--by', 'session'), 'session')).toEqual({
      'session-openai': OPENAI_COST,
      'session-anthropic': ANTHROPIC_COST,
      'sess-1': CALL_PICODOLLARS.claude,
    });
    const after = await cliJson('overview');
    const added = (name: string): number => Number(after.rows[0]?.[name]) - Number(before.rows[0]?.[name]);
    expect(['requests', 'page_views', 'tool_executions', 'tasks', 'sessions', 'users', 'conversations'].map(added)).toEqual([
      1, 1, 1, 1, 1, 1, 1,
    ]);
    expect(picodollars(after.rows[0]?.['cost_usd'])).toBe(OPENAI_COST + ANTHROPIC_COST + CALL_PICODOLLARS.claude);
  });
});

describe('examples/README.md', () => {
  it('names the commands that these tests run', () => {
    const readme = readFileSync(`${ROOT}examples/README.md`, 'utf8');
    const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    expect(commands).toEqual([
      'node examples/fake-llm/server.mjs --port 4399',
      'node examples/openai-otel/app.cjs',
      'node examples/anthropic/app.mjs',
      'SYSTEMPROMPT_ANALYTICS_URL=http://127.0.0.1:4318 node examples/events/send-events.mjs',
    ]);
  });
});
