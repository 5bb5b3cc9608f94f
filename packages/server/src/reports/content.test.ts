import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeVisits, TRAFFIC_RANGE } from './testing/judged-visits.js';
import { expectFacts, openReports, sendAll, type TestReports } from './testing/open-reports.js';
import { distinct, type Facts } from './testing/report-oracle.js';
import { BOT_CLASSES, byContent, engagementFacts, type JudgedVisit, pagesOf, viewFacts, viewsIn } from './testing/traffic-oracle.js';
import { type SeededVisit, seedTraffic, TRAFFIC_SINCE, TRAFFIC_UNTIL } from './testing/traffic-seed.js';

const DAY_MS = 86_400_000;

let reports: TestReports;
let all: JudgedVisit[];
beforeAll(async () => {
  reports = await openReports();
  const seed = seedTraffic(300, 5);
  await sendAll(reports, seed.events);
  all = await judgeVisits(reports.product, seed.visits);
});
afterAll(() => reports.close());

const ask = (name: string, parameters: Record<string, string> = {}) => reports.report(name, { ...TRAFFIC_RANGE, ...parameters });

/** What a report counts of a range: sessions that started in it, and with `all` what nobody did in it. */
function counted(include: string, sinceMs = TRAFFIC_SINCE, untilMs = TRAFFIC_UNTIL): JudgedVisit[] {
  return all.flatMap((visit) => {
    if (visit.session === '') {
      const events = visit.events.filter(({ ms }) => ms >= sinceMs && ms < untilMs);
      return include === 'all' ? [{ ...visit, events }] : [];
    }
    const { startMs, trafficClass } = visit;
    const isIncluded = include === 'all' || (include === 'humans' ? trafficClass === 'human' : BOT_CLASSES.includes(trafficClass));
    return isIncluded && startMs >= sinceMs && startMs < untilMs ? [visit] : [];
  });
}

function contentFacts(visits: readonly SeededVisit[], content?: string): Facts {
  const { page_views: views, ...seen } = viewFacts(visits, (view, visit) => content === undefined || byContent(view, visit) === content);
  const pages = visits.flatMap((visit) => pagesOf(visit, byContent)).filter(({ page }) => content === undefined || page === content);
  return { views, ...seen, ...engagementFacts(pages) };
}

const contentsOf = (visits: readonly SeededVisit[]): string[] => [
  ...new Set(visits.flatMap((visit) => viewsIn(visit).map((view) => byContent(view, visit)))),
];

describe.each(['humans', 'bots', 'all'])('content of %s', (include) => {
  it('stats, with the previous period', async () => {
    const visits = counted(include);
    const before = counted(include, TRAFFIC_SINCE - (TRAFFIC_UNTIL - TRAFFIC_SINCE), TRAFFIC_SINCE);
    const { views, visitors } = contentFacts(before);
    const [row] = (await ask('content.stats', { include })).rows;
    expectFacts(row, {
      ...contentFacts(visits),
      contents: contentsOf(visits).length,
      previous_views: views,
      previous_visitors: visitors,
    });
  });

  it('top adds up to the totals, which count each visitor once', async () => {
    const visits = counted(include);
    const answer = await ask('content.top', { include, limit: '1000' });
    expect(new Set(answer.rows.map((row) => row['content']))).toEqual(new Set(contentsOf(visits)));
    expect(answer.rows.some((row) => String(row['content']).startsWith('article-'))).toBe(true);
    for (const row of answer.rows) expectFacts(row, contentFacts(visits, String(row['content'])), String(row['content']));
    expectFacts(answer.totals, contentFacts(visits));
    expect(answer.rows.reduce((sum, row) => sum + Number(row['views']), 0)).toBe(answer.totals?.['views']);
    const order = answer.rows.map((row) => [-Number(row['views']), String(row['content'])] as const);
    expect(order).toEqual([...order].sort((left, right) => left[0] - right[0] || (left[1] < right[1] ? -1 : 1)));
  });

  it('trends count views in the bucket their session started in', async () => {
    const { rows } = await ask('content.trends', { include, group_by: 'day' });
    for (const [index, row] of rows.entries()) {
      const sinceMs = Date.parse(String(row['bucket']));
      const untilMs = index === rows.length - 1 ? TRAFFIC_UNTIL : Math.floor(sinceMs / DAY_MS + 1) * DAY_MS;
      expectFacts(row, contentFacts(counted(include, sinceMs, untilMs)), String(row['bucket']));
    }
    expect(rows.length).toBe(6);
  });
});

