import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countCsvRows } from './report-command.js';
import { type LoopbackServer, startLoopbackServer, type TestAnswer, unusedUrl } from './testing/loopback-server.js';
import { BREAKDOWN_ANSWER, runCli } from './testing/run-cli.js';

let server: LoopbackServer;
let answer: TestAnswer;
beforeEach(async () => {
  answer = { body: BREAKDOWN_ANSWER };
  server = await startLoopbackServer(() => answer);
});
afterEach(() => server.close());
const run = (...argv: string[]) => runCli([...argv, '--url', server.url, '--key', 'secret']);

describe('report commands', () => {
  it.each([
    [['costs', 'breakdown'], '/v1/reports/costs/breakdown'],
    [['costs', 'breakdown', '--by', 'model', '--since', '24h'], '/v1/reports/costs/breakdown?by=model&since=24h'],
    [['costs', 'breakdown', '--sort-by', 'cost_usd', '--limit=5'], '/v1/reports/costs/breakdown?sort_by=cost_usd&limit=5'],
    [['costs', 'breakdown', '--project', 'my site'], '/v1/reports/costs/breakdown?project_id=my+site'],
    [['overview'], '/v1/reports/overview'],
    [['agents', 'show', 'a&b=c', '--group-by', 'hour'], '/v1/reports/agents/show?agent=a%26b%3Dc&group_by=hour'],
    [['sessions', 'live'], '/v1/reports/sessions/live'],
  ])('%j asks %s', async (argv, url) => {
    const { code, stdout, stderr } = await run(...argv);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('small        12      $1.5');
    expect(server.requests.map((request) => [request.method, request.url])).toEqual([['GET', url]]);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret');
  });

  it("prints the server's answer as it is with --json", async () => {
    answer = { body: '{"rows": [ {"n": 18446744073709551615} ]}' };
    expect((await run('costs', 'breakdown', '--json')).stdout).toBe('{"rows": [ {"n": 18446744073709551615} ]}\n');
  });

  it('writes CSV with --export and says how much and where', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'export-'));
    const file = join(folder, 'costs.csv');
    answer = { headers: { 'content-type': 'text/csv' }, body: 'model,requests\r\n"a ""b""\nc",1\r\nd,2\r\n' };
    const { code, stdout } = await run('costs', 'breakdown', '--by', 'agent', '--export', file);
    expect([code, stdout]).toEqual([0, `Wrote 2 rows to ${file}\n`]);
    expect(server.requests[0]?.url).toBe('/v1/reports/costs/breakdown?by=agent&limit=10000&format=csv');
    expect(await readFile(file, 'utf8')).toBe(answer.body);
    expect(await run('costs', 'breakdown', '--export', join(folder, 'none', 'x.csv'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('x.csv cannot be written: there is no such file or folder.'),
    });
    await rm(folder, { recursive: true });
  });

  it.each([
    ['', 0],
    ['a,b\n', 0],
    ['a,b\n1,2', 1],
    ['a\n"x\ny"\n', 1],
  ])('%j has %d rows below its header', (csv, rows) => {
    expect(countCsvRows(csv)).toBe(rows);
  });

  it('keeps a path prefix of the address', async () => {
    await runCli(['overview', '--url', `${server.url}/analytics/`]);
    expect(server.requests[0]?.url).toBe('/analytics/v1/reports/overview');
  });
});

