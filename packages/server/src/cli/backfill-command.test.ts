import { Readable } from 'node:stream';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addBackfillCommand } from './backfill-command.js';
import { type CliIo, createContext } from './cli-context.js';
import { printFailure } from './print-failure.js';
import { addReportCommands } from './report-command.js';
import { type LoopbackServer, startLoopbackServer, type TestAnswer } from './testing/loopback-server.js';
import { REPORTS } from './testing/run-cli.js';

let server: LoopbackServer;
let answers: TestAnswer[];
beforeEach(async () => {
  answers = [{ body: { refilled: 12, changed: 3, next: null } }];
  server = await startLoopbackServer(() => answers[Math.min(server.requests.length, answers.length) - 1] ?? {});
});
afterEach(() => server.close());

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command, beside the reports of sessions or alone. */
async function run(argv: readonly string[], besideReports = true): Promise<Outcome> {
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
  if (besideReports) addReportCommands(program, REPORTS, context);
  addBackfillCommand(program, context);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return { code: context.exitCode, ...text };
  } catch (error) {
    const code = printFailure(error, context);
    return { code, ...text };
  }
}

const backfill = (...options: readonly string[]): Promise<Outcome> =>
  run(['sessions', 'backfill', ...options, '--url', server.url, '--key', 'secret']);
const bodies = (): unknown[] => server.requests.map(({ body }) => JSON.parse(body));

describe('sessions backfill', () => {
  it('asks for the range, of the project that is named', async () => {
    const outcome = await backfill('--since', '2026-05-01', '--until', '2026-06-01', '--project', 'my shop');
    expect(outcome).toEqual({ code: 0, stdout: '12 sessions computed anew, 3 of them changed.\n', stderr: '' });
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([['POST', '/v1/sessions/backfill?project_id=my+shop']]);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret');
    expect(bodies()).toEqual([{ since: '2026-05-01', until: '2026-06-01' }]);
  });

  it('asks until now unless it is told otherwise', async () => {
    const beforeMs = Date.now();
    expect((await backfill('--since', '30d')).code).toBe(0);
    const [body] = bodies() as { readonly since: string; readonly until: string }[];
    expect(body?.since).toBe('30d');
    expect(Date.parse(body?.until ?? '')).toBeGreaterThanOrEqual(beforeMs);
    expect(Date.parse(body?.until ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it('goes on slice by slice with the same range, and says how far it is', async () => {
    answers = [
      { body: { refilled: 5000, changed: 4000, next: 's-1' } },
      { body: { refilled: 5000, changed: 0, next: "s'2" } },
      { body: { refilled: 17, changed: 1, next: null } },
    ];
    expect(await backfill('--since', '30d')).toEqual({
      code: 0,
      stdout: '10,017 sessions computed anew, 4,001 of them changed.\n',
      stderr: '5,000 sessions so far, 4,000 of them changed.\n10,000 sessions so far, 4,000 of them changed.\n',
    });
    const asked = bodies() as { readonly until: string; readonly after?: string }[];
    expect(asked.map(({ after }) => after)).toEqual([undefined, 's-1', "s'2"]);
    expect(new Set(asked.map(({ until }) => until)).size).toBe(1);
  });

  it('fails with what the server says, after saying how far it came', async () => {
    const problem = { title: 'The store is away', detail: 'The store failed: disk.', code: 'store_unavailable' };
    answers = [{ body: { refilled: 5, changed: 5, next: 'x' } }, { status: 503, body: problem }];
    const outcome = await backfill('--since', '30d');
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^5 sessions so far, 5 of them changed\.\n[\s\S]*The store failed: disk\./);
  });

  it.each([[{ body: {} }], [{ body: [] }], [{ body: { refilled: '1', changed: 0 } }], [{ body: { refilled: 1, next: null } }]])(
    'takes no other answer: %j',
    async (answer) => {
      answers = [answer];
      expect(await backfill('--since', '30d')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('same version') });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('needs the start of the range', async () => {
    const outcome = await backfill();
    expect(outcome.stderr).toContain("required option '--since <time>' not specified");
    expect(outcome.stderr).toContain('Options of sessions backfill: --since, --until, --project, --url, --key, --data.');
    expect(outcome.code).not.toBe(0);
    expect(server.requests).toEqual([]);
  });
});

describe('the commands of sessions', () => {
  it('are the reports and this one', async () => {
    expect((await run(['sessions', 'nothing'])).stderr).toContain('Commands of sessions: live, backfill.');
    const help = (await run(['sessions', '--help'])).stdout;
    expect(help).toContain('reports: live; backfill');
    expect(help).toMatch(/^ {2}backfill .*compute anew where visitors came from$/m);
    expect((await run(['--help'])).stdout.match(/^ {2}sessions /gm)).toHaveLength(1);
  });

  it('are this one alone where there are no reports', async () => {
    expect((await run(['sessions', '--help'], false)).stdout).toContain('sessions: backfill');
    expect((await run(['sessions', 'nothing'], false)).stderr).toContain('Commands of sessions: backfill.');
  });
});
