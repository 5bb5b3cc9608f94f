import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BehavioralAnalysisInput, BehavioralBotDetector } from './behavioral-bot-detector.js';
import { BEHAVIORAL_SIGNAL_NAMES, type BehavioralSignalName, DEFAULT_BEHAVIORAL_RULES, readBehavioralRules } from './behavioral-rules.js';
import { DISTINCT_PATHS_MAX, SEQUENCE_MAX, SessionBehavior } from './session-behavior.js';

const MINUTE = 60_000;
const detector = new BehavioralBotDetector();

/** Page requests at these times, each of another path that comes earlier in the alphabet than the last one. */
function requestsAt(
  times: readonly number[],
  path = (index: number): string => `/${1_000_000 - index}`,
): BehavioralAnalysisInput['requests'] {
  return times.map((timestampMs, index) => ({ timestampMs, path: path(index) }));
}

/** So many requests with gaps of one and of two minutes in turn. */
function irregular(count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * 3) / 2) * MINUTE);
}

const QUIET: BehavioralAnalysisInput = { requests: [], sitePages: 0, fingerprintSessions: 1, browser: '', browserVersion: '' };
const letters = (count: number): string[] => Array.from({ length: count }, (_, index) => `/${String.fromCharCode(97 + index)}`);
const visiting = (paths: readonly string[]): BehavioralAnalysisInput['requests'] =>
  requestsAt(irregular(paths.length), (index) => paths[index] ?? '/');

/** Input at the limit of a signal, where it is not found, and just beyond, where it is. */
const LIMITS: readonly (readonly [
  BehavioralSignalName,
  number,
  string,
  Partial<BehavioralAnalysisInput>,
  Partial<BehavioralAnalysisInput>,
])[] = [
  ['high_request_count', 30, '50 requests', { requests: requestsAt(irregular(50)) }, { requests: requestsAt(irregular(51)) }],
  [
    'high_page_coverage',
    25,
    '60 % of the pages',
    { requests: visiting(['/c', '/b', '/a']), sitePages: 5 },
    { requests: visiting(['/d', '/c', '/b', '/a']), sitePages: 6 },
  ],
  [
    'high_page_coverage',
    25,
    'a site of five pages',
    { requests: visiting(['/d', '/c', '/b', '/a']), sitePages: 4 },
    { requests: visiting(['/d', '/c', '/b', '/a']), sitePages: 5 },
  ],
  [
    'sequential_navigation',
    20,
    'seven of ten in place',
    { requests: visiting(['/a', '/b', '/c', '/d', '/e', '/f', '/g', '/j', '/h', '/i']) },
    { requests: visiting(['/a', '/b', '/c', '/d', '/e', '/f', '/g', '/h', '/j', '/i']) },
  ],
  ['sequential_navigation', 20, 'five different paths', { requests: visiting(letters(4)) }, { requests: visiting(letters(5)) }],
  ['multiple_fingerprint_sessions', 20, 'five sessions', { fingerprintSessions: 5 }, { fingerprintSessions: 6 }],
  [
    'regular_timing',
    15,
    'five requests',
    { requests: requestsAt([0, 1, 2, 3].map((index) => index * MINUTE)) },
    { requests: requestsAt([0, 1, 2, 3, 4].map((index) => index * MINUTE)) },
  ],
  [
    'regular_timing',
    15,
    'a tenth of the mean',
    // Gaps of 90 and 110: standard deviation 10, mean 100.
    { requests: requestsAt([0, 90_000, 200_000, 290_000, 400_000]) },
    { requests: requestsAt([0, 90_001, 200_000, 290_001, 400_000]) },
  ],
  [
    'high_pages_per_minute',
    15,
    'five a minute',
    { requests: requestsAt([0, 1000, 9000, 10_000, 30_000]) },
    { requests: requestsAt([0, 1000, 9000, 10_000, 30_000, 60_000]) },
  ],
  ['outdated_browser', 10, 'Chrome 90', { browser: 'Chrome', browserVersion: '90.0' }, { browser: 'Chrome', browserVersion: '89.9' }],
  ['outdated_browser', 10, 'Firefox 88', { browser: 'Firefox', browserVersion: '88' }, { browser: 'Firefox', browserVersion: '87' }],
];

