import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

const DAY_MS = 86_400_000;
/** A site's pages are those that anyone saw in so many days. */
const SEEN_DAYS = 30;
/** Pages that are told apart; a site with more is large enough for every rule. */
const PAGES_MAX = 100_000;
const PROJECTS_MAX = 10_000;

/** How many pages the site of each project has, as far as anyone has seen them. Bounded, and read back after a start. */
export class SitePages {
  readonly #pages = new Map<string, Set<string>>();

  /** Pages of a project's site; 0 where none was seen. */
  countOf(projectId: string): number {
    return this.#pages.get(projectId)?.size ?? 0;
  }

  /** Notes that a page was shown. */
  note(projectId: string, path: string): void {
    let pages = this.#pages.get(projectId);
    if (pages === undefined) {
      pages = new Set();
      this.#pages.set(projectId, pages);
    }
    if (pages.size < PAGES_MAX) pages.add(path);
  }

  /** Reads back the pages that were shown in the last weeks. */
  async restore(store: Store, nowMs: number): Promise<void> {
    const rows = await store.query<{ project_id: string; paths: string[] }>(
      render(sql`SELECT project_id, groupUniqArray(100000)(page_path) AS paths FROM analytics_events
        WHERE timestamp >= ${bind.timeMs(nowMs - SEEN_DAYS * DAY_MS)} AND event_type = 'page_view' GROUP BY project_id`),
      { rows: PROJECTS_MAX, seconds: 60 },
    );
    for (const { project_id: projectId, paths } of rows) for (const path of paths) this.note(projectId, path);
  }
}
