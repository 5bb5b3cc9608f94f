import { distinct, type Facts, groupBy, mean, percentile } from './report-oracle.js';
import type { SeededReport, SeededVisit, SeededVisitEvent } from './traffic-seed.js';

/** Numbers of the reports about visits, computed from the seeded events with plain loops, so that the SQL is checked by something unlike it. */

/** A seeded visit with what the product concluded about it, which is not what these reports are about. */
export interface JudgedVisit extends SeededVisit {
  readonly startMs: number;
  readonly trafficClass: string;
  /** Columns of the session as they are stored: where its visitor came from, and the verdicts. */
  readonly stored: Readonly<Record<string, unknown>>;
}

export const BOT_CLASSES = ['bot', 'ai_crawler', 'scanner', 'behavioral_bot'];
const CAP_MS = 1_800_000;

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What is an event of a session: neither engagement nor a request that showed no page. */
const isEvent = ({ kind }: SeededVisitEvent): boolean => ['view', 'action', 'conversion', 'call'].includes(kind);
const isRequest = ({ kind }: SeededVisitEvent): boolean => kind === 'asset' || kind === 'error';
export const eventsIn = (visit: SeededVisit): SeededVisitEvent[] => visit.events.filter(isEvent);
export const viewsIn = (visit: SeededVisit): SeededVisitEvent[] => ofKind(visit, 'view');
const ofKind = (visit: SeededVisit, kind: SeededVisitEvent['kind']): SeededVisitEvent[] =>
  visit.events.filter((event) => event.kind === kind).sort((left, right) => left.ms - right.ms);
const times = (events: readonly SeededVisitEvent[]): number[] => events.map((event) => event.ms);

/** When a visit begins: with its first event, else with its first request. */
export function startOf(visit: SeededVisit): number {
  const events = eventsIn(visit);
  return Math.min(...times(events.length > 0 ? events : visit.events.filter(isRequest)));
}

export function isBounce(visit: JudgedVisit, rule: string): boolean {
  const events = eventsIn(visit).length;
  const views = viewsIn(visit).length;
  if (rule === 'pageview') return views === 1;
  if (rule === 'plausible') return events === 1;
  const lastMs = Math.max(...times([...visit.events]));
  return events > 0 && views < 2 && ofKind(visit, 'conversion').length === 0 && lastMs - visit.startMs < 10_000;
}

/** Different visitors; whoever was not told counts once a session. */
export const visitorsOf = (visits: readonly SeededVisit[]): number => distinct(visits.map((visit) => visit.visitor));

export function bounceRateOf(visits: readonly JudgedVisit[], rule: string): number | null {
  const withEvents = visits.filter((visit) => eventsIn(visit).length > 0);
  return share(withEvents.filter((visit) => isBounce(visit, rule)).length, withEvents.length);
}

export function visitFacts(visits: readonly JudgedVisit[], rule = 'plausible'): Facts {
  const durations = visits.flatMap((visit) => {
    const at = times(eventsIn(visit));
    return at.length === 0 ? [] : [Math.max(...at) - Math.min(...at)];
  });
  const views = sum(visits.map((visit) => viewsIn(visit).length));
  return {
    visitors: visitorsOf(visits),
    sessions: visits.length,
    page_views: views,
    bounce_rate: bounceRateOf(visits, rule),
    average_duration_ms: mean(durations),
    p50_duration_ms: percentile(durations, 0.5),
    pages_per_session: share(views, visits.length),
    conversions: conversionsOf(visits),
    converted_visitors: convertedVisitorsOf(visits),
  };
}

export function conversionsOf(visits: readonly SeededVisit[]): number {
  return sum(visits.map((visit) => ofKind(visit, 'conversion').length));
}

export function convertedVisitorsOf(visits: readonly JudgedVisit[]): number {
  return visitorsOf(visits.filter((visit) => ofKind(visit, 'conversion').length > 0));
}

export function botFacts(visits: readonly JudgedVisit[]): Facts {
  const number = (visit: JudgedVisit, column: string): number => Number(visit.stored[column]);
  const errors = visits.flatMap((visit) => ofKind(visit, 'error'));
  return {
    sessions: visits.length,
    visitors: visitorsOf(visits),
    page_views: sum(visits.map((visit) => viewsIn(visit).length)),
    http_requests: errors.length + sum(visits.map((visit) => ofKind(visit, 'asset').length)),
    failed_http_requests: errors.length,
    average_behavioral_score: mean(visits.map((visit) => number(visit, 'behavioral_bot_score'))),
    behavioral_bot_sessions: visits.filter((visit) => visit.stored['is_behavioral_bot'] === true).length,
    average_layered_score: mean(visits.map((visit) => number(visit, 'layered_score'))),
    layered_bot_sessions: visits.filter((visit) => visit.stored['is_layered_bot'] === true).length,
  };
}

