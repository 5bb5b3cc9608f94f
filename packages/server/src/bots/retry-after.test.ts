import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import type { Decision } from '../throttle/decision-maker.js';

const CLIENT = { ip: '192.0.2.66', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
let test: TestProduct;
beforeAll(async () => {
  // The limiter has no clock but this.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 5, 1, 12) });
  test = await openTestProduct();
});
afterAll(async () => {
  await test.close();
  vi.useRealTimers();
});

const pass = (ms: number): unknown => vi.setSystemTime(Date.now() + ms);

async function decide(): Promise<Decision | undefined> {
  const unknown = { url: '', path: '/', method: 'GET', statusCode: undefined, sessionId: '', fingerprint: '', referrer: '' };
  const [decision] = await test.product.decisions.decide('default', [{ ...CLIENT, ...unknown, timestampMs: Date.now() }]);
  return decision;
}

async function report(page: number, statusCode: number): Promise<void> {
  const request = { timestamp: Date.now(), page_url: `https://example.test/page/${1000 + page}`, status_code: statusCode };
  await test.send([{ type: 'http_request', ...request, ip: CLIENT.ip, user_agent: CLIENT.userAgent }]);
}

it('a client that comes back when it was told to is let in', async () => {
  let page = 0;
  for (; (await decide())?.level !== 'blocked'; page++) {
    pass(1000);
    await report(page, 200);
  }
  pass(20_000);
  expect(await decide()).toMatchObject({ allowed: false, retry_after: 280 });
  // The site answers 429 and reports it, as it reports every request.
  await report(page, 429);
  pass(280_000);
  expect(await decide()).toMatchObject({ allowed: true, level: 'severe' });
});

it('and one that goes on asking meanwhile is not', async () => {
  for (let page = 0; (await decide())?.level !== 'blocked'; page++) {
    pass(1000);
    await report(page, 200);
  }
  for (let second = 0; second < 310; second++) {
    pass(1000);
    await report(second, 429);
  }
  expect(await decide()).toMatchObject({ allowed: false, level: 'blocked' });
  expect((await decide())?.retry_after).toBeGreaterThan(290);
});
