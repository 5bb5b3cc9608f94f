import { type SqlFragment, sql } from '../store/sql.js';
import type { EngagementRow } from './web-rows.js';

/**
 * Does what a script reported from a page tell of something that a person did there: scrolling, clicks, keys, the mouse? A page
 * that was only open and closed again does not. {@link interactionCondition} says the same of stored rows.
 */
export function isInteraction(row: EngagementRow): boolean {
  return (
    row.event_type === 'scroll' ||
    Number(row.clicks ?? 0) > 0 ||
    Number(row.keyboard_events ?? 0) > 0 ||
    Number(row.copy_events ?? 0) > 0 ||
    Number(row.mouse_distance ?? 0) > 0 ||
    Number(row.scroll_direction_changes ?? 0) > 0 ||
    (row.time_to_first_interaction_ms ?? null) !== null ||
    (row.time_to_first_scroll_ms ?? null) !== null
  );
}

/** The same condition over `engagement_events`. */
export function interactionCondition(): SqlFragment {
  return sql`event_type = 'scroll' OR ifNull(clicks, 0) > 0 OR ifNull(keyboard_events, 0) > 0 OR ifNull(copy_events, 0) > 0
    OR ifNull(mouse_distance, 0) > 0 OR ifNull(scroll_direction_changes, 0) > 0
    OR time_to_first_interaction_ms IS NOT NULL OR time_to_first_scroll_ms IS NOT NULL`;
}