/** A page or content in one visit, with what was reported of it. */
export interface PageOfVisit {
  readonly page: string;
  readonly timeMs: number | null;
  readonly depth: number | null;
  readonly clicks: number;
}

/** What a page is counted under: its path, or its content's id where it has one. */
export type PageNaming = (event: SeededVisitEvent, visit: SeededVisit) => string;
export const byPath: PageNaming = (event) => event.path;
/** An engagement that names no content is about that of the page view it follows. */
export const byContent: PageNaming = (event, visit) => {
  if (event.content !== '') return event.content;
  const followed = viewsIn(visit).filter((view) => view.path === event.path && view.ms <= event.ms);
  return followed.at(-1)?.content || event.path;
};

/** Every page of a visit that something was reported of. */
export function pagesOf(visit: SeededVisit, nameOf: PageNaming): PageOfVisit[] {
  if (visit.session === '') return [];
  const reports = groupBy(ofKind(visit, 'engagement'), (event) => nameOf(event, visit));
  return [...reports].map(([page, events]) => {
    // A visit of the page is what lies between two of its page views.
    const rounds = groupBy(events, ({ ms, path }) => {
      const views = viewsIn(visit).filter((view) => view.path === path && view.ms <= ms);
      return `${path} ${views.length}`;
    });
    const largest = (of: (report: SeededReport) => number | null): number[] =>
      [...rounds.values()].flatMap((round) => {
        const told = round.flatMap(({ report }) => (report === undefined ? [] : [of(report)])).filter((value) => value !== null);
        return told.length === 0 ? [] : [Math.max(...told)];
      });
    const stays = largest(timeOf).map((ms) => Math.min(ms, CAP_MS));
    const depths = largest((report) => report.depth);
    return {
      page,
      timeMs: stays.length === 0 ? null : sum(stays),
      depth: depths.length === 0 ? null : Math.max(...depths),
      clicks: sum(largest((report) => report.clicks)),
    };
  });
}

function timeOf({ open, visible, focus }: SeededReport): number | null {
  const told = [open, visible, focus].filter((value) => value !== null);
  return told.length === 0 ? null : Math.min(...told);
}

export function engagementFacts(pages: readonly PageOfVisit[]): Facts {
  const stays = pages.map((page) => page.timeMs).filter((value) => value !== null);
  return {
    average_time_on_page_ms: mean(stays),
    p50_time_on_page_ms: percentile(stays, 0.5),
    p90_time_on_page_ms: percentile(stays, 0.9),
    average_scroll_depth: mean(pages.map((page) => page.depth).filter((value) => value !== null)),
    clicks: sum(pages.map((page) => page.clicks)),
  };
}

/** What the visits of a report saw of some pages. */
export function viewFacts(visits: readonly SeededVisit[], isPage: (event: SeededVisitEvent, visit: SeededVisit) => boolean): Facts {
  const seen = visits.map((visit) => ({ visit, views: viewsIn(visit).filter((view) => isPage(view, visit)).length }));
  const sessions = seen.filter(({ visit, views }) => views > 0 && visit.session !== '').map(({ visit }) => visit);
  return { page_views: sum(seen.map(({ views }) => views)), visitors: visitorsOf(sessions), sessions: sessions.length };
}

export function pageFacts(visits: readonly JudgedVisit[], path: string, rule = 'plausible'): Facts {
  const views = viewFacts(visits, (view) => view.path === path);
  const sessions = visits.filter((visit) => visit.session !== '');
  const entered = sessions.filter((visit) => viewsIn(visit)[0]?.path === path);
  const exits = sessions.filter((visit) => viewsIn(visit).at(-1)?.path === path).length;
  const pages = visits.flatMap((visit) => pagesOf(visit, byPath)).filter((each) => each.page === path);
  const { clicks: _, ...engagement } = engagementFacts(pages);
  return {
    ...views,
    entries: entered.length,
    bounce_rate: bounceRateOf(entered, rule),
    exits,
    exit_rate: share(exits, Number(views['page_views'])),
    ...engagement,
    errors: visits.flatMap((visit) => ofKind(visit, 'error')).filter((event) => event.path === path).length,
  };
}
