import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrustedProxies } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfiguration, type ServerConfiguration } from '../src/configuration.js';
import { CLASSES, EXPECTED_VERDICTS } from './harness/live-visitors/expected-verdicts.js';
import { isHostingAddress, NETWORK_TABLE } from './harness/live-visitors/networks.js';
import { type ExpectedSession, expectedSessions, sumsBy } from './harness/live-visitors/oracle.js';
import type { Programs } from './harness/live-visitors/programs.js';
import { type Explanation, PEOPLE, SimulatedDay } from './harness/live-visitors/simulated-day.js';
import type { Decision } from './harness/live-visitors/site-client.js';
import type { Visitor } from './harness/live-visitors/visitor.js';
import { countsBy } from './harness/reports.js';

/*
 * A server, a site and its visitors: 200 people who read, go back and linger, and among them a crawler, a scripted browser, a search engine,
 * an AI crawler and a scanner. Time is simulated, everything else is real: all of it goes over HTTP while it happens, and what the server
 * says is obeyed. The limits per minute go by the clock of the process, which therefore is simulated, too.
 */

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 9, 5, 9);
const LEVELS = ['normal', 'warning', 'severe', 'blocked'];
const PROFILES = ['classic', 'layered'] as const;

const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-live-'));
const time = {
  nowMs: START_MS,
  advanceTo: (nowMs: number): void => {
    time.nowMs = nowMs;
    vi.setSystemTime(nowMs);
  },
};

