import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { LiveSessions } from './live-sessions.js';
import { restoreLiveSessions } from './restore-live-sessions.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const GAP = 30 * MINUTE;
let test: TestProduct;

const visit = (id: string, minutesAgo: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'page_view',
  id,
  timestamp: NOW - minutesAgo * MINUTE,
  ip: '192.0.2.1',
  page_url: 'https://example.test/',
  ...more,
});

beforeAll(async () => {
  test = await openTestProduct({ nowMs: NOW });
  await test.send([
    visit('a', 200, { fingerprint: 'gone' }),
    visit('b', 20, { fingerprint: 'here', user_id: 'ada' }),
    visit('c', 10, { fingerprint: 'here', type: 'engagement' }),
    visit('d', 5, { fingerprint: 'ended', session_id: 'named' }),
    visit('e', 1, { type: 'http_request', fingerprint: 'asking', page_url: 'https://example.test/x.css', status_code: 200 }),
  ]);
  await test.product.sessions.end('default', 'named');
});
afterAll(() => test.close());

async function restored(sessionsMax = 100): Promise<LiveSessions> {
  const live = new LiveSessions(sessionsMax);
  await restoreLiveSessions(test.product.store, live, { nowMs: NOW, gapMs: GAP });
  return live;
}

describe('after a restart', () => {
  it('the sessions that may go on are in memory, and no others', async () => {
    const live = await restored();
    expect(live.size).toBe(3);
    expect(live.ofVisitor('default', 'gone')).toEqual([]);
    expect(live.ofVisitor('default', 'here')).toMatchObject([
      { given: false, userId: 'ada', firstMs: NOW - 20 * MINUTE, lastMs: NOW - 10 * MINUTE, endedMs: undefined },
    ]);
    expect(live.find('default', 'named')).toMatchObject({ given: true, endedMs: NOW });
    expect(live.ofVisitor('default', 'asking')).toHaveLength(1);
  });

  it('no more than the bound are, the latest ones', async () => {
    const live = await restored(1);
    expect(live.size).toBe(1);
    expect(live.ofVisitor('default', 'asking')).toHaveLength(1);
    expect(live.forgotten).toBe(2);
    expect(live.forgottenMs).toBe(NOW - 5 * MINUTE);
  });
});
