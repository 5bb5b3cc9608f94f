import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

// Where a session's visitor came from: as its first event by time says, whenever that arrives.

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';
let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({ nowMs: NOW });
});
afterAll(() => test.close());

const view = (more: Record<string, unknown>): Record<string, unknown> => ({
  type: 'page_view',
  page_url: 'https://shop.example/start',
  user_agent: CHROME,
  ip: '8.8.8.8',
  timestamp: NOW,
  ...more,
});

async function sessionOf(fingerprint: string): Promise<Record<string, unknown>> {
  await test.product.mover.move();
  await test.product.snapshots.refresh();
  const rows = await test.product.store.query(
    render(sql`SELECT * FROM user_sessions FINAL WHERE visitor_id = ${bind.string(fingerprint)} AND events + http_requests > 0`),
  );
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

describe('the origin of a session', () => {
  it('has everything that its first event says', async () => {
    await test.send([
      view({
        fingerprint: 'all',
        page_url: 'https://shop.example/start?utm_source=news&utm_medium=email&utm_campaign=may&utm_term=t&utm_content=c&gclid=x',
        referrer: 'https://www.google.com/',
        locale: 'de-AT,de;q=0.9,en;q=0.5',
      }),
      view({
        fingerprint: 'all',
        page_url: 'https://shop.example/next?utm_source=other',
        referrer: 'https://shop.example/start',
        timestamp: NOW + MINUTE,
      }),
    ]);
    expect(await sessionOf('all')).toMatchObject({
      locale: 'de-AT',
      device_type: 'desktop',
      browser: 'Chrome',
      os: expect.stringContaining('Windows'),
      country: 'US',
      referrer_host: 'www.google.com',
      referrer_source: 'Google',
      utm_source: 'news',
      utm_medium: 'email',
      utm_campaign: 'may',
      utm_term: 't',
      utm_content: 'c',
      click_id: 'gclid',
      entry_page: '/start',
      exit_page: '/next',
      ip: '8.8.8.0',
    });
  });

  it.each([
    ['', 'Direct', ''],
    ['https://www.bing.com/search', 'Organic Search', 'Bing'],
    ['https://chatgpt.com/', 'AI Assistant', 'ChatGPT'],
    ['https://claude.ai/chat/1', 'AI Assistant', 'Claude'],
    ['https://www.reddit.com/r/x', 'Organic Social', 'Reddit'],
    ['https://blog.other.example/post', 'Referral', 'blog.other.example'],
    ['https://www.shop.example/elsewhere', 'Direct', ''],
  ])('with the referrer %j is %s', async (referrer, channel, source) => {
    const fingerprint = `from-${referrer}`;
    await test.send([view({ fingerprint, ...(referrer === '' ? {} : { referrer }) })]);
    expect(await sessionOf(fingerprint)).toMatchObject({ channel, referrer_source: source });
  });

  it('is that of the earliest event, also when it arrives last', async () => {
    await test.send([view({ fingerprint: 'late', referrer: 'https://www.bing.com/' })]);
    await test.send([
      view({
        fingerprint: 'late',
        referrer: 'https://duckduckgo.com/',
        timestamp: NOW - 10 * MINUTE,
        page_url: 'https://shop.example/first',
      }),
    ]);
    expect(await sessionOf('late')).toMatchObject({ referrer_source: 'DuckDuckGo', entry_page: '/first', exit_page: '/start' });
  });

  it('is not that of engagement, which opens nothing', async () => {
    await test.send([view({ fingerprint: 'engaged', session_id: 'engaged', type: 'engagement', referrer: 'https://www.bing.com/' })]);
    await test.send([
      view({ fingerprint: 'engaged', session_id: 'engaged', referrer: 'https://duckduckgo.com/', timestamp: NOW + MINUTE }),
    ]);
    expect(await sessionOf('engaged')).toMatchObject({ referrer_source: 'DuckDuckGo' });
  });
});
