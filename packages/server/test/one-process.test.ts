import { existsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, runProgram } from './harness/program.js';
import { comparable, type Report, readReport } from './harness/reports.js';
import { newFolder, readServerFile, removeFolders, runCli, type ServerProgram, serve } from './harness/server-program.js';

// One process has a data folder; everything else talks to that process.

const folder = newFolder();
const EVENTS_PER_BATCH = 2_000;
let server: ServerProgram;

const event = (id: string) => ({ id, type: 'ai_request', provider: 'openai', model: 'gpt-4.1-mini', input_tokens: 10, output_tokens: 1 });
const batch = (name: string) => JSON.stringify(Array.from({ length: EVENTS_PER_BATCH }, (_, index) => event(`${name}-${index}`)));

/** A request whose body is sent when the test says so. The server has taken it on when this resolves. */
async function beginPost(url: string) {
  const client = request(`${url}/v1/events`, { method: 'POST', headers: { 'content-type': 'application/json', expect: '100-continue' } });
  const answer = new Promise<{ status: number | undefined; connection: string | undefined; body: string }>((resolve, reject) => {
    client.once('error', reject);
    client.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.once('end', () => resolve({ status: response.statusCode, connection: response.headers.connection, body }));
      response.once('error', reject);
    });
  });
  // Who waits for the answer hears of it there; a test that ends the server does not wait for one.
  answer.catch(() => undefined);
  client.flushHeaders();
  await new Promise((resolve) => client.once('continue', resolve));
  return { answer, sendBody: (body: string) => client.end(body) };
}

async function requestCount(url: string): Promise<number> {
  const { rows } = await readReport(url, 'overview');
  return Number(rows[0]?.['requests']);
}

beforeAll(async () => {
  server = await serve(folder);
});

afterAll(async () => {
  await server?.program.stop();
  removeFolders();
});

describe('a running server', () => {
  it('has its folder to itself: a second one is told which folder and what to do', async () => {
    const { code, stdout, stderr } = await runProgram([MAIN, 'serve', '--data', folder, '--port', '0']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    // The engine writes a line of its own before; what people are told is the product's.
    const told = stderr.split('\n').filter((line) => /^(?:error|code|help|path): /.test(line));
    expect(told.map((line) => line.split(':', 1)[0])).toEqual(['error', 'code', 'help']);
    expect(told[0]).toBe(
      `error: Another process uses the data folder: The data folder ${folder} is in use by another process (${server.program.child.pid}). Stop that process, send requests to it instead, or choose another folder with --data.`,
    );
    expect(told[1]).toBe('code: folder_in_use');
    expect(stderr).not.toMatch(/^ +at /m);
    // It goes on undisturbed, and the CLI still finds it.
    expect(readServerFile(folder)).toMatchObject({ url: server.url, pid: server.program.child.pid });
    expect(await requestCount(server.url)).toBe(0);
  });

  it('is found by a CLI without flags through the data folder', async () => {
    const status = await runCli(folder, ['status']);
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toContain(server.url);
    const report = await runCli(folder, ['costs', 'summary', '--json']);
    expect(report).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(report.stdout)).toMatchObject({ report: 'costs.summary', project_id: 'default' });
    // Administration needs the token that only the owner of the folder can read.
    expect(await runCli(folder, ['keys', 'list'])).toMatchObject({ code: 0, stdout: expect.stringContaining('made by the first start') });
  });

  it('keeps its secrets from other users of the machine', () => {
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(modeOf(join(folder, 'server.json'))).toBe('600');
    expect(modeOf(join(folder, 'default-write-key'))).toBe('600');
    expect(readServerFile(folder).token).toMatch(/^sa_local_[\w-]{43}$/);
  });

  it('has its port to itself: another one is told so', async () => {
    const { port } = new URL(server.url);
    const other = newFolder();
    const { code, stdout, stderr } = await runProgram([MAIN, 'serve', '--data', other, '--port', port]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      `Cannot listen on 127.0.0.1 port ${port}: another program listens there. Choose another port with --port, or stop the other program.`,
    );
    expect(existsSync(join(other, 'server.json'))).toBe(false);
  });
});

