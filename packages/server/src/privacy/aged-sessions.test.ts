import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

const DAY = 86_400_000;

describe('a session whose events are gone', () => {
  let nowMs = Date.UTC(2026, 3, 1, 12);
  const startMs = nowMs;
  let aged: TestProduct;
  beforeAll(async () => {
    aged = await openTestProduct({ clock: () => nowMs, configuration: { retentionDays: { analytics_events: 30 } } });
    const view = { type: 'page_view', session_id: 'old', page_url: 'https://example.test/', user_agent: 'Mozilla/5.0 Firefox/140.0' };
    await aged.send([0, 1, 2].map((minute) => ({ ...view, timestamp: startMs + minute * 60_000 })));
    await aged.send([
      { type: 'ai_request', session_id: 'old', model: 'gpt-4.1-mini', input_tokens: 10, output_tokens: 1, timestamp: startMs },
    ]);
    await aged.product.snapshots.refresh();
    nowMs += 60 * DAY;
    await aged.product.retention.run();
  });
  afterAll(() => aged.close());

  const session = async (): Promise<unknown> => aged.product.sessions.find('default', 'old');

  it('keeps its counters when it is judged anew', async () => {
    const before = await session();
    expect(before).toMatchObject({ counters: { pageViews: 3, aiRequests: 1 }, trafficClass: 'human' });
    expect(await aged.product.verdicts.rescore('default', startMs - DAY, nowMs)).toMatchObject({ rescored: 1 });
    expect(await session()).toEqual(before);
  });

  it('takes on what a person says of it, and who its user is', async () => {
    expect(await aged.product.verdicts.mark('default', 'old', 'bot')).toMatchObject({ traffic_class: 'behavioral_bot', mark: 'bot' });
    await aged.product.sessions.migrate('default', 'old', 'user-1');
    expect(await session()).toMatchObject({ counters: { pageViews: 3, aiRequests: 1 }, trafficClass: 'behavioral_bot', userId: 'user-1' });
    await aged.product.verdicts.mark('default', 'old', '');
    expect(await session()).toMatchObject({ counters: { pageViews: 3 }, trafficClass: 'human', userId: 'user-1', endedMs: undefined });
    await aged.product.sessions.end('default', 'old');
    expect(await session()).toMatchObject({ counters: { pageViews: 3 }, endedMs: nowMs });
  });
});
