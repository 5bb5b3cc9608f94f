import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { SessionSnapshots } from './session-snapshots.js';

let test: TestProduct;
let nowMs = Date.UTC(2026, 10, 24);
beforeAll(async () => {
  test = await openTestProduct({ clock: () => nowMs });
});
afterAll(() => test.close());

async function snapshotOf(sessionId: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await test.product.store.query(
    render(
      sql`SELECT * EXCEPT (project_id, version, computed_at) FROM user_sessions FINAL WHERE session_id = ${bind.string(sessionId)} AND events > 0`,
    ),
  );
  return row;
}

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();

/** Judges nobody. */
const NO_JUDGE = { judge: async () => undefined };

describe('a session', () => {
  it('is what its records say, whatever their kind and order', async () => {
    await test.send([
      {
        id: 'a3',
        type: 'ai_request',
        session_id: 'a',
        timestamp: at(3),
        provider: 'openai',
        model: 'gpt-4.1-mini',
        input_tokens: 100,
        output_tokens: 10,
        agent: 'planner',
      },
      {
        id: 'a4',
        type: 'ai_request',
        session_id: 'a',
        timestamp: at(4),
        provider: 'openai',
        model: 'nothing-known',
        input_tokens: 5,
        status: 'timeout',
      },
    ]);
    await test.product.snapshots.refresh();
    await test.send([
      { id: 'a1', type: 'page_view', session_id: 'a', timestamp: at(1), page_url: 'https://example.com/' },
      { id: 'a2', type: 'message', session_id: 'a', timestamp: at(2), user_id: 'u1' },
      { id: 'a5', type: 'tool_execution', session_id: 'a', timestamp: at(5), tool: 'search', status: 'failed' },
      { id: 'a6', type: 'agent_task', task_id: 't', session_id: 'a', timestamp: at(2), status: 'working' },
      { id: 'a7', type: 'agent_task', task_id: 't', session_id: 'a', timestamp: at(9), status: 'completed' },
      { id: 'a8', type: 'engagement', session_id: 'a', timestamp: at(10) },
      { id: 'b1', type: 'page_view', session_id: 'b', timestamp: at(1), page_url: 'https://example.com/' },
    ]);
    await test.product.snapshots.refresh();
    expect(await snapshotOf('a')).toMatchObject({
      session_id: 'a',
      user_id: 'u1',
      agent: 'planner',
      session_source: 'web',
      started_at: at(1),
      last_event_at: at(5),
      last_activity_at: at(10),
      events: '6',
      page_views: '1',
      requests: '2',
      unpriced_requests: '1',
      failed_requests: '1',
      tool_executions: '1',
      failed_tool_executions: '1',
      tasks: '1',
      messages: '1',
      input_tokens: '105',
      cache_read_tokens: '0',
      cache_write_tokens: '0',
      output_tokens: '10',
      cost: '0.000056000000',
    });
  });

  it('does not change when it is computed again or sent again', async () => {
    const before = await snapshotOf('a');
    nowMs += 1000;
    await test.send([{ id: 'a1', type: 'page_view', session_id: 'a', timestamp: at(1), page_url: 'https://example.com/' }]);
    test.product.snapshots.mark('default', 'a');
    await test.product.snapshots.refresh();
    expect(await snapshotOf('a')).toEqual(before);
  });

  it('is recomputed after a restart when the process was killed before it was', async () => {
    nowMs += 1000;
    await test.send([{ id: 'k1', type: 'message', session_id: 'killed', timestamp: at(1) }]);
    expect(await snapshotOf('killed')).toBeUndefined();
    // A new process knows no marks.
    const snapshots = new SessionSnapshots(test.product.store, {
      clock: () => nowMs,
      verdicts: NO_JUDGE,
      behaviorProfile: 'classic',
      retentionDays: {},
    });
    await snapshots.recover();
    await snapshots.refresh();
    expect(await snapshotOf('killed')).toMatchObject({ events: '1', messages: '1' });
  });

  it('of another project is not touched', async () => {
    await test.product.projects.create('other');
    await test.send([{ id: 'a1', type: 'message', session_id: 'a', timestamp: at(1) }], { projectId: 'other' });
    await test.product.snapshots.refresh();
    const rows = await test.product.store.query<{ project_id: string; events: string }>(
      render(sql`SELECT project_id, events FROM user_sessions FINAL WHERE session_id = 'a' ORDER BY project_id`),
    );
    expect(rows).toEqual([
      { project_id: 'default', events: '6' },
      { project_id: 'other', events: '1' },
    ]);
  });
});

describe('the background refresh', () => {
  it('waits ten times as long as the last refresh took, and at least a second', async () => {
    const pauses: number[] = [];
    const runs: (() => void)[] = [];
    const timer = {
      after: (milliseconds: number, run: () => void) => {
        pauses.push(milliseconds);
        runs.push(run);
      },
    };
    const snapshots = new SessionSnapshots(test.product.store, {
      clock: () => nowMs,
      verdicts: NO_JUDGE,
      behaviorProfile: 'classic',
      retentionDays: {},
      timer,
    });
    snapshots.mark('default', 'a');
    snapshots.mark('default', 'b');
    expect(pauses).toEqual([1000]);
    runs.shift()?.();
    await snapshots.refresh();
    snapshots.mark('default', 'a');
    expect(pauses).toHaveLength(2);
    await snapshots.stop();
    // Nothing is left to do, and the timer that still runs finds it so.
    runs.shift()?.();
    expect(pauses).toHaveLength(2);
  });
});
