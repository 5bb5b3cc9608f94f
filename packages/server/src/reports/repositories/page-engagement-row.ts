/** What visitors did on pages; null where nobody reported it. */
export interface PageEngagement {
  /** Milliseconds that a page was visible and focused in a session, each visit of it capped at 30 minutes. */
  readonly average_time_on_page_ms: number | null;
  readonly p50_time_on_page_ms: number | null;
  readonly p90_time_on_page_ms: number | null;
  /** Percent of the page. */
  readonly average_scroll_depth: number | null;
}
