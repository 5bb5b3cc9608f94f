import { type AttributionSource, resolveTrace, type TraceSpan } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({ nowMs: Date.UTC(2026, 10, 24) });
});
afterAll(() => test.close());

let traces = 0;
/** Spans and ids of a trace of its own, so that the cases share a store and nothing else. */
const freshTrace = (): string => `trace${++traces}`;

/** An event of the contract that is a span. */
interface SpanEvent {
  readonly kind: 'ai_request' | 'tool_execution' | 'agent_task';
  readonly span: string;
  readonly parent?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

function eventOf(trace: string, { kind, span, parent, fields }: SpanEvent): Record<string, unknown> {
  const common = {
    type: kind,
    id: `${trace}-${span}`,
    timestamp: 1_795_000_000_000,
    trace_id: trace,
    span_id: span,
    parent_span_id: parent,
  };
  switch (kind) {
    case 'ai_request':
      return {
        ...common,
        provider: 'openai',
        model: 'gpt-4.1-mini',
        input_tokens: 100,
        output_tokens: 10,
        response_id: `${trace}-${span}`,
        ...fields,
      };
    case 'tool_execution':
      return { ...common, tool: `tool-${span}`, ...fields };
    case 'agent_task':
      return { ...common, task_id: `${trace}-task-${span}`, status: 'completed', ...fields };
  }
}

interface StoredAttribution {
  readonly event_id: string;
  readonly session_id: string;
  readonly session_id_source: AttributionSource;
  readonly user_id: string;
  readonly agent: string;
  readonly task_id: string;
  readonly tool: string;
  readonly tool_execution_id: string;
  readonly duplicate_of: string;
}

async function callsOf(trace: string): Promise<Map<string, StoredAttribution>> {
  const rows = await test.product.store.query<StoredAttribution>(
    render(sql`SELECT event_id, session_id, session_id_source, user_id, agent, task_id, tool, tool_execution_id, duplicate_of
      FROM ai_requests FINAL WHERE project_id = 'default' AND trace_id = ${bind.string(trace)}`),
  );
  return new Map(rows.map((row) => [row.event_id.slice(trace.length + 1), row]));
}

describe('a parent that arrives late', () => {
  const call: SpanEvent = { kind: 'ai_request', span: 'call', parent: 'tool' };
  const tool: SpanEvent = { kind: 'tool_execution', span: 'tool', parent: 'task' };
  const task: SpanEvent = { kind: 'agent_task', span: 'task', fields: { session_id: 's1', user_id: 'u1', agent: 'planner' } };
  const complete = {
    session_id: 's1',
    session_id_source: 'ancestor',
    user_id: 'u1',
    agent: 'planner',
    tool: 'tool-tool',
    duplicate_of: '',
  };

  it('hands on session, user, agent, task and tool, in every order', async () => {
    for (const order of [
      [call, tool, task],
      [call, task, tool],
      [tool, call, task],
      [task, tool, call],
    ]) {
      const trace = freshTrace();
      for (const event of order) await test.send([eventOf(trace, event)]);
      expect((await callsOf(trace)).get('call')).toMatchObject({
        ...complete,
        task_id: `${trace}-task-task`,
        tool_execution_id: `${trace}-tool`,
      });
    }
  });

  it('does so after a restart, and bills the call once', async () => {
    const trace = freshTrace();
    await test.send([eventOf(trace, call), eventOf(trace, tool)]);
    await test.restart();
    await test.send([eventOf(trace, task)]);
    expect((await callsOf(trace)).get('call')).toMatchObject(complete);
    await test.restart();
    expect(await test.send([eventOf(trace, call), eventOf(trace, tool), eventOf(trace, task)])).toMatchObject({
      accepted: 0,
      duplicates: 3,
    });
    const [sum] = await test.product.store.query(
      render(sql`SELECT count() AS calls, sum(cost) AS cost FROM ai_requests FINAL WHERE trace_id = ${bind.string(trace)}`),
    );
    // 100 x 0.4 + 10 x 1.6 microdollars.
    expect(sum).toEqual({ calls: '1', cost: '0.000056000000' });
  });

  it('moves the session of what was stored before', async () => {
    const trace = freshTrace();
    await test.send([eventOf(trace, { ...call, parent: 'root' })]);
    await test.send([eventOf(trace, { kind: 'agent_task', span: 'root', fields: { session_id: `${trace}-late` } })]);
    await test.product.snapshots.refresh();
    const rows = await test.product.store.query(
      render(sql`SELECT requests, tasks, cost FROM user_sessions FINAL WHERE session_id = ${bind.string(`${trace}-late`)}`),
    );
    expect(rows).toEqual([{ requests: '1', tasks: '1', cost: '0.000056000000' }]);
  });

  it('corrects a task that inherited, and never one that spoke for itself', async () => {
    const trace = freshTrace();
    await test.send([eventOf(trace, { kind: 'agent_task', span: 'inner', parent: 'outer', fields: { agent: 'coder' } })]);
    await test.send([eventOf(trace, { kind: 'agent_task', span: 'outer', fields: { agent: 'planner', session_id: 's9' } })]);
    const [inner] = await test.product.store.query(
      render(
        sql`SELECT agent, agent_source, session_id, session_id_source, parent_task_id FROM agent_tasks FINAL WHERE task_id = ${bind.string(`${trace}-task-inner`)}`,
      ),
    );
    expect(inner).toEqual({
      agent: 'coder',
      agent_source: 'own',
      session_id: 's9',
      session_id_source: 'ancestor',
      parent_task_id: `${trace}-task-outer`,
    });
  });

  it('tells a call from a task that bears its id', async () => {
    const trace = freshTrace();
    const outer: SpanEvent = { kind: 'agent_task', span: 'outer', fields: { session_id: 's1', agent: 'planner' } };
    // This task bears the id of the call, and is of another trace.
    const namesake = { ...eventOf(freshTrace(), { kind: 'agent_task', span: 'x' }), task_id: `${trace}-call` };
    await test.send([eventOf(trace, { kind: 'ai_request', span: 'call', parent: 'outer' }), eventOf(trace, outer), namesake]);
    expect((await callsOf(trace)).get('call')).toMatchObject({ session_id: 's1', session_id_source: 'ancestor', agent: 'planner' });
  });

  it('makes the outer of two records of one call the duplicate, whichever came first', async () => {
    for (const reversed of [false, true]) {
      const trace = freshTrace();
      const events = [
        eventOf(trace, { kind: 'ai_request', span: 'outer', fields: { response_id: 'r1' } }),
        eventOf(trace, { kind: 'ai_request', span: 'inner', parent: 'outer', fields: { response_id: 'r1' } }),
      ];
      for (const event of reversed ? events.toReversed() : events) await test.send([event]);
      const calls = await callsOf(trace);
      expect(calls.get('outer')?.duplicate_of).toBe('inner');
      expect(calls.get('inner')?.duplicate_of).toBe('');
    }
  });
});

describe('any trace, in any batches and order, some of it twice', () => {
  const SPANS = ['a', 'b', 'c', 'd', 'e'] as const;
  const maybe = (values: readonly string[]): fc.Arbitrary<string | undefined> => fc.option(fc.constantFrom(...values), { nil: undefined });
  const spanEvent = (span: string): fc.Arbitrary<SpanEvent> =>
    fc.record({
      kind: fc.constantFrom('ai_request' as const, 'tool_execution' as const),
      span: fc.constant(span),
      parent: maybe([...SPANS, 'unknown']),
      fields: fc.record({
        session_id: maybe(['s1', 's2']),
        user_id: maybe(['u1', 'u2']),
        agent: maybe(['x', 'y']),
        task_id: maybe(['t1', 't2']),
      }),
    }) as fc.Arbitrary<SpanEvent>;
  const trace = fc.tuple(...SPANS.map(spanEvent));

  it('is attributed as if it had arrived at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        trace,
        fc.array(fc.array(fc.nat(SPANS.length - 1), { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
        async (events, batches) => {
          const name = freshTrace();
          const all = events.map((event) => eventOf(name, event));
          // Whatever the batches leave out comes last.
          for (const batch of [...batches, SPANS.map((_, index) => index)]) await test.send(batch.flatMap((index) => all[index] ?? []));
          const expected = resolveTrace(events.map((event) => traceSpanOf(name, event)));
          const stored = await callsOf(name);
          for (const { kind, span } of events) {
            if (kind !== 'ai_request') continue;
            const attribution = expected.get(span);
            expect(stored.get(span)).toEqual({
              event_id: `${name}-${span}`,
              session_id: attribution?.session.value,
              session_id_source: attribution?.session.source,
              user_id: attribution?.user.value,
              agent: attribution?.agent.value,
              task_id: attribution?.task.value,
              tool: attribution?.tool,
              tool_execution_id: attribution?.tool_execution_id,
              duplicate_of: attribution?.duplicate_of,
            });
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  function traceSpanOf(name: string, { kind, span, parent, fields = {} }: SpanEvent): TraceSpan {
    const text = (field: string): string => String(fields[field] ?? '');
    return {
      span_id: span,
      parent_span_id: parent ?? '',
      kind,
      session_id: text('session_id'),
      user_id: text('user_id'),
      context_id: '',
      task_id: text('task_id'),
      agent: text('agent'),
      resource_session_id: '',
      resource_user_id: '',
      resource_agent: '',
      tool: kind === 'tool_execution' ? `tool-${span}` : '',
      tool_execution_id: kind === 'tool_execution' ? `${name}-${span}` : '',
      response_id: kind === 'ai_request' ? `${name}-${span}` : '',
      total_tokens: kind === 'ai_request' ? 110 : 0,
    };
  }
});