describe('wrong usage names what exists and exits with 2', () => {
  it.each([
    [
      ['cost'],
      [
        "unknown command 'cost'",
        'Did you mean costs?',
        'Commands: serve, status, costs, overview, sessions, agents, import, projects, keys',
      ],
    ],
    [
      ['costs', 'sumary'],
      ["unknown command 'sumary'", 'Did you mean summary?', 'Reports of costs: breakdown, summary.'],
    ],
    [
      ['costs', 'breakdown', '--sinse', '1h'],
      ["unknown option '--sinse'", 'Did you mean --since?', 'Options of costs breakdown: --by, --since, --sort-by, --limit'],
    ],
    [['costs', 'breakdown', '--by', 'moon'], ['Allowed choices are model, agent.']],
    [['costs', 'breakdown', '--json', '--export', 'x.csv'], ["cannot be used with option '--export"]],
    [['costs', 'breakdown', 'extra'], ['too many arguments']],
    [['agents', 'show'], ["missing required argument 'agent'"]],
    [['sessions', 'live', '--interval', '0'], ['Allowed: 0.2 to 3600 seconds.']],
    [['keys', 'create'], ['--kind']],
    [['keys', 'create', '--kind', 'master'], ['Allowed choices are write, secret, read, admin.']],
    [['import', 'x', '--batch', '1.5'], ['Allowed: a whole number from 1 to 100000.']],
    [['costs'], ['breakdown', 'summary']],
    [[], ['Usage: systemprompt-analytics']],
  ])('%j', async (argv, texts) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const text of texts) expect(stderr).toContain(text);
  });

  it('asks no server for help or the version', async () => {
    const help = await runCli(['costs', 'breakdown', '--help']);
    expect(help.code).toBe(0);
    for (const text of ['What each model cost.', '--by <value>', '(default: model)', 'Columns:', 'Model calls'])
      expect(help.stdout).toContain(text);
    const version = await runCli(['--version']);
    expect(version).toMatchObject({ code: 0, stderr: '' });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('starts no server with a setting that is not valid', async () => {
    const outcome = await runCli(['serve', '--port', 'none']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('SYSTEMPROMPT_ANALYTICS_PORT is "none"; allowed: a whole number from 0 to 65535.');
  });
});

describe('a failure', () => {
  it("tells the server's title, detail, path, code and help, and exits with 2 when a parameter is at fault", async () => {
    answer = {
      status: 400,
      body: { title: 'A parameter is not valid', detail: 'since is "soon".', code: 'invalid_parameter', path: 'since', help: 'Send 24h.' },
    };
    expect(await run('costs', 'breakdown', '--since', 'soon')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: A parameter is not valid: since is "soon".\npath: since\ncode: invalid_parameter\nhelp: Send 24h.\n',
    });
  });

  it("shows a proxy's page shortly", async () => {
    answer = { status: 502, body: '<h1>Bad gateway\u001b[2J</h1>' };
    expect(await run('overview')).toMatchObject({ code: 1, stderr: 'error: HTTP 502: <h1>Bad gateway␛[2J</h1>\n' });
  });

  it('says what answers is something else', async () => {
    answer = { body: 'hello' };
    expect((await run('overview')).stderr).toContain('is not systemprompt-analytics');
    answer = { body: { hello: 1 } };
    expect((await run('overview')).stderr).toContain('same version');
  });

  it('says how to start a server when none answers', async () => {
    const nowhere = await unusedUrl();
    const { code, stderr } = await runCli(['overview'], { defaultUrl: nowhere });
    expect(code).toBe(1);
    expect(stderr).toContain(
      'code: server_unreachable\nhelp: Start it with `npm start` or `systemprompt-analytics serve`, or name it with --url.\n',
    );
    expect((await runCli(['overview', '--url', nowhere])).stderr).toContain(`${nowhere} does not answer (ECONNREFUSED).`);
  });
});

describe('projects, keys and status', () => {
  it('lists projects', async () => {
    answer = { body: { projects: [{ project_id: 'default', name: 'Default', time_zone: 'UTC', created_at: '2026-03-01T10:00:00.000Z' }] } };
    expect((await run('projects', 'list')).stdout).toBe(
      'project_id  name     time_zone  created_at (UTC)\ndefault     Default  UTC        2026-03-01 10:00:00\n',
    );
    expect((await run('projects', 'list', '--json')).stdout).toBe(`${JSON.stringify(answer.body)}\n`);
  });

  it('creates a project', async () => {
    const { code, stdout } = await run('projects', 'create', 'shop', '--name', 'Shop', '--time-zone', 'Europe/Berlin');
    expect([code, stdout]).toEqual([0, expect.stringContaining('Created project shop.')]);
    expect(server.requests.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['POST', '/v1/projects', { project_id: 'shop', name: 'Shop', time_zone: 'Europe/Berlin' }],
    ]);
  });

  it('creates a key: the key alone on standard output, what to know beside it', async () => {
    answer = { status: 201, body: { key_id: 'key_1', key: 'sk_abc', kind: 'secret' } };
    const { stdout, stderr } = await run('keys', 'create', '--kind', 'secret', '--project', 'shop');
    expect(stdout).toBe('sk_abc\n');
    expect(stderr).toBe('Created secret key key_1 for project shop. It is shown only this once: keep it now.\n');
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ project_id: 'shop', kind: 'secret' });
  });

  it('lists and revokes keys', async () => {
    answer = { body: { keys: [] } };
    expect((await run('keys', 'list', '--project', 'shop')).stdout).toBe('There are no keys.\n');
    answer = { status: 204, body: '' };
    expect((await run('keys', 'revoke', 'a/b')).stdout).toContain('Revoked key a/b.');
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v1/keys?project_id=shop', 'DELETE /v1/keys/a%2Fb']);
  });

  it('tells the status', async () => {
    answer = { body: { status: 'ok', version: '0.1.0', store: 'embedded', uptime_seconds: 7500 } };
    expect((await run('status')).stdout).toBe(
      `address  ${server.url}\nstatus   ok\nversion  0.1.0\nstore    embedded\nuptime   2 h 5 min\n`,
    );
  });
});
