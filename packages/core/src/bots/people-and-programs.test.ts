import { beforeAll, describe, expect, it } from 'vitest';
import { type SessionScore, scoreSession } from './judge-session.js';
import { PathTable } from './path-table.js';
import { SessionBehavior } from './session-behavior.js';
import type { Measurement, SessionContext } from './session-context.js';

/*
 * People and programs as they are described in the literature and were measured on logs: people stay on pages for log-normal
 * times, step back, repeat pages and load assets; crawlers ask for one page after the other at a steady pace; scripted browsers send all
 * that a browser sends and wait for even or normally distributed times. What is proven here is the ranking and the share of people who are
 * called programs, not a rate on real traffic.
 */

const SITE_PAGES = 200;
const START_MS = Date.UTC(2026, 5, 1);
const MEASUREMENTS: readonly Measurement[] = ['tracker', 'server_log', 'both', 'unknown'];
const paths = new PathTable();

/** Mulberry32: the same people with every run. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  of<Item>(items: readonly Item[], otherwise: Item): Item {
    return items[this.below(items.length)] ?? otherwise;
  }
}

interface Visit {
  readonly pages: readonly { readonly page: number; readonly gapSeconds: number }[];
  readonly assets: (view: number) => number;
  readonly hasReferrer: (view: number) => boolean;
  readonly beacons: (view: number) => readonly boolean[];
  readonly asksRobots?: boolean;
  readonly context: Partial<SessionContext>;
}

function scoreOf({ pages, assets, hasReferrer, beacons, asksRobots = false, context }: Visit): SessionScore {
  const measuredBy = context.measuredBy ?? 'unknown';
  const behavior = new SessionBehavior(paths);
  let timestampMs = START_MS;
  if (asksRobots) {
    behavior.observe({ timestampMs, path: '/robots.txt', kind: 'other', method: 'GET', statusCode: 200, hasReferrer: false });
  }
  for (const [view, { page, gapSeconds }] of pages.entries()) {
    timestampMs += Math.round(gapSeconds * 1000);
    // Paths whose order says nothing of the order in which they are linked.
    const path = `/articles/${String((page * 7919) % 1000).padStart(3, '0')}-topic`;
    behavior.observe({ timestampMs, path, kind: 'page', method: 'GET', statusCode: 200, hasReferrer: hasReferrer(view) });
    if (measuredBy === 'server_log' || measuredBy === 'both') {
      for (let asset = assets(view); asset > 0; asset--) {
        behavior.observe({
          timestampMs,
          path: '/image.png',
          kind: 'asset',
          method: 'GET',
          statusCode: 200,
          hasReferrer: hasReferrer(view),
        });
      }
    }
    if (measuredBy === 'tracker' || measuredBy === 'both') for (const interacted of beacons(view)) behavior.beacon(interacted);
  }
  return scoreSession(behavior, {
    sitePages: SITE_PAGES,
    fingerprintSessions: 1,
    browser: 'Chrome',
    browserMajor: 140,
    newestBrowserMajor: 141,
    hasUserAgent: true,
    bot: { declared: false, name: '', category: '', vendor: '', purpose: '' },
    hosting: false,
    network: '',
    measuredBy,
    recentPages: 0,
    ...context,
  });
}

/** A person of their own pace, some with a full cache, a blocker, no referrers, a VPN, or a habit of opening several pages at once. */
function person(chance: Chance): Visit {
  const views = chance.is(0.01) ? 30 : Math.min(80, 1 + Math.floor(chance.exponential(chance.is(0.45) ? 0.3 : 6)));
  const [typicalSeconds, spread] = [18 * Math.exp(0.7 * chance.normal()), chance.between(0.9, 1.5)];
  const [backShare, repeatShare] = [chance.is(0.25) ? 0 : 0.35 * chance.next(), 0.15 * chance.next()];
  const [opensMany, hidesReferrer, isCached, blocks] = [chance.is(0.15), chance.is(0.05), chance.is(0.15), chance.is(0.25)];
  const cameByLink = !hidesReferrer && chance.is(0.6);
  // One in a hundred only turns over the pages of a gallery, one after the other and hardly looking.
  const turnsOver = views === 30;
  const pages: { page: number; gapSeconds: number }[] = [];
  let page = chance.below(SITE_PAGES);
  let before = page;
  let opening = 0;
  for (let view = 0; view < views; view++) {
    const reads = Math.min(1700, typicalSeconds * Math.exp(spread * chance.normal()));
    pages.push({ page, gapSeconds: turnsOver ? chance.between(1.5, 6) : opening > 0 ? chance.between(0.3, 2) : reads });
    opening = opening > 0 ? opening - 1 : opensMany && chance.is(0.3) ? 2 + chance.below(4) : 0;
    const choice = chance.next();
    const seen = chance.of(pages, { page, gapSeconds: 0 }).page;
    const next = choice < backShare ? before : choice < backShare + repeatShare ? seen : chance.below(SITE_PAGES);
    before = page;
    page = turnsOver ? (page + 1) % SITE_PAGES : next;
  }
  return {
    pages,
    assets: (view) => (isCached ? (view > 0 && chance.is(0.15) ? 1 : 0) : view === 0 ? 3 + chance.below(12) : chance.below(4)),
    hasReferrer: (view) => !hidesReferrer && (view === 0 ? cameByLink : chance.is(0.95)),
    beacons: () => (blocks ? [] : [true, chance.is(0.5)].slice(chance.below(2))),
    context: {
      measuredBy: chance.of(MEASUREMENTS, 'unknown'),
      hosting: chance.is(0.04),
      fingerprintSessions: 1 + Math.floor(chance.exponential(1.2)),
      browserMajor: chance.is(0.05) ? 109 : 141 - chance.below(6),
    },
  };
}

