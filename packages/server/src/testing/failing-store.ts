import { AnalyticsError } from '@systemprompt-analytics/core';
import type { Store } from '../store/store.js';

/** A real store that refuses some inserts. */
export interface FailingStore extends Store {
  /** The next insert into this table fails before it does anything, as when the store goes away. */
  failNextInsert(table: string): void;
}

/** Wraps a store, and every connection made from it, so that a test decides when it fails. */
export function failingStore(store: Store, failing: string[] = []): FailingStore {
  return {
    topology: store.topology,
    cluster: store.cluster,
    query: (query, limits) => store.query(query, limits),
    command: (query, limits) => store.command(query, limits),
    ping: () => store.ping(),
    close: () => store.close(),
    connect: async () => failingStore(await store.connect(), failing),
    insert: async (table, rows) => {
      const index = failing.indexOf(table);
      if (index === -1) return store.insert(table, rows);
      failing.splice(index, 1);
      throw new AnalyticsError('store_unavailable', `The insert into ${table} fails because the test says so.`, { retryAfterSeconds: 1 });
    },
    failNextInsert: (table) => {
      failing.push(table);
    },
  };
}
