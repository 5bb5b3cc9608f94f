import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MmdbNetwork, writeMmdb } from '../enrichment/testing/write-mmdb.js';
import { trafficGeo } from '../reports/traffic/geo.js';
import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { StoredRow } from '../store/store.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { OriginBackfill, type RefilledSlice } from './origin-backfill.js';
import { ORIGIN_NAMES } from './session-row.js';

// Events arrive while no database knows their addresses; then the product is opened again with databases that do.

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';
const TABLES = ['analytics_events', 'http_requests', 'engagement_events', 'session_changes', 'ai_requests'];

const folder = mkdtempSync(join(tmpdir(), 'origin-backfill-'));
const geoDatabase = join(folder, 'geo.mmdb');
const asnDatabase = join(folder, 'asn.csv');
const place = (country: string, region: string, city: string): MmdbNetwork['record'] => ({
  country: { iso_code: country },
  subdivisions: [{ names: { en: region } }],
  city: { names: { en: city } },
});

function writeDatabases(known: boolean): void {
  const networks: MmdbNetwork[] = known
    ? [
        { network: '192.0.2.0/24', record: place('AT', 'Vienna', 'Vienna') },
        { network: '198.51.100.0/25', record: place('CH', 'Zurich', 'Winterthur') },
        { network: '198.51.100.128/25', record: place('CH', 'Bern', 'Thun') },
        { network: '2001:db8::/32', record: { country_code: 'FR' } },
      ]
    : [{ network: '10.0.0.0/8', record: { country_code: 'ZZ' } }];
  writeFileSync(geoDatabase, writeMmdb(networks));
  writeFileSync(asnDatabase, known ? '192.0.2.0,192.0.2.255,24940,Hetzner Online GmbH\n' : '10.0.0.0,10.0.0.255,64512,Private\n');
}

let test: TestProduct;
let nowMs = NOW;

function backfill(changes: Partial<ConstructorParameters<typeof OriginBackfill>[0]> = {}): OriginBackfill {
  const { store, enricher, mover, snapshots } = test.product;
  const catchUp = async (): Promise<void> => {
    await mover.move();
    await snapshots.refresh();
  };
  const onSession = (projectId: string, sessionId: string): void => snapshots.mark(projectId, sessionId);
  return new OriginBackfill({ store, enricher, catchUp, onSession, clock: () => nowMs, retentionDays: {}, ...changes });
}

const run = (changes: Parameters<typeof backfill>[0] = {}, projectId = 'default'): Promise<RefilledSlice> =>
  backfill(changes).run(projectId, NOW - 24 * HOUR, NOW + HOUR);

const view = (fingerprint: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'page_view',
  page_url: 'https://shop.example/start',
  user_agent: CHROME,
  ip: '192.0.2.7',
  timestamp: NOW,
  fingerprint,
  ...more,
});

async function rowsOf(table: string, projectId = 'default'): Promise<StoredRow[]> {
  return test.product.store.query(render(sql`SELECT * FROM ${identifier(table)} FINAL WHERE project_id = ${bind.string(projectId)}`));
}

async function sessions(projectId = 'default'): Promise<Map<unknown, StoredRow>> {
  await test.product.mover.move();
  await test.product.snapshots.refresh();
  const rows = (await rowsOf('user_sessions', projectId)).filter((row) => Number(row['events']) + Number(row['http_requests']) > 0);
  return new Map(rows.map((row) => [row['fingerprint'] || row['session_id'], row]));
}

const withoutVersions = (row: StoredRow): StoredRow =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !['version', 'computed_at', 'received_at'].includes(name)));
const withoutOrigin = (row: StoredRow): StoredRow =>
  Object.fromEntries(Object.entries(withoutVersions(row)).filter(([name]) => !(ORIGIN_NAMES as readonly string[]).includes(name)));
