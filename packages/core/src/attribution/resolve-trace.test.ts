import { describe, expect, it } from 'vitest';
import { type Attribution, resolveTrace, type TraceSpan } from './resolve-trace.js';

const SILENT: Omit<TraceSpan, 'span_id'> = {
  parent_span_id: '',
  kind: 'other',
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
};

const span = (span_id: string, parent_span_id = '', said: Partial<TraceSpan> = {}): TraceSpan => ({
  ...SILENT,
  ...said,
  span_id,
  parent_span_id,
});

function resolved(spans: readonly TraceSpan[], spanId: string): Attribution {
  const attribution = resolveTrace(spans).get(spanId);
  if (attribution === undefined) throw new Error(`${spanId} has no attribution`);
  return attribution;
}

/** A chain of spans, each the parent of the next: n0, n1, ... */
const chain = (length: number, said: (index: number) => Partial<TraceSpan> = () => ({})): TraceSpan[] =>
  Array.from({ length }, (_, index) => span(`n${index}`, index === 0 ? '' : `n${index - 1}`, said(index)));

const NOBODY = { value: '', source: 'none' };

/** Each value with the field that says it and, where there is one, the field of the process. */
const VALUES = [
  ['session', 'session_id', 'resource_session_id'],
  ['user', 'user_id', 'resource_user_id'],
  ['context', 'context_id', undefined],
  ['task', 'task_id', undefined],
  ['agent', 'agent', 'resource_agent'],
] as const;

describe('whom a span belongs to', () => {
  it('is nobody when nothing says so', () => {
    expect(resolveTrace([])).toEqual(new Map());
    expect(resolved([span('a')], 'a')).toEqual({
      session: NOBODY,
      user: NOBODY,
      context: NOBODY,
      task: NOBODY,
      agent: NOBODY,
      tool: '',
      tool_execution_id: '',
      parent_task_id: '',
      duplicate_of: '',
    });
  });

  it.each(VALUES)('%s: its own word goes before that of an ancestor', (value, field) => {
    const spans = [span('root', '', { [field]: 'theirs' }), span('leaf', 'root', { [field]: 'own' })];
    expect(resolved(spans, 'leaf')[value]).toEqual({ value: 'own', source: 'own' });
  });

  it.each(VALUES)('%s: the nearest ancestor that says something goes before one further up', (value, field) => {
    const spans = [
      span('root', '', { [field]: 'far' }),
      span('mid', 'root', { [field]: 'near' }),
      span('quiet', 'mid'),
      span('leaf', 'quiet'),
    ];
    expect(resolved(spans, 'leaf')[value]).toEqual({ value: 'near', source: 'ancestor' });
    expect(resolved(spans, 'root')[value]).toEqual({ value: 'far', source: 'own' });
  });

  it.each(VALUES)('%s: an ancestor goes before the rest of the trace and the process', (value, field, resource) => {
    const own = resource === undefined ? {} : { [resource]: 'process' };
    const spans = [span('root', '', { [field]: 'up' }), span('leaf', 'root', own), span('other', '', { [field]: 'aside' })];
    expect(resolved(spans, 'leaf')[value]).toEqual({ value: 'up', source: 'ancestor' });
  });

  it.each(VALUES.slice(0, 3))('%s: what all of the trace agrees on holds for those who say nothing', (value, field, resource) => {
    const own = resource === undefined ? {} : { [resource]: 'process' };
    const spans = [span('root', '', own), span('late', 'root', { [field]: 'agreed' }), span('again', 'root', { [field]: 'agreed' })];
    expect(resolved(spans, 'root')[value]).toEqual({ value: 'agreed', source: 'trace' });
    expect(resolved([...spans, span('orphan', 'lost')], 'orphan')[value]).toEqual({ value: 'agreed', source: 'trace' });
  });

  it.each(VALUES.slice(0, 3))('%s: a trace that disagrees says nothing', (value, field, resource) => {
    const spans = ['one', 'two', 'one'].map((said, index) => span(`s${index}`, 'root', { [field]: said }));
    expect(resolved([span('root'), ...spans], 'root')[value]).toEqual(NOBODY);
    if (resource === undefined) return;
    expect(resolved([span('root', '', { [resource]: 'process' }), ...spans], 'root')[value]).toEqual({
      value: 'process',
      source: 'resource',
    });
  });

  it.each(VALUES.slice(3))('%s: is never that of a sibling or a descendant', (value, field) => {
    const spans = [span('root'), span('busy', 'root', { [field]: 'mine' }), span('idle', 'root'), span('inside', 'busy')];
    expect(resolved(spans, 'idle')[value]).toEqual(NOBODY);
    expect(resolved(spans, 'root')[value]).toEqual(NOBODY);
    expect(resolved(spans, 'inside')[value]).toEqual({ value: 'mine', source: 'ancestor' });
  });

  it.each(VALUES)('%s: the process is believed last, and only about its own spans', (value, _field, resource) => {
    if (resource === undefined) return;
    const spans = [span('root', '', { [resource]: 'process' }), span('leaf', 'root')];
    expect(resolved(spans, 'root')[value]).toEqual({ value: 'process', source: 'resource' });
    expect(resolved(spans, 'leaf')[value]).toEqual(NOBODY);
  });

  it('is settled for each value on its own', () => {
    const spans = [
      span('root', '', { session_id: 's1', agent: 'planner' }),
      span('leaf', 'root', { user_id: 'u1', resource_agent: 'service' }),
      span('other', '', { context_id: 'c1' }),
    ];
    expect(resolved(spans, 'leaf')).toMatchObject({
      session: { value: 's1', source: 'ancestor' },
      user: { value: 'u1', source: 'own' },
      context: { value: 'c1', source: 'trace' },
      task: NOBODY,
      agent: { value: 'planner', source: 'ancestor' },
    });
  });

  it('changes when the parent arrives at last', () => {
    const leaf = span('leaf', 'root', { kind: 'ai_request', resource_session_id: 'process' });
    expect(resolved([leaf], 'leaf').session).toEqual({ value: 'process', source: 'resource' });
    expect(resolved([leaf, span('root', '', { session_id: 's1', task_id: 't1' })], 'leaf')).toMatchObject({
      session: { value: 's1', source: 'ancestor' },
      task: { value: 't1', source: 'ancestor' },
    });
  });
});

