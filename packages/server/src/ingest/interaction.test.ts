import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { interactionCondition } from './interaction.js';

const START = Date.UTC(2026, 5, 1, 12);
let test: TestProduct;
const seen = new Map<string, boolean>();
beforeAll(async () => {
  test = await openTestProduct({ clock: () => START });
  // What every observer is told, taken down.
  test.product.live.observe = (events) => {
    for (const event of events) seen.set(event.eventId, event.interacted);
  };
});
afterAll(() => test.close());

const count = fc.constantFrom(undefined, 0, 1, 5);
const anyEngagement = fc
  .record({
    type: fc.constantFrom('engagement', 'page_exit', 'scroll'),
    clicks: count,
    keyboard_events: count,
    copy_events: count,
    mouse_distance: count,
    scroll_direction_changes: count,
    time_to_first_interaction_ms: count,
    time_to_first_scroll_ms: count,
    max_scroll_depth: fc.constantFrom(undefined, 0, 80),
    time_on_page_ms: count,
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));

describe('an interaction', () => {
  it('is the same to who watches and to who reads the stored rows', async () => {
    const given = fc.sample(anyEngagement, { numRuns: 400, seed: 7 });
    await test.send(
      given.map((fields, index) => ({
        ...fields,
        id: `e${index}`,
        session_id: 's',
        page_url: 'https://example.test/',
        timestamp: START - index,
      })),
    );
    await test.product.mover.move();
    const rows = await test.product.store.query<{ event_id: string; interacted: number }>(
      render(sql`SELECT event_id, toUInt8(${interactionCondition()}) AS interacted FROM engagement_events FINAL`),
      { rows: 1000 },
    );
    expect(rows).toHaveLength(400);
    expect(new Map(rows.map((row) => [row.event_id, row.interacted === 1]))).toEqual(seen);
    expect(new Set(seen.values())).toEqual(new Set([true, false]));
  });

  it.each([
    [{ type: 'scroll' }, true],
    [{ type: 'page_exit', time_on_page_ms: 5000 }, false],
    [{ type: 'engagement', max_scroll_depth: 40 }, false],
    [{ type: 'engagement', clicks: 0, keyboard_events: 1 }, true],
    [{ type: 'link_click', target_url: 'https://example.test/b' }, true],
    [{ type: 'page_view' }, false],
  ])('%j: %s', async (event, expected) => {
    seen.clear();
    await test.send([{ ...event, session_id: 's', page_url: 'https://example.test/' }]);
    expect([...seen.values()]).toEqual([expected]);
  });
});
