import { bind, identifier, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { groupBy } from './group-by.js';
import type { PreparedEvent } from './prepare-event.js';

/** Ids per lookup; longer lists are split so that one statement stays small. */
const IDS_PER_LOOKUP = 5_000;

/** Identity of an event among all projects. */
export function identityOf(event: { readonly projectId: string; readonly id: string }): string {
  return `${event.projectId}\u0000${event.id}`;
}

/** Which of these events are stored already, whatever time they bore then. */
export async function findKnownEvents(store: Store, events: readonly PreparedEvent[]): Promise<Set<string>> {
  const idsByProject = groupBy(events, (event) => event.projectId);
  const known = new Set<string>();
  for (const [projectId, ofProject] of idsByProject) {
    for (let start = 0; start < ofProject.length; start += IDS_PER_LOOKUP) {
      const ids = ofProject.slice(start, start + IDS_PER_LOOKUP).map((event) => event.id);
      const rows = await store.query<{ event_id: string }>(
        render(
          sql`SELECT DISTINCT event_id FROM event_ids WHERE project_id = ${bind.string(projectId)} AND event_id IN ${bind.strings(ids)}`,
        ),
      );
      for (const row of rows) known.add(identityOf({ projectId, id: row.event_id }));
    }
  }
  return known;
}

/** Raw tables whose ids `event_ids` holds. */
const RAW_TABLES = [
  'ai_requests',
  'mcp_tool_executions',
  'task_messages',
  'analytics_events',
  'engagement_events',
  'agent_task_states',
] as const;

/**
 * Adds the ids of rows that were stored without them, because the process was killed or the store failed in between. An
 * hour before the newest id covers any commit that can have been under way.
 */
export async function reconcileKnownEvents(store: Store): Promise<void> {
  const [newest] = await store.query<{ newest: string }>(
    render(sql`SELECT toUnixTimestamp64Milli(max(received_at)) AS newest FROM event_ids`),
  );
  const sinceMs = Math.max(0, Number(newest?.newest ?? 0) - 3_600_000);
  for (const table of RAW_TABLES) {
    await store.command(
      render(sql`INSERT INTO event_ids SELECT project_id, event_id, received_at FROM ${identifier(table)}
        WHERE received_at >= ${bind.timeMs(sinceMs)}
        AND (project_id, event_id) NOT IN (SELECT project_id, event_id FROM event_ids WHERE received_at >= ${bind.timeMs(sinceMs)})`),
      { seconds: 600 },
    );
  }
}