describe('the tool around a span', () => {
  const tool = (id: string, parent: string, name: string): TraceSpan =>
    span(id, parent, { kind: 'tool_execution', tool: name, tool_execution_id: `${id}-execution` });

  it('is the innermost execution', () => {
    const spans = [
      tool('outer', '', 'plan'),
      span('step', 'outer'),
      tool('inner', 'step', 'search'),
      span('call', 'inner', { kind: 'ai_request' }),
    ];
    expect(resolved(spans, 'call')).toMatchObject({ tool: 'search', tool_execution_id: 'inner-execution' });
    expect(resolved(spans, 'step')).toMatchObject({ tool: 'plan', tool_execution_id: 'outer-execution' });
  });

  it('is itself on an execution, also when it has no name', () => {
    const spans = [tool('outer', '', 'plan'), span('inner', 'outer', { kind: 'tool_execution' })];
    expect(resolved(spans, 'outer')).toMatchObject({ tool: 'plan', tool_execution_id: 'outer-execution' });
    expect(resolved(spans, 'inner')).toMatchObject({ tool: '', tool_execution_id: '' });
  });

  it('is what a call says of itself, before what is around it', () => {
    const spans = [tool('outer', '', 'plan'), span('call', 'outer', { kind: 'ai_request', tool: 'search', tool_execution_id: 'x' })];
    expect(resolved(spans, 'call')).toMatchObject({ tool: 'search', tool_execution_id: 'x' });
  });

  it('is none for a span beside or around it', () => {
    const spans = [span('root'), tool('t', 'root', 'plan'), span('beside', 'root', { kind: 'ai_request' })];
    expect(resolved(spans, 'root')).toMatchObject({ tool: '', tool_execution_id: '' });
    expect(resolved(spans, 'beside')).toMatchObject({ tool: '', tool_execution_id: '' });
  });

  it('is not taken from a span that only mentions one', () => {
    const spans = [span('call', '', { kind: 'ai_request', tool: 'search', tool_execution_id: 'x' }), span('leaf', 'call')];
    expect(resolved(spans, 'leaf')).toMatchObject({ tool: '', tool_execution_id: '' });
  });
});

