import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { SessionCleanupService } from './session-cleanup-service.js';

const HOUR = 3_600_000;
let nowMs = Date.UTC(2026, 5, 1, 12);
let test: TestProduct;
let serial = 0;

beforeAll(async () => {
  test = await openTestProduct({ clock: () => nowMs });
});
afterAll(() => test.close());

const sessions = (): TestProduct['product']['sessions'] => test.product.sessions;
/** A project of its own for each test, and a later time than the test before had. */
function fresh(): string {
  nowMs += 24 * HOUR;
  serial++;
  return `p${serial}`;
}
const pageView = (more: Record<string, unknown>): Record<string, unknown> => ({
  type: 'page_view',
  page_url: 'https://example.test/start?utm_source=news&token=secret',
  ip: '192.0.2.7',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  timestamp: nowMs,
  ...more,
});

describe('SessionRepository', () => {
  it('creates a session, finds it again and refuses to create it twice', async () => {
    const projectId = fresh();
    const created = await sessions().create(projectId, {
      source: 'oauth',
      userId: 'u1',
      visitorId: 'f1',
      origin: { browser: 'Firefox', country: 'AT' },
    });
    expect(created).toMatchObject({ source: 'oauth', userId: 'u1', visitorId: 'f1', browser: 'Firefox', country: 'AT', startedMs: nowMs });
    expect(created.counters).toMatchObject({ events: 0, aiRequests: 0, costPicodollars: 0n });
    expect(await sessions().find(projectId, created.sessionId)).toEqual(created);
    await expect(sessions().create(projectId, { sessionId: created.sessionId })).rejects.toMatchObject({ code: 'conflict' });
    expect(await sessions().find('other', created.sessionId)).toBeUndefined();
  });

  it('keeps the visitor and user it was created for when events name the session alone', async () => {
    const projectId = fresh();
    await sessions().create(projectId, { sessionId: 'opened', visitorId: 'tablet', userId: 'grace' });
    await test.send([pageView({ session_id: 'opened' })], { projectId });
    expect(await sessions().find(projectId, 'opened')).toMatchObject({
      visitorId: 'tablet',
      userId: 'grace',
      counters: { pageViews: 1 },
    });
  });

  it('counts everything that happens in a session', async () => {
    const projectId = fresh();
    const { sessionId } = await sessions().create(projectId, { sessionId: 'counted' });
    await test.send(
      [
        pageView({ session_id: sessionId }),
        { type: 'ai_request', session_id: sessionId, provider: 'openai', model: 'gpt-4.1-mini', input_tokens: 1000, output_tokens: 10 },
        { type: 'ai_request', session_id: sessionId, model: 'nobody-knows', input_tokens: 5, output_tokens: 1, status: 'error' },
        { type: 'tool_execution', session_id: sessionId, tool: 'grep', status: 'failed' },
        { type: 'agent_task', session_id: sessionId, task_id: 't', status: 'completed' },
        { type: 'message', session_id: sessionId },
        { type: 'conversion', session_id: sessionId, goal_name: 'signup' },
        { type: 'http_request', session_id: sessionId, page_url: 'https://example.test/a.css', status_code: 500 },
      ],
      { projectId },
    );
    const found = await sessions().find(projectId, sessionId);
    // 1,000 x 0.40 + 10 x 1.60 dollars per million tokens.
    expect(found?.counters).toEqual({
      events: 7,
      pageViews: 1,
      httpRequests: 1,
      aiRequests: 2,
      toolExecutions: 1,
      tasks: 1,
      messages: 1,
      conversions: 1,
      tokens: 1016n,
      costPicodollars: 416_000_000n,
      unpricedRequests: 1,
      errors: 3,
    });
    expect(found).toMatchObject({ convertedMs: nowMs, source: 'unknown', landingPage: '/start', trafficClass: 'human' });
    expect(found?.entryUrl).toBe('https://example.test/start?utm_source=news');
  });

  it("finds a visitor's recent session, until it is too old or was ended", async () => {
    const projectId = fresh();
    await test.send([pageView({ fingerprint: 'f1' })], { projectId });
    const found = await sessions().findRecentByFingerprint(projectId, 'f1');
    expect(found?.visitorId).toBe('f1');
    expect(await sessions().findRecentByFingerprint(projectId, 'f2')).toBeUndefined();
    nowMs += HOUR;
    expect(await sessions().findRecentByFingerprint(projectId, 'f1')).toBeUndefined();
    expect((await sessions().findRecentByFingerprint(projectId, 'f1', 2 * HOUR))?.sessionId).toBe(found?.sessionId);
    await sessions().end(projectId, String(found?.sessionId));
    expect(await sessions().findRecentByFingerprint(projectId, 'f1', 2 * HOUR)).toBeUndefined();
  });

  it('keeps a touched session alive and the visits of its visitor in it', async () => {
    const projectId = fresh();
    await test.send([pageView({ id: 'a' })], { projectId });
    const [first] = await sessions().list(projectId, { userId: '' });
    nowMs += 20 * 60_000;
    await sessions().touch(projectId, String(first?.sessionId));
    nowMs += 20 * 60_000;
    await test.send([pageView({ id: 'b' })], { projectId });
    const after = await sessions().list(projectId, { userId: '' });
    expect(after).toHaveLength(1);
    expect(after[0]?.counters.pageViews).toBe(2);
  });

  it('opens another session after the end of one', async () => {
    const projectId = fresh();
    await test.send([pageView({ id: 'a' })], { projectId });
    const [first] = await sessions().list(projectId, { userId: '' });
    const ended = await sessions().end(projectId, String(first?.sessionId));
    expect(ended.endedMs).toBe(nowMs);
    nowMs += 1000;
    await test.send([pageView({ id: 'b' })], { projectId });
    expect(await sessions().list(projectId, { userId: '' })).toHaveLength(2);
  });

  it('gives an anonymous session to the user it turned out to be of, and keeps it so when it is computed again', async () => {
    const projectId = fresh();
    await test.send([pageView({ session_id: 's', user_id: 'anonymous-1' }), pageView({ session_id: 't', user_id: 'anonymous-1' })], {
      projectId,
    });
    expect((await sessions().migrate(projectId, 's', 'ada')).userId).toBe('ada');
    nowMs += 1000;
    await test.send([pageView({ session_id: 's', user_id: 'anonymous-1' })], { projectId });
    expect((await sessions().find(projectId, 's'))?.userId).toBe('ada');
    expect(await sessions().migrateUser(projectId, 'anonymous-1', 'ada')).toBe(1);
    expect((await sessions().list(projectId, { userId: 'ada' })).map((each) => each.sessionId).sort()).toEqual(['s', 't']);
    await expect(sessions().migrate(projectId, 's', '')).rejects.toMatchObject({ code: 'invalid_parameter' });
  });

  it('notes that a visitor reached a goal', async () => {
    const projectId = fresh();
    await test.send([pageView({ session_id: 's' })], { projectId });
    expect((await sessions().find(projectId, 's'))?.convertedMs).toBeUndefined();
    expect((await sessions().convert(projectId, 's')).convertedMs).toBe(nowMs);
  });

  it.each(['touch', 'end', 'convert'] as const)('cannot %s a session that does not exist', async (operation) => {
    await expect(sessions()[operation](fresh(), 'nobody')).rejects.toMatchObject({ code: 'unknown_session', path: 'session_id' });
  });
});

