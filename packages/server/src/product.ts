import type { PriceBook } from '@systemprompt-analytics/core';
import type { ServerConfiguration } from './configuration.js';
import { findNewestVersion } from './ingest/attribute-traces.js';
import { IngestPipeline } from './ingest/ingest-pipeline.js';
import { IngestService } from './ingest/ingest-service.js';
import { reconcileKnownEvents } from './ingest/known-events.js';
import { loadPriceBook } from './prices/load-price-book.js';
import { KeyRepository } from './projects/key-repository.js';
import { ProjectRepository } from './projects/project-repository.js';
import { type RefreshTimer, SessionSnapshots } from './sessions/session-snapshots.js';
import { openChdbStore } from './store/chdb-driver.js';
import { openClickHouseStore } from './store/clickhouse-driver.js';
import { migrate } from './store/migrations.js';
import type { Store } from './store/store.js';

/** Everything the product does, without HTTP: what the server serves and what an application may use as a library. */
export interface Product {
  readonly configuration: ServerConfiguration;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly store: Store;
  readonly prices: PriceBook;
  readonly pipeline: IngestPipeline;
  readonly ingest: IngestService;
  readonly snapshots: SessionSnapshots;
  readonly projects: ProjectRepository;
  readonly keys: KeyRepository;
  /** Stores what was submitted, brings the sessions up to date and closes the store. */
  close(): Promise<void>;
}

export interface ProductOptions {
  /** UTC milliseconds. @default Date.now */
  readonly clock?: () => number;
  /** Refreshes sessions in the background; without one they are refreshed before a report only. */
  readonly timer?: RefreshTimer;
  /** Opens the store. @default the one the configuration names */
  readonly openStore?: (configuration: ServerConfiguration) => Promise<Store>;
}

/**
 * Opens the store, brings its schema up to date and repairs what a killed process left behind.
 *
 * @throws AnalyticsError `folder_in_use`, `store_unavailable` or `invalid_configuration`
 */
export async function openProduct(configuration: ServerConfiguration, options: ProductOptions = {}): Promise<Product> {
  const { clock = Date.now, openStore = openConfiguredStore } = options;
  const prices = loadPriceBook(configuration.priceFile);
  const store = await openStore(configuration);
  try {
    await migrate(store, clock());
    await reconcileKnownEvents(store);
    const snapshots = new SessionSnapshots(store, clock, options.timer);
    await snapshots.recover();
    const projects = new ProjectRepository(store, clock);
    await projects.ensureDefault();
    const pipeline = new IngestPipeline(store, {
      bufferEventsMax: configuration.bufferEventsMax,
      bufferBytesMax: configuration.bufferBytesMax,
      clock,
      newestVersion: await findNewestVersion(store),
      onSession: (projectId, sessionId) => snapshots.mark(projectId, sessionId),
    });
    return {
      configuration,
      clock,
      store,
      prices,
      pipeline,
      ingest: new IngestService({ configuration, prices, pipeline, clock }),
      snapshots,
      projects,
      keys: new KeyRepository(store, clock),
      close: async () => {
        await pipeline.drain();
        await snapshots.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function openConfiguredStore(configuration: ServerConfiguration): Promise<Store> {
  return configuration.clickhouseUrl === ''
    ? openChdbStore(configuration.dataFolder)
    : openClickHouseStore({ url: configuration.clickhouseUrl, cluster: configuration.clickhouseCluster });
}
