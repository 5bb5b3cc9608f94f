import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeVisits, TRAFFIC_RANGE } from './testing/judged-visits.js';
import { expectFacts, openReports, sendAll, type TestReports } from './testing/open-reports.js';
import type { Facts } from './testing/report-oracle.js';
import { NOW_MS } from './testing/report-seed.js';
import {
  BOT_CLASSES,
  bounceRateOf,
  conversionsOf,
  eventsIn,
  type JudgedVisit,
  viewsIn,
  visitFacts,
  visitorsOf,
} from './testing/traffic-oracle.js';
import { seedTraffic, TRAFFIC_SINCE, TRAFFIC_UNTIL } from './testing/traffic-seed.js';

/** Sessions of people and programs beside one of an agent that no web client has a part in. */
const CALL = { type: 'ai_request', provider: 'openai', model: 'gpt-4o-mini', input_tokens: 1, output_tokens: 1, session_id: 'agent-only' };

let reports: TestReports;
let all: JudgedVisit[];
beforeAll(async () => {
  reports = await openReports();
  const seed = seedTraffic(240, 23);
  const lateMs = NOW_MS - 5 * 60_000;
  await sendAll(reports, [
    ...seed.events,
    { ...CALL, timestamp: TRAFFIC_SINCE + 1000 },
    {
      type: 'page_view',
      session_id: 'now',
      fingerprint: 'now',
      page_url: 'https://site.example/now',
      timestamp: lateMs,
      referrer: 'https://chatgpt.com/',
    },
    {
      type: 'http_request',
      session_id: 'probe',
      ip: '203.0.113.7',
      user_agent: 'curl/8.5.0',
      page_url: 'https://site.example/.env',
      status_code: 404,
      timestamp: lateMs + 1000,
    },
    { ...CALL, session_id: 'agent-now', timestamp: lateMs + 2000 },
  ]);
  all = await judgeVisits(reports.product, seed.visits);
});
afterAll(() => reports.close());

function started(sinceMs: number, untilMs: number): JudgedVisit[] {
  return all.filter(({ session, startMs }) => session !== '' && startMs >= sinceMs && startMs < untilMs);
}

const humansIn = (visits: readonly JudgedVisit[]): JudgedVisit[] => visits.filter(({ trafficClass }) => trafficClass === 'human');
const botsIn = (visits: readonly JudgedVisit[]): JudgedVisit[] => visits.filter(({ trafficClass }) => BOT_CLASSES.includes(trafficClass));

type Included = 'humans' | 'bots' | 'all';
const INCLUDED: readonly Included[] = ['humans', 'bots', 'all'];

/** The visits with an event that a report about all sessions counts; ghosts count beside people. */
function includedIn(visits: readonly JudgedVisit[], include: Included): JudgedVisit[] {
  return visits
    .filter((visit) => eventsIn(visit).length > 0)
    .filter(({ trafficClass }) => include === 'all' || BOT_CLASSES.includes(trafficClass) === (include === 'bots'));
}

/** What reports of sessions say of web clients. */
function webFacts(visits: readonly JudgedVisit[], include: Included): Facts {
  const seen = includedIn(visits, include).filter(({ trafficClass }) => trafficClass !== 'ghost');
  return {
    visitors: visitorsOf(seen),
    bounce_rate: bounceRateOf(seen, 'plausible'),
    page_views: includedIn(visits, include).flatMap(viewsIn).length,
    human_sessions: humansIn(visits).length,
    bot_sessions: botsIn(visits).length,
    bot_share: visits.length === 0 ? null : botsIn(visits).length / visits.length,
  };
}

function statsOf(visits: readonly JudgedVisit[], agentCalls: number, include: Included): Facts {
  const counted = includedIn(visits, include);
  // A caller without a web client is no program that came like a visitor.
  const calls = include === 'bots' ? 0 : agentCalls;
  return {
    ...webFacts(visits, include),
    sessions: counted.length + calls,
    users: 0,
    converted_sessions: counted.filter((visit) => conversionsOf([visit]) > 0).length,
    events: counted.flatMap(eventsIn).length + calls,
    requests: counted.flatMap(eventsIn).filter(({ kind }) => kind === 'call').length + calls,
  };
}

