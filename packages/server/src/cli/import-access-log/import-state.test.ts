import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ImportState, ImportStateFile, type ImportTarget } from './import-state.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-state-'));
});
afterEach(() => rm(folder, { recursive: true }));

const TARGET: ImportTarget = { log: '/var/log/access.log', server: 'http://127.0.0.1:4318', project: undefined, key: undefined };
const STATE: ImportState = {
  site: 'https://example.com',
  format: 'combined',
  logs: [{ offset: 120, line: 3, head: { bytes: 60, sha256: 'ab' } }],
  known: ['cd'],
  window: [['key', 2, 1_700_000_000_000]],
};

it('gives back what was saved, readable by its owner only', async () => {
  const file = new ImportStateFile(join(folder, 'data'), TARGET);
  expect(await file.load()).toBeUndefined();
  await file.save({ ...STATE, site: 'https://old.example' });
  await file.save(STATE);
  expect(await new ImportStateFile(join(folder, 'data'), TARGET).load()).toEqual(STATE);
  expect((await stat(file.path)).mode & 0o077).toBe(0);
  expect(await readdir(dirname(file.path))).toHaveLength(1);
});

it('may be of a log that had no line yet', async () => {
  const file = new ImportStateFile(folder, TARGET);
  await file.save({ logs: [], known: ['cd'], window: [] });
  expect(await file.load()).toEqual({ logs: [], known: ['cd'], window: [] });
});

it('is another file for another log, server, project or key, and does not show the key', async () => {
  const others: ImportTarget[] = [
    { ...TARGET, log: '/var/log/other.log' },
    { ...TARGET, server: 'http://127.0.0.1:4319' },
    { ...TARGET, project: 'shop' },
    { ...TARGET, key: 'sa_secret_text' },
  ];
  const paths = [TARGET, ...others].map((target) => new ImportStateFile(folder, target).path);
  expect(new Set(paths).size).toBe(5);
  const keyed = new ImportStateFile(folder, { ...TARGET, key: 'sa_secret_text' });
  await keyed.save(STATE);
  expect(keyed.path + (await readFile(keyed.path, 'utf8'))).not.toContain('sa_secret_text');
});

it.each([
  ['no JSON', 'x'],
  ['another version', { ...STATE, version: 1 }],
  ['an unknown format', { ...STATE, version: 2, format: 'xml' }],
  ['a position that is none', { ...STATE, version: 2, logs: [{ offset: -1, line: 1, head: { bytes: 1, sha256: '' } }] }],
  ['a known log that is none', { ...STATE, version: 2, known: [1] }],
  ['a window that is none', { ...STATE, version: 2, window: [['key', 'two', 0]] }],
])('is not used when it is %s', async (_, content) => {
  const file = new ImportStateFile(folder, TARGET);
  await file.save(STATE);
  await writeFile(file.path, typeof content === 'string' ? content : JSON.stringify(content));
  expect(await file.load()).toBeUndefined();
});