function configuration(behaviorProfile: 'classic' | 'layered'): ServerConfiguration {
  const asnDatabase = join(folder, 'networks.csv');
  writeFileSync(asnDatabase, NETWORK_TABLE);
  const data = readConfiguration({ data: join(folder, 'data'), port: '0' }, {});
  return { ...data, asnDatabase, behaviorProfile, trustedProxies: readTrustedProxies('127.0.0.1') };
}

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
});
afterAll(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Successive values without repetitions. */
function changes<Value>(values: readonly Value[]): Value[] {
  return values.filter((value, index) => index === 0 || value !== values[index - 1]);
}

describe.each(PROFILES)('a day at a site whose server judges by the %s profile', (profile) => {
  let day: SimulatedDay;
  let programs: Programs;
  let sessions: readonly ExpectedSession[];
  /** Right before and right after the server was started anew in the middle of the crawl. */
  const restart = new Map<Visitor, { before: Decision; after: Decision }>();
  /** What was said of a program when it was blocked. */
  const explainedThen = new Map<Visitor, Explanation>();

  const decisionsOn = (visitor: Visitor): Decision[] =>
    day.traffic.decided.filter((each) => each.visitor === visitor).map(({ decision }) => decision);
  const statesOf = async (visitor: Visitor) => {
    const sessionId = await day.onlySessionOf(visitor);
    return day.states().filter((state) => state.session_id === sessionId);
  };
  const programSessions = async (): Promise<ReadonlySet<string>> => {
    const found = new Set<string>();
    for (const { visitor } of Object.values(programs)) found.add(await day.onlySessionOf(visitor));
    return found;
  };
  const statesOfPeople = async () => {
    const ofPrograms = await programSessions();
    return day.states().filter((state) => !ofPrograms.has(state.session_id));
  };
  const people = (): ExpectedSession[] => sessions.filter(({ visitor }) => visitor.kind === 'person');

  beforeAll(async () => {
    time.advanceTo(START_MS + PROFILES.indexOf(profile) * DAY_MS);
    day = await SimulatedDay.open(configuration(profile), time, profile);
    ({ programs } = day);
    const { traffic } = day;
    const [crawler, engine] = [programs.crawler.visitor, programs.searchEngine.visitor];
    expect(await traffic.run(() => traffic.lastDecisionOn(crawler)?.level === 'severe')).toBe(true);
    const before = [await traffic.ask(crawler), await traffic.ask(engine)] as const;
    await day.restart();
    restart.set(crawler, { before: before[0], after: await traffic.ask(crawler) });
    restart.set(engine, { before: before[1], after: await traffic.ask(engine) });
    const blocked = (): Visitor | undefined =>
      Object.values(programs)
        .map(({ visitor }) => visitor)
        .find((visitor) => !explainedThen.has(visitor) && traffic.lastDecisionOn(visitor)?.level === 'blocked');
    while (await traffic.run(() => blocked() !== undefined)) {
      const visitor = blocked();
      if (visitor !== undefined) explainedThen.set(visitor, await day.explain(visitor));
    }
    sessions = expectedSessions(traffic.sent);
  });
  afterAll(() => day.close());

  it('is one that is worth looking at', () => {
    expect(new Set(people().map(({ visitor }) => visitor)).size).toBe(PEOPLE);
    expect(people().length).toBeGreaterThan(PEOPLE);
    expect(people().filter(({ pageViews }) => pageViews >= 10).length).toBeGreaterThan(20);
    expect(new Set(people().map(({ visitor }) => visitor.ip)).size).toBeLessThan(PEOPLE);
    expect(day.traffic.sent.filter(({ kind, visitor }) => kind === 'told' && visitor.kind === 'person').length).toBeGreaterThan(500);
    expect(day.messages.filter(({ event }) => event === 'skipped' || event === 'gap' || event === 'dropped')).toEqual([]);
  });

  it('slows the crawler down and then blocks it', async () => {
    const decisions = decisionsOn(programs.crawler.visitor);
    expect(changes(decisions.map(({ level }) => level))).toEqual(LEVELS);
    expect(changes(decisions.map(({ limit }) => limit))).toEqual([60, 30, 15, 0]);
    const raised = decisions.filter(({ level_number }) => level_number > 0);
    expect(raised.filter(({ reason }) => !/\d/.test(reason))).toEqual([]);
    const refused = decisions.filter(({ level }) => level === 'blocked');
    // It goes on asking, and is refused to its end.
    expect(refused.length).toBeGreaterThan(50);
    expect(refused.filter(({ allowed, retry_after }) => allowed || !(Number(retry_after) > 0))).toEqual([]);
    expect(decisions.filter(({ level, allowed }) => level === 'normal' && !allowed)).toEqual([]);
    expect(decisions.at(-1)?.level).toBe('blocked');
    // The answers to what the site reported told it, too.
    const sessionId = await day.onlySessionOf(programs.crawler.visitor);
    const told = day.traffic.throttled.filter((each) => each.session_id === sessionId);
    expect(changes(told.map(({ level }) => level))).toEqual(LEVELS.slice(1));
    expect(told.filter(({ level, allowed, reason }) => allowed === (level === 'blocked') || !/\d/.test(reason))).toEqual([]);
  });

  it('goes on where it was when the server is started anew in the middle of the crawl', () => {
    const ofCrawler = restart.get(programs.crawler.visitor);
    expect(ofCrawler?.before).toMatchObject({ level: 'severe', limit: 15 });
    expect(ofCrawler?.before.bot_score).toBeGreaterThanOrEqual(50);
    const { level, limit, bot_score, reason } = ofCrawler?.before ?? {};
    expect(ofCrawler?.after).toMatchObject({ level, limit, bot_score, reason });
    const ofEngine = restart.get(programs.searchEngine.visitor);
    expect(ofEngine?.before.bot_score).toBeGreaterThanOrEqual(50);
    expect(ofEngine?.after).toMatchObject({ level: 'normal', allowed: true, bot_score: ofEngine?.before.bot_score });
  });

  it('never slows the search engine down, which is faster than any person', () => {
    const decisions = decisionsOn(programs.searchEngine.visitor);
    expect(decisions.length).toBeGreaterThan(150);
    expect(decisions.filter(({ level, allowed, reason }) => level !== 'normal' || !allowed || reason !== '')).toEqual([]);
    expect(Math.max(...decisions.map(({ bot_score }) => bot_score))).toBeGreaterThanOrEqual(90);
  });

  it.each(['scriptedBrowser', 'scanner'] as const)('blocks the %s level by level', async (name) => {
    const decisions = decisionsOn(programs[name].visitor);
    expect(changes(decisions.map(({ level }) => level))).toEqual(LEVELS);
    expect(changes(decisions.map(({ limit }) => limit))).toEqual([60, 30, 15, 0]);
    expect(decisions.filter(({ level, allowed }) => allowed === (level === 'blocked'))).toEqual([]);
    expect(changes((await statesOf(programs[name].visitor)).map(({ level }) => level)).at(-1)).toBe('blocked');
  });

  it('finds the session of every event: pages, assets and what scripts tell from behind a proxy', async () => {
    const found: string[] = [];
    for (const { eventIds } of sessions) {
      const sessionIds = new Set<string>();
      for (const eventId of eventIds) sessionIds.add(await day.sessionOf(eventId));
      expect(sessionIds.size).toBe(1);
      found.push(...sessionIds);
    }
    expect(new Set(found).size).toBe(sessions.length);
    expect(found).not.toContain('');
  });

  it('tells live how the crawl goes', async () => {
    const states = await statesOf(programs.crawler.visitor);
    const [first] = states;
    expect(first).toMatchObject({ change: 'opened', page_views: 1 });
    const levels = changes(states.map(({ level }) => level));
    expect(levels).toEqual(LEVELS.slice(LEVELS.indexOf(first?.level ?? '')));
    const changed = states.filter(({ change }) => change === 'level_changed');
    expect(changed.map(({ level }) => level)).toEqual(levels.slice(1));
    expect(changed.length).toBeGreaterThanOrEqual(2);
    expect(changed.filter(({ traffic_class, bot_score }) => traffic_class !== 'behavioral_bot' || bot_score < 50)).toEqual([]);
  });

  it('tells live that the crawler and the search engine are too fast, and of nobody else', async () => {
    const { rows } = await day.report('sessions/live', { minutes: '1440', include: 'all', limit: '1000' });
    const visitorOf = new Map(rows.map((row) => [row['session_id'], row['visitor_id']]));
    const expected: unknown[] = [];
    for (const { visitor } of [programs.searchEngine, programs.crawler]) expected.push(visitorOf.get(await day.onlySessionOf(visitor)));
    const tooFast = day.anomalies().filter(({ anomaly }) => isTooFast(anomaly));
    expect([...new Set(tooFast.map(({ anomaly }) => anomaly['dimension_value']))]).toEqual(expected);
    const opened = tooFast.filter(({ change }) => change === 'opened');
    expect(opened.map(({ anomaly }) => anomaly['dimension_value'])).toEqual(expected);
  });

  it.each(EXPECTED_VERDICTS)('explains the $name, while it happens and afterwards', async (expected) => {
    const { visitor } = programs[expected.name];
    const now = await day.explain(visitor);
    const then = explainedThen.get(visitor);
    const [least, greatest] = expected.classicScore[profile];
    for (const explanation of then === undefined ? [now] : [then, now]) {
      expect(explanation.traffic_class).toBe(CLASSES[visitor.kind]);
      const text = explanation.sentences.join('\n');
      for (const part of expected.sentences) expect(text).toContain(part);
      if (profile === 'classic') for (const part of expected.classicSentences) expect(text).toContain(part);
      expect(explanation.behavioral_bot_score).toBeGreaterThanOrEqual(least);
      expect(explanation.behavioral_bot_score).toBeLessThanOrEqual(greatest);
      expect(explanation.layered_score).toBeGreaterThanOrEqual(expected.layeredScore);
    }
    // What was told live last is what is stored.
    const last = (await statesOf(visitor)).at(-1);
    expect(last?.traffic_class).toBe(now.traffic_class);
    // Who says that it is a program is slowed down for how it behaves, whatever the profile.
    const isDeclared = expected.name === 'searchEngine' || expected.name === 'aiCrawler';
    if (profile === 'classic' || isDeclared) expect(last?.bot_score).toBe(now.behavioral_bot_score);
    else expect(last?.bot_score).toBe(now.layered_score);
  });

  it('lets the AI crawler read, which is slow', () => {
    expect(decisionsOn(programs.aiCrawler.visitor).filter(({ level, allowed }) => level !== 'normal' || !allowed)).toEqual([]);
  });

  if (profile === 'classic') {
    it('slows no person down, refuses none and takes none for a program, at no moment', async () => {
      const decisions = day.traffic.decided.filter(({ visitor }) => visitor.kind === 'person');
      expect(decisions.length).toBeGreaterThan(800);
      expect(decisions.filter(({ decision }) => decision.level !== 'normal' || !decision.allowed)).toEqual([]);
      const states = await statesOfPeople();
      expect(states.length).toBeGreaterThan(decisions.length);
      expect(states.filter((state) => state.level !== 'normal' || state.traffic_class !== 'human')).toEqual([]);
      const ofPrograms = await programSessions();
      expect(day.traffic.throttled.filter((each) => !ofPrograms.has(each.session_id))).toEqual([]);
    });

    it('reports people by default, exactly as many as there were', async () => {
      const pageViews = people().reduce((sum, session) => sum + session.pageViews, 0);
      const [overview] = (await day.report('overview')).rows;
      const [humanSessions, botSessions] = [people().length, Object.keys(programs).length];
      expect(overview).toMatchObject({ human_sessions: humanSessions, bot_sessions: botSessions, visitors: PEOPLE, page_views: pageViews });
      const sources = await day.report('traffic/sources', { by: 'host' });
      expect(countsBy(sources, 'host', 'sessions')).toEqual(sumsBy(people(), hostOf, () => 1));
      expect(countsBy(sources, 'host', 'page_views')).toEqual(sumsBy(people(), hostOf, (session) => session.pageViews));
      expect(sources.totals).toMatchObject({ sessions: humanSessions, visitors: PEOPLE, page_views: pageViews });
      for (const [include, expected] of [
        ['all', humanSessions + botSessions],
        ['bots', botSessions],
      ] as const) {
        expect((await day.report('traffic/sources', { include })).totals).toMatchObject({ sessions: expected });
      }
    });

    it('reports programs beside them, each as what it is', async () => {
      const bots = await day.report('traffic/bots');
      const classOf = ({ visitor }: ExpectedSession): string => CLASSES[visitor.kind];
      expect(countsBy(bots, 'class', 'sessions')).toEqual(sumsBy(sessions, classOf, () => 1));
      expect(countsBy(bots, 'class', 'page_views')).toEqual(sumsBy(sessions, classOf, ({ pageViews }) => pageViews));
      const human = bots.rows.find((row) => row['class'] === 'human');
      expect(human?.['behavioral_bot_sessions']).toBe(0);
      expect(Number(human?.['layered_bot_sessions'])).toBeLessThanOrEqual(0.01 * people().length);
      expect(countsBy(await day.report('traffic/bots', { by: 'vendor' }), 'vendor', 'sessions')).toMatchObject({ Google: 1, OpenAI: 1 });
      expect(countsBy(await day.report('traffic/bots', { by: 'purpose' }), 'purpose', 'sessions')).toMatchObject({ training: 1 });
    });
  } else {
    it('slows down at most one person in fifty, and only who comes from a rented machine', () => {
      const slowed = day.traffic.decided.filter(({ visitor, decision }) => visitor.kind === 'person' && decision.level !== 'normal');
      const people = new Set(slowed.map(({ visitor }) => visitor));
      console.log(
        'SLOWED',
        people.size,
        [...people].map((x) => x.ip),
      );
      expect(people.size).toBeLessThanOrEqual(PEOPLE / 50);
      expect([...people].filter(({ ip }) => !isHostingAddress(ip))).toEqual([]);
    });

    it('takes at most one visit of people in a hundred for that of a program', async () => {
      const { rows } = await day.report('traffic/bots');
      const human = rows.find((row) => row['class'] === 'human');
      expect(Number(human?.['sessions'])).toBeGreaterThanOrEqual(0.99 * people().length);
    });
  }
});

describe('who a script speaks for', () => {
  const browser = { ip: '198.51.100.77', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0' };
  let day: SimulatedDay;
  let made = 0;

  beforeAll(async () => {
    time.advanceTo(START_MS + PROFILES.length * DAY_MS);
    day = await SimulatedDay.open(configuration('classic'), time, 'addresses');
  });
  afterAll(() => day.close());

  /** The session of a page view that a browser tells of, as its headers have it. */
  async function viewedFrom(forwardedFor: string): Promise<string> {
    const id = `view-${made++}`;
    const page = { id, type: 'page_view', page_url: 'https://www.example.test/', timestamp: time.nowMs };
    await day.traffic.client.tell({ ...browser, ip: forwardedFor }, [page]);
    return day.sessionOf(id);
  }

  it('is what the site’s proxy says, not what the browser wrote before it', async () => {
    const own = await viewedFrom(browser.ip);
    const other = await viewedFrom('198.51.100.78');
    expect(other).not.toBe(own);
    expect(await viewedFrom(`${browser.ip}, 198.51.100.78`)).toBe(other);
    expect(await viewedFrom(`198.51.100.78, ${browser.ip}, 127.0.0.1`)).toBe(own);
  });

  it('is not what anyone says who is no proxy of the site', async () => {
    await day.restart({ trustedProxies: readTrustedProxies('192.0.2.1') });
    const own = await viewedFrom(browser.ip);
    expect(await viewedFrom('198.51.100.78')).toBe(own);
    expect(await viewedFrom('203.0.113.9, 192.0.2.1')).toBe(own);
  });
});

/** As `countsBy` names it: a dash for nothing. */
function hostOf({ referrerHost }: ExpectedSession): string {
  return referrerHost || '-';
}

function isTooFast(anomaly: Readonly<Record<string, unknown>>): boolean {
  return anomaly['metric'] === 'requests_per_minute' && anomaly['dimension'] === 'fingerprint' && anomaly['level'] === 'critical';
}
