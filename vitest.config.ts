import { defineConfig } from 'vitest/config';

// One process per file: the embedded engine allows one data folder per process.
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    // The store contract runs on this ClickHouse server too; without it those tests do not exist.
    provide: { clickhouseUrl: process.env['CLICKHOUSE_URL'] ?? '' },
  },
});
