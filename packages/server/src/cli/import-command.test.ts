import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoopbackServer, type ReceivedRequest, startLoopbackServer, type TestAnswer, unusedUrl } from './testing/loopback-server.js';
import { type CliWorld, runCli } from './testing/run-cli.js';

let server: LoopbackServer;
let folder: string;
/** Answers before the usual one. */
let answers: TestAnswer[];
/** Ids the server has stored, as a real one would. */
let stored: Set<string>;

const linesOf = (request: ReceivedRequest): string[] => request.body.split('\n').filter((line) => line !== '');

/** Stores events by id and rejects what is no JSON, is marked as bad, or comes in too large a batch. */
function ingest(request: ReceivedRequest): TestAnswer {
  const scripted = answers.shift();
  if (scripted !== undefined) return scripted;
  const counts = { accepted: 0, duplicates: 0, rejected: [] as object[] };
  for (const [index, line] of linesOf(request).entries()) {
    if (!line.startsWith('{') || line.includes('"bad')) {
      const code = line.startsWith('{') ? 'invalid_value' : 'invalid_json';
      counts.rejected.push({ index, id: null, code, message: `Line is ${code}.`, path: code === 'invalid_json' ? '' : 'type' });
      continue;
    }
    const { id } = JSON.parse(line) as { id: string };
    if (stored.has(id)) counts.duplicates += 1;
    else counts.accepted += 1;
    stored.add(id);
  }
  return { body: counts };
}

beforeEach(async () => {
  answers = [];
  stored = new Set();
  server = await startLoopbackServer(ingest);
  folder = await mkdtemp(join(tmpdir(), 'import-'));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const events = (count: number): string => Array.from({ length: count }, (_, index) => `{"type":"x","n":${index}}\n`).join('');
async function importText(content: string | Buffer, argv: readonly string[] = [], world: CliWorld = {}, name = 'events.ndjson') {
  const file = join(folder, name);
  await writeFile(file, content);
  return runCli(['import', file, '--url', server.url, '--key', 'k', ...argv], world);
}

describe('import', () => {
  it('sends compressed batches, and the same file again changes nothing', async () => {
    const first = await importText(events(5), ['--batch', '2', '--project', 'shop']);
    expect(first).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('5 accepted, 0 duplicates, 0 rejected (5 events in '),
    });
    expect(server.requests.map((request) => linesOf(request).length).sort()).toEqual([1, 2, 2]);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: '/v1/events?project_id=shop',
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip', authorization: 'Bearer k' },
    });
    const again = await importText(events(5), ['--batch', '3']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('0 accepted, 5 duplicates, 0 rejected') });
  });

  it('reads .gz files, several members too, and standard input', async () => {
    const packed = Buffer.concat([gzipSync(events(2)), gzipSync('{"type":"y"}\n')]);
    expect((await importText(packed, [], {}, 'events.ndjson.gz')).stdout).toContain('3 accepted');
    const piped = await runCli(['import', '-', '--url', server.url], {
      stdin: Readable.from([Buffer.from(events(2)), Buffer.from('{"type":"y"}')]),
    });
    expect(piped).toMatchObject({ code: 0, stdout: expect.stringContaining('0 accepted, 3 duplicates') });
  });

  it('sends nothing for an empty file', async () => {
    expect(await importText('\n\n')).toMatchObject({ code: 0, stdout: expect.stringContaining('0 accepted, 0 duplicates, 0 rejected') });
    expect(server.requests).toHaveLength(0);
  });

  it('numbers rejected lines as the file does, counts them per code, and exits with 3', async () => {
    const rejectedFile = join(folder, 'rejected.ndjson');
    const { code, stdout } = await importText('{"type":"x"}\n\n{"type":"bad"}\nnot json\n{"type":"x"}\n{"type":"bad2"}\n', [
      '--batch',
      '2',
      '--rejected',
      rejectedFile,
    ]);
    expect(code).toBe(3);
    expect(stdout.split('\n').slice(1)).toEqual([
      '',
      'Rejected lines:',
      'line  code           path  message',
      '   3  invalid_value  type  Line is invalid_value.',
      '   4  invalid_json   -     Line is invalid_json.',
      '   6  invalid_value  type  Line is invalid_value.',
      '',
      'code           rejected',
      'invalid_value         2',
      'invalid_json          1',
      '',
      `All rejected lines are in ${rejectedFile}.`,
      '',
    ]);
    const written = (await readFile(rejectedFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; text: string });
    expect(written.sort((left, right) => left.line - right.line).map(({ line, text }) => [line, text])).toEqual([
      [3, '{"type":"bad"}'],
      [4, 'not json'],
      [6, '{"type":"bad2"}'],
    ]);
  });

  it('shows the first ten rejected lines only', async () => {
    const { stdout } = await importText('bad\n'.repeat(25), ['--batch', '4', '--concurrency', '4']);
    expect(stdout).toContain('Rejected lines, the first 10:');
    expect([...stdout.matchAll(/^ +(\d+) {2}invalid_json/gm)].map((match) => match[1])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
      '10',
    ]);
    expect(stdout).toContain('--rejected FILE writes all rejected lines');
  });
});

