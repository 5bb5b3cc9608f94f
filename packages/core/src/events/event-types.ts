/** What a page or custom event is about; see the event table in docs/events.md. */
export type EventCategory = 'navigation' | 'interaction' | 'engagement' | 'conversion' | 'custom';

/** Where the rows of an event type are stored. */
export type EventTable =
  | 'ai_requests'
  | 'mcp_tool_executions'
  | 'agent_task_states'
  | 'task_messages'
  | 'analytics_events'
  | 'engagement_events'
  | 'http_requests';

/** The event types with fields of their own. Any other name is a custom event. */
export const BUILT_IN_EVENT_TYPES = [
  'ai_request',
  'tool_execution',
  'agent_task',
  'message',
  'page_view',
  'page_exit',
  'link_click',
  'scroll',
  'engagement',
  'conversion',
  'http_request',
] as const;

export type BuiltInEventType = (typeof BUILT_IN_EVENT_TYPES)[number];

const TABLE_BY_TYPE: Readonly<Record<BuiltInEventType, EventTable>> = {
  ai_request: 'ai_requests',
  tool_execution: 'mcp_tool_executions',
  agent_task: 'agent_task_states',
  message: 'task_messages',
  page_view: 'analytics_events',
  page_exit: 'engagement_events',
  link_click: 'analytics_events',
  scroll: 'engagement_events',
  engagement: 'engagement_events',
  conversion: 'analytics_events',
  http_request: 'http_requests',
};

const CATEGORY_BY_TYPE: Readonly<Partial<Record<BuiltInEventType, EventCategory>>> = {
  page_view: 'navigation',
  page_exit: 'navigation',
  link_click: 'interaction',
  scroll: 'engagement',
  engagement: 'engagement',
  conversion: 'conversion',
};

/** Is this one of the event types with fields of its own? */
export function isBuiltInEventType(type: string): type is BuiltInEventType {
  return Object.hasOwn(TABLE_BY_TYPE, type);
}

/** The table that stores events of this type; a custom event is an analytics event. */
export function tableOf(type: string): EventTable {
  return isBuiltInEventType(type) ? TABLE_BY_TYPE[type] : 'analytics_events';
}

/** The category of a page or custom event. */
export function categoryOf(type: string): EventCategory {
  return (isBuiltInEventType(type) ? CATEGORY_BY_TYPE[type] : undefined) ?? 'custom';
}

/** States of a task that is still going on. */
export const OPEN_TASK_STATUSES = ['pending', 'submitted', 'started', 'running', 'working', 'input_required', 'auth_required'] as const;
/** States in which a task has ended; only these enter a success rate. */
export const CLOSED_TASK_STATUSES = ['completed', 'failed', 'timeout', 'canceled', 'rejected'] as const;
export const TASK_STATUSES = [...OPEN_TASK_STATUSES, ...CLOSED_TASK_STATUSES] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Has a task in this state ended? */
export function isClosedTaskStatus(status: string): boolean {
  return (CLOSED_TASK_STATUSES as readonly string[]).includes(status);
}

export const CALL_STATUSES = ['success', 'failed', 'timeout'] as const;
/** How a model call or a tool execution ended. */
export type CallStatus = (typeof CALL_STATUSES)[number];
