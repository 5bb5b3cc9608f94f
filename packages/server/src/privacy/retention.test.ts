import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identifier, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { Retention } from './retention.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 30, 12);
let test: TestProduct;

beforeAll(async () => {
  test = await openTestProduct({ nowMs: NOW });
  const at = (days: number): number => NOW - days * DAY;
  await test.send([
    ...[1, 29, 31, 100].flatMap((days) => [
      { type: 'page_view', id: `page-${days}`, session_id: `s-${days}`, page_url: 'https://example.test/', timestamp: at(days) },
      { type: 'ai_request', id: `call-${days}`, session_id: `s-${days}`, model: 'm', timestamp: at(days) },
      { type: 'agent_task', id: `task-${days}`, task_id: `t-${days}`, status: 'completed', timestamp: at(days) },
    ]),
  ]);
  await test.product.snapshots.refresh();
});
afterAll(() => test.close());

const count = async (table: string): Promise<number> => {
  const rows = await test.product.store.query<{ count: string }>(render(sql`SELECT count() AS count FROM ${identifier(table)} FINAL`));
  return Number(rows[0]?.count);
};
const retention = (days: Readonly<Record<string, number>>): Retention =>
  new Retention({
    store: test.product.store,
    clock: () => NOW,
    catchUp: async () => undefined,
    days,
    onFailure: () => expect.unreachable(),
  });

describe('Retention', () => {
  it('deletes nothing without a setting', async () => {
    expect(await retention({}).run()).toEqual({});
    expect(await count('analytics_events')).toBe(4);
  });

  it('deletes what is older than the days of its table, and nothing of other tables', async () => {
    expect(await retention({ analytics_events: 30, agent_tasks: 30 }).run()).toEqual({
      analytics_events: 2,
      agent_tasks: 2,
      agent_task_states: 2,
    });
    expect(await count('analytics_events')).toBe(2);
    expect(await count('agent_tasks')).toBe(2);
    expect(await count('ai_requests')).toBe(4);
    expect(await retention({ analytics_events: 30 }).run()).toEqual({ analytics_events: 0 });
  });

  it('keeps what was deleted away when it is sent again', async () => {
    const answer = await test.send([{ type: 'page_view', id: 'page-100', page_url: 'https://example.test/', timestamp: NOW - 100 * DAY }]);
    expect(answer.duplicates).toBe(1);
  });

  it('works every six hours, at first at once, until it is stopped', async () => {
    const pauses: number[] = [];
    const runs: (() => void)[] = [];
    const timed = new Retention({
      store: test.product.store,
      clock: () => NOW,
      catchUp: async () => undefined,
      days: { user_sessions: 40 },
      timer: {
        after: (milliseconds, run) => {
          pauses.push(milliseconds);
          runs.push(run);
        },
      },
      onFailure: () => expect.unreachable(),
    });
    timed.start();
    runs.shift()?.();
    await expect.poll(() => pauses).toEqual([0, 6 * 3_600_000]);
    expect(await count('user_sessions')).toBe(3);
    timed.stop();
    runs.shift()?.();
    expect(runs).toEqual([]);
  });
});
