import { afterAll, beforeAll, expect, it } from 'vitest';
import { render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

const NOW = Date.UTC(2026, 5, 1);
const LONG_AGO = Date.UTC(2015, 4, 17);
let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({ clock: () => NOW });
});
afterAll(() => test.close());

const verdicts = (): Promise<unknown[]> =>
  test.product.store.query(
    render(sql`SELECT session_id, traffic_class, behavioral_bot_score, layered_score, client_reason FROM user_sessions FINAL
      WHERE started_at < toDateTime('2016-01-01') AND events + http_requests > 0 ORDER BY session_id`),
  );

it('a verdict on an old log outlives a restart, and what is known of the site since', async () => {
  const request = (visitor: number, path: string, timestamp: number): object => ({
    type: 'http_request',
    ip: `192.0.2.${visitor}`,
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:36.0) Gecko/20100101 Firefox/36.0',
    page_url: `https://example.test${path}`,
    status_code: 200,
    timestamp,
  });
  const visits = Array.from({ length: 40 }, (_, visitor) => [
    request(visitor, `/page-${visitor}`, LONG_AGO + visitor * 1000),
    request(visitor, `/page-${visitor + 1}`, LONG_AGO + visitor * 1000 + 60_000),
    ...(visitor % 2 === 0 ? [request(visitor, '/style.css', LONG_AGO + visitor * 1000 + 1)] : []),
  ]);
  await test.send(visits.flat());
  await test.product.mover.move();
  await test.product.snapshots.refresh();
  await test.product.verdicts.rescore('default', LONG_AGO - 1000, NOW);
  const before = await verdicts();
  expect(before).toHaveLength(40);
  expect(JSON.stringify(before)).toContain('No image, style or script was loaded');
  await test.send([request(200, '/new', NOW - 1000)]);
  await test.restart();
  await test.product.verdicts.rescore('default', LONG_AGO - 1000, NOW);
  expect(await verdicts()).toEqual(before);
});
