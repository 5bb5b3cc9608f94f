import { beforeEach, describe, expect, it } from 'vitest';
import { measureRequests } from './measure-requests.js';
import { PathTable } from './path-table.js';
import { ERROR_PATHS_MAX, SessionBehavior } from './session-behavior.js';
import { DISTINCT_PAGES_MAX, gapVariation, SEQUENCE_PAGES_MAX, type SessionRequest } from './session-request.js';

const START_MS = Date.UTC(2026, 5, 1);
let behavior: SessionBehavior;
beforeEach(() => {
  behavior = new SessionBehavior(new PathTable());
});

function request(path: string, changes: Partial<SessionRequest> = {}): SessionRequest {
  return { timestampMs: START_MS, path, kind: 'page', method: 'GET', statusCode: 200, hasReferrer: false, ...changes };
}

function visit(...paths: readonly string[]): void {
  for (const path of paths) behavior.observe(request(path));
}

describe('a new session', () => {
  it('measures as nothing', () => {
    expect(behavior).toMatchObject({ ...measureRequests([]), requests: 0, typicalGapMs: 0, gapMaxMs: 0, errorPaths: 0, probes: 0 });
    expect(gapVariation(behavior)).toBeNull();
  });
});

describe('a gap in which a page was refused', () => {
  const refused = (timestampMs: number): SessionRequest => request('/x', { kind: 'other', statusCode: 429, timestampMs });
  const at = (seconds: number): number => START_MS + seconds * 1000;
  const measuresOf = (requests: readonly SessionRequest[]): unknown => {
    for (const each of requests) behavior.observe(each);
    const { spanMs, gapMaxMs, gapSquaresMs2 } = behavior;
    expect({ spanMs, gapSquaresMs2 }).toMatchObject({
      spanMs: measureRequests(requests).spanMs,
      gapSquaresMs2: measureRequests(requests).gapSquaresMs2,
    });
    return [spanMs, gapMaxMs];
  };
  const pages = (...seconds: readonly number[]): SessionRequest[] => seconds.map((each) => request(`/${each}`, { timestampMs: at(each) }));

  it('is no longer than those before it on average', () => {
    expect(measuresOf([...pages(0, 10, 30), refused(at(31)), ...pages(331, 341)])).toEqual([55_000, 20_000]);
  });

  it('is what it is when it is shorter, or the first', () => {
    expect(measuresOf([...pages(0), refused(at(1)), ...pages(300, 310), refused(at(311)), ...pages(312)])).toEqual([312_000, 300_000]);
  });

  it('is no longer where the refusal was seen in what turned out to be the end of the session', () => {
    const end = new SessionBehavior(new PathTable());
    for (const each of pages(0, 10, 30)) behavior.observe(each);
    end.observe(refused(at(31)));
    behavior.append(end);
    for (const each of pages(331, 341)) behavior.observe(each);
    expect(behavior).toMatchObject({ spanMs: 55_000, gapMaxMs: 20_000 });
  });

  it('does not touch the gaps after it', () => {
    expect(measuresOf([...pages(0, 10), refused(at(11)), refused(at(100)), ...pages(300, 400)])).toEqual([120_000, 100_000]);
  });
});

describe('requests', () => {
  it('are counted by kind, and beacons apart', () => {
    visit('/', '/a');
    behavior.observe(request('/a.css', { kind: 'asset', hasReferrer: true }));
    behavior.observe(request('/api/x', { kind: 'other', hasReferrer: true }));
    behavior.beacon(false);
    behavior.beacon(true);
    behavior.beacon(true);
    expect(behavior).toMatchObject({ requests: 4, pageRequests: 2, assetRequests: 1, referrers: 2, beacons: 3, interactions: 2 });
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY]])(
    'at the time %s are refused and leave no trace',
    (timestampMs) => {
      expect(() => behavior.observe(request('/', { timestampMs }))).toThrow(
        expect.objectContaining({ code: 'invalid_value', path: 'timestampMs', message: expect.stringContaining(String(timestampMs)) }),
      );
      expect(behavior.requests).toBe(0);
    },
  );
});

describe('gaps', () => {
  const at = (...seconds: readonly number[]) => {
    for (const second of seconds) behavior.observe(request('/', { timestampMs: START_MS + second * 1000 }));
  };

  it('lie between page views only', () => {
    at(0);
    behavior.observe(request('/a.png', { kind: 'asset', timestampMs: START_MS + 5000 }));
    behavior.observe(request('/robots.txt', { kind: 'other', timestampMs: START_MS + 6000 }));
    at(10);
    expect(behavior).toMatchObject({ spanMs: 10_000, gapMaxMs: 10_000, gapSquaresMs2: 1e8, shortGaps: 0 });
  });

  it('are short up to three seconds', () => {
    at(0, 3, 6.001, 6.001);
    expect(behavior).toMatchObject({ shortGaps: 2, gapMaxMs: 3001 });
  });

  it('of a late request are none, and its time is that of the latest', () => {
    at(0, 10, 4, 12);
    expect(behavior).toMatchObject({ spanMs: 12_000, gapMaxMs: 10_000, shortGaps: 2, gapSquaresMs2: 104e6 });
  });

  it.each([
    ['equal ones', [0, 10, 20, 30], 10_000],
    ['a long one among short ones', [0, 1, 2, 3, 1003], 5660],
    ['none at all', [5, 5, 5], 0],
  ])('typical of %s', (_what, seconds, typicalMs) => {
    at(...seconds);
    expect(behavior.typicalGapMs).toBeGreaterThanOrEqual(typicalMs * 0.98);
    expect(behavior.typicalGapMs).toBeLessThanOrEqual(typicalMs * 1.05 + 0.001);
  });
});