describe('sessions', () => {
  it.each(INCLUDED)('stats count %s', async (include) => {
    const visits = started(TRAFFIC_SINCE, TRAFFIC_UNTIL);
    const [row] = (await reports.report('sessions.stats', { ...TRAFFIC_RANGE, include })).rows;
    expectFacts(row, statsOf(visits, 1, include));
    const { average_duration_ms: average } = visitFacts(includedIn(visits, include));
    const sessions = Number(row?.['sessions']);
    // The session of the agent took no time.
    const visited = include === 'bots' ? sessions : sessions - 1;
    expect(row?.['average_duration_ms']).toBeCloseTo((Number(average) * visited) / sessions, 6);
  });

  it('counts people unless it is told otherwise', async () => {
    for (const name of ['sessions.stats', 'sessions.trends', 'overview.overview']) {
      const { rows } = await reports.report(name, TRAFFIC_RANGE);
      expect(rows).toEqual((await reports.report(name, { ...TRAFFIC_RANGE, include: 'humans' })).rows);
      expect(rows).not.toEqual((await reports.report(name, { ...TRAFFIC_RANGE, include: 'all' })).rows);
    }
  });

  it.each(INCLUDED)('trends count %s in every bucket', async (include) => {
    const { rows } = await reports.report('sessions.trends', { ...TRAFFIC_RANGE, group_by: 'day', include });
    for (const [index, row] of rows.entries()) {
      const sinceMs = Date.parse(String(row['bucket']));
      const untilMs = Date.parse(String(rows[index + 1]?.['bucket'] ?? TRAFFIC_RANGE.until));
      expectFacts(row, statsOf(started(sinceMs, untilMs), index === 0 ? 1 : 0, include), String(row['bucket']));
    }
  });

  it('live shows who is there, also who only meets with errors', async () => {
    const listed = async (include: Included): Promise<unknown[]> =>
      (await reports.report('sessions.live', { minutes: '10', include })).rows.map((row) => row['session_id']);
    expect([await listed('humans'), await listed('bots')]).toEqual([['agent-now', 'now'], ['probe']]);
    const { rows } = await reports.report('sessions.live', { minutes: '10', include: 'all' });
    expect(rows.map((row) => row['session_id'])).toEqual(['agent-now', 'probe', 'now']);
    const [agent, probe, now] = rows;
    const nobody = {
      visitor_id: null,
      traffic_class: null,
      behavioral_bot_score: null,
      layered_score: null,
      channel: null,
      entry_page: null,
    };
    expectFacts(agent, { ...nobody, requests: 1, page_views: 0, http_requests: 0 });
    expectFacts(probe, { traffic_class: 'bot', entry_page: null, events: 0, page_views: 0, http_requests: 1 });
    expect(probe?.['visitor_id']).toMatch(/^\S{8,}$/);
    expectFacts(now, {
      visitor_id: 'now',
      traffic_class: 'human',
      channel: 'AI Assistant',
      entry_page: '/now',
      events: 1,
      page_views: 1,
      behavioral_bot_score: 0,
    });
    const scored = (await reports.report('sessions.live', { minutes: '10', sort_by: 'behavioral_bot_score' })).rows;
    expect(scored.at(-1)?.['session_id']).toBe('agent-now');
  });
});

it.each(INCLUDED)('the overview counts %s, each figure with the previous period', async (include) => {
  const facts = (sinceMs: number, untilMs: number): Facts => {
    const visits = started(sinceMs, untilMs);
    return { ...webFacts(visits, include), conversions: conversionsOf(includedIn(visits, include)) };
  };
  const before = facts(TRAFFIC_SINCE - (TRAFFIC_UNTIL - TRAFFIC_SINCE), TRAFFIC_SINCE);
  const [row] = (await reports.report('overview.overview', { ...TRAFFIC_RANGE, include })).rows;
  expectFacts(row, facts(TRAFFIC_SINCE, TRAFFIC_UNTIL));
  expectFacts(row, Object.fromEntries(Object.entries(before).map(([name, value]) => [`previous_${name}`, value])));
});
