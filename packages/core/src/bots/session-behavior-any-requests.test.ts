import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BehavioralBotDetector, majorOf } from './behavioral-bot-detector.js';
import { measureRequests } from './measure-requests.js';
import { PathTable } from './path-table.js';
import { SessionBehavior } from './session-behavior.js';
import { gapVariation, type PageMeasures, SEQUENCE_PAGES_MAX, type SessionRequest } from './session-request.js';

const START_MS = Date.UTC(2026, 5, 1);
const NEXT = { path: '/a', kind: 'page', method: 'GET', statusCode: 200, hasReferrer: true } as const;
const MEASURES = [
  'pageRequests',
  'distinctPages',
  'sequenceLength',
  'sequenceDistinct',
  'sequenceMatches',
  'spanMs',
  'gapSquaresMs2',
] as const satisfies readonly (keyof PageMeasures)[];

const path = fc.oneof(
  fc.constantFrom('/', '/a', '/a/b', '/a?x=1', '/B', '/ä', '/.env', '/feed', '/wp-login.php', '/robots.txt'),
  fc.nat(60).map((page) => `/page-${page}`),
  fc.string({ maxLength: 12 }).map((text) => `/${text}`),
);

/** Steps in time; few are backwards, as requests that arrive late are. */
const stepMs = fc.oneof(
  { weight: 6, arbitrary: fc.nat(120_000) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1000, 1000, 30_000) },
  { weight: 1, arbitrary: fc.integer({ min: -5000, max: -1 }) },
);

const step = fc.record({
  stepMs,
  path,
  kind: fc.constantFrom('page' as const, 'page' as const, 'page' as const, 'asset' as const, 'other' as const),
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'HEAD', 'PROPFIND'),
  statusCode: fc.constantFrom(200, 200, 304, 404, 403, 429, 429, 500, undefined),
  hasReferrer: fc.boolean(),
});

const session: fc.Arbitrary<SessionRequest[]> = fc.array(step, { maxLength: 90, size: 'max' }).map((steps) => {
  let timestampMs = START_MS;
  return steps.map(({ stepMs: ms, ...rest }) => {
    timestampMs += ms;
    return { timestampMs, ...rest };
  });
});

/** Runs of pages in order, at a steady pace: what random requests hardly ever are. */
const crawl: fc.Arbitrary<SessionRequest[]> = fc
  .record({ length: fc.integer({ min: 1, max: 80 }), gapMs: fc.integer({ min: 0, max: 20_000 }), odd: fc.nat(3), jitterMs: fc.nat(400) })
  .map(({ length, gapMs, odd, jitterMs }) =>
    Array.from({ length }, (_, index) => ({
      timestampMs: START_MS + index * gapMs + (index % 2) * Math.min(gapMs, jitterMs),
      path: odd > 0 && index % (odd + 3) === 0 ? '/start' : `/list/${String(index).padStart(4, '0')}`,
      kind: 'page' as const,
      method: 'GET',
      statusCode: 200,
      hasReferrer: false,
    })),
  );

const anySession = fc.oneof(session, crawl);

function observed(requests: readonly SessionRequest[], paths = new PathTable()): SessionBehavior {
  const behavior = new SessionBehavior(paths);
  for (const request of requests) behavior.observe(request);
  return behavior;
}

