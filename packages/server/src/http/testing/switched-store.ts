import { openChdbStore } from '../../store/chdb-driver.js';
import type { Store } from '../../store/store.js';

/** What a test decides about a store while it runs. */
export interface StoreSwitch {
  /** Thrown by every query, insert and command while it is set. */
  failure: Error | undefined;
  /** Every query waits for it while it is set. */
  held: Promise<void> | undefined;
}

/** The real store, all of whose connections a test can make fail or wait. */
export function switchedStore(state: StoreSwitch): (configuration: { readonly dataFolder: string }) => Promise<Store> {
  return async ({ dataFolder }) => wrap(await openChdbStore(dataFolder), state);
}

function wrap(store: Store, state: StoreSwitch): Store {
  const gate = async (): Promise<void> => {
    await state.held;
    if (state.failure !== undefined) throw state.failure;
  };
  return {
    topology: store.topology,
    cluster: store.cluster,
    query: async (query, limits) => {
      await gate();
      return store.query(query, limits);
    },
    insert: async (table, rows) => {
      await gate();
      return store.insert(table, rows);
    },
    command: async (query, limits) => {
      await gate();
      return store.command(query, limits);
    },
    ping: async () => {
      await gate();
      return store.ping();
    },
    connect: async () => wrap(await store.connect(), state),
    close: () => store.close(),
  };
}