/** A program without a browser: page after page at a steady pace with some jitter. */
function crawler(chance: Chance): Visit {
  const views = 5 + Math.floor(Math.exp(chance.between(0, 5)));
  const [pace, jitter, first] = [Math.exp(chance.between(-1, 2.5)), 0.3 * chance.next(), chance.below(SITE_PAGES)];
  return {
    pages: Array.from({ length: views }, (_, view) => ({ page: first + view, gapSeconds: pace * chance.between(1 - jitter, 1 + jitter) })),
    assets: () => 0,
    hasReferrer: () => false,
    beacons: () => [],
    asksRobots: chance.is(0.4),
    context: { measuredBy: chance.of<Measurement>(['server_log', 'both', 'unknown'], 'unknown'), hosting: chance.is(0.5) },
  };
}

/** A real browser driven by a script at human speed. */
function scriptedBrowser(wait: (chance: Chance) => number): (chance: Chance) => Visit {
  return (chance) => {
    const pages: { page: number; gapSeconds: number }[] = [];
    for (let view = 8 + chance.below(50); view > 0; view--) {
      const seen = chance.of(pages, { page: 0, gapSeconds: 0 }).page;
      pages.push({ page: chance.is(0.05) ? seen : chance.below(SITE_PAGES), gapSeconds: wait(chance) });
    }
    return {
      pages,
      assets: () => 5,
      hasReferrer: (view) => view > 0 || chance.is(0.5),
      beacons: () => [chance.is(0.3)],
      context: { measuredBy: chance.of(MEASUREMENTS, 'unknown'), hosting: chance.is(0.3) },
    };
  };
}

function scores(count: number, seed: number, visit: (chance: Chance) => Visit): { visit: Visit; score: SessionScore }[] {
  const chance = new Chance(seed);
  return Array.from({ length: count }, () => {
    const made = visit(chance);
    return { visit: made, score: scoreOf(made) };
  });
}

/** How often a program scores higher than a person; ties count half. */
function areaUnderCurve(programs: readonly { score: SessionScore }[], people: readonly { score: SessionScore }[]): number {
  let wins = 0;
  for (const program of programs) {
    for (const { score } of people) wins += program.score.score > score.score ? 1 : program.score.score === score.score ? 0.5 : 0;
  }
  return wins / (programs.length * people.length);
}

const share = (sessions: readonly { score: SessionScore }[], flag: 'isLayeredBot' | 'isBehavioralBot'): number =>
  sessions.filter(({ score }) => score[flag]).length / sessions.length;

describe('2,000 people', () => {
  let people: { visit: Visit; score: SessionScore }[] = [];
  beforeAll(() => {
    people = scores(2000, 1, person);
  });

  it('are called programs in at most one case of a hundred, by either profile', () => {
    expect(share(people, 'isLayeredBot')).toBeLessThanOrEqual(0.01);
    expect(share(people, 'isBehavioralBot')).toBeLessThanOrEqual(0.01);
  });

  it.each(MEASUREMENTS)('are so with a site that is measured by %s too', (measuredBy) => {
    const measured = people.filter(({ visit }) => visit.context.measuredBy === measuredBy);
    expect(measured.length).toBeGreaterThan(400);
    expect(share(measured, 'isLayeredBot')).toBeLessThanOrEqual(0.01);
  });

  it.each<[string, (chance: Chance) => Visit, { all: number; long: number; found: number }]>([
    ['crawlers', crawler, { all: 0.99, long: 0.99, found: 0.9 }],
    ['browsers driven like a clock', scriptedBrowser((chance) => chance.between(4.7, 5.3)), { all: 0.98, long: 0.96, found: 0.5 }],
    ['scripted browsers with even waits', scriptedBrowser((chance) => chance.between(2, 10)), { all: 0.95, long: 0.93, found: 0.1 }],
    [
      'scripted browsers with normal waits',
      scriptedBrowser((chance) => Math.max(0.5, 8 + 2.5 * chance.normal())),
      { all: 0.95, long: 0.93, found: 0.1 },
    ],
    ['scripted browsers with slow waits', scriptedBrowser((chance) => chance.between(1, 30)), { all: 0.84, long: 0.9, found: 0 }],
  ])('are ranked below %s', (_what, program, { all, long, found }) => {
    const programs = scores(400, 2, program);
    expect(areaUnderCurve(programs, people)).toBeGreaterThanOrEqual(all);
    expect(share(programs, 'isLayeredBot')).toBeGreaterThanOrEqual(found);
    // Those who browse as long as the programs are the ones whose behaviour is compared.
    const longVisits = people.filter(({ visit }) => visit.pages.length >= 8);
    expect(longVisits.length).toBeGreaterThan(200);
    expect(areaUnderCurve(programs, longVisits)).toBeGreaterThanOrEqual(long);
  });
});
