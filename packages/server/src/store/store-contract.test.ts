import { inject } from 'vitest';
import { openEmbedded, openOnServer } from './testing/open-contract-store.js';
import { describeStoreContract } from './testing/store-contract.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** `CLICKHOUSE_URL` of the environment, or empty; see vitest.config.ts. */
    clickhouseUrl: string;
  }
}

describeStoreContract('the embedded engine', openEmbedded);

const serverUrl = inject('clickhouseUrl');
if (serverUrl !== '') describeStoreContract('a ClickHouse server', () => openOnServer(serverUrl));
