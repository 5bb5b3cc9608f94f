import { describe, expect, it } from 'vitest';
import {
  BUILT_IN_EVENT_TYPES,
  CLOSED_TASK_STATUSES,
  categoryOf,
  isBuiltInEventType,
  isClosedTaskStatus,
  OPEN_TASK_STATUSES,
  TASK_STATUSES,
  tableOf,
} from './event-types.js';

describe('event types', () => {
  it.each([
    ['ai_request', 'ai_requests', 'custom'],
    ['tool_execution', 'mcp_tool_executions', 'custom'],
    ['agent_task', 'agent_task_states', 'custom'],
    ['message', 'task_messages', 'custom'],
    ['page_view', 'analytics_events', 'navigation'],
    ['page_exit', 'engagement_events', 'navigation'],
    ['link_click', 'analytics_events', 'interaction'],
    ['scroll', 'engagement_events', 'engagement'],
    ['engagement', 'engagement_events', 'engagement'],
    ['conversion', 'analytics_events', 'conversion'],
    ['http_request', 'http_requests', 'custom'],
  ])('%s is stored in %s as %s', (type, table, category) => {
    expect(isBuiltInEventType(type)).toBe(true);
    expect(tableOf(type)).toBe(table);
    expect(categoryOf(type)).toBe(category);
  });

  it('are the ones above', () => {
    expect(BUILT_IN_EVENT_TYPES).toHaveLength(11);
  });

  it.each(['signup', 'AI_REQUEST', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%j is a custom event', (type) => {
    expect(isBuiltInEventType(type)).toBe(false);
    expect(tableOf(type)).toBe('analytics_events');
    expect(categoryOf(type)).toBe('custom');
  });
});

describe('task statuses', () => {
  it('are open or closed, never both', () => {
    expect(new Set(TASK_STATUSES).size).toBe(OPEN_TASK_STATUSES.length + CLOSED_TASK_STATUSES.length);
    for (const status of OPEN_TASK_STATUSES) expect(isClosedTaskStatus(status)).toBe(false);
    for (const status of CLOSED_TASK_STATUSES) expect(isClosedTaskStatus(status)).toBe(true);
    expect(isClosedTaskStatus('toString')).toBe(false);
  });
});
