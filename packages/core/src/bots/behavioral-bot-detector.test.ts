import { describe, expect, it } from 'vitest';
import { type BehavioralAnalysisInput, BehavioralBotDetector, majorOf } from './behavioral-bot-detector.js';
import {
  BEHAVIORAL_RULES,
  BEHAVIORAL_SIGNAL_NAMES,
  BEHAVIORAL_SIGNALS,
  type BehavioralSignalName,
  readBehavioralRules,
} from './behavioral-signals.js';
import type { RequestKind, SessionRequest } from './session-request.js';

const START_MS = Date.UTC(2026, 5, 1);
const detector = new BehavioralBotDetector();

/** Paths whose order is neither sorted nor periodic, so that no order is found by accident. */
const unsorted = (index: number): string => `/page-${(index * 389 + 251) % 997}`;

/** Page views at the given seconds; gaps of uneven length unless they are stated. */
function pages(paths: readonly string[], seconds?: readonly number[], kind: RequestKind = 'page'): SessionRequest[] {
  let uneven = 0;
  return paths.map((path, index) => {
    uneven += [95, 20, 240, 33, 61][index % 5] ?? 0;
    return { timestampMs: START_MS + (seconds?.[index] ?? uneven) * 1000, path, kind, method: 'GET', statusCode: 200, hasReferrer: true };
  });
}

const many = (count: number, path: (index: number) => string = unsorted): string[] =>
  Array.from({ length: count }, (_, index) => path(index));

function input(changes: Partial<BehavioralAnalysisInput>): BehavioralAnalysisInput {
  return { requests: [], sitePages: null, fingerprintSessions: 1, browser: 'Chrome', browserVersion: '140.0', ...changes };
}

function found(changes: Partial<BehavioralAnalysisInput>): BehavioralSignalName[] {
  return detector.analyze(input(changes)).signals.map(({ name }) => name);
}

