import { parseAccessLogLine, parseAddress } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { render, sql } from '../store/sql.js';
import type { StoredRow } from '../store/store.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { OriginBackfill, type RefilledSlice } from './origin-backfill.js';

// A backfill right after the events came, with the same databases and lists: it has nothing to change, however odd the
// referrers are. The process has read many addresses before, as that of a server that imports a log has.

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';

let test: TestProduct;
let sent = 0;

beforeAll(async () => {
  for (let count = 0; count < 50_000; count++) parseAddress(`https://shop.example/${count}`);
  test = await openTestProduct({ nowMs: NOW });
});
afterAll(() => test.close());

/** The referrer as an access log of Apache httpd that has these bytes there says it. */
function logged(referrer: string): string | undefined {
  const line = `192.0.2.7 - - [01/Jun/2026:12:00:00 +0000] "GET /start HTTP/1.1" 200 5 "${referrer}" "${CHROME}"`;
  const outcome = parseAccessLogLine(line, 'combined');
  if (!outcome.ok) throw new TypeError(outcome.fault.message);
  return outcome.entry.referrer;
}

/** Sends a visit with each referrer, and gives their fingerprints in the same order. */
async function visit(referrers: readonly (string | undefined)[]): Promise<string[]> {
  const visits = referrers.map((referrer) => ({
    type: sent % 3 === 0 ? 'http_request' : 'page_view',
    ...(sent % 3 === 0 ? { status_code: 404 } : {}),
    page_url: 'https://www.shop.example/start',
    fingerprint: `visitor-${sent++}`,
    user_agent: CHROME,
    ip: '192.0.2.7',
    timestamp: NOW,
    referrer,
  }));
  expect(await test.send(visits)).toMatchObject({ accepted: visits.length, rejected: [] });
  return visits.map(({ fingerprint }) => fingerprint);
}

async function backfill(): Promise<RefilledSlice> {
  const { store, enricher, mover, snapshots } = test.product;
  const catchUp = async (): Promise<void> => {
    await mover.move();
    await snapshots.refresh();
  };
  const onSession = (projectId: string, sessionId: string): void => snapshots.mark(projectId, sessionId);
  const options = { store, enricher, catchUp, onSession, clock: () => NOW, retentionDays: {} };
  return new OriginBackfill(options).run('default', NOW - HOUR, NOW + HOUR);
}

async function sessions(): Promise<Map<unknown, StoredRow>> {
  await test.product.snapshots.refresh();
  const rows = await test.product.store.query<StoredRow>(render(sql`SELECT * FROM user_sessions FINAL WHERE project_id = 'default'`));
  return new Map(rows.map((row) => [row['fingerprint'], row]));
}

/** Referrers, each with the host that the visitor is said to come from; none is Direct. */
const EVENTS: readonly (readonly [referrer: string | undefined, host: string])[] = [
  [undefined, ''],
  ['', ''],
  ['-', ''],
  ['not an address', ''],
  ['/start', ''],
  ['//other.example/', ''],
  ['http://', ''],
  ['http://?q', ''],
  ['about:blank', ''],
  ['mailto:ada@other.example', ''],
  ['https://other.example', 'other.example'],
  ['https://other.example.', 'other.example'],
  ['https://shop.example/', ''],
  ['https://SHOP.example:8443/', ''],
  ['HTTPS://WWW.Other.EXAMPLE/Path?Query#Fragment', 'www.other.example'],
  ['http://other.example:8080/', 'other.example'],
  ['http://other.example:/', 'other.example'],
  ['http://other.example:99999/', ''],
  ['http://other.example:port/', ''],
  ['https://user:word@other.example/', 'other.example'],
  ['https://user:word@one@other.example/', 'other.example'],
  ['https://@/', ''],
  ['http:other.example/', 'other.example'],
  ['http:/other.example/', 'other.example'],
  ['http:///other.example/', 'other.example'],
  ['http:\\\\other.example\\path', 'other.example'],
  [' http://other.example/ ', 'other.example'],
  ['http://ot\ther.example/', 'other.example'],
  ['http://one two.example/', ''],
  ['http://one..example/', ''],
  ['http://192.0.2.1/', '192.0.2.1'],
  ['http://300.1.1.1/', ''],
  ['http://1.2.3.4.5/', ''],
  ['http://0x7f.1/', '127.0.0.1'],
  ['http://999/', '0.0.3.231'],
  ['http://[2001:0DB8::0001]:80/', '[2001:db8::1]'],
  ['http://[::ffff:192.0.2.1]/', '[::ffff:c000:201]'],
  ['http://[2001:db8::1/', ''],
  ['http://bücher.example/', 'xn--bcher-kva.example'],
  ['http://user:word@bücher.example/ä?q=ä', 'xn--bcher-kva.example'],
  ['http://漢字.example/', 'xn--p8s937b.example'],
  ['http://xn--bcher-kva.example/', 'xn--bcher-kva.example'],
  ['http://xn--a.example/', ''],
  ['http://Ã¨.example/', ''],
  ['http://%6Fther.example/', 'other.example'],
  ['http://%E4.example/', ''],
  ['http://\ufffd.example/', ''],
  ['http://other\u0000.example/', ''],
  [`http://${'a'.repeat(64)}.example/`, ''],
  [`http://${'abc.'.repeat(80)}example/`, ''],
  ['android-app://com.google.android.gm/', 'com.google.android.gm'],
  ['android-app://com.Slack', 'com.slack'],
  ['android-app://com.example.7/x?y', 'com.example.7'],
  ['android-app://bücher/', ''],
  ['file:///C:/start.html', ''],
];

