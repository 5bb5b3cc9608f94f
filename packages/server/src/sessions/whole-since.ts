const DAY_MS = 86_400_000;

/** Tables that a session's snapshot is made of, besides what was done to the session. */
export const SNAPSHOT_TABLES = [
  'ai_requests',
  'mcp_tool_executions',
  'agent_tasks',
  'task_messages',
  'analytics_events',
  'engagement_events',
  'http_requests',
];

/**
 * From when on all events of sessions are there; of those that began before, some may have been deleted for their age. Minus
 * infinity when events are kept for good.
 *
 * @param retentionDays days that rows are kept, by table
 * @returns UTC milliseconds
 */
export function wholeSinceMs(retentionDays: Readonly<Record<string, number>>, nowMs: number): number {
  return Math.max(...SNAPSHOT_TABLES.map((table) => nowMs - (retentionDays[table] ?? Number.POSITIVE_INFINITY) * DAY_MS));
}