describe('the seven signals', () => {
  it('have the points, limits and threshold that are documented', () => {
    expect(BEHAVIORAL_RULES).toEqual({
      threshold: 50,
      signals: {
        high_request_count: { points: 30, requests_max: 50 },
        high_page_coverage: { points: 25, share_max: 0.6, site_pages_min: 5 },
        sequential_navigation: { points: 20, share_max: 0.7, distinct_pages_min: 5 },
        multiple_fingerprint_sessions: { points: 20, sessions_max: 5 },
        regular_timing: { points: 15, variation_min: 0.1, requests_min: 5 },
        high_pages_per_minute: { points: 15, pages_per_minute_max: 5, pages_min: 2, span_seconds_min: 60 },
        outdated_browser: { points: 10 },
      },
      oldest_major: { chrome: 90, firefox: 88 },
    });
    expect(BEHAVIORAL_SIGNAL_NAMES).toEqual(Object.keys(BEHAVIORAL_SIGNALS));
  });

  const inOrder = (index: number) => `/page-${String(index).padStart(4, '0')}`;
  /** Ten pages in order, of which `moved` stand elsewhere: a turn of so many neighbours. */
  const turned = (moved: number) => {
    const paths = many(10, inOrder);
    return moved === 0 ? paths : [...paths.slice(1, moved), ...paths.slice(0, 1), ...paths.slice(moved)];
  };

  it.each<[BehavioralSignalName, string, Partial<BehavioralAnalysisInput>, boolean]>([
    ['high_request_count', '49 page requests', { requests: pages(many(49)) }, false],
    ['high_request_count', '50 page requests', { requests: pages(many(50)) }, false],
    ['high_request_count', '51 page requests', { requests: pages(many(51)) }, true],
    ['high_page_coverage', '5 of 10 pages', { requests: pages(many(5)), sitePages: 10 }, false],
    ['high_page_coverage', '6 of 10 pages', { requests: pages(many(6)), sitePages: 10 }, false],
    ['high_page_coverage', '7 of 10 pages', { requests: pages(many(7)), sitePages: 10 }, true],
    ['high_page_coverage', '3 of 5 pages, which is the limit to the last bit', { requests: pages(many(3)), sitePages: 5 }, false],
    ['high_page_coverage', '4 of 5 pages', { requests: pages(many(4)), sitePages: 5 }, true],
    ['high_page_coverage', '4 of 4 pages, a site too small', { requests: pages(many(4)), sitePages: 4 }, false],
    ['high_page_coverage', 'a site of unknown size', { requests: pages(many(40)), sitePages: null }, false],
    ['high_page_coverage', 'one page over and over', { requests: pages(many(40, () => '/')), sitePages: 5 }, false],
    ['high_page_coverage', 'one page with many queries', { requests: pages(many(40, (i) => `/?p=${i}`)), sitePages: 5 }, false],
    ['sequential_navigation', '6 of 10 in place', { requests: pages(turned(4)) }, false],
    ['sequential_navigation', '7 of 10 in place', { requests: pages(turned(3)) }, false],
    ['sequential_navigation', '8 of 10 in place', { requests: pages(turned(2)) }, true],
    ['sequential_navigation', 'all in place', { requests: pages(turned(0)) }, true],
    ['sequential_navigation', '4 distinct pages in order', { requests: pages(many(4, inOrder)) }, false],
    ['sequential_navigation', '5 distinct pages in order', { requests: pages(many(5, inOrder)) }, true],
    ['sequential_navigation', 'one page polled', { requests: pages(many(30, () => '/status')) }, false],
    ['sequential_navigation', 'the reverse order', { requests: pages(many(10, inOrder).toReversed()) }, false],
    ['multiple_fingerprint_sessions', '4 sessions', { fingerprintSessions: 4 }, false],
    ['multiple_fingerprint_sessions', '5 sessions', { fingerprintSessions: 5 }, false],
    ['multiple_fingerprint_sessions', '6 sessions', { fingerprintSessions: 6 }, true],
    // Gaps of 90 and 110 have a mean of 100 and a standard deviation of 10.
    ['regular_timing', 'gaps that vary by 0.101', { requests: pages(many(5), [0, 89.9, 200, 289.9, 400]) }, false],
    ['regular_timing', 'gaps that vary by 0.1', { requests: pages(many(5), [0, 90, 200, 290, 400]) }, false],
    ['regular_timing', 'gaps that vary by 0.099', { requests: pages(many(5), [0, 90.1, 200, 290.1, 400]) }, true],
    ['regular_timing', 'equal gaps', { requests: pages(many(5), [0, 100, 200, 300, 400]) }, true],
    ['regular_timing', 'equal gaps of 4 requests', { requests: pages(many(4), [0, 100, 200, 300]) }, false],
    ['regular_timing', 'all at the same moment', { requests: pages(many(5), [7, 7, 7, 7, 7]) }, false],
    ['high_pages_per_minute', '9 pages in 2 minutes', { requests: pages(many(9), [0, 1, 2, 3, 4, 5, 6, 7, 120]) }, false],
    ['high_pages_per_minute', '10 pages in 2 minutes', { requests: pages(many(10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 120]) }, false],
    ['high_pages_per_minute', '11 pages in 2 minutes', { requests: pages(many(11), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 120]) }, true],
    ['high_pages_per_minute', '2 pages in a second', { requests: pages(many(2), [0, 1]) }, false],
    ['high_pages_per_minute', '5 pages in a second', { requests: pages(many(5), [0, 0.2, 0.3, 0.9, 1]) }, false],
    ['high_pages_per_minute', '6 pages in a second', { requests: pages(many(6), [0, 0.2, 0.3, 0.5, 0.9, 1]) }, true],
    ['outdated_browser', 'Chrome 91', { browser: 'Chrome', browserVersion: '91.0.1' }, false],
    ['outdated_browser', 'Chrome 90', { browser: 'Chrome', browserVersion: '90' }, false],
    ['outdated_browser', 'Chrome 89', { browser: 'Chrome', browserVersion: '89.0.4389.128' }, true],
    ['outdated_browser', 'chrome 89, however it is written', { browser: 'chrome', browserVersion: '89' }, true],
    ['outdated_browser', 'Firefox 88', { browser: 'Firefox', browserVersion: '88.0' }, false],
    ['outdated_browser', 'Firefox 87', { browser: 'Firefox', browserVersion: '87.0' }, true],
    ['outdated_browser', 'Safari 14', { browser: 'Safari', browserVersion: '14.1' }, false],
    ['outdated_browser', 'Chrome of no known version', { browser: 'Chrome', browserVersion: '' }, false],
    ['outdated_browser', 'a browser named like a method of objects', { browser: 'constructor', browserVersion: '1' }, false],
  ])('%s on %s', (name, _what, changes, expected) => {
    expect(found(changes).includes(name)).toBe(expected);
  });

  it('count page views only', () => {
    const person = pages(many(6));
    const noise = (kind: RequestKind) =>
      pages(
        many(200, (index) => `/${kind}/${String(index).padStart(4, '0')}`),
        undefined,
        kind,
      );
    const requests = [...noise('asset'), ...person, ...noise('other')].toSorted((one, other) => one.timestampMs - other.timestampMs);
    expect(detector.analyze(input({ requests, sitePages: 100 }))).toEqual(detector.analyze(input({ requests: person, sitePages: 100 })));
  });
});