/** The same as bytes of a log. */
const LINES: readonly (readonly [referrer: string, host: string])[] = [
  ['-', ''],
  ['', ''],
  ['http://\\xe4\\xe5\\xe3\\xf2\\xff\\xf0\\xed\\xee\\xe5-\\xec\\xfb\\xeb\\xee.\\xf0\\xf4/', ''],
  ['http://\\xe4.example/\\xe4', ''],
  ['http://other.example/\\xe4?\\xe4', 'other.example'],
  ['http://user:\\xe4@other.example/', 'other.example'],
  ['http://b\\xc3\\xbccher.example/', 'xn--bcher-kva.example'],
  ['http://other.example/\\"quoted\\"', 'other.example'],
  ['\\x16\\x03\\x01', ''],
  ['http://\\x22.example/', ''],
];

describe('a backfill right after visits', () => {
  const all = [...EVENTS, ...LINES.map(([referrer, host]) => [logged(referrer), host] as const)];
  let fingerprints: string[];
  let before: Map<unknown, StoredRow>;

  beforeAll(async () => {
    fingerprints = await visit(all.map(([referrer]) => referrer));
    before = await sessions();
  });

  it.each(all.map(([referrer, host], index) => [String(referrer).slice(0, 60), host, index] as const))(
    'finds %j to be of the host %j, as it was when it came',
    (_referrer, host, index) => {
      const session = before.get(fingerprints[index]);
      expect(session).toMatchObject({ referrer_host: host, channel: host === '' ? 'Direct' : expect.not.stringMatching(/^Direct$/) });
      if (host === '') expect(session?.['referrer_source']).toBe('');
    },
  );

  it('changes nothing, and neither does the next one', async () => {
    expect(await backfill()).toEqual({ refilled: all.length, changed: 0, next: null });
    expect(await backfill()).toEqual({ refilled: all.length, changed: 0, next: null });
    expect(await sessions()).toEqual(before);
  });

  it('changes nothing after a restart', async () => {
    await test.restart();
    expect(await backfill()).toEqual({ refilled: all.length, changed: 0, next: null });
  });

  it('changes nothing of any referrer', async () => {
    const scheme = fc.constantFrom('http://', 'HTTPS://', 'http:', 'https:/', 'android-app://', 'file://', 'javascript://', 'x', '//', '');
    const part = fc.constantFrom('a', 'B.example', 'xn--', 'ü', '\xe4', '漢', '-', '_', '.', ':', '80', '99999', '@', '/', '?', '#');
    const odd = fc.constantFrom('\\', '[::1]', '0x7f', '192.0.2.1', '300', '%41', '%', ' ', '\t', '\ufffd', '\0', '\xad', '://', 'Ã¨');
    const built = fc.tuple(scheme, fc.array(fc.oneof(part, odd), { maxLength: 6 })).map(([start, rest]) => start + rest.join(''));
    const byte = fc.integer({ min: 0x80, max: 0xff }).map((value) => `\\x${value.toString(16)}`);
    const bytes = fc.array(fc.oneof(byte, fc.constantFrom('a', '.', '-', '/')), { maxLength: 8 }).map((each) => `http://${each.join('')}`);
    const referrer = fc.oneof(built, bytes.map(logged), fc.webUrl({ withQueryParameters: true, withFragments: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(referrer, { minLength: 100, maxLength: 200 }), async (referrers) => {
        await visit(referrers);
        expect(await backfill()).toEqual({ refilled: sent, changed: 0, next: null });
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
