import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { SiteBrowsers } from './site-browsers.js';
import { SiteMeasurement } from './site-measurement.js';

const MAY_2026 = Date.UTC(2026, 4, 5);
const MONTH = 31 * 86_400_000;

describe('the browsers of a site', () => {
  function seen(...shown: readonly (readonly [major: number, timestampMs: number, visitor: string])[]): SiteBrowsers {
    const browsers = new SiteBrowsers();
    for (const [major, timestampMs, visitor] of shown) browsers.note('p', timestampMs, 'Chrome', major, visitor);
    return browsers;
  }

  it('are compared with those of their own time', () => {
    const browsers = seen(
      ...['a', 'b', 'c'].map((visitor) => [120, MAY_2026, visitor] as const),
      ...['a', 'b', 'c'].map((visitor) => [180, MAY_2026 + 2 * MONTH, visitor] as const),
    );
    expect(browsers.newestOf('p', MAY_2026 - MONTH, 'Chrome')).toBeNull();
    expect(browsers.newestOf('p', MAY_2026, 'Chrome')).toBe(120);
    expect(browsers.newestOf('p', MAY_2026 + MONTH, 'Chrome')).toBe(120);
    expect(browsers.newestOf('p', MAY_2026 + 2 * MONTH, 'Chrome')).toBe(180);
    expect(browsers.newestOf('p', MAY_2026 + 50 * MONTH, 'Chrome')).toBe(180);
  });

  it('are those of one project and of one name', () => {
    const browsers = seen(...['a', 'b', 'c'].map((visitor) => [120, MAY_2026, visitor] as const));
    expect(browsers.newestOf('q', MAY_2026, 'Chrome')).toBeNull();
    expect(browsers.newestOf('p', MAY_2026, 'Firefox')).toBeNull();
  });

  it('are not what one visitor says', () => {
    const browsers = seen(
      ...['a', 'b', 'c'].map((visitor) => [120, MAY_2026, visitor] as const),
      [999, MAY_2026, 'liar'],
      [998, MAY_2026, 'liar'],
    );
    expect(browsers.newestOf('p', MAY_2026, 'Chrome')).toBe(120);
  });
});

describe('how a session is measured', () => {
  interface Seen {
    readonly pages?: number;
    readonly assets?: number;
    readonly icons?: number;
    readonly beacons?: number;
  }
  function measured({ pages = 0, assets = 0, icons = 0, beacons = 0 }: Seen): SiteMeasurement {
    const measurement = new SiteMeasurement();
    for (let count = 0; count < pages; count++) measurement.notePage('p');
    for (let count = 0; count < assets; count++) measurement.noteAsset('p', `/a${count}.css`);
    for (let count = 0; count < icons; count++) measurement.noteAsset('p', count % 2 === 0 ? '/favicon.ico' : '/apple-touch-icon-120.png');
    for (let count = 0; count < beacons; count++) measurement.noteBeacon('p');
    return measurement;
  }

  it.each<[string, Seen, boolean, boolean, string]>([
    ['nothing was seen', {}, true, false, 'unknown'],
    ['a server that reports assets', { pages: 100, assets: 20 }, true, false, 'server_log'],
    ['a few assets may be chance', { pages: 100, assets: 19 }, true, false, 'unknown'],
    ['few assets for so many pages', { pages: 1000, assets: 99 }, true, false, 'unknown'],
    ['icons are asked for wherever assets come from', { pages: 100, icons: 100 }, true, false, 'unknown'],
    ['a server and a tracker', { pages: 100, assets: 50, beacons: 50 }, true, false, 'both'],
    ['a tracker', { pages: 100, beacons: 50 }, false, false, 'tracker'],
    ['a session with script events of its own', {}, false, true, 'tracker'],
    ['page views that nothing else is known of', { pages: 100 }, false, false, 'unknown'],
  ])('%s', (_name, given, isServerTold, hasBeacons, expected) => {
    expect(measured(given).of('p', isServerTold, hasBeacons)).toBe(expected);
    expect(measured(given).of('q', isServerTold, false)).toBe('unknown');
  });

  it('follows a site that moves its assets elsewhere', () => {
    const measurement = measured({ pages: 1000, assets: 5000 });
    expect(measurement.of('p', true, false)).toBe('server_log');
    for (let count = 0; count < 400_000; count++) measurement.notePage('p');
    expect(measurement.of('p', true, false)).toBe('unknown');
  });
});

describe('what is known of a site', () => {
  let test: TestProduct;
  const nowMs = MAY_2026;
  beforeAll(async () => {
    test = await openTestProduct({ clock: () => nowMs });
    const request = (visitor: number, path: string): object => ({
      type: 'http_request',
      ip: `192.0.2.${visitor}`,
      user_agent: `Mozilla/5.0 (X11; Linux x86_64; rv:${130 + visitor}.0) Gecko/20100101 Firefox/${130 + visitor}.0`,
      page_url: `https://example.test${path}`,
      status_code: 200,
      timestamp: nowMs - 3_600_000 * 2 + visitor * 1000,
    });
    await test.send(Array.from({ length: 30 }, (_, visitor) => [request(visitor, '/'), request(visitor, `/${visitor}.css`)]).flat());
    await test.product.mover.move();
    await test.product.snapshots.refresh();
  });
  afterAll(() => test.close());

  it('is read back after a restart', async () => {
    const measurement = new SiteMeasurement();
    const browsers = new SiteBrowsers();
    await measurement.restore(test.product.store);
    await browsers.restore(test.product.store);
    expect(measurement.of('default', true, false)).toBe('server_log');
    // The third newest of the visitors' versions.
    expect(browsers.newestOf('default', nowMs, 'Firefox')).toBe(157);
  });
});
