import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ClickHouseClient, type ClickHouseClientConfigOptions, createClient } from '@clickhouse/client';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { createChdbConnection } from 'chdb/connection';
import { EngineClient, INSERT_SETTINGS, QUERY_SETTINGS } from './engine-client.js';
import type { Store } from './store.js';

/** The client carries a copy of the declarations that chdb takes from its own dependency; the compiler tells the two apart. */
type EngineConnection = NonNullable<ClickHouseClientConfigOptions['connection']>;

/** The engine's own files; beside them lie those of the server. */
const ENGINE_FOLDER = 'chdb';

/**
 * Opens the embedded engine on a data folder, made when absent.
 *
 * @throws AnalyticsError `folder_in_use` when another process has the folder open, else `store_unavailable`
 */
export async function openChdbStore(folder: string): Promise<Store> {
  const path = resolve(folder, ENGINE_FOLDER);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  try {
    const connection = createChdbConnection({ path }) as unknown as EngineConnection;
    const client = createClient({ connection });
    // The connection keeps what is set once; set anew before every query they would take longer than a small query does.
    await client.command({ query: 'SELECT 1', clickhouse_settings: QUERY_SETTINGS });
    return new EngineClient(client, {
      topology: 'embedded',
      cluster: '',
      querySettings: {},
      insertLines: insertInline,
      connect: () => openChdbStore(folder),
    });
  } catch (cause) {
    throw openingFailure(resolve(folder), path, cause);
  }
}

/** The engine locks this file and writes its process into it; the kernel frees the lock with the process. */
const LOCK_FILE = 'status';

/** Why the engine did not open: it says so on standard error only, therefore the lock's owner is looked up. */
function openingFailure(folder: string, path: string, cause: unknown): AnalyticsError {
  const owner = ownerOf(join(path, LOCK_FILE));
  if (owner !== undefined && isRunning(owner)) {
    return new AnalyticsError(
      'folder_in_use',
      `The data folder ${folder} is in use by another process (${owner}). Stop that process, send requests to it instead, or choose another folder with --data.`,
      { cause },
    );
  }
  return new AnalyticsError('store_unavailable', `The engine cannot open the data folder ${folder}; it says why on standard error.`, {
    cause,
  });
}

function ownerOf(lockFile: string): number | undefined {
  try {
    const owner = /^PID: (\d+)$/m.exec(readFileSync(lockFile, 'utf8'))?.[1];
    return owner === undefined ? undefined : Number(owner);
  } catch {
    return undefined;
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // A process of someone else runs, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const SETTINGS_CLAUSE = Object.entries(INSERT_SETTINGS)
  .map(([name, value]) => `${name} = '${value}'`)
  .join(', ');

/**
 * The client would put every setting before the rows as a statement of its own, and the engine goes through all of the
 * text for each: 3,000 rows take 104 ms that way and 50 ms with the settings in the statement.
 */
function insertInline(client: ClickHouseClient, table: string, lines: string): Promise<unknown> {
  return client.command({ query: `INSERT INTO ${table} SETTINGS ${SETTINGS_CLAUSE} FORMAT JSONEachRow\n${lines}` });
}
