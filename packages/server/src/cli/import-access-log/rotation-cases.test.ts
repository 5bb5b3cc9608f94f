import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliOutcome, runCli } from '../testing/run-cli.js';
import { type LogServer, logLine, pathsOf, startLogServer } from './testing/log-server.js';

let server: LogServer;
let folder: string;
beforeEach(async () => {
  server = await startLogServer();
  folder = await mkdtemp(join(tmpdir(), 'rotation-cases-'));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const inFolder = (suffix: string): string => join(folder, `a.log${suffix}`);

/**
 * What happens to a log, one word each:
 *
 * - `+5`: five lines are written, each with a path of its own
 * - `+5:.1`: they are written to a.log.1
 * - `mv:.1`: the log is renamed to a.log.1, and an empty one takes its place
 * - `mv:.1:.2`: a.log.1 is renamed to a.log.2
 * - `cp:.1`: the log is copied to a.log.1 and emptied
 * - `keep:.1`: the log is copied to a.log.1 and goes on; `keep:.1:.2` copies a.log.1
 * - `gz:.1`: a.log.1 becomes a.log.1.gz
 * - `rm:.1`: a.log.1 is deleted
 * - `bad:.1.gz`: something comes there that is no archive
 * - `trim:4`: the log is written anew without its first four lines
 * - `|`: the import looks at the log
 * - `start`, `stop` (Ctrl-C), `kill` (what was noted since the second look is lost)
 */
class Story {
  readonly written: string[] = [];
  readonly said: string[] = [];

  async run(story: string): Promise<void> {
    const [before = '', ...runs] = `${story} stop`.split('start');
    this.#perform(before);
    for (const text of runs) {
      const [, during = '', end = '', afterwards = ''] = /^(.*?)(stop|kill)(.*)$/.exec(text) ?? [];
      const steps = during.split('|');
      let noted: ReadonlyMap<string, Buffer> = new Map();
      const outcome = await runCli(
        ['import', 'access-log', inFolder(''), '--follow', '--site', 'https://f.example', '--format', 'combined', '--url', server.url],
        {
          environment: { dataFolder: join(folder, 'data') },
          onWait: async (count) => {
            // The first of them is written down while the log is looked at for the second time.
            if (count === 2 && end === 'kill') noted = await this.#firstNoted();
            const step = steps[count - 1];
            if (step === undefined) process.emit('SIGINT', 'SIGINT');
            else this.#perform(step);
          },
        },
      );
      expect(outcome.code, outcome.stderr).toBe(0);
      this.said.push(outcome.stderr);
      if (end === 'kill') this.#restore(noted);
      this.#perform(afterwards);
    }
  }

  async #firstNoted(): Promise<ReadonlyMap<string, Buffer>> {
    let noted = this.#noted();
    while (noted.size === 0) {
      await setImmediate();
      noted = this.#noted();
    }
    return noted;
  }

  /** What stands on the disk; a file that is still being written has another name until it is whole. */
  #noted(): ReadonlyMap<string, Buffer> {
    const imports = join(folder, 'data', 'imports');
    const names = existsSync(imports) ? readdirSync(imports).filter((name) => name.endsWith('.json')) : [];
    return new Map(names.map((name) => [join(imports, name), readFileSync(join(imports, name))]));
  }

  #restore(noted: ReadonlyMap<string, Buffer>): void {
    expect(noted.size).toBe(1);
    for (const path of this.#noted().keys()) rmSync(path);
    for (const [path, bytes] of noted) writeFileSync(path, bytes);
  }

  #perform(words: string): void {
    for (const word of words.split(' ').filter((part) => part !== '')) {
      const [action = '', first = '', second] = word.split(':');
      if (action.startsWith('+')) this.#write(Number(action), first);
      else if (action === 'mv' && second !== undefined) renameSync(inFolder(first), inFolder(second));
      else if (action === 'mv') {
        renameSync(inFolder(''), inFolder(first));
        writeFileSync(inFolder(''), '');
      } else if (action === 'cp') {
        copyFileSync(inFolder(''), inFolder(first));
        truncateSync(inFolder(''));
      } else if (action === 'keep') copyFileSync(inFolder(second === undefined ? '' : first), inFolder(second ?? first));
      else if (action === 'gz') {
        writeFileSync(inFolder(`${first}.gz`), gzipSync(readFileSync(inFolder(first))));
        unlinkSync(inFolder(first));
      } else if (action === 'rm') unlinkSync(inFolder(first));
      else if (action === 'bad') writeFileSync(inFolder(first), 'no archive');
      else if (action === 'trim') this.#trim(Number(first));
      else throw new Error(`"${word}" is nothing that happens to a log`);
    }
  }

  #write(lines: number, suffix: string): void {
    for (let index = 0; index < lines; index += 1) {
      const path = `/p${this.written.length}`;
      appendFileSync(inFolder(suffix), logLine(this.written.length, path));
      this.written.push(path);
    }
  }

  #trim(lines: number): void {
    const rest = readFileSync(inFolder(''), 'utf8').split('\n').slice(lines).join('\n');
    writeFileSync(inFolder('.new'), rest);
    renameSync(inFolder('.new'), inFolder(''));
  }
}

