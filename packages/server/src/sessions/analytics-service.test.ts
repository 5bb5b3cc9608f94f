import { readTrustedProxies } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionAnalyticsInput } from '../enrichment/session-analytics.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

const MINUTE = 60_000;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
let nowMs = Date.UTC(2026, 5, 1, 12);
let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({
    clock: () => nowMs,
    configuration: { trustedProxies: readTrustedProxies('10.0.0.0/8'), contentPatterns: { content: ['/blog/*'] } },
  });
});
afterAll(() => test.close());

const request = (more: Partial<SessionAnalyticsInput> = {}): SessionAnalyticsInput => ({
  url: 'https://example.test/blog/hello?utm_source=news&token=secret#top',
  headers: {
    'user-agent': FIREFOX,
    'accept-language': 'de-AT,de;q=0.8',
    referer: 'https://www.google.com/search?q=secret',
    'x-forwarded-for': '203.0.113.4, 10.0.0.7',
  },
  socketAddress: '10.1.1.1',
  ...more,
});

describe('AnalyticsService', () => {
  it('reads what a request says of its session', () => {
    expect(test.product.analytics.extract(request())).toMatchObject({
      ip: '203.0.113.4',
      userAgent: FIREFOX,
      browser: 'Firefox',
      deviceType: 'desktop',
      locale: 'de-AT',
      referrerHost: 'www.google.com',
      referrerSource: 'Google',
      utmSource: 'news',
      landingPage: '/blog/hello',
      entryUrl: 'https://example.test/blog/hello?utm_source=news',
      contentId: 'hello',
      doNotTrack: false,
    });
  });

  it('believes headers about the client from configured proxies only', () => {
    expect(test.product.analytics.extract(request({ socketAddress: '198.51.100.1' })).ip).toBe('198.51.100.1');
  });

  it('has no landing page where no page was asked for', () => {
    expect(test.product.analytics.extract(request({ url: 'https://example.test/style.css' }))).toMatchObject({
      landingPage: '',
      entryUrl: '',
    });
  });

  it('opens a session with all of it, finds it again while it goes on, and opens another one later', async () => {
    const { analytics } = test.product;
    const said = analytics.extract(request());
    const session = await analytics.findOrCreateSession('default', said, { source: 'oauth', userId: 'ada' });
    expect(session).toMatchObject({
      source: 'oauth',
      userId: 'ada',
      browser: 'Firefox',
      locale: 'de-AT',
      referrerSource: 'Google',
      landingPage: '/blog/hello',
      startedMs: nowMs,
    });
    nowMs += 20 * MINUTE;
    expect((await analytics.findOrCreateSession('default', said)).sessionId).toBe(session.sessionId);
    nowMs += 20 * MINUTE;
    expect((await analytics.findRecentSession('default', await analytics.fingerprintOf('default', said)))?.sessionId).toBe(
      session.sessionId,
    );
    nowMs += 31 * MINUTE;
    expect((await analytics.findOrCreateSession('default', said)).sessionId).not.toBe(session.sessionId);
  });

  it('keeps nothing of a visitor who asks not to be tracked', async () => {
    const { analytics } = test.product;
    const said = analytics.extract(request({ headers: { ...request().headers, dnt: '1' } }));
    expect(await analytics.fingerprintOf('default', said)).toBe('');
    expect(await analytics.createSession('default', said, { userId: 'ada' })).toMatchObject({
      userId: '',
      visitorId: '',
      browser: '',
      referrerHost: '',
    });
  });
});