describe('a session observed request by request', () => {
  it('measures as the list of its requests does, also when its table of paths is far too small', () => {
    fc.assert(
      fc.property(anySession, fc.constantFrom(1, 5, 20_000), (requests, pathsMax) => {
        const behavior = observed(requests, new PathTable(pathsMax));
        const measures = measureRequests(requests);
        for (const measure of MEASURES) expect([measure, behavior[measure]]).toEqual([measure, measures[measure]]);
      }),
      { numRuns: 400 },
    );
  });

  it('measures as one with another that came after it, when the two turn out to be one', () => {
    const everything = Object.entries(Object.getOwnPropertyDescriptors(SessionBehavior.prototype)).flatMap(([name, { get }]) =>
      get ? [name] : [],
    );
    const exact = everything.filter((name) => name !== 'typicalGapMs');
    const measured = (behavior: SessionBehavior): unknown => Object.fromEntries(exact.map((name) => [name, Reflect.get(behavior, name)]));
    const beacons = fc.array(fc.boolean(), { maxLength: 3 });
    fc.assert(
      fc.property(anySession, anySession, fc.nat(100_000), beacons, beacons, (earlier, second, pauseMs, earlierBeacons, laterBeacons) => {
        // Late requests of the second one lie before its first.
        const shiftMs = Math.max(START_MS, ...earlier.map(({ timestampMs }) => timestampMs)) - START_MS + pauseMs + 90 * 5000;
        // What counts of a gap with a refusal depends on the gaps before it.
        const later = second
          .filter(({ statusCode }) => statusCode !== 429)
          .map((request) => ({ ...request, timestampMs: request.timestampMs + shiftMs }));
        const whole = observed([...earlier, ...later]);
        const [first, rest] = [observed(earlier), observed(later)];
        for (const interacted of [...earlierBeacons, ...laterBeacons]) whole.beacon(interacted);
        for (const interacted of earlierBeacons) first.beacon(interacted);
        for (const interacted of laterBeacons) rest.beacon(interacted);

        first.append(rest);
        expect(measured(first)).toEqual(measured(whole));
        expect(first.typicalGapMs).toBeCloseTo(whole.typicalGapMs, 3);

        for (const behavior of [first, whole]) behavior.observe({ ...NEXT, timestampMs: START_MS + 2 * shiftMs + 10 ** 8 });
        expect(measured(first)).toEqual(measured(whole));
      }),
      { numRuns: 400 },
    );
  });

  it('is judged as the list of its requests is', () => {
    const detector = new BehavioralBotDetector();
    fc.assert(
      fc.property(
        anySession,
        fc.record({
          sitePages: fc.option(fc.nat(100)),
          fingerprintSessions: fc.nat(12),
          browser: fc.constantFrom('Chrome', 'firefox', 'Safari', ''),
          browserVersion: fc.constantFrom('', '80.1', '140'),
        }),
        (requests, { browserVersion, ...rest }) => {
          const context = { ...rest, browserMajor: majorOf(browserVersion) };
          const behavior = observed(requests);
          const result = detector.analyze({ requests, browserVersion, ...rest });
          expect(detector.analyzeSession(behavior, context)).toEqual(result);
          expect(detector.score(behavior, context)).toBe(result.score);
          expect(result.score).toBe(result.signals.reduce((sum, { points }) => sum + points, 0));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('has the variation of its gaps as two passes over them find it', () => {
    fc.assert(
      fc.property(anySession, (sent) => {
        // A pause that was imposed is another matter.
        const requests = sent.map((request) => (request.statusCode === 429 ? { ...request, statusCode: 200 } : request));
        const times = requests.filter(({ kind }) => kind === 'page').map(({ timestampMs }) => timestampMs);
        const latest = times.map((_, index) => Math.max(...times.slice(0, index + 1)));
        const gaps = latest.slice(1).map((timeMs, index) => timeMs - (latest[index] ?? 0));
        const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
        const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
        const variation = gapVariation(observed(requests));
        if (gaps.length === 0 || mean === 0) expect(variation).toBeNull();
        else expect(variation).toBeCloseTo(deviation / mean, 6);
      }),
    );
  });

  it('counts the way through the site as a walk over the list does', () => {
    fc.assert(
      fc.property(anySession, (requests) => {
        const pages = requests.filter(({ kind }) => kind === 'page').map((request) => request.path.split('?')[0] ?? '');
        const withoutReloads = pages.filter((page, index) => page !== pages[index - 1]);
        const behavior = observed(requests);
        expect(behavior.repeats).toBe(pages.length - new Set(pages).size);
        expect(behavior.backSteps).toBe(withoutReloads.filter((page, index) => index > 1 && page === withoutReloads[index - 2]).length);
        const first = pages.slice(0, SEQUENCE_PAGES_MAX);
        const sorted = first.toSorted((one, other) => Number(one > other) - Number(one < other));
        expect(behavior.sequenceMatches).toBe(first.filter((page, index) => page === sorted[index]).length);
        expect(behavior.requests).toBe(requests.length);
        expect(behavior.referrers).toBe(requests.filter(({ hasReferrer }) => hasReferrer).length);
      }),
    );
  });
});
