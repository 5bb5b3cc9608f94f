import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FILE_START } from '../cut-lines.js';
import { hasHead, headOf } from './file-head.js';
import { type LogBeside, logsBeside, openBeside, RotatedLog } from './rotated-logs.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotated-logs-'));
  path = join(folder, 'access.log');
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a file whose last change was at a second of 1970. */
async function writeLog(name: string, content: string | Buffer, second = 1000): Promise<void> {
  await writeFile(join(folder, name), content);
  await utimes(join(folder, name), second, second);
}
const namesOf = (logs: readonly LogBeside[]): string[] => logs.map((log) => basename(log.path));

describe('logsBeside', () => {
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
  ])('of %j, changed at the same time, are %j, the oldest first', async (names, expected) => {
    for (const name of names) await writeLog(name, name.endsWith('.gz') ? gzipSync('x\n') : 'x\n');
    await mkdir(join(folder, 'access.log.7'));
    expect(namesOf((await logsBeside(path)).logs)).toEqual(expected);
  });

  it('are in the order of the last change, whatever their numbers', async () => {
    await writeLog('access.log.2', 'x\n', 3000);
    await writeLog('access.log.1', 'x\n', 2000);
    await writeLog('access.log-20260301', 'x\n', 1000);
    expect(namesOf((await logsBeside(path)).logs)).toEqual(['access.log-20260301', 'access.log.1', 'access.log.2']);
  });

  it('tells their beginning and length, packed or not, and which cannot be read', async () => {
    const text = `first line\n${'more\n'.repeat(10_000)}`;
    await writeLog('access.log.1', text);
    await writeLog('access.log.2.gz', gzipSync(text));
    await writeLog('access.log.3', 'first line');
    await writeLog('access.log.4.gz', 'no archive');
    await writeLog('access.log.5', '');
    const { logs, unreadable } = await logsBeside(path);
    const head = headOf(Buffer.from(text));
    expect(logs).toEqual([
      { path: `${path}.2.gz`, head, bytes: 50_011 },
      { path: `${path}.1`, head, bytes: 50_011 },
    ]);
    expect(unreadable).toEqual([`${path}.4.gz`]);
  });
});

describe('openBeside', () => {
  const all = async (logs: readonly LogBeside[]) => logs.map((log) => ({ log, start: FILE_START }));

  it('looks again when a log is renamed between look and opening', async () => {
    await writeLog('access.log.1', 'one\n', 1000);
    await writeLog('access.log.2', 'two\n', 2000);
    let looks = 0;
    const { opened } = await openBeside(path, async (logs) => {
      looks += 1;
      if (looks === 1) {
        await rename(`${path}.2`, `${path}.3`);
        await rename(`${path}.1`, `${path}.2`);
      }
      return all(logs);
    });
    expect(opened.map((log) => log.path)).toEqual([`${path}.2`, `${path}.3`]);
    for (const log of opened) await log.close();
  });

  it('leaves out what is renamed at every look', async () => {
    await writeLog('access.log.1', 'one\n');
    let looks = 1;
    const { opened } = await openBeside(path, async (logs) => {
      await rename(`${path}.${looks}`, `${path}.${looks + 1}`);
      looks += 1;
      return all(logs);
    });
    expect([looks, opened]).toEqual([4, []]);
  });
});

describe('the head of a log', () => {
  it.each([
    ['its first line', 'first line\nsecond', 11],
    ['the beginning of a long line', 'x'.repeat(5000), 1024],
    ['unknown before the first line is whole', 'first li', undefined],
    ['unknown of an empty log', '', undefined],
  ])('is %s', (_, text, bytes) => {
    const head = headOf(Buffer.from(text));
    expect(head?.bytes).toBe(bytes);
    if (head === undefined) return;
    expect(hasHead(Buffer.from(`${text}more`), head)).toBe(true);
    expect(hasHead(Buffer.from(text.slice(0, head.bytes - 1)), head)).toBe(false);
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
