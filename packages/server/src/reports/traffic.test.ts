import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeVisits, TRAFFIC_RANGE } from './testing/judged-visits.js';
import { expectFacts, openReports, sendAll, type TestReports } from './testing/open-reports.js';
import { type Facts, groupBy } from './testing/report-oracle.js';
import {
  BOT_CLASSES,
  botFacts,
  bounceRateOf,
  byPath,
  convertedVisitorsOf,
  engagementFacts,
  eventsIn,
  type JudgedVisit,
  pageFacts,
  pagesOf,
  viewFacts,
  viewsIn,
  visitFacts,
  visitorsOf,
} from './testing/traffic-oracle.js';
import { seedTraffic, TRAFFIC_SINCE, TRAFFIC_UNTIL } from './testing/traffic-seed.js';

let reports: TestReports;
/** Everything, and what a report of the range counts. */
let all: JudgedVisit[];
let counted: JudgedVisit[];
beforeAll(async () => {
  reports = await openReports();
  const seed = seedTraffic();
  await sendAll(reports, seed.events);
  // A client that got no answer sends again: nothing may count twice.
  await sendAll(reports, seed.events.slice(0, 300));
  all = await judgeVisits(reports.product, seed.visits);
  counted = all.filter((visit) => visit.session !== '' && visit.startMs >= TRAFFIC_SINCE && visit.startMs < TRAFFIC_UNTIL);
});
afterAll(() => reports.close());

const ask = (name: string, parameters: Record<string, string> = {}) => reports.report(name, { ...TRAFFIC_RANGE, ...parameters });

function included(include: string, visits: readonly JudgedVisit[] = counted): JudgedVisit[] {
  return visits.filter(({ trafficClass }) => {
    if (include === 'humans') return trafficClass === 'human';
    return include === 'all' || BOT_CLASSES.includes(trafficClass);
  });
}

/** What nobody did whom a session could be given to, in the range. */
const nobody = (): JudgedVisit[] =>
  all
    .filter((visit) => visit.session === '')
    .map((visit) => ({ ...visit, events: visit.events.filter(({ ms }) => ms >= TRAFFIC_SINCE && ms < TRAFFIC_UNTIL) }));

it('the seed has what makes counting hard', () => {
  const classes = new Set(all.map((visit) => visit.trafficClass));
  for (const name of ['human', 'bot', 'ai_crawler', 'behavioral_bot']) expect(classes, name).toContain(name);
  expect(included('humans').length).toBeGreaterThan(60);
  expect(counted.some((visit) => eventsIn(visit).length === 0)).toBe(true);
  expect(counted.some((visit) => viewsIn(visit).length === 0 && eventsIn(visit).length > 0)).toBe(true);
  const lastMs = (visit: JudgedVisit): number => Math.max(...viewsIn(visit).map((view) => view.ms));
  expect(included('humans').some((visit) => lastMs(visit) >= TRAFFIC_UNTIL)).toBe(true);
  expect(all.some((visit) => visit.startMs < TRAFFIC_SINCE && lastMs(visit) >= TRAFFIC_SINCE)).toBe(true);
  expect(nobody().flatMap(viewsIn).length).toBeGreaterThan(3);
  expect(visitorsOf(included('humans'))).toBeLessThan(included('humans').length);
  const stays = included('humans')
    .flatMap((visit) => pagesOf(visit, byPath))
    .map((page) => page.timeMs);
  expect(stays).toContain(1_800_000);
  expect(stays.some((ms) => Number(ms) > 1_800_000)).toBe(true);
});

/** What a report by some columns of the sessions is to answer, in its order. */
function rankedBy(
  visits: readonly JudgedVisit[],
  columns: readonly string[],
  facts: (of: readonly JudgedVisit[]) => Facts,
  sortBy: string,
): Facts[] {
  const keyOf = (visit: JudgedVisit): string => JSON.stringify(columns.map((column) => String(visit.stored[column] ?? '')));
  const rows = [...groupBy(visits, keyOf)].map(([key, group]) => ({ keys: JSON.parse(key) as string[], facts: facts(group) }));
  const rank = (value: unknown): number => (value === null ? Number.NEGATIVE_INFINITY : Number(value));
  rows.sort(
    (left, right) =>
      rank(right.facts[sortBy]) - rank(left.facts[sortBy]) || (JSON.stringify(left.keys) < JSON.stringify(right.keys) ? -1 : 1),
  );
  return rows.map((row) => ({ ...Object.fromEntries(columns.map((column, index) => [column, row.keys[index] || null])), ...row.facts }));
}

