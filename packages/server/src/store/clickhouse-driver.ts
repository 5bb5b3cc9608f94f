import { Readable } from 'node:stream';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { EngineClient, INSERT_SETTINGS, QUERY_SETTINGS } from './engine-client.js';
import type { Store } from './store.js';

/** How a server or cluster is reached. */
export interface ClickHouseConnection {
  /** `http(s)://user:password@host:8123/database` */
  readonly url: string;
  /** Name of the cluster in the server's configuration; empty for a single server. */
  readonly cluster: string;
}

/**
 * Connects to a ClickHouse server or cluster.
 *
 * @throws AnalyticsError `store_unavailable` when it does not answer
 */
export async function openClickHouseStore(connection: ClickHouseConnection): Promise<Store> {
  const client = createClient({
    url: connection.url,
    compression: { request: true, response: true },
    // Failures are logged where they are answered.
    log: { level: ClickHouseLogLevel.OFF },
  });
  const store = new EngineClient(client, {
    topology: connection.cluster === '' ? 'single' : 'cluster',
    cluster: connection.cluster,
    querySettings: QUERY_SETTINGS,
    insertLines: (to, table, lines) =>
      to.insert({
        table,
        values: Readable.from([lines], { objectMode: false }),
        format: 'JSONEachRow',
        clickhouse_settings: INSERT_SETTINGS,
      }),
    connect: () => openClickHouseStore(connection),
  });
  try {
    await store.ping();
    return store;
  } catch (error) {
    await store.close();
    const { host } = new URL(connection.url);
    throw new AnalyticsError('store_unavailable', `No ClickHouse answers at ${host}; check SYSTEMPROMPT_ANALYTICS_CLICKHOUSE_URL.`, {
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}
