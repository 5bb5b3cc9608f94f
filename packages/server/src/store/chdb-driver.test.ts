import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdbStore } from './chdb-driver.js';
import { statement } from './sql.js';

const run = promisify(execFile);
/** The build, since another process cannot load the sources. */
const BUILT_DRIVER = new URL('../../dist/store/chdb-driver.js', import.meta.url).href;

const OPEN_ELSEWHERE = `
  const { openChdbStore } = await import(process.argv[1]);
  try {
    const store = await openChdbStore(process.argv[2]);
    console.log(JSON.stringify({ rows: await store.query({ text: 'SELECT x FROM kept', binds: {} }) }));
    await store.close();
  } catch (error) {
    console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message }));
  }
`;

describe('a data folder', () => {
  let folder = '';
  const openElsewhere = async (): Promise<Record<string, unknown>> => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', OPEN_ELSEWHERE, BUILT_DRIVER, folder]);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-folder-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is opened by one process only, and the second one is told what to do', async () => {
    const store = await openChdbStore(folder);
    await store.command(statement('CREATE TABLE kept (x UInt8) ENGINE = MergeTree ORDER BY x'));
    await store.insert('kept', [{ x: 1 }]);
    const refused = await openElsewhere();
    expect(refused).toMatchObject({ name: 'AnalyticsError', code: 'folder_in_use' });
    expect(refused['message']).toContain(folder);
    expect(refused['message']).toMatch(/Stop that process, .* or choose another folder with --data/);
    await store.close();
    expect(await openElsewhere()).toEqual({ rows: [{ x: 1 }] });
  });

  it('is readable by its owner only', async () => {
    const fresh = join(folder, 'made', 'by', 'opening');
    const store = await openChdbStore(fresh);
    await store.close();
    expect(statSync(join(fresh, 'chdb')).mode & 0o077).toBe(0);
  });

  it('has several connections in one process, closed one by one', async () => {
    const store = await openChdbStore(folder);
    const second = await store.connect();
    await second.insert('kept', [{ x: 2 }]);
    await second.close();
    expect(await store.query(statement('SELECT x FROM kept ORDER BY x'))).toEqual([{ x: 1 }, { x: 2 }]);
    await store.close();
  });
});