const TABLES = [
  ['sources', 'source', ['referrer_source']],
  ['sources', 'host', ['referrer_host', 'referrer_source']],
  ['sources', 'utm_source', ['utm_source']],
  ['sources', 'utm_medium', ['utm_medium']],
  ['sources', 'utm_campaign', ['utm_campaign']],
  ['channels', 'channel', ['channel']],
  ['geo', 'country', ['country']],
  ['geo', 'region', ['region', 'country']],
  ['geo', 'city', ['city', 'region', 'country']],
  ['geo', 'network', ['network']],
  ['geo', 'locale', ['locale']],
  ['devices', 'device', ['device_type']],
  ['devices', 'browser', ['browser']],
  ['devices', 'browser_version', ['browser_version', 'browser']],
  ['devices', 'os', ['os']],
] as const;
/** Columns that are called otherwise in the answer. */
const ANSWERED: Readonly<Record<string, string>> = { referrer_source: 'source', referrer_host: 'host', device_type: 'device' };

describe('visits', () => {
  it.each(TABLES.flatMap(([name, by, columns]) => ['humans', 'bots', 'all'].map((include) => [name, by, include, columns] as const)))(
    '%s by %s of %s',
    async (name, by, include, columns) => {
      const visits = included(include);
      const rated = (of: readonly JudgedVisit[]): Facts => ({
        ...visitFacts(of),
        conversion_rate: convertedVisitorsOf(of) / visitorsOf(visits),
      });
      const answer = await ask(`traffic.${name}`, { include, limit: '1000', ...(name === 'channels' ? {} : { by }) });
      const expected = rankedBy(visits, columns, rated, 'visitors');
      expect(answer.rows.length).toBe(expected.length);
      for (const [index, facts] of expected.entries()) {
        const renamed = Object.fromEntries(Object.entries(facts).map(([column, value]) => [ANSWERED[column] ?? column, value]));
        expectFacts(answer.rows[index], renamed, `row ${index}`);
      }
      expectFacts(answer.totals, rated(visits), 'totals');
      expect(Object.keys(answer.totals ?? {})).not.toContain(by);
    },
  );

  it.each(['plausible', 'ga4', 'pageview'])('bounces as %s has them', async (bounce) => {
    const rates = ['humans', 'all'].map((include) => bounceRateOf(included(include), bounce));
    for (const [index, include] of ['humans', 'all'].entries()) {
      expectFacts((await ask('traffic.channels', { include, bounce })).totals, { bounce_rate: rates[index] });
    }
    const { rows } = await ask('traffic.trends', { bounce, since: '2026-03-25', until: '2026-03-26' });
    expect(rows.length).toBe(24);
  });

  it('the rules for bounces differ', () => {
    const rates = ['plausible', 'ga4', 'pageview'].map((rule) => bounceRateOf(included('all'), rule));
    expect(new Set(rates).size).toBe(3);
  });

  it('sorts by what it is asked to and cuts after the limit, totals staying', async () => {
    const whole = await ask('traffic.devices', { by: 'browser_version', include: 'all', sort_by: 'page_views' });
    const views = whole.rows.map((row) => Number(row['page_views']));
    expect(views).toEqual([...views].sort((left, right) => right - left));
    const cut = await ask('traffic.devices', { by: 'browser_version', include: 'all', sort_by: 'page_views', limit: '2' });
    expect(cut.rows).toEqual(whole.rows.slice(0, 2));
    expect([cut.truncated, cut.totals]).toEqual([true, whole.totals]);
  });

  it('trends count a session in the bucket it started in, and bots whatever is included', async () => {
    for (const include of ['humans', 'bots', 'all']) {
      const { rows } = await ask('traffic.trends', { include, group_by: 'day' });
      expect(rows.length).toBe(6);
      for (const [index, row] of rows.entries()) {
        const since = Date.parse(String(row['bucket']));
        const until = Date.parse(String(rows[index + 1]?.['bucket'] ?? TRAFFIC_RANGE.until));
        const inBucket = counted.filter(({ startMs }) => startMs >= since && startMs < until);
        const { visitors, sessions, page_views, bounce_rate } = visitFacts(included(include, inBucket));
        const bots = included('bots', inBucket).length;
        const share = inBucket.length === 0 ? null : bots / inBucket.length;
        expectFacts(row, { visitors, sessions, page_views, bounce_rate, bot_sessions: bots, bot_share: share }, String(row['bucket']));
      }
    }
  });
});

