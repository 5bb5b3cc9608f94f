import { describe, expect, it } from 'vitest';
import { EVENT_FIELDS, fieldsOfType, STATUS_VALUES } from './event-fields.js';
import { BUILT_IN_EVENT_TYPES, CALL_STATUSES, TASK_STATUSES } from './event-types.js';

const EVERYWHERE = [
  'id',
  'timestamp',
  'session_id',
  'user_id',
  'context_id',
  'task_id',
  'trace_id',
  'span_id',
  'parent_span_id',
  'agent',
] as const;

describe('EVENT_FIELDS', () => {
  it('names every field once, in the spelling of a column', () => {
    const names = EVENT_FIELDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/);
  });

  it.each(['type', 'usage', 'properties', 'status'])('leaves out %s, which has rules of its own', (name) => {
    expect(EVENT_FIELDS.some((field) => field.name === name)).toBe(false);
  });

  it.each(EVENT_FIELDS.map((field) => [field.name, field] as const))('%s is defined completely', (_name, field) => {
    expect(field.description).not.toBe('');
    expect(field.values === undefined).toBe(field.kind !== 'choice');
    expect(field.maximum !== undefined).toBe(field.kind === 'count' || field.kind === 'measure');
    // A field that is needed where it does not exist could never be sent.
    for (const type of field.requiredFor ?? []) expect(field.types ?? BUILT_IN_EVENT_TYPES).toContain(type);
    if (field.name.endsWith('_ms')) expect(field.kind).toBe('measure');
    if (field.name.endsWith('_tokens')) expect(field.kind).toBe('count');
  });
});

describe('fieldsOfType', () => {
  it.each([...BUILT_IN_EVENT_TYPES, 'signup'])('%s has what every event has', (type) => {
    for (const name of EVERYWHERE) expect(fieldsOfType(type).has(name)).toBe(true);
  });

  it.each([
    ['ai_request', ['model', 'tool', 'tool_execution_id', 'ip'], ['page_url', 'server', 'duration_ms', 'severity']],
    ['tool_execution', ['tool', 'server', 'duration_ms'], ['model', 'latency_ms', 'page_url']],
    ['agent_task', ['parent_task_id', 'started_at', 'error_type'], ['ip', 'fingerprint', 'user_agent', 'tool']],
    ['message', ['role', 'content_length', 'ip'], ['error_type', 'page_url', 'model']],
    ['page_view', ['page_url', 'severity', 'content_id'], ['time_on_page_ms', 'target_url', 'goal_name']],
    ['page_exit', ['page_url', 'time_on_page_ms'], ['severity', 'target_url']],
    ['link_click', ['target_url', 'severity'], ['clicks', 'goal_name']],
    ['scroll', ['max_scroll_depth', 'page_url'], ['severity', 'goal_value']],
    ['engagement', ['rage_click', 'reading_pattern'], ['severity', 'goal_value']],
    ['conversion', ['goal_name', 'goal_value', 'severity'], ['clicks', 'target_url']],
    ['signup', ['page_url', 'severity', 'ip'], ['clicks', 'goal_name', 'target_url', 'model', 'tool', 'role']],
  ])('%s has its own and not those of others', (type, own, others) => {
    const fields = fieldsOfType(type);
    for (const name of own) expect([name, fields.has(name)]).toEqual([name, true]);
    for (const name of others) expect([name, fields.has(name)]).toEqual([name, false]);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('takes %j for a custom type', (type) => {
    expect(fieldsOfType(type)).toBe(fieldsOfType('signup'));
  });

  it('has a status where something can end', () => {
    const withStatus = BUILT_IN_EVENT_TYPES.filter((type) => fieldsOfType(type).has('status'));
    expect(withStatus).toEqual(['ai_request', 'tool_execution', 'agent_task']);
    expect(fieldsOfType('agent_task').get('status')).toMatchObject({ kind: 'choice', values: TASK_STATUSES, requiredFor: ['agent_task'] });
    expect(STATUS_VALUES.ai_request).toEqual([...CALL_STATUSES, 'error']);
    expect(STATUS_VALUES.tool_execution).toEqual(CALL_STATUSES);
  });
});
