import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbStore } from '../chdb-driver.js';
import { openClickHouseStore } from '../clickhouse-driver.js';
import { statement } from '../sql.js';
import type { Store } from '../store.js';

/** A store of a driver with nothing in it, for the length of a test file. */
export interface ContractStore {
  readonly store: Store;
  /** Closes it and opens it again on the same data. */
  reopen(): Promise<void>;
  /** Closes it and removes its data. */
  remove(): Promise<void>;
}

/** The embedded engine in a fresh folder. */
export async function openEmbedded(): Promise<ContractStore> {
  const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-contract-'));
  let store = await openChdbStore(folder);
  return {
    get store() {
      return store;
    },
    reopen: async () => {
      await store.close();
      store = await openChdbStore(folder);
    },
    remove: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A database of its own on a ClickHouse server, whose user must be allowed to make one. */
export async function openOnServer(url: string): Promise<ContractStore> {
  const database = `systemprompt_analytics_contract_${randomBytes(6).toString('hex')}`;
  const address = new URL(url);
  address.pathname = `/${database}`;
  const onServer = async (text: string): Promise<void> => {
    const server = await openClickHouseStore({ url, cluster: '' });
    await server.command(statement(text));
    await server.close();
  };
  await onServer(`CREATE DATABASE ${database}`);
  const open = (): Promise<Store> => openClickHouseStore({ url: address.href, cluster: '' });
  let store = await open();
  return {
    get store() {
      return store;
    },
    reopen: async () => {
      await store.close();
      store = await open();
    },
    remove: async () => {
      await store.close();
      await onServer(`DROP DATABASE ${database}`);
    },
  };
}
