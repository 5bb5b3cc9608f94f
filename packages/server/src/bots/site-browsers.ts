import { majorOf } from '@systemprompt-analytics/core';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { NewestBrowsers } from './newest-browsers.js';

/** A browser is compared with those of its own month or before; thirty days are a month here. */
const MONTH_MS = 30 * 86_400_000;
/** Months that are kept apart, the latest ones: ten years. */
const MONTHS_MAX = 120;
const ROWS_MAX = 1_000_000;

/**
 * The newest version of each browser that visitors of a project's site had shown by a month. What is judged years later is still
 * measured against its own time.
 */
export class SiteBrowsers {
  /** By project, then by month since 1970. */
  readonly #months = new Map<string, Map<number, NewestBrowsers>>();

  /** Notes what a visitor who declares no program showed, see {@link NewestBrowsers.note}. */
  note(projectId: string, timestampMs: number, browser: string, major: number | null, visitorKey: string): void {
    let months = this.#months.get(projectId);
    if (months === undefined) {
      months = new Map();
      this.#months.set(projectId, months);
    }
    const month = monthOf(timestampMs);
    let newest = months.get(month);
    if (newest === undefined) {
      newest = new NewestBrowsers();
      months.set(month, newest);
      if (months.size > MONTHS_MAX) months.delete(Math.min(...months.keys()));
    }
    newest.note(browser, major, visitorKey);
  }

  /** The newest major version of a browser by the month of a time; null when too few visitors have shown any. */
  newestOf(projectId: string, timestampMs: number, browser: string): number | null {
    const until = monthOf(timestampMs);
    let newest: number | null = null;
    for (const [month, browsers] of this.#months.get(projectId) ?? []) {
      if (month > until) continue;
      const major = browsers.newestOf(browser);
      if (major !== null && (newest === null || major > newest)) newest = major;
    }
    return newest;
  }

  /** Reads back what stored sessions have shown. */
  async restore(store: Store): Promise<void> {
    const rows = await store.query<{ project_id: string; month_ms: string; browser: string; major: string; visitors: string[] }>(
      render(sql`SELECT project_id, intDiv(toUnixTimestamp64Milli(first_activity_at), ${bind.uint(MONTH_MS)}) * ${bind.uint(MONTH_MS)} AS month_ms,
          toString(browser) AS browser, splitByChar('.', toString(browser_version))[1] AS major, groupUniqArray(3)(visitor_id) AS visitors
        FROM user_sessions FINAL WHERE browser != '' AND browser_version != '' AND visitor_id != '' AND NOT is_bot AND NOT is_ai_crawler
        GROUP BY project_id, month_ms, browser, major LIMIT ${bind.uint(ROWS_MAX)}`),
      { rows: ROWS_MAX, seconds: 120 },
    );
    for (const row of rows) {
      for (const visitor of row.visitors) this.note(row.project_id, Number(row.month_ms), row.browser, majorOf(row.major), visitor);
    }
  }
}

/** Months since 1970. */
function monthOf(timestampMs: number): number {
  return Math.floor(timestampMs / MONTH_MS);
}
