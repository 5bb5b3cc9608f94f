import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import type { Decision } from '../throttle/decision-maker.js';

const START = Date.UTC(2026, 5, 1, 12);
const SECOND = 1000;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
let nowMs = START;
let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({ clock: () => nowMs });
});
afterAll(() => test.close());

interface Visitor {
  readonly ip: string;
  readonly userAgent?: string;
}

/** One request of a visitor now, as the site's server tells it afterwards. */
function visit({ ip, userAgent = FIREFOX }: Visitor, path: string, statusCode = 200): Record<string, unknown> {
  return {
    type: 'http_request',
    timestamp: nowMs,
    page_url: `https://example.test${path}`,
    status_code: statusCode,
    ip,
    user_agent: userAgent,
  };
}

async function decide({ ip, userAgent = FIREFOX }: Visitor): Promise<Decision> {
  const [decision] = await test.product.decisions.decide('default', [
    {
      ip,
      userAgent,
      url: '',
      path: '/',
      method: 'GET',
      statusCode: undefined,
      sessionId: '',
      fingerprint: '',
      referrer: '',
      timestampMs: nowMs,
    },
  ]);
  if (decision === undefined) throw new Error('nothing was decided');
  return decision;
}

/** The stored verdict about the only session of an address. */
async function verdictOf({ ip }: Visitor): Promise<Record<string, unknown>> {
  await test.product.mover.move();
  await test.product.snapshots.refresh();
  const rows = await test.product.store.query(
    render(sql`SELECT * FROM user_sessions FINAL WHERE events + http_requests > 0
      AND session_id IN (SELECT session_id FROM analytics_events WHERE properties['ip'] = ${bind.string(ip)}
        UNION ALL SELECT session_id FROM http_requests WHERE properties['ip'] = ${bind.string(ip)})`),
  );
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

const named = (visitor: Visitor, event: Record<string, unknown>): Record<string, unknown> => ({ ...event, properties: { ip: visitor.ip } });

describe('while it happens', () => {
  it('a crawl is slowed and then blocked, and a person who reads meanwhile is not', async () => {
    const crawler = { ip: '192.0.2.66' };
    const reader = { ip: '192.0.2.7' };
    const levels: string[] = [];
    for (let page = 0; page < 60; page++) {
      nowMs += SECOND;
      await test.send([named(crawler, visit(crawler, `/page/${1000 + page}`))]);
      // A person reads for between 12 and 31 seconds, and goes back now and then.
      if ([3, 20, 32, 55].includes(page))
        await test.send([named(reader, visit(reader, page === 55 ? '/page/1003' : `/page/${1000 + page}`))]);
      const { level } = await decide(crawler);
      if (levels.at(-1) !== level) levels.push(level);
    }
    expect(levels).toEqual(['normal', 'warning', 'severe', 'blocked']);
    const answer = await test.send([named(crawler, visit(crawler, '/style.css')), named(reader, visit(reader, '/style.css'))]);
    expect(answer.throttled).toMatchObject([{ level: 'blocked', level_number: 3, allowed: false, reason: expect.stringMatching(/\d/) }]);
    expect(await decide(crawler)).toMatchObject({ allowed: false, limit: 0, level_number: 3, reason: expect.stringMatching(/\d/) });
    expect((await decide(crawler)).retry_after).toBeGreaterThan(0);
    expect(await decide(reader)).toMatchObject({ level: 'normal', allowed: true, bot_score: 0, reason: '' });

    const crawl = await verdictOf(crawler);
    expect(crawl).toMatchObject({ traffic_class: 'behavioral_bot', is_behavioral_bot: true, page_views: '60' });
    expect(crawl['behavioral_signals']).toEqual(
      expect.arrayContaining(['high_request_count', 'sequential_navigation', 'regular_timing', 'high_pages_per_minute']),
    );
    expect(crawl['behavioral_reason']).toContain('60 page requests');
    expect(await verdictOf(reader)).toMatchObject({ traffic_class: 'human', behavioral_bot_score: 0 });
    // What was scored request by request is what all its events together say.
    expect((await decide(crawler)).bot_score).toBe(crawl['behavioral_bot_score']);
  });

  it('a level outlives the process, and goes down again when nothing happens', async () => {
    const crawler = { ip: '192.0.2.66' };
    await test.restart();
    expect(await decide(crawler)).toMatchObject({ level: 'blocked', allowed: false });
    nowMs += 5 * 60 * SECOND + SECOND;
    expect(await decide(crawler)).toMatchObject({ level: 'severe' });
    nowMs += 10 * 60 * SECOND + SECOND;
    expect(await decide(crawler)).toMatchObject({ level: 'normal', allowed: true });
  });
});

describe('whom a person speaks for', () => {
  async function slowedDown(visitor: Visitor): Promise<string> {
    nowMs += 3_600_000;
    for (let page = 0; page < 80; page++) {
      nowMs += SECOND;
      await test.send([named(visitor, visit(visitor, `/page/${1000 + page}`))]);
    }
    expect((await decide(visitor)).level).not.toBe('normal');
    const { session_id: sessionId } = await verdictOf(visitor);
    return String(sessionId);
  }

  it('is slowed down no more when the session is marked as that of a person', async () => {
    const visitor = { ip: '192.0.2.150' };
    const sessionId = await slowedDown(visitor);
    await test.product.verdicts.mark('default', sessionId, 'human', 'our own link checker');
    expect(await decide(visitor)).toMatchObject({ level: 'normal', allowed: true, bot_score: 0, reason: '' });
  });

  it('nor when the visitor is cleared, flagged or not', async () => {
    const visitor = { ip: '192.0.2.151' };
    await slowedDown(visitor);
    const [{ visitor_id: visitorId } = { visitor_id: '' }] = await test.product.store.query<{ visitor_id: string }>(
      render(sql`SELECT visitor_id FROM analytics_events WHERE properties['ip'] = ${bind.string(visitor.ip)} LIMIT 1`),
    );
    await test.product.fingerprints.flag('default', visitorId, 'known for it');
    nowMs += SECOND;
    await test.send([named(visitor, visit(visitor, '/page/1001'))]);
    await test.product.fingerprints.clear('default', visitorId);
    expect(await decide(visitor)).toMatchObject({ level: 'normal', allowed: true, reason: '' });
  });
});

describe('a verdict', () => {
  it.each([
    [
      'a crawler that says so',
      'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
      { traffic_class: 'bot', is_bot: true, is_ai_crawler: false },
    ],
    [
      'an AI crawler',
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
      {
        traffic_class: 'ai_crawler',
        is_bot: false,
        is_ai_crawler: true,
        bot_name: 'GPTBot',
        bot_vendor: 'OpenAI',
        bot_purpose: 'training',
      },
    ],
    ['nobody by name', '-', { traffic_class: 'bot', is_bot: true, bot_category: 'other' }],
    ['a browser', FIREFOX, { traffic_class: 'human', is_bot: false, is_ai_crawler: false, bot_name: '' }],
  ])('on %s', async (_name, userAgent, expected) => {
    nowMs += SECOND;
    const visitor = { ip: `198.51.100.${userAgent.length % 250}`, userAgent };
    await test.send([named(visitor, visit(visitor, '/'))]);
    expect(await verdictOf(visitor)).toMatchObject(expected);
  });

  it('on a session that saw no page is that it is a ghost', async () => {
    nowMs += SECOND;
    const visitor = { ip: '203.0.113.9' };
    await test.send([named(visitor, visit(visitor, '/nothing', 404))]);
    expect(await verdictOf(visitor)).toMatchObject({ traffic_class: 'ghost', is_ghost: true, page_views: '0', http_requests: '1' });
  });

  it('is nothing on a session without web traffic', async () => {
    nowMs += SECOND;
    await test.send([{ type: 'ai_request', model: 'm', session_id: 'calls' }]);
    await test.product.snapshots.refresh();
    expect(await test.product.sessions.find('default', 'calls')).toMatchObject({ trafficClass: '', source: 'api' });
  });
});

describe('requests of one moment', () => {
  it('keep the order they arrived in, and the score that was told live', async () => {
    nowMs += 3_600_000;
    const visitor = { ip: '192.0.2.99' };
    await test.send(['/f', '/e', '/d', '/c', '/b', '/a'].map((path) => named(visitor, visit(visitor, path))));
    const told = (await decide(visitor)).bot_score;
    const stored = await verdictOf(visitor);
    expect(stored['behavioral_signals']).not.toContain('sequential_navigation');
    expect(stored).toMatchObject({ behavioral_bot_score: told, entry_page: '/f', exit_page: '/a' });
  });
});

describe('two sessions that turn out to be one', () => {
  it('have one score for what both did, before and after their events are moved', async () => {
    const visitor = { ip: '192.0.2.98' };
    const MINUTE = 60 * SECOND;
    const startMs = nowMs + 3_600_000;
    const readAt = (minute: number, path: string): Record<string, unknown> => {
      nowMs = startMs + minute * MINUTE;
      return named(visitor, visit(visitor, path));
    };
    const pages = (from: number, count: number): string[] => Array.from({ length: count }, (_, page) => `/book/${100 + from + page}`);
    await test.send(pages(0, 30).map((path, index) => readAt(index / 3, path)));
    await test.send(pages(30, 22).map((path, index) => readAt(60 + index / 3, path)));
    expect((await decide(visitor)).bot_score).toBeLessThan(50);
    const between = readAt(35, '/book/1295');
    nowMs = startMs + 68 * MINUTE;
    await test.send([between]);
    const told = (await decide(visitor)).bot_score;
    expect(told).toBeGreaterThanOrEqual(50);
    expect(await verdictOf(visitor)).toMatchObject({ page_views: '53', behavioral_bot_score: told });
  });
});

describe('any session', () => {
  const anyRequest = fc.record({
    pauseMs: fc.oneof(fc.constantFrom(0, 1000), fc.integer({ min: 1, max: 200_000 })),
    path: fc.oneof(
      fc.nat(30).map((page) => `/list/${100 + page}`),
      fc.constantFrom('/', '/style.css', '/robots.txt', '/.env', '/feed'),
    ),
    statusCode: fc.constantFrom(200, 200, 200, 200, 304, 404, 429, 500),
  });
  const anySession = fc.array(anyRequest, { minLength: 1, maxLength: 70, size: 'max' });

  it('has the same classic score live and stored', async () => {
    nowMs += 3_600_000;
    const sessions = fc.sample(anySession, { numRuns: 25, seed: 11 });
    const visitors = sessions.map((_, index): Visitor => ({ ip: `203.0.113.${100 + index}` }));
    for (const [index, requests] of sessions.entries()) {
      const visitor = visitors[index] ?? { ip: '' };
      const events = requests.map(({ pauseMs, path, statusCode }) => {
        nowMs += pauseMs;
        return named(visitor, visit(visitor, path, statusCode));
      });
      await test.send(events);
      // The longest pause within a session is half an hour, which none of these is; they are decided about while they go on.
      const live = (await decide(visitor)).bot_score;
      expect(live).toBe((await verdictOf(visitor))['behavioral_bot_score']);
    }
  });
});
