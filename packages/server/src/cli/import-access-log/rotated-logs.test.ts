import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasHead, headOf } from './file-head.js';
import { findByHead, RotatedLog, readBeginning, rotatedLogs } from './rotated-logs.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotated-logs-'));
  path = join(folder, 'access.log');
});
afterEach(() => rm(folder, { recursive: true }));

describe('rotatedLogs', () => {
  it.each([
    [
      ['access.log.1', 'access.log.10.gz', 'access.log.2.gz'],
      ['access.log.10.gz', 'access.log.2.gz', 'access.log.1'],
    ],
    [
      ['access.log-20260302', 'access.log-20260301.gz'],
      ['access.log-20260301.gz', 'access.log-20260302'],
    ],
    [['access.log', 'access.log.bak', 'access.log.1.swp', 'error.log.1', 'access.logger.1', 'access.log.1~'], []],
    [['access.log.1', 'access.log.1.gz'], ['access.log.1']],
  ])('of %j are %j, the oldest first', async (names, expected) => {
    for (const name of names) await writeFile(join(folder, name), 'x');
    await mkdir(join(folder, 'access.log.7'));
    expect((await rotatedLogs(path)).map((log) => basename(log))).toEqual(expected);
  });

  it('goes by the time of the last change where names of different kinds tell nothing', async () => {
    for (const [name, second] of [
      ['access.log.1', 2000],
      ['access.log-20260301', 1000],
    ] as const) {
      await writeFile(join(folder, name), 'x');
      await utimes(join(folder, name), second, second);
    }
    expect((await rotatedLogs(path)).map((log) => basename(log))).toEqual(['access.log-20260301', 'access.log.1']);
  });
});

describe('the head of a log', () => {
  it.each([
    ['its first line', 'first line\nsecond', 11],
    ['the beginning of a long line', 'x'.repeat(5000), 1024],
    ['unknown before the first line is whole', 'first li', undefined],
    ['unknown of an empty log', '', undefined],
  ])('is %s', (_, text, bytes) => {
    expect(headOf(Buffer.from(text))?.bytes).toBe(bytes);
  });

  it('is found in a log that has grown, or was packed', async () => {
    const head = headOf(Buffer.from('first line\n'));
    if (head === undefined) throw new Error('a whole line has a head');
    await writeFile(`${path}.1`, gzipSync('not an archive by its name'));
    await writeFile(`${path}.2`, 'first line');
    await writeFile(`${path}.3.gz`, gzipSync(`first line\n${'more\n'.repeat(10_000)}`));
    await writeFile(`${path}.4.gz`, 'no archive');
    const logs = await rotatedLogs(path);
    expect(await findByHead(logs, head)).toBe(`${path}.3.gz`);
    expect(hasHead(await readBeginning(`${path}.2`), head)).toBe(false);
    expect(await readBeginning(`${path}.4.gz`)).toHaveLength(0);
    expect(await readBeginning(`${path}.5`)).toHaveLength(0);
  });
});

it.each([
  ['plain', 'access.log.1', (text: string) => text],
  ['packed', 'access.log.1.gz', (text: string) => gzipSync(text)],
])('a %s log is read from any line on, and after it was renamed', async (_, name, pack) => {
  const texts = Array.from({ length: 50_000 }, (_unused, index) => `line ${index}`);
  await writeFile(join(folder, name), pack(texts.join('\n')));
  const offset = texts.slice(0, 40_000).join('\n').length + 1;
  const log = await RotatedLog.open(join(folder, name), { offset, line: 40_001 });
  await rm(join(folder, name));
  const lines = [];
  for await (const part of log.lines()) lines.push(...part);
  await log.close();
  expect(lines.map(({ text }) => text?.toString())).toEqual(texts.slice(40_000));
  expect(lines.at(-1)).toMatchObject({ number: 50_000, next: { offset: texts.join('\n').length } });
  expect((await log.head())?.bytes).toBe(7);
});
