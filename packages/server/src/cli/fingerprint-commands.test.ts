import { Readable } from 'node:stream';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliIo, createContext } from './cli-context.js';
import { addFingerprintCommands } from './fingerprint-commands.js';
import { printFailure } from './print-failure.js';
import { type LoopbackServer, startLoopbackServer, type TestAnswer } from './testing/loopback-server.js';

const BUSY = {
  fingerprint: 'busy',
  first_seen_at: '2026-10-01T11:57:00.000Z',
  last_seen_at: '2026-10-01T11:58:30.000Z',
  total_sessions: 1,
  active_sessions: 1,
  total_requests: 12345,
  requests_last_hour: 120,
  peak_requests_per_minute: 60,
  sustained_high_velocity_minutes: 2,
  is_high_risk: true,
  is_flagged: true,
  flag_reason: 'request_count',
  flag_note: null,
  flagged_at: '2026-10-01T11:57:00.000Z',
  reputation_score: 40.01,
  abuse_incidents: 1,
  last_incident_at: '2026-10-01T11:57:00.000Z',
  last_ip: '192.0.2.0',
  last_user_agent: 'agent\u001b[31m',
  associated_user_ids: ['ada', 'ben'],
};
const QUIET = { ...BUSY, fingerprint: 'quiet', total_requests: 3, is_high_risk: false, is_flagged: false, flag_reason: null };

let server: LoopbackServer;
let answer: TestAnswer;
beforeEach(async () => {
  answer = { body: BUSY };
  server = await startLoopbackServer(() => answer);
});
afterEach(() => server.close());

/** Runs the commands of this file alone. */
async function run(...argv: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const text = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (part: string): void => {
      text[name] += part;
    },
  });
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: output('stdout'),
    stderr: output('stderr'),
    colour: { stdout: false, stderr: false },
    environment: { dataFolder: '/nonexistent' },
    clock: () => 0,
    wait: async () => undefined,
  };
  const context = createContext(io);
  const program = new Command('test').exitOverride().configureOutput({
    writeOut: (part) => io.stdout.write(part),
    writeErr: (part) => io.stderr.write(part),
  });
  addFingerprintCommands(program, context);
  try {
    await program.parseAsync([...argv, '--url', server.url, '--key', 'secret'], { from: 'user' });
    return { code: context.exitCode, ...text };
  } catch (error) {
    const code = printFailure(error, context);
    return { code, ...text };
  }
}

describe('fingerprints list', () => {
  beforeEach(() => {
    answer = { body: { fingerprints: [BUSY, QUIET] } };
  });

  it.each([
    [[], ''],
    [['--limit', '5', '--sort-by', 'total_requests'], '?sort_by=total_requests&limit=5'],
    [['--high-risk', '--project', 'my shop'], '?project_id=my+shop&high_risk=true'],
  ])('%j asks %j', async (options, query) => {
    expect((await run('fingerprints', 'list', ...options)).code).toBe(0);
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([['GET', `/v1/fingerprints${query}`]]);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret');
  });

  it('shows a line per visitor', async () => {
    const lines = (await run('fingerprints', 'list')).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^fingerprint +last_seen_at \(UTC\) +total_sessions .* flag_reason$/);
    expect(lines[1]).toMatch(/^busy +2026-10-01 11:58:30 +1 +12,345 +120 +60 +40\.01 +1 +yes +request_count$/);
    expect(lines[2]).toMatch(/^quiet .* 3 .* no .* -$/);
  });

  it.each([
    [[], 'There are no fingerprints.\n'],
    [['--high-risk'], 'There are no visitors of high risk.\n'],
  ])('says with %j that there are none', async (options, text) => {
    answer = { body: { fingerprints: [] } };
    expect(await run('fingerprints', 'list', ...options)).toEqual({ code: 0, stdout: text, stderr: '' });
  });

  it("prints the server's answer as it is with --json", async () => {
    answer = { body: '{"fingerprints": [ ]}' };
    expect((await run('fingerprints', 'list', '--json')).stdout).toBe('{"fingerprints": [ ]}\n');
  });

  it('refuses an order that is none, and an answer of something else', async () => {
    expect((await run('fingerprints', 'list', '--sort-by', 'name')).stderr).toContain('Allowed choices are last_seen, first_seen');
    answer = { body: {} };
    expect(await run('fingerprints', 'list')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('"fingerprints"') });
  });
});

describe('fingerprints show, flag and clear', () => {
  it.each([
    [['show', 'busy'], 'GET', '/v1/fingerprints/busy', ''],
    [['show', 'a/b ?', '--project', 'shop'], 'GET', '/v1/fingerprints/a%2Fb%20%3F?project_id=shop', ''],
    [['flag', 'busy'], 'POST', '/v1/fingerprints/busy/flag', '{}'],
    [['flag', 'busy', '--note', 'spam "here"'], 'POST', '/v1/fingerprints/busy/flag', '{"note":"spam \\"here\\""}'],
    [['clear', 'busy', '--project', 'shop'], 'POST', '/v1/fingerprints/busy/clear?project_id=shop', '{}'],
  ])('%j', async (argv, method, url, body) => {
    const { code, stdout } = await run('fingerprints', ...argv);
    expect(code).toBe(0);
    expect(server.requests.map((request) => [request.method, request.url, request.body])).toEqual([[method, url, body]]);
    expect(stdout).toMatch(/^fingerprint +busy$/m);
    expect(stdout).toMatch(/^total_requests +12,345$/m);
    expect(stdout).toMatch(/^flagged_at +2026-10-01 11:57:00 UTC$/m);
    expect(stdout).toMatch(/^flag_note +-$/m);
    expect(stdout).toMatch(/^associated_user_ids +ada, ben$/m);
    // What a visitor sent must not steer the terminal.
    expect(stdout).not.toContain('\u001b');
  });

  it("print the server's answer as it is with --json", async () => {
    answer = { body: '{"fingerprint":"busy"}' };
    for (const command of ['show', 'flag', 'clear']) {
      expect((await run('fingerprints', command, 'busy', '--json')).stdout).toBe('{"fingerprint":"busy"}\n');
    }
  });

  it('fail with what the server says', async () => {
    answer = {
      status: 404,
      body: { title: 'The fingerprint does not exist', detail: 'There is no fingerprint "x".', code: 'unknown_fingerprint' },
    };
    expect(await run('fingerprints', 'show', 'x')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('There is no fingerprint "x".'),
    });
  });

  it.each(['show', 'flag', 'clear'])('%s needs a fingerprint', async (command) => {
    expect((await run('fingerprints', command)).stderr).toContain("missing required argument 'fingerprint'");
    expect((await run('fingerprints', command, '')).stderr).toContain('The fingerprint is empty.');
    expect(server.requests).toEqual([]);
  });

  it('take no other answer for a reputation', async () => {
    answer = { body: { hello: 'world' } };
    expect(await run('fingerprints', 'show', 'busy')).toMatchObject({ code: 1, stderr: expect.stringContaining('no reputation') });
  });
});
