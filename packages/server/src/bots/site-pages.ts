import { hashOfPath } from '@systemprompt-analytics/core';
import { render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** Pages that are told apart; a site with more is large enough for every rule. */
const PAGES_MAX = 100_000;
const PROJECTS_MAX = 10_000;
const RESTORE_SECONDS_MAX = 300;

/** How many pages the site of each project has, as far as anyone has seen them. Bounded, and read back after a start. */
export class SitePages {
  /** By project the hashes of paths: texts of any length would take any room, and two of a hundred thousand may share one. */
  readonly #pages = new Map<string, Set<number>>();

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
    if (pages.size < PAGES_MAX) pages.add(hashOfPath(path));
  }

  /** Reads back the pages that were ever shown: a log may be of any age. */
  async restore(store: Store): Promise<void> {
    const rows = await store.query<{ project_id: string; paths: string[] }>(
      render(sql`SELECT project_id, groupUniqArray(100000)(page_path) AS paths FROM analytics_events
        WHERE event_type = 'page_view' GROUP BY project_id`),
      { rows: PROJECTS_MAX, seconds: RESTORE_SECONDS_MAX },
    );
    for (const { project_id: projectId, paths } of rows) for (const path of paths) this.note(projectId, path);
  }
}