describe('bots', () => {
  it.each([
    ['class', ['traffic_class']],
    ['name', ['bot_name', 'traffic_class']],
    ['category', ['bot_category', 'traffic_class']],
    ['vendor', ['bot_vendor', 'traffic_class']],
    ['purpose', ['bot_purpose', 'traffic_class']],
    ['network', ['network', 'traffic_class']],
  ])('by %s are counted over all traffic, also what only met with errors', async (by, columns) => {
    const answer = await ask('traffic.bots', { by, limit: '1000' });
    const expected = rankedBy(counted, columns, (of) => ({ ...botFacts(of), session_share: of.length / counted.length }), 'sessions');
    expect(answer.rows.length).toBe(expected.length);
    for (const [index, facts] of expected.entries()) {
      const { traffic_class, [columns[0] ?? '']: key, ...others } = facts;
      expectFacts(answer.rows[index], { ...others, [by]: key, class: traffic_class }, `row ${index}`);
    }
    expectFacts(answer.totals, { ...botFacts(counted), session_share: 1 });
  });

  it('a session that was answered with errors only is there, and in include=all, and in no report of sessions', async () => {
    const range = { since: '2026-03-31T20:00:00Z', until: '2026-03-31T21:00:00Z' };
    const event = { type: 'http_request', status_code: 404, session_id: 'errors-only', ip: '203.0.113.9', user_agent: 'Mozilla/5.0' };
    const at = (second: number) => `2026-03-31T20:00:0${second}Z`;
    await sendAll(reports, [
      { ...event, page_url: 'https://site.example/.git/config', timestamp: at(1) },
      { ...event, page_url: 'https://site.example/old', timestamp: at(2) },
    ]);
    expectFacts((await reports.report('traffic.bots', range)).totals, { sessions: 1, visitors: 1, page_views: 0, http_requests: 2 });
    expectFacts((await reports.report('traffic.sources', { ...range, include: 'all' })).totals, {
      sessions: 1,
      bounce_rate: null,
      average_duration_ms: null,
      p50_duration_ms: null,
      pages_per_session: 0,
      conversion_rate: 0,
    });
    expect((await reports.report('traffic.sources', range)).rows).toEqual([]);
    const errors = (await reports.report('traffic.pages', { ...range, include: 'all', sort_by: 'page' })).rows;
    expect(errors.map((row) => [row['page'], row['page_views'], row['errors'], row['exit_rate']])).toEqual([
      ['/.git/config', 0, 1, null],
      ['/old', 0, 1, null],
    ]);
    expectFacts((await reports.report('sessions.stats', range)).rows[0], { sessions: 0, users: 0, average_duration_ms: null });
    const [overview] = (await reports.report('overview.overview', range)).rows;
    expectFacts(overview, { sessions: 0, users: 0, visitors: 0, human_sessions: 0, bounce_rate: null });
  });
});

describe('pages', () => {
  it.each(['humans', 'bots', 'all'])('of %s', async (include) => {
    const visits = [...included(include), ...(include === 'all' ? nobody() : [])];
    const answer = await ask('traffic.pages', { include, limit: '1000', bounce: 'pageview' });
    const paths = new Set(
      visits.flatMap((visit) => visit.events.filter(({ kind }) => kind === 'view' || kind === 'error').map((event) => event.path)),
    );
    expect(new Set(answer.rows.map((row) => row['page']))).toEqual(paths);
    for (const row of answer.rows) expectFacts(row, pageFacts(visits, String(row['page']), 'pageview'), String(row['page']));
    const sessions = visits.filter((visit) => visit.session !== '' && viewsIn(visit).length > 0);
    const views = viewFacts(visits, () => true);
    const { clicks: _, ...engagement } = engagementFacts(visits.flatMap((visit) => pagesOf(visit, byPath)));
    expectFacts(answer.totals, {
      ...views,
      entries: sessions.length,
      exits: sessions.length,
      exit_rate: sessions.length / Number(views['page_views']),
      ...engagement,
    });
    const counts = answer.rows.map((row) => Number(row['page_views']));
    expect(counts).toEqual([...counts].sort((left, right) => right - left));
    // Without what belongs to nobody the pages have the page views of the sessions.
    const ofSessions = (await ask('traffic.channels', { include })).totals?.['page_views'];
    expect(Number(views['page_views']) - nobody().flatMap(viewsIn).length * (include === 'all' ? 1 : 0)).toBe(ofSessions);
  });
});