describe('SessionCleanupService', () => {
  it('ends what nobody touched for hours, once, and nothing else', async () => {
    const projectId = fresh();
    await test.send([pageView({ session_id: 'old' })], { projectId });
    nowMs += 3 * HOUR;
    await test.send([pageView({ session_id: 'new' })], { projectId });
    const cleanup = new SessionCleanupService({
      sessions: sessions(),
      projectIds: async () => [projectId],
      inactiveHours: 2,
      onFailure: (error) => {
        throw error;
      },
    });
    expect(await cleanup.run()).toBe(1);
    expect(await cleanup.run()).toBe(0);
    expect((await sessions().find(projectId, 'old'))?.endedMs).toBe(nowMs);
    expect((await sessions().find(projectId, 'new'))?.endedMs).toBeUndefined();
  });

  it('works every hour until it is stopped', async () => {
    const runs: (() => void)[] = [];
    let cleaned = 0;
    const cleanup = new SessionCleanupService({
      sessions: sessions(),
      projectIds: async () => {
        cleaned++;
        return [];
      },
      inactiveHours: 2,
      timer: { after: (milliseconds, run) => runs.push(milliseconds === HOUR ? run : () => expect.unreachable()) },
      onFailure: () => expect.unreachable(),
    });
    cleanup.start();
    runs.shift()?.();
    await expect.poll(() => runs.length).toBe(1);
    expect(cleaned).toBe(1);
    cleanup.stop();
    runs.shift()?.();
    expect(cleaned).toBe(1);
  });

  it('refuses hours that are none', async () => {
    await expect(sessions().endInactive(fresh(), 0)).rejects.toMatchObject({ code: 'invalid_parameter', path: 'hours' });
  });
});
