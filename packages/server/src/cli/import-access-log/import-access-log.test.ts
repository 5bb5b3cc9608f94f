import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliOutcome, type CliWorld, runCli } from '../testing/run-cli.js';
import { type LogServer, logLine, pathsOf, startLogServer } from './testing/log-server.js';

let server: LogServer;
let folder: string;
beforeEach(async () => {
  server = await startLogServer();
  folder = await mkdtemp(join(tmpdir(), 'access-log-'));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const SITE = ['--site', 'https://example.com'];
const inFolder = (name: string): string => join(folder, name);
const run = async (argv: readonly string[], world: CliWorld = {}): Promise<CliOutcome> =>
  runCli(['import', 'access-log', ...argv, '--url', server.url], { environment: { dataFolder: inFolder('data') }, ...world });
async function importText(text: string | Buffer, argv: readonly string[] = SITE, name = 'access.log', world: CliWorld = {}) {
  await writeFile(inFolder(name), text);
  return run([inFolder(name), ...argv], world);
}

describe('import access-log', () => {
  it('sends every line as a request, in order, and says what to look at', async () => {
    const text = [0, 1, 2, 3, 4].map((second) => logLine(second, `/p${second}`)).join('');
    const outcome = await importText(text, [...SITE, '--batch', '2', '--project', 'my shop', '--key', 'k']);
    expect(outcome).toMatchObject({ code: 0, stderr: 'Reading the lines as combined; --format names another format.\n' });
    expect(outcome.stdout.split('\n').map((line) => line.replace(/ in .* lines\/s/, ''))).toEqual([
      '5 accepted, 0 duplicates, 0 rejected (5 lines)',
      'The requests are from 2026-03-01T00:00:00.000Z to 2026-03-01T00:00:04.000Z. See where they came from:',
      `  systemprompt-analytics traffic sources --since 2026-03-01T00:00:00Z --until 2026-03-01T00:00:05Z --project 'my shop' --url ${server.url}`,
      '',
    ]);
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual(
      new Array(3).fill(['/v1/events?project_id=my+shop', 'Bearer k']),
    );
    expect(pathsOf(server.events)).toEqual(['/p0', '/p1', '/p2', '/p3', '/p4']);
    expect(server.events[1]).toEqual({
      type: 'http_request',
      id: expect.stringMatching(/^log-[0-9a-f]{32}$/),
      timestamp: '2026-03-01T00:00:01.000Z',
      method: 'GET',
      page_url: 'https://example.com/p1',
      status_code: 200,
      response_bytes: 5,
      referrer: '',
      ip: '192.0.2.1',
      user_agent: 'Mozilla/5.0',
    });
  });

  it('gives the same lines the same ids: again, packed, under another name, from standard input, and grown', async () => {
    const text = logLine(0, '/a') + logLine(0, '/a') + logLine(1, '/b') + logLine(0, '/a');
    expect((await importText(text)).stdout).toContain('4 accepted, 0 duplicates');
    expect(server.events.map(({ id }) => id.slice(36))).toEqual(['', '-2', '', '-3']);
    expect((await importText(text, [...SITE, '--restart'])).stdout).toContain('0 accepted, 4 duplicates');
    expect((await importText(gzipSync(text), SITE, 'access.log.1.gz')).stdout).toContain('0 accepted, 4 duplicates');
    expect((await importText(text + logLine(1, '/b'), SITE, 'copy.log')).stdout).toContain('1 accepted, 4 duplicates');
    expect((await run(['-', ...SITE], { stdin: Readable.from([text]) })).stdout).toContain('0 accepted, 4 duplicates');
    expect((await importText(text, ['--site', 'https://other.example'])).stdout).toContain('4 accepted, 0 duplicates');
  });

  it('goes on where the last import ended, with the same numbers for equal lines', async () => {
    await importText(logLine(0, '/a') + logLine(0, '/a'));
    await appendFile(inFolder('access.log'), logLine(0, '/a') + logLine(1, '/b'));
    const second = await run([inFolder('access.log')]);
    expect(second.stdout).toContain('2 accepted, 0 duplicates, 0 rejected');
    expect(second.stderr).toBe(
      `Going on at line 3 of ${inFolder('access.log')}, where an earlier import ended; --restart sends all of it again.\n`,
    );
    expect(server.events[2]?.id).toMatch(/-3$/);
    expect((await run([inFolder('access.log')])).stdout).toMatch(/^0 accepted, 0 duplicates, 0 rejected [^\n]*\n$/);
    const other = await run([inFolder('access.log'), '--format', 'common']);
    expect(other.stderr).toContain('An earlier import read this log as combined of https://example.com: reading it from its beginning.');
    expect(await readdir(inFolder('data'))).toEqual(['imports']);
    expect((await readdir(folder)).sort()).toEqual(['access.log', 'data']);
  });

  it('sends a last line without a line break, and the whole line once it is there', async () => {
    const whole = logLine(1, '/b');
    await importText(logLine(0, '/a') + whole.trimEnd());
    expect(pathsOf(server.events)).toEqual(['/a', '/b']);
    await appendFile(inFolder('access.log'), `\n${logLine(1, '/b')}`);
    expect((await run([inFolder('access.log')])).stdout).toContain('1 accepted, 1 duplicates');
    await appendFile(inFolder('access.log'), logLine(2, '/c').slice(0, 40));
    expect(await run([inFolder('access.log')])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 accepted, 0 duplicates, 0 rejected'),
      stderr: expect.stringContaining('Line 4 has no line break and is not whole yet; the next import reads it.'),
    });
    await appendFile(inFolder('access.log'), logLine(2, '/c').slice(40));
    expect((await run([inFolder('access.log')])).stdout).toContain('1 accepted, 0 duplicates');
  });

  it('waits a moment for the rest of a line that is being written', async () => {
    const line = logLine(1, '/b');
    const rest = (): void => {
      void appendFile(inFolder('access.log'), line.slice(40));
    };
    await writeFile(inFolder('access.log'), logLine(0, '/a') + line.slice(0, 40));
    const outcome = await run([inFolder('access.log'), ...SITE], { onWait: rest });
    expect(outcome.waits).toEqual([1000]);
    await run([inFolder('access.log'), ...SITE]);
    expect(pathsOf(server.events)).toEqual(['/a', '/b']);
  });

  it('keeps lines that are no HTTP, and rejects those that are no log lines with number and reason', async () => {
    const request = (text: string): string => logLine(0, '/').replace('"GET / HTTP/1.1"', `"${text}"`);
    const rejectedFile = inFolder('rejected.ndjson');
    const text = `${request('\\x16\\x03\\x01')}\n# comment\n${request('-')}${'x'.repeat(70_000)}\n${request('GET http://example.com/a HTTP/1.1')}`;
    const { code, stdout } = await importText(text, [...SITE, '--rejected', rejectedFile]);
    expect(code).toBe(3);
    expect(stdout).toContain('3 accepted, 0 duplicates, 2 rejected (5 lines');
    expect(stdout).toMatch(/ 3 {2}invalid_value {4}timestamp {2}The line has no time in brackets/);
    expect(stdout).toMatch(/ 5 {2}event_too_large {2}- {10}The line is longer than 65536 bytes/);
    expect(server.events.map(({ method, page_url }) => [method, page_url])).toEqual([
      ['-', 'https://example.com/%16%03%01'],
      ['-', 'https://example.com/'],
      ['GET', 'https://example.com/a'],
    ]);
    const rejected = (await readFile(rejectedFile, 'utf8')).trim().split('\n');
    expect(rejected.map((line) => JSON.parse(line) as object)).toMatchObject([
      { line: 3, text: '# comment' },
      { line: 5, text: '' },
    ]);
  });

  it('tells visitors apart where the log has names, and takes raw bytes for text', async () => {
    const named = (name: string, agent: string): Buffer =>
      Buffer.from(logLine(0, '/').replace('192.0.2.0', name).replace('Mozilla/5.0', agent), 'latin1');
    await importText(
      Buffer.concat([named('a.example', 'x'), named('A.example', 'x'), named('b.example', 'x'), named('a.example', 'caf\xe9')]),
    );
    const fingerprints = server.events.map(({ fingerprint }) => fingerprint);
    expect(fingerprints[0]).toMatch(/^host:[0-9a-f]{16}$/);
    expect(fingerprints[1]).toBe(fingerprints[0]);
    expect(new Set(fingerprints).size).toBe(3);
    expect(server.events.every((event) => event['ip'] === undefined)).toBe(true);
    expect(server.events[3]?.['user_agent']).toBe('café');
  });

  it('leaves the user agent of a common log unknown', async () => {
    const { stdout } = await importText(logLine(0, '/').replace(' "-" "Mozilla/5.0"', ''));
    expect(stdout).toContain('The log has no user agents, so people cannot be told from programs');
    expect(stdout).toContain('--until 2026-03-01T00:00:01Z --include all --url');
    expect(Object.keys(server.events[0] ?? {})).not.toContain('user_agent');
    expect(Object.keys(server.events[0] ?? {})).not.toContain('referrer');
  });
});

describe('the format and the site', () => {
  const asset = (referrer: string): string => logLine(0, '/a.css', `"${referrer}" "x"`);
  const json = (fields: object): string =>
    `${JSON.stringify({ ts: 1_772_323_200, remote_addr: '1.2.3.4', uri: '/', status: 200, ...fields })}\n`;

  it.each([
    [
      'the pages that asked for assets',
      asset('https://a.example/p') + asset('http://b.example/') + asset('https://a.example/q'),
      'https://a.example',
      /^Taking https:\/\/a\.example for the site: most images/,
    ],
    ['nothing', logLine(0, '/'), 'http://localhost', /^Taking http:\/\/localhost for the site, since no line tells/],
    ['the host of the line', json({ host: 'c.example' }), 'http://c.example', /^Taking http:\/\/ for the addresses/],
    ['host and scheme of the line', json({ host: 'c.example', scheme: 'https' }), 'https://c.example', undefined],
    ['the column of a virtual host', `d.example:443 ${logLine(0, '/')}`, 'https://d.example', undefined],
  ])('are known from %s', async (_, text, origin, said) => {
    const { code, stderr } = await importText(text, []);
    const [first, second] = stderr.split('\n');
    expect([code, first]).toEqual([
      0,
      `Reading the lines as ${text.startsWith('{') ? 'json' : 'combined'}; --format names another format.`,
    ]);
    if (said === undefined) expect(second).toBe('');
    else expect(second).toMatch(said);
    expect(server.events.every(({ page_url }) => new URL(page_url).origin === origin)).toBe(true);
  });

  it('are not decided by lines behind the first thousand', async () => {
    const { stderr } = await importText(logLine(0, '/').repeat(1000) + asset('https://a.example/p'), []);
    expect(stderr).toContain('Taking http://localhost');
    expect(server.events).toHaveLength(1001);
  });

  it('are refused where no line can be read', async () => {
    const { code, stderr } = await importText('{"level":"info"}\nhello\n', []);
    expect(code).toBe(2);
    expect(stderr).toContain('None of the first 2 lines is a line of an access log. Of the first: The line has no time under a known name');
    expect(await importText('hello\n', ['--format', 'combined'])).toMatchObject({ code: 3, stdout: expect.stringContaining('1 rejected') });
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(0);
  });

  it('say nothing of an empty log', async () => {
    expect(await importText('', [])).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('0 accepted') });
    await writeFile(inFolder('access.log'), json({ host: 'c.example', scheme: 'https' }));
    expect((await run([inFolder('access.log')])).stderr).toContain('as json');
  });
});