describe('the result', () => {
  it('adds up the points, in the order of the table, each with a sentence and its measured value', () => {
    const requests = pages(
      many(60, (index) => `/page-${String(index).padStart(3, '0')}`),
      many(60).map((_, index) => 2 * index),
    );
    const result = detector.analyze(
      input({ requests, sitePages: 80, fingerprintSessions: 12, browser: 'Firefox', browserVersion: '45.0' }),
    );
    expect(result.score).toBe(135);
    expect(result.isSuspicious).toBe(true);
    expect(result.signals.map(({ name, points }) => [name, points])).toEqual([
      ['high_request_count', 30],
      ['high_page_coverage', 25],
      ['sequential_navigation', 20],
      ['multiple_fingerprint_sessions', 20],
      ['regular_timing', 15],
      ['high_pages_per_minute', 15],
      ['outdated_browser', 10],
    ]);
    expect(result.signals.map(({ reason }) => reason)).toEqual([
      'The session made 60 page requests; up to 50 are usual.',
      'It asked for 60 distinct pages of a site of 80 (75 %); up to 60 % is usual.',
      '100 % of the first 32 page views came in sorted order; up to 70 % is usual.',
      'The fingerprint had 12 sessions within 24 hours; up to 5 are usual.',
      'The gaps between page views vary by 0.000 of their mean; 0.1 or more is usual.',
      'It asked for 30.5 pages a minute; up to 5 are usual.',
      'The browser is Firefox 45; versions from 88 on are usual.',
    ]);
    expect(result.reason).toBe(result.signals.map(({ reason }) => reason).join(' '));
  });

  it('is nothing for a session without requests', () => {
    expect(detector.analyze(input({}))).toEqual({
      score: 0,
      isSuspicious: false,
      signals: [],
      reason: 'No behavioural signal was found.',
    });
  });

  it.each([
    [49, 49, false],
    [50, 50, true],
  ])('is a bot from the threshold on: %s points of the first signal', (points, score, isSuspicious) => {
    const own = new BehavioralBotDetector(readBehavioralRules({ signals: { high_request_count: { points } } }));
    expect(own.analyze(input({ requests: pages(many(51)) }))).toMatchObject({ score, isSuspicious });
  });

  it('follows rules that are overridden', () => {
    const own = new BehavioralBotDetector(
      readBehavioralRules({ threshold: 5, signals: { outdated_browser: { points: 5 } }, oldest_major: { Safari: 15, chrome: 0 } }),
    );
    expect(own.analyze(input({ browser: 'Safari', browserVersion: '14.1' }))).toMatchObject({ score: 5, isSuspicious: true });
    expect(own.analyze(input({ browser: 'Chrome', browserVersion: '20' }))).toMatchObject({ score: 0, isSuspicious: false });
    expect(own.analyze(input({ browser: 'Firefox', browserVersion: '80' })).score).toBe(5);
  });

  it('refuses a time that is none', () => {
    const [request] = pages(['/']);
    const broken = { ...request, timestampMs: Number.NaN, path: '/', kind: 'page', method: 'GET', hasReferrer: false } as const;
    expect(() => detector.analyze(input({ requests: [broken] }))).toThrow(expect.objectContaining({ code: 'invalid_value' }));
  });
});

it.each([
  ['137.0.7151', 137],
  ['9', 9],
  ['', null],
  ['dev', null],
])('majorOf(%s)', (version, major) => {
  expect(majorOf(version)).toBe(major);
});
