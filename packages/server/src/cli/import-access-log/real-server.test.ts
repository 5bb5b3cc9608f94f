import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../../http/testing/test-server.js';
import { runCli } from '../testing/run-cli.js';

const LOG = fileURLToPath(new URL('../../../fixtures/logs/apache-combined.log.gz', import.meta.url));

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());

/** Rows of a statement, read after what was acknowledged is in its tables. */
async function rows(text: string): Promise<Record<string, unknown>[]> {
  await server.product.mover.move();
  return server.product.store.query<Record<string, unknown>>({ text, binds: {} });
}

it('a real log becomes requests and page views, each once', async () => {
  const { port } = server.http.server.address() as AddressInfo;
  const { dataFolder } = server.product.configuration;
  const run = () =>
    runCli(
      ['import', 'access-log', LOG, '--site', 'http://semicomplete.com', '--url', `http://127.0.0.1:${port}`, '--key', server.adminToken],
      {
        environment: { dataFolder: join(dataFolder, 'cli') },
      },
    );
  const first = await run();
  expect(first.stderr).toBe('Reading the lines as combined; --format names another format.\n');
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('10,000 accepted, 0 duplicates, 0 rejected') });
  expect((await run()).stdout).toContain('0 accepted, 10,000 duplicates, 0 rejected');

  const [pages] = await rows(`
    SELECT count() AS rows, uniqExact(event_id) AS ids, countIf(method != 'GET' OR NOT (status_code BETWEEN 200 AND 299 OR status_code = 304)) AS strange,
      toString(min(timestamp)) AS first, toString(max(timestamp)) AS last, countIf(session_id = '') AS homeless
    FROM analytics_events FINAL`);
  const [requests] = await rows(`
    SELECT count() AS rows, uniqExact(event_id) AS ids, sum(response_bytes) AS bytes, countIf(page_host != 'semicomplete.com') AS elsewhere,
      countIf(method = 'HEAD') AS head, countIf(status_code = 404) AS missing
    FROM http_requests FINAL`);
  expect(Number(pages?.['rows']) + Number(requests?.['rows'])).toBe(10_000);
  expect(Number(pages?.['rows'])).toBeGreaterThan(1000);
  expect([pages?.['ids'], pages?.['strange'], pages?.['homeless']].map(Number)).toEqual([Number(pages?.['rows']), 0, 0]);
  // 404 and HEAD are never page views; counted in the log with awk: 213 and 42 lines.
  expect([requests?.['missing'], requests?.['head'], requests?.['elsewhere']].map(Number)).toEqual([213, 42, 0]);
  expect([pages?.['first'], pages?.['last']].map((time) => String(time).slice(0, 16))).toEqual(['2015-05-17 10:05', '2015-05-20 21:05']);
}, 120_000);
