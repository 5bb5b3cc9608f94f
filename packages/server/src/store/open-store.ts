import { openClickHouseStore } from './clickhouse-driver.js';
import type { Store } from './store.js';

/** Where a store is. */
export interface StoreLocation {
  /** Folder of the embedded engine, made when absent. */
  readonly dataFolder: string;
  /** A ClickHouse server to use instead; empty for the embedded engine. @default '' */
  readonly clickhouseUrl?: string;
  /** The cluster's name in that server's configuration; empty for a single server. @default '' */
  readonly clickhouseCluster?: string;
}

/**
 * Opens a store, as it is: `migrate` gives it the product's schema, or brings it up to date.
 *
 * @throws AnalyticsError `folder_in_use` when another process has the folder open, else `store_unavailable`
 *
 * @example
 * const store = await openStore({ dataFolder });
 * await migrate(store, clock());
 */
export async function openStore({ dataFolder, clickhouseUrl = '', clickhouseCluster = '' }: StoreLocation): Promise<Store> {
  if (clickhouseUrl !== '') return openClickHouseStore({ url: clickhouseUrl, cluster: clickhouseCluster });
  // Here, not above: there are platforms without the embedded engine, and a ClickHouse server serves them, too.
  const { openChdbStore } = await import('./chdb-driver.js');
  return openChdbStore(dataFolder);
}