describe('a busy server', () => {
  const busy = (status: number, headers: Record<string, string>): TestAnswer => ({
    status,
    headers,
    body: { title: 'Busy', code: 'buffer_full' },
  });

  it('gets the same batch again after Retry-After', async () => {
    answers = [busy(503, { 'retry-after': '0' }), busy(429, { 'retry-after': '7' }), busy(503, {})];
    const { code, stdout, stderr, waits } = await importText(events(3), ['--concurrency', '1']);
    expect([code, waits]).toEqual([0, [0, 7000, 1000]]);
    expect(stdout).toContain('3 accepted');
    expect(stderr).toContain('The server is busy (buffer_full): sending lines 1–3 again in 7.0 s.');
    expect(new Set(server.requests.map((request) => request.body)).size).toBe(1);
  });

  it('is given up on after five minutes', async () => {
    answers = Array.from({ length: 100 }, () => busy(429, { 'retry-after': '60' }));
    const { code, stderr, waits } = await importText(events(3));
    expect([code, waits]).toEqual([1, [60_000, 60_000, 60_000, 60_000, 60_000]]);
    expect(stderr).toContain('Run the same command again: events already stored count once.');
    expect(stderr).toContain('code: buffer_full');
  });
});

describe('a broken connection', () => {
  it('is tried again', async () => {
    answers = [{ hangUp: true }, { status: 502, body: 'gateway' }];
    const { code, stdout, waits } = await importText(events(3));
    expect([code, waits]).toEqual([0, [500, 1000]]);
    expect(stdout).toContain('3 accepted');
  });

  it('stops the import after some attempts and says how to go on', async () => {
    const { code, stderr, waits } = await runCli(['import', '-', '--url', await unusedUrl()], { stdin: Readable.from([events(2)]) });
    expect([code, waits]).toEqual([1, [500, 1000, 2000, 4000, 8000]]);
    expect(stderr).toContain('Stopped at lines 1–2 after 6 attempts. Run the same command again: events already stored count once.');
    expect(stderr).toContain('Stopped: 0 accepted, 0 duplicates, 0 rejected so far.');
  });
});

describe('limits and failures', () => {
  it('halves a batch that is too large, down to the line', async () => {
    const tooLarge: TestAnswer = { status: 413, body: { title: 'Too large', detail: 'At most 1.', code: 'batch_too_long' } };
    answers = [tooLarge, tooLarge, tooLarge];
    const { code, stdout } = await importText(events(4));
    expect(server.requests.map((request) => linesOf(request).length)).toEqual([4, 2, 1, 1, 2]);
    expect(code).toBe(3);
    expect(stdout).toContain('3 accepted, 0 duplicates, 1 rejected');
    expect(stdout).toContain('   1  batch_too_long  -     At most 1.');
  });

  it('stops at once where repeating cannot help, even while input is awaited', async () => {
    answers = [{ status: 401, body: { title: 'A key is needed', code: 'unauthorized' } }];
    const stdin = new PassThrough();
    stdin.write(events(3));
    const { code, stderr } = await runCli(['import', '-', '--batch', '2', '--url', server.url], { stdin });
    expect(code).toBe(1);
    expect(stderr).toContain('code: unauthorized');
    expect(server.requests).toHaveLength(1);
    expect(stdin.destroyed).toBe(true);
  });

  it('says that an answer is something else', async () => {
    answers = [{ body: { hello: 1 } }];
    expect(await importText(events(1))).toMatchObject({ code: 1, stderr: expect.stringContaining('same version') });
  });

  it('says which file is missing, damaged or in the way', async () => {
    expect(await runCli(['import', join(folder, 'none.ndjson'), '--url', server.url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none.ndjson cannot be read: there is no such file or folder.'),
    });
    const cut = gzipSync(events(1000)).subarray(0, 500);
    expect(await importText(cut, [], {}, 'cut.gz')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cut\.gz could not be read to its end: the archive ends before its end/),
    });
    const file = join(folder, 'events.ndjson');
    expect(await importText(events(1), ['--rejected', file])).toMatchObject({ code: 2, stderr: expect.stringContaining('overwrite') });
    expect(await readFile(file, 'utf8')).toBe(events(1));
    expect(await importText(events(1), ['--rejected', join(folder, 'none', 'x')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be written: there is no such file or folder.'),
    });
    const line = '192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 23 "-" "curl/8"\n';
    expect(await importText(line, [], {}, 'access.log')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("access.log is a web server's access log and holds no events"),
    });
    expect(server.requests.filter((request) => request.url.startsWith('/v1/events'))).toHaveLength(0);
  });

  it('shows progress on standard error', async () => {
    const { stderr } = await importText(events(4), ['--batch', '1', '--concurrency', '1'], { clockStepMs: 6000 });
    expect(stderr).toMatch(/^\d events, \d events\/s, 100 %, about 0 ms left$/m);
  });
});