describe('SIGTERM', () => {
  it('stores what is under way, then ends in order', async () => {
    const underWay = await beginPost(server.url);
    const stored = fetch(`${server.url}/v1/events`, { method: 'POST', body: batch('stored') });
    expect(await (await stored).json()).toEqual({ accepted: EVENTS_PER_BATCH, duplicates: 0, rejected: [] });
    const stopped = server.program.stop('SIGTERM');
    await server.program.seen('stderr', /Stopping \(SIGTERM\): storing what has arrived\.\n/);
    underWay.sendBody(batch('under-way'));
    const { status, connection, body } = await underWay.answer;
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { accepted: EVENTS_PER_BATCH, duplicates: 0, rejected: [] } });
    // A connection that is kept open would keep the server from ending.
    expect(connection).toBe('close');
    expect(await stopped).toMatchObject({ code: 0, signal: null, stderr: expect.stringMatching(/Stopped\.\n$/) });
    expect(existsSync(join(folder, 'server.json'))).toBe(false);
  });

  it('is followed by a start within seconds, with everything and the same write key', async () => {
    const startedMs = performance.now();
    const again = await serve(folder);
    const tookMs = performance.now() - startedMs;
    expect(again.writeKey).toBe(server.writeKey);
    server = again;
    expect(await requestCount(server.url)).toBe(2 * EVENTS_PER_BATCH);
    const answer = await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.writeKey}` },
      body: batch('stored'),
    });
    expect(await answer.json()).toEqual({ accepted: 0, duplicates: EVENTS_PER_BATCH, rejected: [] });
    expect(tookMs).toBeLessThan(15_000);
  });

  it('sent twice ends at once, and the folder opens again', async () => {
    await beginPost(server.url);
    server.program.child.kill('SIGTERM');
    await server.program.seen('stderr', /Stopping \(SIGTERM\)/);
    expect(await server.program.stop('SIGTERM')).toMatchObject({ code: 1, signal: null });
    server = await serve(folder);
    expect(await requestCount(server.url)).toBe(2 * EVENTS_PER_BATCH);
  });
});

describe('--demo', () => {
  const REPORTS = ['overview', 'costs/breakdown', 'tools/list', 'agents/list', 'conversations/stats', 'sessions/stats'];
  const demo = newFolder();
  let demoServer: ServerProgram | undefined;

  afterAll(async () => {
    await demoServer?.program.stop();
  });

  /** The past does not change; today's made-up events go on arriving while the test runs. */
  async function readPast(until: string): Promise<Report[]> {
    const url = demoServer?.url ?? '';
    const { token } = readServerFile(demo);
    const query = { project_id: 'demo', since: new Date(Date.parse(until) - 30 * 86_400_000).toISOString(), until };
    const reports: Report[] = [];
    for (const name of REPORTS) reports.push(comparable(await readReport(url, name, query, token)));
    return reports;
  }

  it('loads a project of made-up data, and twice on a day counts nothing twice', async () => {
    const until = new Date().toISOString();
    demoServer = await serve(demo, { args: ['--demo'] });
    expect(demoServer.greeting).toContain('  write key  ');
    const first = await readPast(until);
    expect(Number(first[0]?.rows[0]?.['requests'])).toBeGreaterThan(500);
    expect(Number(first[0]?.rows[0]?.['sessions'])).toBeGreaterThan(100);
    expect(await demoServer.program.stop()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Made-up data is in the project "demo"'),
    });

    demoServer = await serve(demo, { args: ['--demo'] });
    expect(await readPast(until)).toEqual(first);
    // What people send themselves lies apart from it.
    expect(await requestCount(demoServer.url)).toBe(0);
  });
});
