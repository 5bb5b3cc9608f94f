import { type DeclaredBot, majorOf, type SessionContext } from '@systemprompt-analytics/core';
import type { ObservedEvent } from '../live/observed-event.js';
import type { Store } from '../store/store.js';
import { SiteBrowsers } from './site-browsers.js';
import { SiteMeasurement } from './site-measurement.js';
import { SitePages } from './site-pages.js';

/** What is known of the client of a session, and of how the session was reported. */
export interface SessionClient {
  /** A time in the session, UTC milliseconds: browsers are compared with those of its day. */
  readonly atMs: number;
  /** Sessions of its visitor within 24 hours, this one included. */
  readonly fingerprintSessions: number;
  readonly browser: string;
  readonly browserVersion: string;
  readonly bot: DeclaredBot;
  readonly hasUserAgent: boolean;
  readonly hosting: boolean;
  readonly network: string;
  /** Did a web server report its requests, with their status? */
  readonly isServerTold: boolean;
  readonly hasBeacons: boolean;
  /** See `SessionContext` of the core. */
  readonly recentPages: number;
}

/** What is known of each project's site, which a session is measured against: its pages, its visitors' browsers, how it is measured. */
export class SiteKnowledge {
  readonly #pages = new SitePages();
  readonly #browsers = new SiteBrowsers();
  readonly #measurement = new SiteMeasurement();
  #restored: Promise<void> = Promise.resolve();

  /** Learns from an event of a web client. */
  note({ projectId, requestKind, path }: Pick<ObservedEvent, 'projectId' | 'requestKind' | 'path'>): void {
    if (requestKind === 'page') {
      // What failed or was asked for in another way is no page of the site.
      this.#pages.note(projectId, path);
      this.#measurement.notePage(projectId);
    } else if (requestKind === 'asset') this.#measurement.noteAsset(projectId, path);
  }

  /** Learns from an event of a script in the browser. */
  noteBeacon(projectId: string): void {
    this.#measurement.noteBeacon(projectId);
  }

  /** Learns what browser a visitor has. */
  noteBrowser(projectId: string, timestampMs: number, browser: string, browserVersion: string, visitorId: string): void {
    this.#browsers.note(projectId, timestampMs, browser, majorOf(browserVersion), visitorId);
  }

  /** Pages that a project's site is known to have; null when none is. */
  pagesOf(projectId: string): number | null {
    return this.#pages.countOf(projectId) || null;
  }

  /** What a session is judged against. */
  contextOf(projectId: string, client: SessionClient): SessionContext {
    const { browser } = client;
    return {
      fingerprintSessions: client.fingerprintSessions,
      bot: client.bot,
      hasUserAgent: client.hasUserAgent,
      hosting: client.hosting,
      network: client.network,
      recentPages: client.recentPages,
      sitePages: this.pagesOf(projectId),
      browser,
      browserMajor: majorOf(client.browserVersion),
      newestBrowserMajor: browser === '' ? null : this.#browsers.newestOf(projectId, client.atMs, browser),
      measuredBy: this.#measurement.of(projectId, client.isServerTold, client.hasBeacons),
    };
  }

  /** Resolves when everything that stored events tell was read back, if that was begun. */
  ready(): Promise<void> {
    return this.#restored;
  }

  /** Reads back what stored events tell; what is judged meanwhile waits for it. */
  restore(store: Store): Promise<void> {
    const reading = async (): Promise<void> => {
      await this.#pages.restore(store);
      await this.#measurement.restore(store);
      await this.#browsers.restore(store);
    };
    const restoring = reading();
    // Who waits goes on with what is known; that reading failed is told to whoever asked for it.
    this.#restored = restoring.catch(() => undefined);
    return restoring;
  }
}