describe('the way through the site', () => {
  it.each<[string, readonly string[], number, number]>([
    ['each page once', ['/a', '/b', '/c'], 0, 0],
    ['back and forth', ['/a', '/b', '/a', '/b'], 2, 2],
    ['a reload', ['/a', '/a', '/a'], 0, 2],
    ['back after a reload', ['/a', '/b', '/b', '/a'], 1, 2],
    ['to a page of long ago', ['/a', '/b', '/c', '/a'], 0, 1],
    ['back with another query', ['/a?x=1', '/b', '/a?x=2'], 1, 1],
  ])('%s', (_what, paths, backSteps, repeats) => {
    visit(...paths);
    expect(behavior).toMatchObject({ backSteps, repeats });
  });

  it('is followed when the table of paths starts anew in between', () => {
    behavior = new SessionBehavior(new PathTable(1));
    visit('/a', '/b', '/a', '/b', '/c');
    expect(behavior).toMatchObject({ distinctPages: 3, backSteps: 2, repeats: 2, sequenceMatches: 3 });
  });

  it('is bounded: the order of the first pages, and distinct pages up to a number', () => {
    const requests = Array.from({ length: DISTINCT_PAGES_MAX + 300 }, (_, index) => request(`/page-${index}`));
    for (const each of requests) behavior.observe(each);
    expect(behavior).toMatchObject({ distinctPages: DISTINCT_PAGES_MAX, sequenceLength: SEQUENCE_PAGES_MAX, repeats: 0 });
    expect(behavior).toMatchObject(measureRequests(requests));
    visit('/page-1', `/page-${DISTINCT_PAGES_MAX - 1}`, '/page-never-seen');
    expect(behavior).toMatchObject({ distinctPages: DISTINCT_PAGES_MAX, repeats: 2 });
  });
});

describe('what is rare', () => {
  it.each<[string, Partial<SessionRequest>, Partial<SessionBehavior>]>([
    ['/.env', { statusCode: 200 }, { probes: 1 }],
    ['/.env', { statusCode: 404 }, { probes: 1, errorPaths: 1 }],
    ['/a?file=../../etc/passwd', {}, { probes: 1 }],
    ['/wp-login.php', { statusCode: 404 }, { guesses: 1, errorPaths: 1, signIns: 0 }],
    ['/wp-login.php', { statusCode: 200 }, { guesses: 0, signIns: 0 }],
    ['/wp-login.php', { statusCode: undefined }, { guesses: 0, signIns: 0 }],
    ['/wp-login.php', { statusCode: 200, method: 'POST' }, { guesses: 0, signIns: 1 }],
    ['/phpmyadmin/', { statusCode: 404 }, { guesses: 1 }],
    ['/phpmyadmin/', { statusCode: 200 }, { guesses: 0 }],
    ['/robots.txt', { kind: 'other' }, { programFiles: 1 }],
    ['/feed', { kind: 'other' }, { feeds: 1 }],
    ['/?flav=rss20', { kind: 'other' }, { feeds: 1 }],
    ['/', { method: 'HEAD' }, { headRequests: 1, oddMethods: 0 }],
    ['/', { method: 'PROPFIND' }, { headRequests: 0, oddMethods: 1 }],
    ['/', { method: 'PUT' }, { headRequests: 0, oddMethods: 0 }],
    ['/.env', { kind: 'asset', statusCode: 404 }, { probes: 0, errorPaths: 0 }],
  ])('%s %j', (path, changes, expected) => {
    behavior.observe(request(path, changes));
    expect(behavior).toMatchObject(expected);
  });

  it.each([
    [200, 0],
    [304, 0],
    [400, 1],
    [401, 0],
    [403, 1],
    [404, 1],
    [405, 1],
    [408, 0],
    [410, 1],
    [422, 0],
    [429, 0],
    [499, 0],
    [500, 0],
    [503, 0],
  ])('an answer of %s is an error of the one who asks: %s', (statusCode, errorPaths) => {
    behavior.observe(request('/a', { statusCode }));
    expect(behavior.errorPaths).toBe(errorPaths);
  });

  it('counts paths with errors and not requests, up to a number', () => {
    for (let round = 0; round < 100; round++) behavior.observe(request('/api/poll', { kind: 'other', statusCode: 404 }));
    expect(behavior.errorPaths).toBe(1);
    for (let path = 0; path < 200; path++) behavior.observe(request(`/gone/${path}`, { statusCode: 404 }));
    expect(behavior.errorPaths).toBe(ERROR_PATHS_MAX);
  });
});
