import { describe, expect, it } from 'vitest';
import { resolveTrace, type TraceSpan } from './resolve-trace.js';

function call(span_id: string, parent_span_id: string, said: Partial<TraceSpan> = {}): TraceSpan {
  return {
    span_id,
    parent_span_id,
    kind: 'ai_request',
    session_id: '',
    user_id: '',
    context_id: '',
    task_id: '',
    agent: '',
    resource_session_id: '',
    resource_user_id: '',
    resource_agent: '',
    tool: '',
    tool_execution_id: '',
    response_id: '',
    total_tokens: 0,
    ...said,
  };
}

/** The calls that repeat another one, each with the one that is billed. */
function duplicates(spans: readonly TraceSpan[]): Record<string, string> {
  const found = [...resolveTrace(spans)].filter(([, { duplicate_of }]) => duplicate_of !== '');
  return Object.fromEntries(found.map(([spanId, { duplicate_of }]) => [spanId, duplicate_of]));
}

const r = (id: string, total_tokens = 10): Partial<TraceSpan> => ({ response_id: id, total_tokens });
const t = (total_tokens: number): Partial<TraceSpan> => ({ total_tokens });
const step: Partial<TraceSpan> = { kind: 'other' };

it('calls of two responses are two calls, even when they count the same', () => {
  expect(duplicates([call('outer', '', r('r1', 10)), call('inner', 'outer', r('r2', 10))])).toEqual({});
});

describe('calls that repeat the call inside them', () => {
  it.each<[string, TraceSpan[], Record<string, string>]>([
    ['the same response', [call('outer', '', r('r1')), call('inner', 'outer', r('r1'))], { outer: 'inner' }],
    ['the same response, counted differently', [call('outer', '', r('r1', 10)), call('inner', 'outer', r('r1', 12))], { outer: 'inner' }],
    ['the same tokens of the only call inside', [call('outer', '', t(10)), call('inner', 'outer', t(10))], { outer: 'inner' }],
    [
      'the same tokens, only one of them names its response',
      [call('outer', '', r('r1', 10)), call('inner', 'outer', t(10))],
      { outer: 'inner' },
    ],
    ['with spans between', [call('outer', '', r('r1')), call('s', 'outer', step), call('inner', 's', r('r1'))], { outer: 'inner' }],
    [
      'the same response among several calls',
      [call('outer', '', r('r1')), call('a', 'outer', r('r0')), call('b', 'outer', r('r1')), call('c', 'outer', r('r2'))],
      { outer: 'b' },
    ],
    [
      'two repeated calls beside each other',
      [call('root', '', step), call('o1', 'root', r('r1')), call('i1', 'o1', r('r1')), call('o2', 'root', t(7)), call('i2', 'o2', t(7))],
      { o1: 'i1', o2: 'i2' },
    ],
    [
      'three instrumentations that name the response',
      [call('a', '', r('r1')), call('b', 'a', r('r1')), call('c', 'b', r('r1'))],
      { a: 'c', b: 'c' },
    ],
    [
      'three of them, with the innermost id the last of the alphabet or the first',
      [call('m', '', r('r1')), call('z', 'm', r('r1')), call('a', 'z', r('r1'))],
      { m: 'a', z: 'a' },
    ],
    ['three instrumentations that count alike', [call('a', '', t(10)), call('b', 'a', t(10)), call('c', 'b', t(10))], { a: 'c', b: 'c' }],
    [
      'three, the innermost without the name that the outer ones share',
      [call('a', '', r('r1', 0)), call('b', 'a', r('r1', 10)), call('c', 'b', t(10))],
      { a: 'c', b: 'c' },
    ],
  ])('%s', (_what, spans, expected) => {
    expect(duplicates(spans)).toEqual(expected);
    expect(duplicates(spans.toReversed())).toEqual(expected);
  });
});

describe('calls that are calls of their own', () => {
  it.each<[string, TraceSpan[]]>([
    ['one call', [call('a', '', r('r1'))]],
    ['other tokens inside', [call('outer', '', t(10)), call('inner', 'outer', t(9))]],
    ['another response and other tokens inside', [call('outer', '', r('r1', 10)), call('inner', 'outer', r('r2', 9))]],
    ['equal tokens, but two calls inside', [call('outer', '', t(10)), call('a', 'outer', t(10)), call('b', 'outer', t(10))]],
    ['equal tokens, but a second call further inside', [call('outer', '', t(10)), call('a', 'outer', t(10)), call('b', 'a', t(3))]],
    ['siblings of one response', [call('root', '', step), call('a', 'root', r('r1')), call('b', 'root', r('r1'))]],
    ['siblings with equal tokens', [call('root', '', step), call('a', 'root', t(10)), call('b', 'root', t(10))]],
    ['a task around a call', [call('task', '', { kind: 'agent_task', ...r('r1') }), call('a', 'task', r('r1'))]],
    ['a tool inside a call', [call('a', '', r('r1')), call('tool', 'a', { kind: 'tool_execution', ...r('r1') })]],
    ['a parent that is not there', [call('a', 'lost', r('r1')), call('b', 'lost', r('r1'))]],
    ['its own parent', [call('a', 'a', r('r1'))]],
  ])('%s', (_what, spans) => {
    expect(duplicates(spans)).toEqual({});
  });
});

describe('a cycle of calls', () => {
  it.each([2, 3, 4])('of %d that repeat one response bills one', (length) => {
    const spans = Array.from({ length }, (_, index) => call(`n${index}`, `n${(index + 1) % length}`, r('r1')));
    const found = duplicates(spans);
    expect(Object.keys(found)).toHaveLength(length - 1);
    expect(new Set(Object.values(found)).size).toBe(1);
    expect(duplicates(spans.toReversed())).toEqual(found);
  });

  it('of two with equal tokens bills one', () => {
    expect(duplicates([call('a', 'b', t(10)), call('b', 'a', t(10))])).toEqual({ a: 'b' });
  });
});

describe('a span given twice', () => {
  it('is not a second call inside', () => {
    const spans = [call('outer', '', t(10)), call('inner', 'outer', t(10))];
    expect(duplicates([...spans, ...spans])).toEqual({ outer: 'inner' });
  });
});