describe('by example', () => {
  const range = { since: '2026-03-31T22:00:00Z', until: '2026-03-31T23:00:00Z' };
  const at = (minute: number, second = 0): string => `2026-03-31T22:${String(minute).padStart(2, '0')}:${String(second).padStart(2, '0')}Z`;
  const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';
  const view = { type: 'page_view', user_agent: chrome, page_url: 'https://shop.example/a' };
  beforeAll(async () => {
    await sendAll(reports, [
      // Reads for fifteen seconds and leaves.
      {
        ...view,
        session_id: 'reader',
        fingerprint: 'r',
        referrer: 'https://www.google.de/search',
        locale: 'de-AT,de;q=0.9',
        timestamp: at(1),
      },
      {
        type: 'engagement',
        session_id: 'reader',
        fingerprint: 'r',
        page_url: view.page_url,
        visible_time_ms: 15_000,
        timestamp: at(1, 15),
      },
      // Comes by an assistant, asks it something there, and buys.
      { ...view, session_id: 'buyer', fingerprint: 'b', referrer: 'https://chatgpt.com/', timestamp: at(2) },
      { type: 'conversion', goal_name: 'order', session_id: 'buyer', fingerprint: 'b', timestamp: at(3) },
      // The same visitor comes again by a newsletter.
      { ...view, page_url: `${view.page_url}?utm_source=news&utm_medium=email`, session_id: 'again', fingerprint: 'b', timestamp: at(40) },
      // Asks not to be tracked.
      { ...view, do_not_track: true, session_id: 'hidden', fingerprint: 'h', timestamp: at(5) },
    ]);
  });
  const rowsOf = async (name: string, parameters: Record<string, string> = {}): Promise<readonly Facts[]> =>
    (await reports.report(name, { ...range, ...parameters })).rows;

  it('sources keep the host, and the rate of conversion is of all visitors', async () => {
    const rows = await rowsOf('traffic.sources', { by: 'host' });
    expect(rows.map((row) => [row['host'], row['source'], row['visitors'], row['conversion_rate']])).toEqual([
      [null, null, 1, 0],
      ['chatgpt.com', 'ChatGPT', 1, 0.5],
      ['www.google.de', 'Google', 1, 0],
    ]);
  });

  it('channels, languages and browsers', async () => {
    expect((await rowsOf('traffic.channels')).map((row) => row['channel'])).toEqual(['AI Assistant', 'Email', 'Organic Search']);
    expect((await rowsOf('traffic.geo', { by: 'locale' })).map((row) => [row['locale'], row['sessions']])).toEqual([
      [null, 2],
      ['de-AT', 1],
    ]);
    const [browser] = await rowsOf('traffic.devices', { by: 'browser_version' });
    expect([browser?.['browser'], String(browser?.['browser_version']).split('.')[0]]).toEqual(['Chrome', '137']);
  });

  it('whoever reads for ten seconds is no bounce to ga4', async () => {
    const rateOf = async (bounce: string) => (await reports.report('traffic.channels', { ...range, bounce })).totals?.['bounce_rate'];
    expect(await rateOf('plausible')).toBeCloseTo(2 / 3, 12);
    expect(await rateOf('ga4')).toBeCloseTo(1 / 3, 12);
    expect(await rateOf('pageview')).toBe(1);
  });

  it('who asks not to be tracked is in the views of everybody, and nobody', async () => {
    const [people] = await rowsOf('traffic.pages');
    expectFacts(people, { page: '/a', page_views: 3, visitors: 2, sessions: 3, entries: 3, exits: 3, exit_rate: 1 });
    const [everybody] = await rowsOf('traffic.pages', { include: 'all' });
    expectFacts(everybody, { page: '/a', page_views: 4, visitors: 2, sessions: 3, exit_rate: 0.75 });
    expect((await reports.report('traffic.sources', { ...range, include: 'all' })).totals?.['page_views']).toBe(3);
  });
});
