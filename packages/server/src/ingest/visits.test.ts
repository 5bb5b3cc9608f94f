import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

// What becomes of the events that web clients cause: which are page views, and what is kept of who caused them.

const NOW = Date.UTC(2026, 5, 1, 12);
let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct({
    nowMs: NOW,
    configuration: { contentPatterns: { pages: ['/wiki/*.txt'], notPages: ['/api/**'], content: ['/blog/*'] } },
  });
});
afterAll(() => test.close());

let serial = 0;
async function stored(event: Record<string, unknown>, sender = {}): Promise<Record<string, unknown>> {
  const id = `e${serial++}`;
  await test.send([{ id, page_url: 'https://example.test/', ...event }], sender);
  for (const table of ['analytics_events', 'http_requests', 'engagement_events'] as const) {
    const from = { analytics_events: sql`analytics_events`, http_requests: sql`http_requests`, engagement_events: sql`engagement_events` }[
      table
    ];
    const [row] = await test.product.store.query(render(sql`SELECT * FROM ${from} FINAL WHERE event_id = ${bind.string(id)}`));
    if (row !== undefined) return { table, ...row };
  }
  throw new Error('it was not stored');
}

describe('an HTTP request', () => {
  it.each([
    ['GET', '/', 200, 'page_view'],
    [undefined, '/docs/start', 200, 'page_view'],
    ['GET', '/docs', 304, 'page_view'],
    ['GET', '/docs', 206, 'page_view'],
    ['GET', '/wiki/notes.txt', 200, 'page_view'],
    ['GET', '/docs', 301, 'other'],
    ['GET', '/docs', 404, 'other'],
    ['GET', '/docs', 500, 'other'],
    ['HEAD', '/', 200, 'other'],
    ['POST', '/', 200, 'other'],
    ['GET', '/api/items', 200, 'other'],
    ['GET', '/robots.txt', 200, 'other'],
    ['GET', '/feed.xml', 200, 'other'],
    ['GET', '/logo.png', 200, 'asset'],
    ['GET', '/logo.png', 404, 'asset'],
    ['GET', '/style.css?v=3', 304, 'asset'],
  ])('%s %s answered with %i is a %s', async (method, path, statusCode, kind) => {
    const row = await stored({
      type: 'http_request',
      ...(method === undefined ? {} : { method }),
      page_url: `https://example.test${path}`,
      status_code: statusCode,
      response_bytes: 12,
      duration_ms: 1.5,
    });
    expect(row).toMatchObject(
      kind === 'page_view'
        ? { table: 'analytics_events', event_type: 'page_view', event_category: 'navigation' }
        : { table: 'http_requests', request_kind: kind, method: method ?? 'GET' },
    );
    expect(row).toMatchObject({ status_code: statusCode, response_bytes: '12', duration_ms: 1.5 });
  });

  it('bears the content id of its path', async () => {
    expect(await stored({ type: 'http_request', page_url: 'https://example.test/blog/hello', status_code: 200 })).toMatchObject({
      content_id: 'hello',
    });
    expect(await stored({ type: 'page_view', page_url: 'https://example.test/blog/hello', content_id: 'own' })).toMatchObject({
      content_id: 'own',
    });
    expect(await stored({ type: 'page_view', page_url: 'https://example.test/about' })).toMatchObject({ content_id: '' });
  });
});

describe('an address', () => {
  it('is stored without user, fragment and parameters that are not on the list', async () => {
    const row = await stored({
      type: 'page_view',
      page_url: 'https://ada:secret@example.test/a?token=secret&utm_source=news&gclid=secret#secret',
      referrer: 'https://other.test/search?q=secret',
    });
    expect(row).toMatchObject({
      page_url: 'https://example.test/a?utm_source=news',
      page_path: '/a',
      page_host: 'example.test',
      referrer: 'https://other.test/search',
    });
    expect(JSON.stringify(row)).not.toContain('secret');
  });

  it('of a referrer that is none is kept as it is', async () => {
    expect(await stored({ type: 'page_view', referrer: 'android-app' })).toMatchObject({ referrer: 'android-app' });
  });
});

describe('a visitor who asks not to be tracked', () => {
  const browser = { trusted: false, ip: '192.0.2.55', userAgent: 'Firefox' };

  it.each([
    ['DNT', { dnt: '1' }],
    ['Global Privacy Control', { 'sec-gpc': '1' }],
  ])('with %s is nobody: what it did is stored, and nothing of who it was', async (_name, headers) => {
    const row = await stored({ type: 'page_view', session_id: 's-secret', user_id: 'u-secret' }, { ...browser, headers });
    expect(row).toMatchObject({ session_id: '', user_id: '', visitor_id: '', ip: '', user_agent: '', page_path: '/' });
    expect(JSON.stringify(row)).not.toContain('secret');
  });

  it('may be told by a sender that speaks for it', async () => {
    const row = await stored({ type: 'page_view', fingerprint: 'f', ip: '192.0.2.55', user_agent: 'Firefox', do_not_track: true });
    expect(row).toMatchObject({ session_id: '', visitor_id: '', fingerprint: '', ip: '', user_agent: '' });
  });

  it.each([{}, { dnt: '0' }, { dnt: 'null' }])('is somebody with the headers %j', async (headers) => {
    const row = await stored({ type: 'page_view' }, { ...browser, headers });
    expect(row).toMatchObject({ ip: '192.0.2.0', user_agent: 'Firefox', session_id_source: 'visitor' });
    expect(String(row['visitor_id'])).toMatch(/^[\w-]{22}$/);
  });

  it('is somebody for model calls, which are no visits', async () => {
    await test.send([{ type: 'ai_request', id: 'call', model: 'm', session_id: 's1' }], { ...browser, headers: { dnt: '1' } });
    const [row] = await test.product.store.query(render(sql`SELECT session_id FROM ai_requests FINAL WHERE event_id = 'call'`));
    expect(row).toEqual({ session_id: 's1' });
  });
});
