import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMigrations } from '../store/migrations.js';
import { identifier, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import type { ErasureSubject } from './erasure.js';

const NOW = Date.UTC(2026, 5, 1, 12);
let test: TestProduct;
let serial = 0;

beforeAll(async () => {
  test = await openTestProduct({ nowMs: NOW });
});
afterAll(() => test.close());

/** Two people with a session each, and a model call that names the first one in the session of the second. */
function eventsOfTwo(): Record<string, unknown>[] {
  const of = (who: string, ip: string): Record<string, unknown>[] => [
    {
      type: 'page_view',
      id: `${who}-1`,
      session_id: `s-${who}`,
      user_id: who,
      fingerprint: `f-${who}`,
      ip,
      page_url: 'https://example.test/',
    },
    { type: 'engagement', id: `${who}-2`, session_id: `s-${who}`, fingerprint: `f-${who}`, ip },
    {
      type: 'http_request',
      id: `${who}-3`,
      session_id: `s-${who}`,
      fingerprint: `f-${who}`,
      ip,
      page_url: 'https://example.test/x.css',
      status_code: 200,
    },
    {
      type: 'ai_request',
      id: `${who}-4`,
      session_id: `s-${who}`,
      model: 'gpt-4.1-mini',
      input_tokens: 1,
      output_tokens: 1,
      trace_id: `t-${who}`,
    },
    { type: 'tool_execution', id: `${who}-5`, session_id: `s-${who}`, tool: 'grep' },
    { type: 'agent_task', id: `${who}-6`, session_id: `s-${who}`, task_id: `task-${who}`, status: 'completed' },
    { type: 'message', id: `${who}-7`, session_id: `s-${who}`, user_id: who },
  ];
  return [
    ...of('ada', '192.0.2.1'),
    ...of('ben', '192.0.2.2'),
    { type: 'ai_request', id: 'guest', session_id: 's-ben', user_id: 'ada', model: 'gpt-4.1-mini', input_tokens: 1, output_tokens: 1 },
  ];
}

/** Every table with rows of projects in which a text of somebody is found, whatever its column. */
async function tablesWith(projectId: string, text: string): Promise<string[]> {
  const columns = await test.product.store.query<{ table: string; name: string; type: string }>(
    render(sql`SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND type LIKE '%String%'
      AND table IN (SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'project_id')`),
  );
  const found = new Set<string>();
  for (const { table, name } of columns) {
    const rows = await test.product.store.query<{ found: string }>(
      render(
        sql`SELECT count() AS found FROM ${identifier(table)} WHERE project_id = '${identifier(projectId)}' AND position(toString(${identifier(name)}), '${identifier(text)}') > 0`,
      ),
    );
    if (Number(rows[0]?.found) > 0) found.add(table);
  }
  return [...found].sort();
}

async function seeded(): Promise<string> {
  const projectId = `erase_${serial++}`;
  await test.send(eventsOfTwo(), { projectId });
  await test.product.snapshots.refresh();
  await test.product.fingerprints.refresh();
  return projectId;
}

describe('erasing', () => {
  it.each<[string, ErasureSubject]>([
    ['a user', { userId: 'ada' }],
    ['a visitor', { visitorId: 'f-ada' }],
    ['a session', { sessionId: 's-ada' }],
  ])('%s leaves no row of it in any table, and every row of others', async (_name, subject) => {
    const projectId = await seeded();
    const before = await tablesWith(projectId, 'ben');
    expect(await tablesWith(projectId, 's_ada'.replace('_', '_'))).toEqual([]);
    const erased = await test.product.erasure.erase(projectId, subject);
    expect(erased).toMatchObject({ engagement_events: 1, http_requests: 1, mcp_tool_executions: 1, agent_tasks: 1, user_sessions: 1 });
    await test.product.snapshots.refresh();
    const remaining = await tablesWith(projectId, 'ada');
    // A session or a visitor is not the user: where another session names the user, that stays.
    expect(remaining).toEqual('userId' in subject ? [] : ['ai_requests']);
    expect(await tablesWith(projectId, 'ben')).toEqual(before);
  });

  it('computes sessions of others anew that named the person', async () => {
    const projectId = await seeded();
    expect((await test.product.sessions.find(projectId, 's-ben'))?.counters.aiRequests).toBe(2);
    await test.product.erasure.erase(projectId, { userId: 'ada' });
    expect((await test.product.sessions.find(projectId, 's-ben'))?.counters.aiRequests).toBe(1);
    expect(await test.product.sessions.find(projectId, 's-ada')).toBeUndefined();
  });

  it('lasts when the same events are sent again, and touches no other project', async () => {
    const [projectId, other] = [await seeded(), await seeded()];
    await test.product.erasure.erase(projectId, { userId: 'ada' });
    expect((await test.send(eventsOfTwo(), { projectId })).duplicates).toBe(eventsOfTwo().length);
    await test.product.snapshots.refresh();
    expect(await tablesWith(projectId, 'ada')).toEqual([]);
    expect((await test.product.sessions.find(other, 's-ada'))?.counters.pageViews).toBe(1);
  });

  it('erases nothing where there is nothing, and nothing for nobody', async () => {
    const projectId = await seeded();
    const erased = await test.product.erasure.erase(projectId, { userId: 'nobody' });
    expect(Object.values(erased).reduce((sum, count) => sum + count, 0)).toBe(0);
    await expect(test.product.erasure.erase(projectId, { userId: '' })).rejects.toMatchObject({ code: 'missing_field' });
  });

  it('knows every table that has rows of a session or a user', async () => {
    const rows = await test.product.store.query<{ table: string }>(
      render(sql`SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name IN ('session_id', 'user_id')`),
    );
    const projectId = await seeded();
    const erased = Object.keys(await test.product.erasure.erase(projectId, { userId: 'ada' }));
    const merged = ['agent_task_states', 'merged_agent_tasks'];
    expect(readMigrations().length).toBeGreaterThan(1);
    expect(rows.map((row) => row.table).filter((table) => !erased.includes(table) && !merged.includes(table))).toEqual([]);
  });
});
