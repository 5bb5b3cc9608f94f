import type { TraceSpan } from '@systemprompt-analytics/core';

/** A span as the `spans` table keeps it: its own words, and the row it produced. */
export interface StoredSpan extends TraceSpan {
  readonly project_id: string;
  readonly trace_id: string;
  /** UTC milliseconds; also the time of the row it produced. */
  readonly timestampMs: number;
  /** Id of the row it produced; empty when it produced none. */
  readonly event_id: string;
}