describe('BehavioralBotDetector', () => {
  it.each(LIMITS)('%s, %i points: beyond %s, not at it', (name, points, _limit, at, beyond) => {
    expect(detector.analyze({ ...QUIET, ...at }).signals.map((signal) => signal.name)).not.toContain(name);
    const found = detector.analyze({ ...QUIET, ...beyond }).signals.find((signal) => signal.name === name);
    expect(found).toMatchObject({ name, points });
    expect(found?.description).toMatch(/^[A-Z\d].*\d.*\.$/);
  });

  it('has every signal in the table above', () => {
    expect([...new Set(LIMITS.map(([name]) => name))].sort()).toEqual([...BEHAVIORAL_SIGNAL_NAMES].sort());
  });

  it('finds nothing in nothing', () => {
    expect(detector.analyze(QUIET)).toEqual({ score: 0, isSuspicious: false, signals: [], reason: '' });
  });

  it('finds a crawl: all signals together are 135 points', () => {
    const requests = Array.from({ length: 60 }, (_, index) => ({ timestampMs: index * 1000, path: `/${100 + index}` }));
    const found = detector.analyze({ requests, sitePages: 60, fingerprintSessions: 9, browser: 'Chrome', browserVersion: '70' });
    expect(found).toMatchObject({ score: 135, isSuspicious: true });
    expect(found.reason).toBe(found.signals.map((signal) => signal.description).join(' '));
  });

  it('is suspicious from 50 points on', () => {
    const at = (fingerprintSessions: number): BehavioralAnalysisInput => ({
      ...QUIET,
      requests: requestsAt(irregular(51)),
      fingerprintSessions,
    });
    expect(detector.analyze(at(6))).toMatchObject({ score: 50, isSuspicious: true });
    expect(detector.analyze(at(5))).toMatchObject({ score: 30, isSuspicious: false });
  });

  it('does not take one path asked for again and again for a crawl', () => {
    const { signals } = detector.analyze({ ...QUIET, requests: visiting(Array.from({ length: 20 }, () => '/feed')) });
    expect(signals.map((signal) => signal.name)).not.toContain('sequential_navigation');
  });

  it('takes requests of one moment for neither regular nor irregular', () => {
    const { signals } = detector.analyze({ ...QUIET, requests: requestsAt([5, 5, 5, 5, 5]) });
    expect(signals).toEqual([]);
  });

  it('follows the rules it is given', () => {
    const strict = new BehavioralBotDetector(
      readBehavioralRules({ threshold: 10, points: { outdated_browser: 12 }, browserVersionsMin: { Safari: 16 } }),
    );
    expect(strict.analyze({ ...QUIET, browser: 'Safari', browserVersion: '15.6' })).toMatchObject({ score: 12, isSuspicious: true });
    expect(strict.analyze({ ...QUIET, browser: 'Chrome', browserVersion: '89' }).score).toBe(12);
  });
});

describe('request by request', () => {
  const path = fc.constantFrom('/', '/a', '/b', '/c', '/d', '/e', '/f', '/g', '/about', '/zoo', '/é');
  const gap = fc.oneof(fc.constantFrom(0, 1000, 60_000), fc.integer({ min: 0, max: 1_800_000 }));
  const context = fc.record({
    sitePages: fc.integer({ min: 0, max: 12 }),
    fingerprintSessions: fc.integer({ min: 1, max: 8 }),
    browser: fc.constantFrom('', 'Chrome', 'Firefox', 'constructor'),
    browserVersion: fc.constantFrom('', '70', '90', '137.0.1', 'x'),
  });

  it('gives the same answer as all requests at once, after each of them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, gap), { maxLength: 80 }), context, (visits, known) => {
        const behavior = new SessionBehavior();
        const requests: { timestampMs: number; path: string }[] = [];
        let timestampMs = Date.UTC(2026, 0, 1);
        for (const [each, pause] of visits) {
          timestampMs += pause;
          requests.push({ timestampMs, path: each });
          behavior.observe(timestampMs, each);
          const atOnce = detector.analyze({ ...known, requests });
          expect(detector.analyzeBehavior(behavior, known)).toEqual(atOnce);
          expect(detector.scoreBehavior(behavior, known)).toBe(atOnce.score);
        }
      }),
    );
  });

  it('gives the same answer beyond the bounds of what is kept', () => {
    const behavior = new SessionBehavior();
    const requests = Array.from({ length: DISTINCT_PATHS_MAX + 50 }, (_, index) => ({ timestampMs: index * 7, path: `/${index * 7919}` }));
    for (const request of requests) behavior.observe(request.timestampMs, request.path);
    expect(behavior.distinctPaths).toBe(DISTINCT_PATHS_MAX);
    const known = { sitePages: DISTINCT_PATHS_MAX, fingerprintSessions: 1, browser: '', browserVersion: '' };
    expect(detector.analyzeBehavior(behavior, known)).toEqual(detector.analyze({ ...known, requests }));
    expect(SEQUENCE_MAX).toBeLessThan(requests.length);
  });

  it('takes a request that arrives late for one of the same moment', () => {
    const behavior = new SessionBehavior();
    for (const timestampMs of [1000, 500, 1000]) behavior.observe(timestampMs, '/');
    expect(behavior).toMatchObject({ requests: 3, timingVariation: undefined, pagesPerMinute: 3 });
  });
});

describe('rules', () => {
  it('are the defaults where nothing is given', () => {
    expect(readBehavioralRules({})).toEqual(DEFAULT_BEHAVIORAL_RULES);
    expect(readBehavioralRules({ browserVersionsMin: { Chrome: 100 } }).browserVersionsMin).toEqual({ Chrome: 100, Firefox: 88 });
  });

  it.each([
    [[], 'The rules are an object.'],
    [null, 'The rules are an object.'],
    [{ treshold: 1 }, '"treshold" is no rule; there are threshold, points, '],
    [{ threshold: '50' }, 'threshold is "50"; allowed: a number from 0 to 1000000.'],
    [{ threshold: -1 }, 'threshold is -1; allowed'],
    [{ threshold: Number.NaN }, 'threshold is null; allowed'],
    [{ points: 3 }, 'points is an object.'],
    [{ points: { high_speed: 1 } }, '"points.high_speed" is no rule'],
    [{ browserVersionsMin: { Safari: 'old' } }, 'browserVersionsMin.Safari is "old"; allowed'],
  ])('%j are refused', (json, message) => {
    expect(() => readBehavioralRules(json)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(message) }),
    );
  });
});
