import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1, 12);
let nowMs = START;
let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({ clock: () => nowMs, configuration: { retentionDays: { user_sessions: 10, fingerprint_reputation: 10 } } });
});
afterAll(() => test.close());

const view = (more: object): object => ({ type: 'page_view', page_url: 'https://example.test/', timestamp: nowMs, ...more });

describe('erasing a user', () => {
  it('takes the name out of a session that became somebody else, which keeps what was done to it', async () => {
    const { sessionId } = await test.product.sessions.create('default', { userId: 'ada', source: 'cli' });
    nowMs++;
    await test.product.sessions.migrate('default', sessionId, 'grace');
    await test.product.erasure.erase('default', { userId: 'ada' });
    const named = await test.product.store.query(
      render(
        sql`SELECT user_id FROM session_changes WHERE user_id = ${bind.string('ada')} UNION ALL SELECT user_id FROM user_sessions WHERE user_id = ${bind.string('ada')}`,
      ),
    );
    expect(named).toEqual([]);
    expect(await test.product.sessions.find('default', sessionId)).toMatchObject({ userId: 'grace', source: 'cli' });
  });

  it('takes it out of what live subscribers may catch up on', async () => {
    const live = (lastId?: string): string => {
      const subscription = test.product.live.subscribe({ projectId: 'default', types: ['event'], lastId });
      const text = String(subscription.read());
      subscription.destroy();
      return text;
    };
    const subscription = test.product.live.subscribe({ projectId: 'default', types: ['event'] });
    await test.send([view({ user_id: 'ada', session_id: 'hers' })]);
    await test.send([view({ user_id: 'ada', session_id: 'hers', page_url: 'https://example.test/hers' })]);
    const id = /id: (\S+)/.exec(String(subscription.read()))?.[1];
    subscription.destroy();
    expect(live(id)).toContain('/hers');
    await test.product.erasure.erase('default', { userId: 'ada' });
    expect(live(id)).toContain('event: gap');
    expect(live(id)).not.toContain('/hers');
  });
});

describe('retention', () => {
  it('leaves a session that goes on what was said and done of it, and a visitor the level that a person set', async () => {
    const visitor = { session_id: 'agent', user_id: 'anon', fingerprint: 'f-agent' };
    await test.send([view(visitor)]);
    await test.product.verdicts.mark('default', 'agent', 'human', 'ours');
    await test.product.sessions.migrate('default', 'agent', 'grace');
    await test.product.throttle.setLevel({ projectId: 'default', kind: 'fingerprint', id: 'f-agent' }, 3, 'A test.');
    for (let day = 1; day <= 12; day++) {
      nowMs = START + day * DAY;
      await test.send([view(visitor)]);
    }
    await test.product.mover.move();
    await test.product.snapshots.refresh();
    await test.product.retention.run();
    await test.send([view({ ...visitor, timestamp: nowMs + 1000 })]);
    expect(await test.product.sessions.find('default', 'agent')).toMatchObject({ userId: 'grace', trafficClass: 'human' });
    expect(await test.product.verdicts.explain('default', 'agent')).toMatchObject({ mark: 'human' });
    await test.restart();
    expect(test.product.throttle.levelOf('default', 'fingerprint', 'f-agent').level).toBe(3);
  });

  it('takes them with the session', async () => {
    nowMs += 30 * DAY;
    await test.product.retention.run();
    const left = await test.product.store.query(
      render(sql`SELECT session_id FROM session_marks UNION ALL SELECT session_id FROM session_changes WHERE session_id = 'agent'`),
    );
    expect(left).toEqual([]);
  });
});