it.each([
  // The newest log has the lowest number, as logrotate does it.
  ['stopped, rotated once', '+20 start +10 | stop +5 mv:.1 +5 start'],
  ['copied while followed', '+20 start +10 | cp:.1 +5 | stop +5 start'],
  ['renamed while followed', '+20 start +10 | mv:.1 +5 | stop +5 start'],
  ['killed, rotated once', '+20 start +10 | kill +5 mv:.1 +5 start'],
  ['stopped, copied', '+20 start +10 | stop +5 cp:.1 +5 start'],
  ['renamed, half a minute later again', `+20 start +10 | mv:.1 +5 ${'| '.repeat(70)} stop +2 mv:.1:.2 mv:.1 +3 start`],
  ['copied, copied', '+20 start +10 | cp:.1 +5 | stop +2 mv:.1:.2 cp:.1 +3 start'],
  ['renamed, copied, renamed', '+20 start +10 | mv:.1 +3 | mv:.1:.2 cp:.1 +2 | stop +2 mv:.2:.3 mv:.1:.2 mv:.1 +3 start'],
  ['killed, copied', '+20 start +10 | kill +5 cp:.1 +5 start'],
  ['stopped, rotated twice', '+20 start +10 | stop +3 mv:.1 +3 mv:.1:.2 mv:.1 +4 start'],
  ['stopped, rotated twice, packed', '+20 start +10 | stop +3 mv:.2 gz:.2 +3 mv:.1 +4 start'],
  ['renamed twice while followed, killed', '+20 start +10 | mv:.1 +3 | mv:.1:.2 mv:.1 +2 | kill +5 start'],
  ['a copy kept and shifted', '+20 start +10 | mv:.1 keep:.1:.5 +5 | stop +2 mv:.1:.2 mv:.1 +3 start'],
  // Dates.
  ['dates, stopped, rotated twice', '+20 start +10 | stop +3 mv:-20261124 +3 mv:-20261125 +4 start'],
  ['dates, packed, killed', '+20 start +10 | mv:-20261124 +3 | kill gz:-20261124 +3 mv:-20261125 gz:-20261125 +4 start'],
  // The newest log has the highest number.
  ['rising, renamed, stopped', '+20 start +10 | mv:.1 +5 | stop +2 mv:.2 +3 start'],
  ['rising, renamed, copied', '+20 start +10 | mv:.1 +5 | cp:.2 +2 | stop +3 start'],
  ['rising, stopped, rotated twice', '+20 start +10 | stop +3 mv:.1 +3 mv:.2 +4 start'],
  ['rising, renamed, copied, renamed', '+20 start +10 | mv:.1 +3 | cp:.2 +2 | stop +2 mv:.3 +3 start'],
  ['rising, renamed, killed, copied', '+20 start +10 | mv:.1 +5 | kill +2 cp:.2 +3 start'],
  ['rising, copied, renamed', '+20 start +10 | cp:.1 +5 | stop +2 mv:.2 +3 start'],
  ['rising, packed', '+20 start +10 | cp:.1 gz:.1 +5 | stop +2 mv:.2 gz:.2 +3 start'],
  ['rising, three of them between two looks', '+20 start +10 | mv:.1 +2 cp:.2 +2 mv:.3 +2 | +4 |'],
  // Copies.
  ['a copy under two names', '+20 start +10 | cp:.1 keep:.1:.20261125 +5 | stop +2 mv:-20261126 +3 start'],
  ['a copy for safety', '+20 start +10 | keep:.bak stop +5 mv:.1 +5 start'],
  ['a shorter copy beside the log', '+20 start keep:.20261125 +10 | stop +5 mv:.1 +5 start'],
  ['a shorter copy, the log copied', '+20 start +10 | keep:.9 stop +5 cp:.10 +5 start'],
  ['a shorter copy, the log packed', '+20 start +10 | keep:.9 stop +5 mv:.3 gz:.3 +5 start'],
  ['a copy of a log that was read long ago', `+20 start +10 | mv:.1 +5 ${'| '.repeat(70)} stop keep:.1:.20261125 mv:.2 +5 start`],
  ['a copy that turns up while following', '+20 start +10 | mv:.1 +5 | keep:.1:.7 mv:.2 +5 |'],
  // The log itself.
  ['stopped with an empty log', '+20 start +10 | mv:.1 | stop +5 mv:.2 +5 start'],
  ['stopped with an empty log, twice', '+20 start +10 | mv:.1 | stop start +5 | mv:.2 | stop cp:.3 +5 start'],
  ['written to under its old name', `+20 start +10 | mv:.1 +5:.1 | stop +5:.1 start +5:.1 ${'| '.repeat(70)} stop +5:.1 start +5`],
  ['begun with an empty log', '+0 mv:.9 start | stop +20 mv:.1 +20 start'],
  ['put back in its place', '+20 start +10 | mv:.1 | stop mv:.1: +10 start'],
  ['put back in its place while followed', '+20 start +10 | mv:.1 +5 | mv:.2 | mv:.2: +5 | +3 | +2 |'],
  ['without its first lines', '+20 start +10 | stop trim:5 +10 start'],
  ['without its first lines while followed', '+20 start +10 | trim:5 +10 |'],
])('%s: every line counts once', async (_, text) => {
  writeFileSync(inFolder(''), '');
  const story = new Story();
  await story.run(text);
  expect(pathsOf(server.events).sort(), story.said.join('')).toEqual([...story.written].sort());
});