describe('what goes wrong', () => {
  it.each([
    [['--site', 'example.com'], /Allowed: scheme and host/],
    [['--site', 'https://example.com/blog'], /Allowed: scheme and host/],
    [['--site', 'ftp://example.com'], /Allowed: scheme and host/],
    [['--format', 'xml'], /Allowed choices are auto, combined, common, json/],
    [['--concurrency', '0'], /whole number from 1 to 16/],
  ])('%j is refused', async (argv, message) => {
    expect(await run(['x.log', ...argv])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  it('takes options before its name as those behind it', async () => {
    await writeFile(inFolder('access.log'), logLine(0, '/').repeat(4));
    const argv = ['import', '--project', 'shop', '--batch', '2', 'access-log', inFolder('access.log'), '--url', server.url, ...SITE];
    expect(await runCli(argv, { environment: { dataFolder: inFolder('data') } })).toMatchObject({ code: 0 });
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/events?project_id=shop', '/v1/events?project_id=shop']);
  });

  it('says which file is missing, and that only plain files can be followed', async () => {
    expect(await run([inFolder('none.log')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none.log cannot be read: there is no such file or folder.'),
    });
    expect(await run([inFolder('.')])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read: it is a folder.') });
    expect(await run(['-', '--follow'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Only a plain file can be followed') });
    expect(await importText('', ['--follow'], 'a.gz')).toMatchObject({ code: 2, stderr: expect.stringContaining('a.gz is none') });
  });

  it('keeps what was answered when the server fails, and goes on there', async () => {
    const text = [0, 1, 2, 3].map((second) => logLine(second, `/p${second}`)).join('');
    server.answers.push(
      { body: { accepted: 1, duplicates: 0, rejected: [] } },
      { status: 401, body: { title: 'A key is needed', code: 'unauthorized' } },
    );
    const failed = await importText(text, [...SITE, '--batch', '1'], 'access.log', { clockStepMs: 11_000 });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('Stopped: 1 accepted') });
    const again = await run([inFolder('access.log')]);
    expect(again.stderr).toContain('Going on at line 2');
    expect(pathsOf(server.events)).toEqual(['/p1', '/p2', '/p3']);
  });

  it('warns once when it cannot note how far it came, and imports all the same', async () => {
    await writeFile(inFolder('data'), 'not a folder');
    const outcome = await importText(logLine(0, '/').repeat(5), [...SITE, '--batch', '1'], 'access.log', { clockStepMs: 6000 });
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('5 accepted') });
    expect(outcome.stderr.match(/warning: how far this import came cannot be noted/g)).toHaveLength(1);
  });

  it('ends on Ctrl-C with what was read sent, and goes on there', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => logLine(index, `/p${index}`));
    server.onRequest = () => process.emit('SIGINT', 'SIGINT');
    const first = await importText(lines.join(''), [...SITE, '--batch', '100']);
    expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining('Interrupted before the end of the log') });
    const sent = server.events.length;
    expect(sent).toBeLessThan(lines.length);
    server.onRequest = () => undefined;
    const second = await run([inFolder('access.log')]);
    expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining(`Going on at line ${sent + 1}`) });
    expect(pathsOf(server.events)).toEqual(lines.map((_, index) => `/p${index}`));
  });

  it('ends on Ctrl-C while standard input is awaited', async () => {
    const stdin = new PassThrough();
    stdin.write(logLine(0, '/a') + logLine(1, '/b'));
    server.onRequest = () => process.emit('SIGINT', 'SIGINT');
    const outcome = await run(['-', '--batch', '1', '--format', 'combined', ...SITE], { stdin });
    expect(outcome.stdout).toContain('2 accepted');
    expect(stdin.destroyed).toBe(true);
  });
});