/** Rows as texts, in an order of their own. */
const textsOf = (rows: readonly StoredRow[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

async function opened(ipPrivacy: 'none' | 'truncated' | 'full'): Promise<void> {
  nowMs = NOW;
  writeDatabases(false);
  test = await openTestProduct({ clock: () => nowMs, configuration: { geoDatabase, asnDatabase, ipPrivacy } });
}

async function learn(): Promise<void> {
  writeDatabases(true);
  await test.restart();
  nowMs += MINUTE;
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('databases that are set up later', () => {
  const HOSTILE = `'; DROP TABLE projects; -- \\ {p0:String} "ü 漢字`;
  let before: Map<unknown, StoredRow>;
  let rowsBefore: string[][];
  let first: RefilledSlice;
  const stored = (of: (row: StoredRow) => StoredRow): Promise<string[][]> =>
    Promise.all(TABLES.map(async (table) => textsOf((await rowsOf(table)).map(of))));

  beforeAll(async () => {
    await opened('truncated');
    const campaign = new URLSearchParams({ utm_source: HOSTILE, utm_medium: 'email', gclid: 'secret' });
    await test.send([
      view('page', { page_url: `https://shop.example/start?${campaign}`, referrer: 'https://www.google.com/', locale: 'de-AT' }),
      view('page', { timestamp: NOW + MINUTE, page_url: 'https://shop.example/next' }),
      view('request', { type: 'http_request', page_url: 'https://shop.example/wp-login.php', method: 'GET', status_code: 404 }),
      view('split', { ip: '198.51.100.7' }),
      view('six', { ip: '2001:db8::7', properties: { plan: 'pro', "k'1": 'v"1' }, title: HOSTILE }),
      view('nowhere', { ip: '203.0.113.9' }),
      view('hidden', { session_id: 'hidden', ip: undefined }),
      view('goal', { type: 'conversion', goal_name: 'bought', goal_value: '0.000000000001' }),
      view('engaged', { type: 'engagement', session_id: 'engaged' }),
      view('old', { timestamp: NOW - 48 * HOUR }),
      { type: 'ai_request', session_id: 'calls', model: 'm', timestamp: NOW },
    ]);
    // A late event: both say where the visitor came from, and the earlier one counts.
    await test.send([view('late', { ip: '203.0.113.9', referrer: 'https://www.bing.com/' })]);
    await test.send([view('late', { timestamp: NOW - 5 * MINUTE, referrer: 'https://duckduckgo.com/' })]);
    await test.product.sessions.create('default', { sessionId: 'created', source: 'web', origin: { country: 'SE', ip: '192.0.2.0' } });
    await test.product.projects.create('shop');
    await test.send([view('page')], { projectId: 'shop' });
    before = await sessions();
    await learn();
    rowsBefore = await stored(withoutOrigin);
    first = await run();
  });
  afterAll(() => test.close());

  it('are asked about every session with a web origin, and about no other', () => {
    expect([...before.keys()].sort()).toEqual(
      ['calls', 'engaged', 'goal', 'hidden', 'late', 'nowhere', 'old', 'page', 'request', 'six', 'split'].filter(
        (name) => name !== 'engaged',
      ),
    );
    expect(first).toEqual({ refilled: 8, changed: 6, next: null });
  });

  it.each([
    ['page', { country: 'AT', region: 'Vienna', city: 'Vienna', asn: 24940, network: 'Hetzner Online GmbH', hosting: true }],
    ['request', { country: 'AT', city: 'Vienna', hosting: true }],
    ['goal', { country: 'AT', city: 'Vienna' }],
    // The stored network lies in two regions: only the country is known of the address.
    ['split', { country: 'CH', region: '', city: '', asn: 0 }],
    ['six', { country: 'FR', region: '', asn: 0 }],
    ['nowhere', { country: '', asn: 0, network: '', hosting: false }],
    ['hidden', { country: '', asn: 0 }],
    ['late', { country: 'AT', city: 'Vienna', referrer_source: 'DuckDuckGo' }],
    // Out of the range.
    ['old', { country: '', asn: 0 }],
  ])('tell where %s came from', async (name, expected) => {
    expect(before.get(name)).toMatchObject({ country: '', region: '', city: '', asn: 0, network: '', hosting: false });
    expect((await sessions()).get(name)).toMatchObject(expected);
  });

  it('change nothing else, of events and of sessions', async () => {
    expect(await stored(withoutOrigin)).toEqual(rowsBefore);
    const after = await sessions();
    const told = ['country', 'region', 'city', 'asn', 'network', 'hosting'];
    const counted = ['events', 'page_views', 'conversions', 'started_at', 'last_event_at', 'entry_url', 'exit_page', 'visitor_id'];
    const same = [...ORIGIN_NAMES.filter((column) => !told.includes(column)), ...counted];
    for (const [name, row] of before) {
      expect(same.map((column) => after.get(name)?.[column])).toEqual(same.map((column) => row[column]));
    }
    expect(after.get('page')).toMatchObject({ utm_source: HOSTILE, utm_medium: 'email', click_id: 'gclid', locale: 'de-AT' });
  });

  it('leave another project and sessions that were created as they are', async () => {
    expect((await sessions('shop')).get('page')).toMatchObject({ country: '' });
    expect(await test.product.sessions.find('default', 'created')).toMatchObject({ country: 'SE' });
  });

  it('tell the report of places', async () => {
    const { rows } = await test.product.report(trafficGeo, 'default', { since: '2026-06-01', until: '2026-06-02', include: 'all' });
    const counts = new Map(rows.map((row) => [row['country'], row['sessions']]));
    expect(counts).toEqual(
      new Map([
        ['AT', 4],
        ['CH', 1],
        ['FR', 1],
        [null, 2],
      ] as [string | null, number][]),
    );
  });

  it('change nothing the second time, and nothing after a restart', async () => {
    const rows = await stored((row) => row);
    const shown = await sessions();
    nowMs += MINUTE;
    expect(await run()).toEqual({ refilled: 8, changed: 0, next: null });
    await test.restart();
    nowMs += MINUTE;
    expect(await run()).toEqual({ refilled: 8, changed: 0, next: null });
    expect(await stored((row) => row)).toEqual(rows);
    for (const [name, row] of await sessions()) expect(withoutVersions(row)).toEqual(withoutVersions(shown.get(name) ?? {}));
  });

  it('do not lose what was known once they are gone', async () => {
    const known = await sessions();
    writeDatabases(false);
    await test.restart();
    nowMs += MINUTE;
    expect(await run()).toMatchObject({ changed: 0 });
    writeDatabases(true);
    await test.restart();
    for (const [name, row] of await sessions()) expect(row['country']).toBe(known.get(name)?.['country']);
  });
});

describe('a run', () => {
  beforeEach(() => opened('full'));
  afterEach(() => test.close());

  it('works a slice of sessions at a time, each session once', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `visitor-${index}`);
    await test.send(names.map((name) => view(name)));
    await learn();
    const sliced = backfill({ sessionsPerSlice: 3 });
    const slices: RefilledSlice[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const slice: RefilledSlice = await sliced.run('default', NOW, NOW + 1, after);
      slices.push(slice);
      after = slice.next;
    }
    expect(slices.map(({ refilled, changed }) => [refilled, changed])).toEqual([
      [3, 3],
      [3, 3],
      [1, 1],
    ]);
    expect([...(await sessions()).values()].map((row) => row['country'])).toEqual(names.map(() => 'AT'));
    expect(await backfill({ sessionsPerSlice: 7 }).run('default', NOW, NOW + 1)).toMatchObject({ changed: 0, next: expect.any(String) });
    expect(await sliced.run('default', NOW + 1, NOW + HOUR)).toEqual({ refilled: 0, changed: 0, next: null });
  });

  it('gives the origins that the events would have had, had they come later', async () => {
    const addresses = ['192.0.2.7', '198.51.100.7', '198.51.100.200', '2001:db8::1', '203.0.113.1', undefined];
    const referrers = [undefined, 'https://www.google.com/', 'https://t.co/x', 'https://shop.example/', 'https://chatgpt.com/?q=1'];
    const pages = ['/a', '/b?utm_source=news&utm_medium=email&utm_term=x', '/c?fbclid=1', '/d?gclid=1&utm_campaign=may&other=1'];
    const agents = [CHROME, 'curl/8.5.0', undefined];
    const visits = addresses.flatMap((ip, a) =>
      referrers.flatMap((referrer, r) =>
        pages.map((page, p) => {
          const type = (a + r + p) % 3 === 0 ? { type: 'http_request', method: 'GET', status_code: 404 } : {};
          const visit = {
            ip,
            referrer,
            page_url: `https://shop.example${page}`,
            user_agent: agents[(a + p) % 3],
            session_id: `s${a}${r}${p}`,
          };
          return view(`v${a}${r}${p}`, { ...visit, ...type });
        }),
      ),
    );
    await test.send(visits);
    await learn();
    await test.product.projects.create('oracle');
    await test.send(visits, { projectId: 'oracle' });
    expect(await run()).toEqual({ refilled: visits.length, changed: 80, next: null });
    const found = await sessions();
    const oracle = await sessions('oracle');
    expect(found.size).toBe(visits.length);
    for (const [name, row] of oracle) {
      expect({ ...withoutVersions(found.get(name) ?? {}), project_id: 'oracle' }).toEqual(withoutVersions(row));
    }
  });

  it('is not undone by events that are sent again, come late, join sessions or are erased', async () => {
    await test.send([view('late', { id: 'one' }), view('joined', { timestamp: NOW - 50 * MINUTE }), view('joined'), view('gone')]);
    await learn();
    expect(await run()).toMatchObject({ refilled: 4, changed: 4 });
    expect(await test.send([view('late', { id: 'one', ip: '203.0.113.9' })])).toMatchObject({ accepted: 0, duplicates: 1 });
    await test.send([view('joined', { timestamp: NOW - 25 * MINUTE })]);
    await test.send([view('late', { timestamp: NOW - 10 * MINUTE, ip: '198.51.100.7' })]);
    await test.product.erasure.erase('default', { visitorId: 'gone' });
    const found = await sessions();
    expect([...found.keys()].sort()).toEqual(['joined', 'late']);
    expect(found.get('joined')).toMatchObject({ country: 'AT', page_views: '3' });
    expect(found.get('late')).toMatchObject({ country: 'CH', city: 'Winterthur', page_views: '2' });
    expect(await run()).toEqual({ refilled: 2, changed: 0, next: null });
    expect(await rowsOf('analytics_events')).toHaveLength(5);
  });

  it('repairs the sessions of one that was killed after it had written the events', async () => {
    await test.send([view('killed')]);
    await learn();
    expect(await run({ onSession: () => undefined })).toMatchObject({ changed: 1 });
    expect((await sessions()).get('killed')).toMatchObject({ country: '' });
    expect(await run()).toEqual({ refilled: 1, changed: 0, next: null });
    expect((await sessions()).get('killed')).toMatchObject({ country: 'AT', hosting: true });
  });

  it('judges the sessions that changed anew, and leaves what was deleted for its age in the others and in old ones', async () => {
    const asset = { type: 'http_request', method: 'GET', status_code: 404, page_url: 'https://shop.example/x' };
    const old = { timestamp: NOW - 23 * HOUR };
    await test.send([view('changed'), view('same', { ip: '203.0.113.9' }), view('old', old)]);
    await test.send([view('same', { ...asset, ip: '203.0.113.9', timestamp: NOW + 1 }), view('old', { ...old, ...asset })]);
    await learn();
    const before = await sessions();
    await deleteRows(test.product.store, 'http_requests', sql`project_id = 'default'`);
    nowMs += HOUR;
    // A day before now lies between the old session and the others.
    const retentionDays = { http_requests: 1, analytics_events: 400, anomalies: 0 };
    expect(await run({ retentionDays })).toEqual({ refilled: 3, changed: 2, next: null });
    const after = await sessions();
    expect(after.get('same')).toEqual(before.get('same'));
    expect(after.get('old')).toMatchObject({ country: 'AT', network: 'Hetzner Online GmbH', hosting: true, http_requests: '1' });
    expect(withoutOrigin(after.get('old') ?? {})).toEqual(withoutOrigin(before.get('old') ?? {}));
    const judged = (await rowsOf('session_verdicts')).filter((row) => Date.parse(String(row['computed_at'])) === nowMs);
    expect(judged.map((row) => row['session_id'])).toEqual([after.get('changed')?.['session_id']]);
    nowMs += MINUTE;
    expect(await run({ retentionDays })).toEqual({ refilled: 3, changed: 0, next: null });
    expect(await sessions()).toEqual(after);
  });

  it('keeps what the headers of a browser said, and not what a program says of others', async () => {
    const { key } = await test.product.keys.create('default', 'write');
    const headers = {
      'accept-language': 'de',
      'sec-ch-ua': '"Brave";v="137", "Chromium";v="137"',
      'sec-ch-ua-mobile': '?0',
      'sec-ch-ua-platform': '"Windows"',
      'sec-ch-ua-platform-version': '"15.0.0"',
    };
    const browser = { keyId: key.key_id, trusted: false, ip: '192.0.2.7', userAgent: CHROME, headers };
    await test.send([{ type: 'page_view', session_id: 'browser', page_url: 'https://shop.example/' }], browser);
    const hinted = { locale: 'de', os: 'Windows 11', browser: 'Brave', browser_version: '137', device_type: 'desktop' };
    expect((await sessions()).get('browser')).toMatchObject({ ...hinted, country: '' });
    await test.send([view('told', { session_id: 'told' })]);
    // As a version before might have told it.
    await test.product.store.command(
      render(sql`INSERT INTO analytics_events SELECT * REPLACE ('Chrome Mobile' AS browser, 'mobile' AS device_type, 'Referral' AS channel,
        version + 1 AS version) FROM (SELECT * FROM analytics_events FINAL WHERE session_id = 'told')`),
    );
    await learn();
    expect(await run()).toMatchObject({ refilled: 2, changed: 2 });
    const found = await sessions();
    expect(found.get('browser')).toMatchObject({ ...hinted, country: 'AT' });
    expect(found.get('told')).toMatchObject({ browser: 'Chrome', device_type: 'desktop', channel: 'Direct', country: 'AT' });
  });
});