describe('the task around a task', () => {
  const task = (id: string, parent: string, task_id: string): TraceSpan => span(id, parent, { kind: 'agent_task', task_id });

  it('is the nearest other one', () => {
    const spans = [task('a', '', 't1'), span('step', 'a'), task('b', 'step', 't2'), task('b2', 'b', 't2'), task('c', 'b2', 't3')];
    expect(resolved(spans, 'a').parent_task_id).toBe('');
    expect(resolved(spans, 'b').parent_task_id).toBe('t1');
    expect(resolved(spans, 'b2').parent_task_id).toBe('t1');
    expect(resolved(spans, 'c').parent_task_id).toBe('t2');
  });

  it('is never the task itself, also when its name came from above', () => {
    const spans = [task('a', '', 't1'), task('b', 'a', 't2'), task('nameless', 'b', '')];
    expect(resolved(spans, 'nameless')).toMatchObject({ task: { value: 't2', source: 'ancestor' }, parent_task_id: 't1' });
  });

  it('is a matter of tasks only', () => {
    const spans = [task('a', '', 't1'), span('call', 'a', { kind: 'ai_request', task_id: 't9' })];
    expect(resolved(spans, 'call').parent_task_id).toBe('');
  });
});

describe('broken traces', () => {
  it('a parent that is not there is no parent', () => {
    expect(resolved([span('a', 'lost', { resource_agent: 'service' })], 'a').agent).toEqual({ value: 'service', source: 'resource' });
  });

  it('a span that is its own parent has no ancestor', () => {
    const self = span('a', 'a', { kind: 'agent_task', task_id: 't1', session_id: 's1' });
    expect(resolved([self], 'a')).toMatchObject({ session: { value: 's1', source: 'own' }, parent_task_id: '', duplicate_of: '' });
    expect(resolved([self, span('b', 'a')], 'b').session).toEqual({ value: 's1', source: 'ancestor' });
  });

  it('a cycle ends where it began', () => {
    const spans = [span('a', 'c'), span('b', 'a', { agent: 'planner' }), span('c', 'b'), span('outside', 'c')];
    expect(resolved(spans, 'a').agent).toEqual({ value: 'planner', source: 'ancestor' });
    expect(resolved(spans, 'b').agent).toEqual({ value: 'planner', source: 'own' });
    expect(resolved(spans, 'outside').agent).toEqual({ value: 'planner', source: 'ancestor' });
  });

  it('a chain is followed over 256 ancestors and no further', () => {
    const deep = resolveTrace(chain(300, (index) => (index === 0 ? { session_id: 's1', task_id: 't1', agent: 'planner' } : {})));
    expect(deep.size).toBe(300);
    expect(deep.get('n256')).toMatchObject({ task: { value: 't1', source: 'ancestor' }, session: { value: 's1', source: 'ancestor' } });
    // What the trace agrees on needs no chain.
    expect(deep.get('n257')).toMatchObject({ task: NOBODY, agent: NOBODY, session: { value: 's1', source: 'trace' } });
    expect(deep.get('n299')).toMatchObject({ task: NOBODY, session: { value: 's1', source: 'trace' } });
  });

  it('names that objects have by nature are names like others', () => {
    const spans = [span('__proto__', '', { session_id: 'constructor' }), span('toString', '__proto__')];
    expect(resolved(spans, 'toString').session).toEqual({ value: 'constructor', source: 'ancestor' });
    expect(resolved([span('a', 'constructor')], 'a').session).toEqual(NOBODY);
  });
});
