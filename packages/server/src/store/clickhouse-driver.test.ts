import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openClickHouseStore } from './clickhouse-driver.js';
import { statement } from './sql.js';

/** Speaks the little of the engine's HTTP interface that failures need. */
let server: Server | undefined;
const listen = async (answer: (query: string) => { readonly status: number; readonly body: string }): Promise<string> => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, body } = answer(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

describe('a ClickHouse server', () => {
  it.each([
    ['answers nothing', ''],
    ['is a cluster that answers nothing', 'main'],
  ])('that %s is named without its password', async (_name, cluster) => {
    const host = await listen(() => ({ status: 200, body: '' }));
    server?.close();
    server = undefined;
    const opening = openClickHouseStore({ url: `http://someone:hunter2@${host}/db`, cluster });
    const failure = await opening.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'store_unavailable', retryAfterSeconds: 5 });
    expect(String(failure)).toContain(host);
    expect(String(failure)).toContain('SYSTEMPROMPT_ANALYTICS_CLICKHOUSE_URL');
    expect(String(failure)).not.toContain('hunter2');
  });

  it.each([
    ['Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)', 'query_too_expensive'],
    ['Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)', 'query_too_expensive'],
    ['Code: 396. DB::Exception: Limit for result exceeded. (TOO_MANY_ROWS_OR_BYTES)', 'query_too_expensive'],
    ['Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE)', 'store_unavailable'],
    ['<html>a proxy</html>', 'store_unavailable'],
  ])('that answers %s fails a query as %s', async (body, code) => {
    const host = await listen((query) => (query.includes('SELECT 1') ? { status: 200, body: '{"1":1}\n' } : { status: 500, body }));
    const store = await openClickHouseStore({ url: `http://${host}/db`, cluster: '' });
    await expect(store.query(statement('SELECT 2'))).rejects.toMatchObject({ name: 'AnalyticsError', code });
    await store.close();
  });

  it.each([
    ['', 'single'],
    ['main', 'cluster'],
  ])('with the cluster %j has the topology %s', async (cluster, topology) => {
    const host = await listen(() => ({ status: 200, body: '{"1":1}\n' }));
    const store = await openClickHouseStore({ url: `http://${host}/db`, cluster });
    expect(store).toMatchObject({ topology, cluster });
    await store.close();
  });
});
