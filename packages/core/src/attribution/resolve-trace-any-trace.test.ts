import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attribution, resolveTrace, type TraceSpan } from './resolve-trace.js';

// Few values, so that spans agree, repeat each other and form cycles often.
const spanId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', '__proto__');
const word = (name: string): fc.Arbitrary<string> => fc.constantFrom('', '', `${name}1`, `${name}2`);
const span: fc.Arbitrary<TraceSpan> = fc.record({
  span_id: spanId,
  parent_span_id: fc.oneof({ weight: 6, arbitrary: spanId }, fc.constantFrom('', 'lost')),
  kind: fc.constantFrom('ai_request', 'ai_request', 'ai_request', 'ai_request', 'tool_execution', 'agent_task', 'other'),
  session_id: word('s'),
  user_id: word('u'),
  context_id: word('c'),
  task_id: word('t'),
  agent: word('a'),
  resource_session_id: word('rs'),
  resource_user_id: word('ru'),
  resource_agent: word('ra'),
  tool: word('tool'),
  tool_execution_id: word('x'),
  response_id: word('r'),
  total_tokens: fc.constantFrom(0, 10, 20),
});
/** Any graph of parents, cycles among them. */
const trace = fc.uniqueArray(span, { selector: ({ span_id }) => span_id, maxLength: 8, size: 'max' });
/** A trace as it should be: every parent comes before its children in the list. */
const tree = trace.map((spans) =>
  spans.map((one, index) => ({
    ...one,
    parent_span_id: spans.slice(0, index).some((other) => other.span_id === one.parent_span_id) ? one.parent_span_id : '',
  })),
);
const shuffled = trace.chain((spans) => fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })));

const sorted = (resolved: ReadonlyMap<string, Attribution>): [string, Attribution][] =>
  [...resolved].toSorted(([a], [b]) => (a < b ? -1 : 1));
const RUNS = { numRuns: 1_000 };

describe('resolveTrace', () => {
  it('gives every span one attribution', () => {
    fc.assert(
      fc.property(trace, (spans) => {
        expect([...resolveTrace(spans).keys()].toSorted()).toEqual(spans.map(({ span_id }) => span_id).toSorted());
      }),
      RUNS,
    );
  });

  it('does not depend on the order of arrival', () => {
    fc.assert(
      fc.property(shuffled, ([spans, again]) => {
        expect(sorted(resolveTrace(again))).toEqual(sorted(resolveTrace(spans)));
      }),
      RUNS,
    );
  });

  it('does not change when spans are given again', () => {
    const repeated = trace.chain((spans) =>
      fc.tuple(fc.constant(spans), fc.shuffledSubarray([...spans, ...spans], { minLength: spans.length * 2 })),
    );
    fc.assert(
      fc.property(repeated, ([spans, twice]) => {
        expect(sorted(resolveTrace(twice))).toEqual(sorted(resolveTrace(spans)));
      }),
      RUNS,
    );
  });

  it('does not change for others when a root arrives that says nothing', () => {
    const silent = span.map((one) => ({ ...one, span_id: 'new', parent_span_id: '', session_id: '', user_id: '', context_id: '' }));
    fc.assert(
      fc.property(trace, silent, (spans, root) => {
        const after = resolveTrace([root, ...spans]);
        after.delete('new');
        expect(sorted(after)).toEqual(sorted(resolveTrace(spans)));
      }),
      RUNS,
    );
  });

  it('believes a span about itself', () => {
    fc.assert(
      fc.property(trace, (spans) => {
        const resolved = resolveTrace(spans);
        for (const { span_id, session_id, user_id, context_id, task_id, agent } of spans) {
          const attribution = resolved.get(span_id);
          const words = { session: session_id, user: user_id, context: context_id, task: task_id, agent };
          for (const [name, value] of Object.entries(words)) {
            const attributed = attribution?.[name as keyof typeof words];
            if (value !== '') expect(attributed).toEqual({ value, source: 'own' });
            else expect(attributed?.source).not.toBe('own');
            expect(attributed?.value === '').toBe(attributed?.source === 'none');
          }
        }
      }),
      RUNS,
    );
  });

  it('bills every call once: what is repeated is a call and repeats nothing itself', () => {
    let found = 0;
    fc.assert(
      fc.property(fc.oneof(trace, tree), (spans) => {
        const resolved = resolveTrace(spans);
        const kinds = new Map(spans.map(({ span_id, kind }) => [span_id, kind]));
        for (const [spanId, { duplicate_of: billed }] of resolved) {
          if (billed === '') continue;
          found++;
          expect([kinds.get(spanId), kinds.get(billed)]).toEqual(['ai_request', 'ai_request']);
          expect(resolved.get(billed)?.duplicate_of).toBe('');
        }
      }),
      RUNS,
    );
    // Traces without a repeated call would prove nothing.
    expect(found).toBeGreaterThan(50);
  });

  it('never repeats a call that has none inside', () => {
    fc.assert(
      fc.property(tree, (spans) => {
        const parents = new Set(spans.map(({ parent_span_id }) => parent_span_id));
        const resolved = resolveTrace(spans);
        for (const { span_id } of spans) if (!parents.has(span_id)) expect(resolved.get(span_id)?.duplicate_of).toBe('');
      }),
      RUNS,
    );
  });

  it('never makes a task its own parent', () => {
    fc.assert(
      fc.property(trace, (spans) => {
        for (const { task, parent_task_id } of resolveTrace(spans).values()) {
          if (parent_task_id !== '') expect(parent_task_id).not.toBe(task.value);
        }
      }),
      RUNS,
    );
  });
});