describe('judging the sessions of a log anew', () => {
  it('is asked for once when something new was stored, from a day before its first request on', async () => {
    await importText(logLine(0, '/a') + logLine(90, '/b'), SITE);
    expect(server.rescores).toEqual([{ since: '2026-02-28T00:00:00Z', until: '2026-03-01T00:01:31Z' }]);
    await importText(logLine(0, '/a') + logLine(90, '/b'), [...SITE, '--restart']);
    expect(server.rescores).toHaveLength(1);
  });

  it('is left to whoever has the key for it, and the import is none the worse', async () => {
    server.refuseRescore = { status: 403, body: { title: 'The key does not allow this', code: 'forbidden' } };
    const outcome = await importText(logLine(0, '/a'), SITE);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('1 accepted') });
    expect(outcome.stderr).toContain('systemprompt-analytics bots rescore --since 2026-02-28T00:00:00Z --until 2026-03-01T00:00:01Z');
  });
});

it('reads the whole of a real log', async () => {
  const packed = await readFile(new URL('../../../fixtures/logs/apache-combined.log.gz', import.meta.url));
  const outcome = await importText(packed, ['--concurrency', '3'], 'real.log.gz', { clockStepMs: 3000 });
  expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('10,000 accepted, 0 duplicates, 0 rejected') });
  expect(outcome.stderr).toMatch(/^[\d,]+ lines, [\d,]+ lines\/s, \d+ %/m);
  expect(outcome.stdout).toContain('--since 2015-05-17T10:05:00Z --until 2015-05-20T21:06:00Z');
  expect(outcome.stderr).toContain('Taking http://www.semicomplete.com for the site');
  // Counted with awk: lines whose sixth column is not "GET, and the sum of the tenth.
  expect(server.events.filter(({ method }) => method !== 'GET')).toHaveLength(48);
  const bytes = server.events.reduce((sum, event) => sum + Number(event['response_bytes'] ?? 0), 0);
  expect(bytes).toBe(2_747_282_740);
  const plain = gunzipSync(packed);
  expect((await importText(plain, [], 'real.log')).stdout).toContain('0 accepted, 10,000 duplicates');
}, 60_000);
