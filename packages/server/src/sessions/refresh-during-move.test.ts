import { afterAll, beforeAll, expect, it } from 'vitest';
import { openChdbStore } from '../store/chdb-driver.js';
import { render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

let test: TestProduct;
/** Runs after each insert into a table of events while a move is at it. */
let afterInsert = async (): Promise<void> => undefined;
const EVENT_TABLES = ['analytics_events', 'ai_requests', 'mcp_tool_executions', 'task_messages', 'agent_task_states'];

/** A real store that lets the test in between two inserts. */
function watched(store: Store): Store {
  return {
    topology: store.topology,
    cluster: store.cluster,
    query: (query, limits) => store.query(query, limits),
    command: (query, limits) => store.command(query, limits),
    ping: () => store.ping(),
    close: () => store.close(),
    connect: async () => watched(await store.connect()),
    insert: async (table, rows) => {
      await store.insert(table, rows);
      if (EVENT_TABLES.includes(table)) await afterInsert();
    },
  };
}

beforeAll(async () => {
  test = await openTestProduct({ openStore: async ({ dataFolder }) => watched(await openChdbStore(dataFolder)) });
});
afterAll(() => test.close());

it('a refresh between two tables of a move leaves no session with half of its records', async () => {
  let refreshes = 0;
  afterInsert = async () => {
    refreshes += 1;
    await test.product.snapshots.refresh();
  };
  const who = { session_id: 's', user_id: 'u' };
  await test.send([
    { id: 'page', type: 'page_view', ...who, page_url: 'https://example.com/' },
    { id: 'call', type: 'ai_request', ...who, provider: 'openai', model: 'gpt-4.1-mini', input_tokens: 10, output_tokens: 1 },
    { id: 'tool', type: 'tool_execution', ...who, tool: 'search', status: 'success' },
    { id: 'message', type: 'message', ...who, context_id: 'c', role: 'user' },
    { id: 'task', type: 'agent_task', ...who, task_id: 't', status: 'completed' },
  ]);
  expect(refreshes).toBe(5);
  await test.product.snapshots.refresh();
  const [session] = await test.product.store.query(
    render(sql`SELECT toUInt32(page_views) AS page_views, toUInt32(requests) AS requests, toUInt32(tool_executions) AS tool_executions,
      toUInt32(messages) AS messages, toUInt32(tasks) AS tasks FROM user_sessions FINAL WHERE session_id = 's'`),
  );
  expect(session).toEqual({ page_views: 1, requests: 1, tool_executions: 1, messages: 1, tasks: 1 });
});
