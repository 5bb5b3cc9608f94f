import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdbStore } from '../store/chdb-driver.js';
import { bind, identifier, render, sql } from '../store/sql.js';
import { type FailingStore, failingStore } from '../testing/failing-store.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

const NOW_MS = Date.UTC(2026, 10, 24, 12);

let nowMs = NOW_MS;
let store: FailingStore;
let test: TestProduct;

beforeAll(async () => {
  test = await openTestProduct({
    clock: () => nowMs,
    openStore: async ({ dataFolder }) => {
      store = failingStore(await openChdbStore(dataFolder));
      return store;
    },
  });
});

afterAll(() => test.close());

let projects = 0;
/** A project of its own per test, so that each counts from nothing. */
async function freshProject(): Promise<string> {
  const projectId = `p${++projects}`;
  await test.product.projects.create(projectId);
  return projectId;
}

async function count(table: string, projectId: string): Promise<number> {
  const [row] = await test.product.store.query<{ rows: string }>(
    render(sql`SELECT count() AS rows FROM ${identifier(table)} FINAL WHERE project_id = ${bind.string(projectId)}`),
  );
  return Number(row?.rows);
}

const call = (id: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  type: 'ai_request',
  timestamp: '2026-11-20T10:00:00.000Z',
  provider: 'openai',
  model: 'gpt-4.1-mini',
  input_tokens: 10,
  output_tokens: 1,
  ...more,
});

describe('the same id counts once', () => {
  it('in one batch', async () => {
    const projectId = await freshProject();
    expect(await test.send([call('a'), call('b'), call('a')], { projectId })).toEqual({ accepted: 2, duplicates: 1, rejected: [] });
    expect(await count('ai_requests', projectId)).toBe(2);
  });

  it('in a later batch, and with other content the first one stands', async () => {
    const projectId = await freshProject();
    await test.send([call('a')], { projectId });
    expect(await test.send([call('a', { input_tokens: 99, session_id: 's' })], { projectId })).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    const rows = await test.product.store.query(
      render(sql`SELECT input_tokens FROM ai_requests FINAL WHERE project_id = ${bind.string(projectId)}`),
    );
    expect(rows).toEqual([{ input_tokens: '10' }]);
  });

  it('in batches sent at the same time', async () => {
    const projectId = await freshProject();
    const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        test.send(
          ids.map((id) => call(id)),
          { projectId },
        ),
      ),
    );
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(50);
    expect(answers.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(350);
    expect(await count('ai_requests', projectId)).toBe(50);
  });

  it('after a restart', async () => {
    const projectId = await freshProject();
    await test.send([call('a')], { projectId });
    await test.restart();
    expect(await test.send([call('a')], { projectId })).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await count('ai_requests', projectId)).toBe(1);
  });

  it('when it has no timestamp and is sent again later', async () => {
    const projectId = await freshProject();
    const untimed = call('a', { timestamp: undefined });
    await test.send([untimed], { projectId });
    nowMs += 8 * 24 * 3_600_000;
    expect(await test.send([untimed], { projectId })).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await count('ai_requests', projectId)).toBe(1);
  });

  it('whatever type it bears the second time', async () => {
    const projectId = await freshProject();
    await test.send([call('a')], { projectId });
    const answer = await test.send([{ id: 'a', type: 'signup' }], { projectId });
    expect(answer).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await count('analytics_events', projectId)).toBe(0);
  });

  it('but once in every project', async () => {
    const [one, other] = [await freshProject(), await freshProject()];
    await test.send([call('a')], { projectId: one });
    expect(await test.send([call('a')], { projectId: other })).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  it('and an event without an id counts each time', async () => {
    const projectId = await freshProject();
    const anonymous = call('', { id: undefined });
    await test.send([anonymous, anonymous], { projectId });
    expect(await count('ai_requests', projectId)).toBe(2);
  });
});

describe('a store that fails', () => {
  // Without timestamps, so that only the ids can tell the second attempt from other events.
  const batchOf = (projectId: string): Record<string, unknown>[] => [
    call('a', { timestamp: undefined, trace_id: `trace-${projectId}`, span_id: 'x', session_id: 's1' }),
    { id: 'b', type: 'page_view', page_url: 'https://example.com/', session_id: 's1' },
  ];
  const expectOnce = async (projectId: string): Promise<void> => {
    expect(await count('ai_requests', projectId)).toBe(1);
    expect(await count('analytics_events', projectId)).toBe(1);
    expect(await count('spans', projectId)).toBe(1);
    expect(test.product.mover.pendingEvents).toBe(0);
  };

  for (const table of ['ai_requests', 'analytics_events', 'event_ids', 'spans']) {
    it(`while acknowledged events are moved into ${table}: they are moved again, and count once`, async () => {
      const projectId = await freshProject();
      store.failNextInsert(table);
      await expect(test.send(batchOf(projectId), { projectId })).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(test.product.mover.pendingEvents).toBe(3);
      nowMs += 60_000;
      // The client was told; a second attempt finds both, and moves them.
      expect(await test.send(batchOf(projectId), { projectId })).toMatchObject({ accepted: 0, duplicates: 2 });
      await expectOnce(projectId);
    });

    it(`and the process is killed while ${table} is written: the next one moves them, and they count once`, async () => {
      const projectId = await freshProject();
      store.failNextInsert(table);
      await expect(test.send(batchOf(projectId), { projectId })).rejects.toMatchObject({ code: 'store_unavailable' });
      // All that the killed process knew is forgotten; only the store is left.
      const next = await openSharing({});
      try {
        expect(await next.send(batchOf(projectId), { projectId })).toMatchObject({ accepted: 0, duplicates: 2 });
        await expectCounts(projectId);
      } finally {
        await next.close();
      }
      await test.product.mover.move();
      await expectOnce(projectId);
    });
  }

  const expectCounts = async (projectId: string): Promise<void> => {
    expect(await count('ai_requests', projectId)).toBe(1);
    expect(await count('analytics_events', projectId)).toBe(1);
  };
});

describe('the buffer', () => {
  it('refuses what is over its limit and takes it again afterwards', async () => {
    const small = await openSharing({ bufferEventsMax: 10 });
    try {
      const first = small.send(Array.from({ length: 8 }, (_, index) => call(`a${index}`)));
      const second = small.send(Array.from({ length: 8 }, (_, index) => call(`b${index}`)));
      await expect(second).rejects.toMatchObject({ code: 'buffer_full', status: 429, retryAfterSeconds: 1 });
      expect(await first).toMatchObject({ accepted: 8 });
      expect(await small.send(Array.from({ length: 8 }, (_, index) => call(`b${index}`)))).toMatchObject({ accepted: 8 });
    } finally {
      await small.close();
    }
  });

  it('takes a single request however large it is', async () => {
    const small = await openSharing({ bufferEventsMax: 1, bufferBytesMax: 1 });
    try {
      expect(await small.send([call('a'), call('b')])).toMatchObject({ accepted: 2 });
    } finally {
      await small.close();
    }
  });
});

/** Another product on the store and in the folder of the first: what a process finds after another one was killed. */
async function openSharing(configuration: { readonly bufferEventsMax?: number; readonly bufferBytesMax?: number }): Promise<TestProduct> {
  return openTestProduct({
    clock: () => nowMs,
    configuration: { ...configuration, dataFolder: test.folder },
    openStore: () => store.connect(),
  });
}
