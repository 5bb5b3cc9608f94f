import { afterEach, describe, expect, it } from 'vitest';
import type { ServerConfiguration } from '../configuration.js';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 5, 1, 12);
const MIDNIGHT = Date.UTC(2026, 5, 2);
const READER = { ip: '192.0.2.9', user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
let nowMs = NOON;
let test: TestProduct;
afterEach(() => test.close());

async function open(startMs: number, configuration: Partial<ServerConfiguration> = {}): Promise<void> {
  nowMs = startMs;
  test = await openTestProduct({ clock: () => nowMs, configuration });
}

async function view(timestampMs: number, visitor: object = READER): Promise<void> {
  await test.send([{ type: 'page_view', page_url: 'https://example.test/', timestamp: timestampMs, ...visitor }]);
}

/** Page views of the reader's sessions, first to last. */
async function viewsOfSessions(): Promise<number[]> {
  await test.product.mover.move();
  await test.product.snapshots.refresh();
  const rows = await test.product.store.query<{ page_views: string }>(
    render(sql`SELECT page_views FROM user_sessions FINAL WHERE events > 0 AND user_agent = ${bind.string(READER.user_agent)}
      ORDER BY first_activity_at`),
  );
  return rows.map((row) => Number(row.page_views));
}

describe.each([false, true])('after a restart: %s', (restarts) => {
  it('a late event belongs to the session that it lies in', async () => {
    await open(NOON + 110 * MINUTE);
    for (const minute of [0, 20, 40, 60, 80, 100]) await view(NOON + minute * MINUTE);
    if (restarts) await test.restart();
    await view(NOON + 45 * MINUTE);
    expect(await viewsOfSessions()).toEqual([7]);
  });

  it('a session goes on that was kept alive by hand', async () => {
    await open(NOON);
    await view(nowMs);
    await test.product.mover.move();
    await test.product.snapshots.refresh();
    const [session] = await test.product.store.query<{ session_id: string }>(render(sql`SELECT session_id FROM user_sessions FINAL`));
    for (const minute of [25, 50]) {
      nowMs = NOON + minute * MINUTE;
      await test.product.sessions.touch('default', session?.session_id ?? '');
    }
    nowMs += 5 * MINUTE;
    if (restarts) await test.restart();
    nowMs += 5 * MINUTE;
    await view(nowMs);
    expect(await viewsOfSessions()).toEqual([2]);
  });

  it('a session goes on over midnight', async () => {
    await open(MIDNIGHT - 10 * MINUTE);
    for (const minute of [-10, 10, 35, 50]) {
      if (restarts && minute === 50) await test.restart();
      nowMs = MIDNIGHT + minute * MINUTE;
      await view(nowMs);
    }
    expect(await viewsOfSessions()).toEqual([4]);
  });
});

it('a session that memory has no room for goes on over midnight', async () => {
  await open(MIDNIGHT - 10 * MINUTE, { liveSessionsMax: 2 });
  for (const minute of [-10, 10, 35]) {
    nowMs = MIDNIGHT + minute * MINUTE;
    await view(nowMs);
  }
  for (let other = 0; other < 5; other++) await view(nowMs, { ip: `198.51.100.${other}`, user_agent: 'Another/1.0' });
  nowMs = MIDNIGHT + 50 * MINUTE;
  await view(nowMs);
  expect(await viewsOfSessions()).toEqual([4]);
});

it('a session whose client is ahead of the clock can be ended', async () => {
  await open(NOON);
  await view(NOON + MINUTE, { ...READER, session_id: 'ahead' });
  expect(await test.product.sessions.end('default', 'ahead')).toMatchObject({ endedMs: NOON + MINUTE });
});

it('stores no query of what is no address, nor the one of a link', async () => {
  await open(NOON);
  await view(NOON, { ...READER, referrer: 'mail.example.com/reset?token=secret' });
  await view(NOON, { ...READER, referrer: '/account?email=secret' });
  const link = { type: 'link_click', page_url: 'https://example.test/', target_url: 'https://me:secret@example.org/a?token=secret' };
  await test.send([{ ...link, ...READER }]);
  await test.product.mover.move();
  const rows = await test.product.store.query(render(sql`SELECT * FROM analytics_events FINAL`));
  expect(JSON.stringify(rows)).not.toContain('secret');
  expect(rows.map((row) => row['target_url']).filter((url) => url !== '')).toEqual(['https://example.org/a']);
});