describe('by example', () => {
  const range = { since: '2026-03-31T22:00:00Z', until: '2026-03-31T23:30:00Z' };
  const at = (minute: number): string => new Date(Date.parse('2026-03-31T22:00:00Z') + minute * 60_000).toISOString();
  const minutes = (count: number): number => count * 60_000;
  const base = { session_id: 'reader', fingerprint: 'reader', page_url: 'https://news.example/story' };
  const view = { ...base, type: 'page_view', content_id: 'story-1' };
  const told = { ...base, type: 'engagement' };

  it('adds up the visits of a page, each as far as it was last reported and at most half an hour', async () => {
    await sendAll(reports, [
      { ...view, timestamp: at(0) },
      // Two reports on one visit: the second is of all of it. Nothing was focused for longer than four minutes.
      { ...told, timestamp: at(3), visible_time_ms: minutes(3), max_scroll_depth: 20, clicks: 1 },
      { ...told, timestamp: at(6), visible_time_ms: minutes(6), focus_time_ms: minutes(4), max_scroll_depth: 60, clicks: 3 },
      { ...view, timestamp: at(10) },
      // The second visit, longer than counts; it is told out of order, and without an id of the content.
      { ...told, type: 'page_exit', timestamp: at(55), time_on_page_ms: minutes(45), clicks: 2 },
      { ...told, timestamp: at(30), time_on_page_ms: minutes(20), max_scroll_depth: 40 },
      // Somebody else saw it and told nothing, so his time is not known.
      { ...view, session_id: 'silent', fingerprint: 'silent', timestamp: at(1) },
    ]);
    const [row] = (await reports.report('content.top', range)).rows;
    expectFacts(row, {
      content: 'story-1',
      views: 3,
      visitors: 2,
      sessions: 2,
      average_time_on_page_ms: minutes(34),
      p50_time_on_page_ms: minutes(34),
      average_scroll_depth: 60,
      clicks: 5,
    });
    const [page] = (await reports.report('traffic.pages', range)).rows;
    expectFacts(page, { page: '/story', average_time_on_page_ms: minutes(34), average_scroll_depth: 60 });
  });

  it('says nothing of time and depth where nothing was told', async () => {
    const silent = { since: '2026-03-31T23:30:00Z', until: '2026-03-31T23:40:00Z' };
    await sendAll(reports, [{ ...view, session_id: 'late', fingerprint: 'late', timestamp: '2026-03-31T23:31:00Z' }]);
    const [row] = (await reports.report('content.stats', silent)).rows;
    expectFacts(row, { views: 1, average_time_on_page_ms: null, p90_time_on_page_ms: null, average_scroll_depth: null, clicks: 0 });
    expect(distinct((await reports.report('content.top', silent)).rows.map((each) => String(each['content'])))).toBe(1);
  });

  it('tells pages apart by their paths where no page view names its content', async () => {
    const unnamed = { since: '2026-03-31T23:40:00Z', until: '2026-03-31T23:59:00Z' };
    const plain = { session_id: 'plain', fingerprint: 'plain', page_url: 'https://news.example/story' };
    await sendAll(reports, [
      { ...plain, type: 'page_view', timestamp: '2026-03-31T23:41:00Z' },
      { ...plain, type: 'engagement', timestamp: '2026-03-31T23:43:00Z', time_on_page_ms: minutes(2), clicks: 1 },
      // An engagement may name a content that its page view does not.
      { ...plain, type: 'engagement', content_id: 'story-2', timestamp: '2026-03-31T23:44:00Z', time_on_page_ms: minutes(1), clicks: 2 },
      { ...plain, type: 'page_view', timestamp: '2026-03-31T23:45:00Z' },
      { ...plain, type: 'engagement', timestamp: '2026-03-31T23:49:00Z', time_on_page_ms: minutes(4), clicks: 5 },
    ]);
    const { rows } = await reports.report('content.top', unnamed);
    expect(rows.map((row) => row['content'])).toEqual(['/story', 'story-2']);
    expectFacts(rows[0], { views: 2, sessions: 1, average_time_on_page_ms: minutes(6), clicks: 6 });
    expectFacts(rows[1], { views: 0, sessions: 0, average_time_on_page_ms: minutes(1), clicks: 2 });
  });
});
