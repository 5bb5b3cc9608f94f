import { type AccessLogEntry, defaultContentRouting } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Enricher, openEnricher } from '../../enrichment/enrich.js';
import { PageReader } from '../../ingest/page-reader.js';
import { type LoggedSession, LogSessions } from './log-sessions.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MONTH_MINUTES = (31 * DAY_MS) / MINUTE_MS;
const GAP_MS = 30 * MINUTE_MS;
const START_MS = Date.UTC(2026, 2, 1);

let enricher: Enricher;

beforeAll(async () => {
  // Not loaded: no network is known then, and none is needed here.
  enricher = await openEnricher();
});

function chrome(major: number): string {
  return `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

function request(minute: number, fields: Partial<AccessLogEntry> = {}): AccessLogEntry {
  return {
    timestampMs: START_MS + minute * MINUTE_MS,
    ip: '192.0.2.1',
    clientName: undefined,
    method: 'GET',
    target: '/',
    statusCode: 200,
    responseBytes: undefined,
    referrer: '',
    userAgent: chrome(140),
    host: undefined,
    scheme: undefined,
    durationMs: undefined,
    ...fields,
  };
}

function sessionsOf(entries: readonly AccessLogEntry[]): { sessions: LoggedSession[]; outOfOrder: number; unreadable: number } {
  const pages = new PageReader(defaultContentRouting({}), []);
  const reader = new LogSessions({ enricher, pages, gapMs: GAP_MS, site: 'http://example.com' });
  for (const entry of entries) reader.add(entry);
  const sessions = [...reader.finish()].sort((one, other) => one.firstMs - other.firstMs);
  return { sessions, outOfOrder: reader.outOfOrder, unreadable: reader.unreadable };
}

/** When sessions began, in minutes, and how many requests they have. */
function outline(sessions: readonly LoggedSession[]): [minute: number, requests: number][] {
  return sessions.map(({ firstMs, behavior }) => [(firstMs - START_MS) / MINUTE_MS, behavior.requests]);
}

describe('sessions of a log', () => {
  it('go on over pauses up to the gap, and not over longer ones', () => {
    expect(outline(sessionsOf([0, 10, 40, 70, 101, 102].map((minute) => request(minute))).sessions)).toEqual([
      [0, 4],
      [101, 2],
    ]);
  });

  it('are of an address with a user agent, or of a name where the log has one', () => {
    const named = { ip: undefined, clientName: 'host.example.net' };
    const { sessions } = sessionsOf([
      request(0),
      request(1, { userAgent: chrome(139) }),
      request(2, { ip: '192.0.2.2' }),
      request(3, named),
    ]);
    expect(sessions.map(({ client }) => `${client.address} ${client.facts.browserVersion}`)).toEqual([
      '192.0.2.1 140',
      '192.0.2.1 139',
      '192.0.2.2 140',
      'host.example.net 140',
    ]);
  });

  it('measure pages that were shown, assets, and where requests came from', () => {
    const [session] = sessionsOf([
      request(0, { target: '/a?x=1' }),
      request(1, { target: '/style.css', referrer: 'http://example.com/a' }),
      request(2, { target: '/gone', statusCode: 404 }),
      request(3, { target: '/a', method: 'HEAD' }),
      request(4, { target: '/robots.txt' }),
      request(5, { target: '/news?format=rss', statusCode: 304 }),
    ]).sessions;
    expect(session?.behavior).toMatchObject({
      requests: 6,
      pageRequests: 1,
      feeds: 1,
      assetRequests: 1,
      referrers: 1,
      errorPaths: 1,
      headRequests: 1,
      programFiles: 1,
    });
    expect(session?.context).toMatchObject({
      hasUserAgent: true,
      sitePages: 1,
      browser: 'Chrome',
      browserMajor: 140,
    });
  });

  it('know the pages of the whole log, and browsers by the month they were there', () => {
    const others = ['192.0.2.2', '192.0.2.3', '192.0.2.4'];
    const { sessions } = sessionsOf([
      ...others.map((ip) => request(0, { ip, target: '/one' })),
      request(1),
      ...others.map((ip) => request(MONTH_MINUTES, { ip, target: '/two', userAgent: chrome(141) })),
      request(MONTH_MINUTES + 1),
    ]);
    const own = sessions.filter(({ client }) => client.address === '192.0.2.1').map(({ context }) => context);
    expect(own.map(({ newestBrowserMajor, sitePages }) => [newestBrowserMajor, sitePages])).toEqual([
      [140, 3],
      [141, 3],
    ]);
  });

  it('say how they were measured: without assets in the log their absence says nothing', () => {
    const measuredBy = (entries: readonly AccessLogEntry[]) => sessionsOf(entries).sessions[0]?.context.measuredBy;
    const views = Array.from({ length: 30 }, (_, minute) => request(minute));
    expect(measuredBy(views)).toBe('unknown');
    expect(measuredBy([...views, ...views.map((view) => ({ ...view, target: '/style.css' }))])).toBe('server_log');
  });

  it('take the newest browser from people only', () => {
    const bot = `${chrome(999)} (compatible; ExampleBot/1.0)`;
    const entries = ['192.0.2.2', '192.0.2.3', '192.0.2.4'].flatMap((ip) => [request(0, { ip }), request(0, { ip, userAgent: bot })]);
    expect(sessionsOf([...entries, request(1)]).sessions.at(-1)?.context.newestBrowserMajor).toBe(140);
  });

  it('count those of the same visitor within a day', () => {
    const hours = [0, 1, 2, 3, 23, 24, 25, 60];
    const { sessions } = sessionsOf(hours.map((hour) => request(hour * 60)));
    expect(sessions.map(({ context }) => context.fingerprintSessions)).toEqual([1, 2, 3, 4, 5, 5, 5, 1]);
  });

  it('keep requests that were written a little late, and say of what is far too late', () => {
    const late = sessionsOf([request(10), request(5), request(100), request(3)]);
    expect(outline(late.sessions)).toEqual([
      [3, 1],
      [5, 2],
      [100, 1],
    ]);
    expect(late.outOfOrder).toBe(1);
  });

  it('leave out what no address can be made of', () => {
    const { sessions, unreadable } = sessionsOf([request(0, { host: 'exa mple', target: '/' }), request(1)]);
    expect([outline(sessions), unreadable]).toEqual([[[1, 1]], 1]);
  });

  it('are those of a plain grouping of the whole log', () => {
    // Pauses about the gap, about a day, and short ones, over some days and visitors.
    const steps = fc.array(
      fc.record({
        pause: fc.constantFrom(0, 1, 29, 30, 31, 61, 1439, 1441, 2000),
        ip: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
        major: fc.constantFrom(139, 140),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (log) => {
        let minute = 0;
        const entries = log.map(({ pause, ip, major }) => {
          minute += pause;
          return request(minute, { ip, userAgent: chrome(major) });
        });
        const { sessions } = sessionsOf(entries);
        const found = sessions.map(({ client, firstMs, behavior, context }) =>
          [client.address, client.userAgent, firstMs, behavior.requests, context.fingerprintSessions].join(' '),
        );
        expect(found.sort()).toEqual(plainGrouping(entries).sort());
      }),
    );
  });
});

/** The same from the whole list at once. */
function plainGrouping(entries: readonly AccessLogEntry[]): string[] {
  const visitors = new Set(entries.map(({ ip, userAgent }) => `${ip} ${userAgent}`));
  return [...visitors].flatMap((visitor) => {
    const own = entries.filter(({ ip, userAgent }) => `${ip} ${userAgent}` === visitor);
    const sessions: number[][] = [];
    for (const { timestampMs } of own) {
      const last = sessions.at(-1);
      if (last !== undefined && timestampMs - (last.at(-1) ?? 0) <= GAP_MS) last.push(timestampMs);
      else sessions.push([timestampMs]);
    }
    return sessions.map((times, index) => {
      const [firstMs = 0] = times;
      const lastMs = times.at(-1) ?? 0;
      const starts = sessions.slice(0, index + 1).filter(([startMs = 0]) => startMs > lastMs - DAY_MS);
      return [visitor, firstMs, times.length, Math.max(1, starts.length)].join(' ');
    });
  });
}
