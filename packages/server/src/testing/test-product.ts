import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PROJECT_ID } from '@systemprompt-analytics/core';
import { readConfiguration, type ServerConfiguration } from '../configuration.js';
import type { IngestAnswer } from '../ingest/ingest-service.js';
import type { Sender } from '../ingest/prepare-event.js';
import type { BatchItem } from '../ingest/read-batch.js';
import { openProduct, type Product, type ProductOptions } from '../product.js';

/** Sends as a program on this machine without a key does. */
export const TRUSTED_SENDER: Sender = { projectId: DEFAULT_PROJECT_ID, keyId: '', trusted: true, ip: '127.0.0.1', userAgent: 'test' };

export interface TestProduct {
  readonly product: Product;
  readonly folder: string;
  /** Sends events through the ingest path, as one batch; afterwards they are in their tables. */
  send(events: readonly unknown[], sender?: Partial<Sender>): Promise<IngestAnswer>;
  /** Closes the product and opens it again on the same folder, as a restart does. */
  restart(): Promise<void>;
  /** Closes it and removes its folder. */
  close(): Promise<void>;
}

export interface TestProductOptions extends ProductOptions {
  /** A clock that stands still, UTC milliseconds. */
  readonly nowMs?: number;
  readonly configuration?: Partial<ServerConfiguration>;
}

/** A product on an embedded store in a fresh folder. */
export async function openTestProduct(options: TestProductOptions = {}): Promise<TestProduct> {
  const { nowMs, configuration: changes, ...productOptions } = options;
  const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-test-'));
  const configuration: ServerConfiguration = { ...readConfiguration({ data: folder, port: '0' }, {}), logLevel: 'silent', ...changes };
  const open = (): Promise<Product> =>
    openProduct(configuration, { ...(nowMs === undefined ? {} : { clock: () => nowMs }), ...productOptions });
  let product = await open();
  return {
    get product() {
      return product;
    },
    folder,
    send: async (events, sender = {}) => {
      const items = events.map((value): BatchItem => ({ ok: true, value }));
      const answer = await product.ingest.ingestEvents(items, { ...TRUSTED_SENDER, ...sender });
      await product.mover.move();
      return answer;
    },
    restart: async () => {
      await product.close();
      product = await open();
    },
    close: async () => {
      await product.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
