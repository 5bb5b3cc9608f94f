import type { Measurement } from '@systemprompt-analytics/core';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

const PROJECTS_MAX = 10_000;
const RESTORE_SECONDS_MAX = 300;
/** Fewer than that may be chance: an icon, a file that was forgotten on the server. */
const SEEN_MIN = 20;
/** And they must be so many of the page views: programs load none, and most traffic of some sites is programs. */
const SHARE_MIN = 0.1;
/** Counts are halved here, so that a site that changes is known as it is now. */
const PAGES_MAX = 100_000;
/** Every browser asks for these by itself, wherever the site keeps its assets. */
const ICON_PATH = /\/(?:favicon|apple-touch-icon)[^/]*$/;
const ICON_PATTERN = '/(?:favicon|apple-touch-icon)[^/]*$';

interface Seen {
  pages: number;
  assets: number;
  beacons: number;
}

/**
 * How the traffic of each project's site reaches the measuring, as far as what was seen tells. It decides what is missing from a
 * session that has no assets or no script events: where nobody's assets are reported, their absence says nothing of anyone.
 */
export class SiteMeasurement {
  readonly #seen = new Map<string, Seen>();

  /** Notes a page view. */
  notePage(projectId: string): void {
    const seen = this.#seenOf(projectId);
    seen.pages++;
    if (seen.pages < PAGES_MAX) return;
    seen.pages /= 2;
    seen.assets /= 2;
    seen.beacons /= 2;
  }

  /** Notes a request for an asset. */
  noteAsset(projectId: string, path: string): void {
    if (!ICON_PATH.test(path)) this.#seenOf(projectId).assets++;
  }

  /** Notes an event of a script in the browser. */
  noteBeacon(projectId: string): void {
    this.#seenOf(projectId).beacons++;
  }

  /**
   * How a session is measured.
   *
   * @param isServerTold did a web server report its requests, with their status?
   * @param hasBeacons are there script events in it?
   */
  of(projectId: string, isServerTold: boolean, hasBeacons: boolean): Measurement {
    const { pages, assets, beacons } = this.#seen.get(projectId) ?? { pages: 0, assets: 0, beacons: 0 };
    const hasTracker = beacons >= SEEN_MIN && beacons >= SHARE_MIN * pages;
    if (!isServerTold) return hasTracker || hasBeacons ? 'tracker' : 'unknown';
    const hasAssets = assets >= SEEN_MIN && assets >= SHARE_MIN * pages;
    if (!hasAssets) return 'unknown';
    return hasTracker ? 'both' : 'server_log';
  }

  /** Reads back what was ever seen: a log may be of any age. */
  async restore(store: Store): Promise<void> {
    const rows = await store.query<Record<'project_id' | 'pages' | 'assets' | 'beacons', string>>(
      render(sql`SELECT project_id, sum(row.page) AS pages, sum(row.asset) AS assets, sum(row.beacon) AS beacons FROM (
          SELECT project_id, toUInt64(event_type = 'page_view') AS page, toUInt64(0) AS asset, toUInt64(event_type = 'link_click') AS beacon
          FROM analytics_events
          UNION ALL SELECT project_id, toUInt64(0), toUInt64(request_kind = 'asset' AND NOT match(page_path, ${bind.string(ICON_PATTERN)})), toUInt64(0)
          FROM http_requests
          UNION ALL SELECT project_id, toUInt64(0), toUInt64(0), toUInt64(1) FROM engagement_events
        ) AS row GROUP BY project_id`),
      { rows: PROJECTS_MAX, seconds: RESTORE_SECONDS_MAX },
    );
    for (const { project_id: projectId, pages, assets, beacons } of rows) {
      const seen = this.#seenOf(projectId);
      // As if it had been counted all along.
      const share = Math.min(1, PAGES_MAX / 2 / Math.max(1, Number(pages)));
      seen.pages += Number(pages) * share;
      seen.assets += Number(assets) * share;
      seen.beacons += Number(beacons) * share;
    }
  }

  #seenOf(projectId: string): Seen {
    let seen = this.#seen.get(projectId);
    if (seen === undefined) {
      seen = { pages: 0, assets: 0, beacons: 0 };
      this.#seen.set(projectId, seen);
    }
    return seen;
  }
}
