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

/** What reports of sessions say of web clients. */
function webFacts(visits: readonly JudgedVisit[]): Facts {
  const humans = humansIn(visits);
  return {
    visitors: visitorsOf(humans),
    human_sessions: humans.length,
    bot_sessions: botsIn(visits).length,
    bounce_rate: bounceRateOf(humans, 'plausible'),
  };
}

function statsOf(visits: readonly JudgedVisit[], calls: number): Facts {
  const withEvents = visits.filter((visit) => eventsIn(visit).length > 0);
  return {
    ...webFacts(visits),
    sessions: withEvents.length + calls,
    users: 0,
    converted_sessions: visits.filter((visit) => conversionsOf([visit]) > 0).length,
    events: withEvents.flatMap(eventsIn).length + calls,
    page_views: visits.flatMap(viewsIn).length,
    requests: visits.flatMap(eventsIn).filter(({ kind }) => kind === 'call').length + calls,
  };
}

describe('sessions', () => {
  it('stats tell people from programs', async () => {
    const visits = started(TRAFFIC_SINCE, TRAFFIC_UNTIL);
    const [row] = (await reports.report('sessions.stats', TRAFFIC_RANGE)).rows;
    expectFacts(row, statsOf(visits, 1));
    const { average_duration_ms: average } = visitFacts(visits);
    const sessions = Number(row?.['sessions']);
    // The session of the agent took no time.
    expect(row?.['average_duration_ms']).toBeCloseTo((Number(average) * (sessions - 1)) / sessions, 6);
  });

  it('trends too, in every bucket', async () => {
    const { rows } = await reports.report('sessions.trends', { ...TRAFFIC_RANGE, group_by: 'day' });
    for (const [index, row] of rows.entries()) {
      const sinceMs = Date.parse(String(row['bucket']));
      const untilMs = Date.parse(String(rows[index + 1]?.['bucket'] ?? TRAFFIC_RANGE.until));
      expectFacts(row, statsOf(started(sinceMs, untilMs), index === 0 ? 1 : 0), String(row['bucket']));
    }
  });

  it('live shows who is there, also who only meets with errors', async () => {
    const { rows } = await reports.report('sessions.live', { minutes: '10' });
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

it('the overview tells people from programs, each figure with the previous period', async () => {
  const facts = (sinceMs: number, untilMs: number): Facts => {
    const visits = started(sinceMs, untilMs);
    return { ...webFacts(visits), bot_share: botsIn(visits).length / visits.length, conversions: conversionsOf(humansIn(visits)) };
  };
  const before = facts(TRAFFIC_SINCE - (TRAFFIC_UNTIL - TRAFFIC_SINCE), TRAFFIC_SINCE);
  const [row] = (await reports.report('overview.overview', TRAFFIC_RANGE)).rows;
  expectFacts(row, facts(TRAFFIC_SINCE, TRAFFIC_UNTIL));
  expectFacts(row, Object.fromEntries(Object.entries(before).map(([name, value]) => [`previous_${name}`, value])));
});