/** Imports the log as it is. */
const importOnce = async (argv: readonly string[] = [], clockStepMs = 0): Promise<CliOutcome> =>
  runCli(['import', 'access-log', inFolder(''), '--url', server.url, ...argv], {
    environment: { dataFolder: join(folder, 'data') },
    clockStepMs,
  });

function writeLines(suffix: string, first: number, end: number): string[] {
  const seconds = Array.from({ length: end - first }, (_, index) => first + index);
  appendFileSync(inFolder(suffix), seconds.map((second) => logLine(second, `/p${second}`)).join(''));
  return seconds.map((second) => `/p${second}`);
}

it('a server that fails while the format is found out loses no line of a rotated log', async () => {
  writeFileSync(inFolder(''), '');
  expect((await importOnce()).code).toBe(0);
  const written = [...writeLines('.1', 0, 30), ...writeLines('', 30, 40)];
  server.answers.push(
    { body: { accepted: 0, duplicates: 0, rejected: [] } },
    { status: 401, body: { title: 'A key is needed', code: 'unauthorized' } },
  );
  expect((await importOnce(['--batch', '5'], 11_000)).code).toBe(1);
  const outcome = await importOnce();
  expect(outcome.stderr).toContain(`Going on at line 6 of ${inFolder('.1')}`);
  // The answer that was written for the test says that the first five were stored.
  expect(pathsOf(server.events)).toEqual(written.slice(5));
});

describe('what cannot be told', () => {
  it.each([
    ['was emptied without a copy while followed', '+20 start +10 | cp:.1 rm:.1 +5 |', 'no copy of the earlier'],
    ['is gone', '+20 start +10 | stop mv:.1 rm:.1 +5 start', 'is not the file that an earlier import read, nor is that one beside it'],
    ['cannot be read', '+20 start +10 | mv:.1 bad:.2.gz |', 'warning: not readable and left out: '],
  ])('is said of a log that %s', async (_, text, said) => {
    writeFileSync(inFolder(''), '');
    const story = new Story();
    await story.run(text);
    expect(story.said.join('')).toContain(said);
    expect(pathsOf(server.events)).toEqual(story.written);
  });

  it('is said of nothing where there is nothing to say', async () => {
    writeFileSync(inFolder(''), '');
    writeFileSync(inFolder('.7.gz'), 'no archive');
    const story = new Story();
    await story.run('+20 start +10 | mv:.1 +5 | cp:.2 +5 | stop mv:.3 +2 start');
    expect(story.said.join('')).not.toMatch(/warning: no copy|nor is that one/);
  });
});

it('leaves alone what was there before the first import', async () => {
  writeLines('.1', 0, 10);
  writeLines('-20260301', 10, 20);
  const written = writeLines('', 20, 30);
  expect((await importOnce(['--site', 'https://f.example'])).stdout).toContain('10 accepted');
  renameSync(inFolder(''), inFolder('.2'));
  written.push(...writeLines('', 30, 35));
  expect((await importOnce()).stdout).toContain('5 accepted, 0 duplicates');
  expect(pathsOf(server.events)).toEqual(written);
});
