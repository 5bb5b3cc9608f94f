import { describe, expect, it } from 'vitest';
import { explainVerdict, judgeSession, type SessionVerdict, scoreSession } from './judge-session.js';
import { BOT_RULES, type LayerName, readBotRules, withoutLayers } from './layered-rules.js';
import { PathTable } from './path-table.js';
import { SessionBehavior } from './session-behavior.js';
import type { DeclaredBot, Measurement, SessionContext } from './session-context.js';
import type { SessionRequest } from './session-request.js';

const START_MS = Date.UTC(2026, 5, 1);
const NOBODY: DeclaredBot = { declared: false, name: '', category: '', vendor: '', purpose: '' };
const PERSON: SessionContext = {
  sitePages: 200,
  fingerprintSessions: 1,
  browser: 'Chrome',
  browserMajor: 140,
  newestBrowserMajor: 141,
  hasUserAgent: true,
  bot: NOBODY,
  hosting: false,
  network: '',
  measuredBy: 'server_log',
  recentPages: 0,
};
const HOSTED: Partial<SessionContext> = { hosting: true, network: 'Example Hosting' };

type Ask = Partial<SessionRequest> & { readonly path: string; readonly afterMs?: number };

function behaviorOf(asks: readonly Ask[], beacons: readonly boolean[] = []): SessionBehavior {
  const behavior = new SessionBehavior(new PathTable());
  let timestampMs = START_MS;
  for (const { afterMs = 0, ...ask } of asks) {
    timestampMs += afterMs;
    behavior.observe({ timestampMs, kind: 'page', method: 'GET', statusCode: 200, hasReferrer: false, ...ask });
  }
  for (const interacted of beacons) behavior.beacon(interacted);
  return behavior;
}

const asset: Ask = { path: '/style.css', kind: 'asset', hasReferrer: true };
const page = (path: string, changes: Partial<Ask> = {}): Ask => ({ path, afterMs: 20_000, ...changes });
const missing = (path: string): Ask => page(path, { statusCode: 404, afterMs: 300 });

/** A person who reads: widely spread stays, a step back, assets and referrers. */
const reading: readonly Ask[] = [
  ...['/', '/blog', '/blog/b', '/blog', '/blog/a', '/about', '/blog/a', '/pricing'].flatMap((path, index) => [
    page(path, { afterMs: [0, 4000, 9000, 140_000, 3000, 12_000, 61_000, 320_000][index] ?? 0, hasReferrer: index > 0 }),
    asset,
  ]),
];

/** A crawl in the order of the sitemap, without assets and referrers. */
const crawling: readonly Ask[] = Array.from({ length: 60 }, (_, index) =>
  page(`/page-${String(index).padStart(3, '0')}`, { afterMs: 1000 + (index % 3) * 30 }),
);

/** A browser driven by a script: everything a browser sends, at human speed and without a step back. */
const scripted = (afterMs: (view: number) => number): Ask[] =>
  Array.from({ length: 40 }, (_, view) => [
    page(`/page-${(view * 389 + 251) % 997}`, { afterMs: afterMs(view), hasReferrer: true }),
    asset,
  ]).flat();
const likeClock = scripted((view) => 5000 + (view % 3) * 100);
const atRandom = scripted((view) => 3000 + ((view * 7919) % 50) * 100);

interface Case {
  readonly what: string;
  readonly asks: readonly Ask[];
  readonly beacons?: readonly boolean[];
  readonly context?: Partial<SessionContext>;
  readonly flags: readonly (keyof SessionVerdict)[];
  readonly layers: readonly LayerName[];
}

const FLAGS = ['isBot', 'isAiCrawler', 'isScanner', 'isBehavioralBot', 'isLayeredBot'] as const;
const declared = (changes: Partial<DeclaredBot>): Partial<SessionContext> => ({ bot: { ...NOBODY, declared: true, ...changes } });

const cases: readonly Case[] = [
  { what: 'a person who reads', asks: reading, flags: [], layers: ['client', 'timing', 'navigation'] },
  {
    what: 'a person who reads from behind a VPN',
    asks: reading,
    context: HOSTED,
    flags: [],
    layers: ['network', 'client', 'timing', 'navigation'],
  },
  {
    what: 'a person who reads, seen by the tracker',
    asks: reading.filter(({ kind }) => kind !== 'asset'),
    beacons: [true, false, true],
    context: { measuredBy: 'tracker' },
    flags: [],
    layers: ['client', 'timing', 'navigation'],
  },
  { what: 'one page from a search engine', asks: [page('/a', { hasReferrer: true }), asset], flags: [], layers: ['client'] },
  { what: 'one page without referrer and assets', asks: [page('/a')], flags: [], layers: ['client'] },
  { what: 'the same while its assets may be on their way', asks: [page('/a')], context: { recentPages: 1 }, flags: [], layers: ['client'] },
  {
    what: 'the same from a hosting provider while its assets may be on their way',
    asks: [page('/a')],
    context: { ...HOSTED, recentPages: 1 },
    flags: [],
    layers: ['network', 'client'],
  },
  { what: 'the same from a hosting provider', asks: [page('/a')], context: HOSTED, flags: ['isLayeredBot'], layers: ['network', 'client'] },
  {
    what: 'a person with a full cache, a blocker and no referrers',
    asks: ['/', '/a', '/b', '/a', '/c', '/', '/d'].map((path, index) =>
      page(path, { afterMs: [0, 5000, 70_000, 9000, 240_000, 2000, 31_000][index] ?? 0 }),
    ),
    context: { measuredBy: 'both' },
    flags: [],
    layers: ['client', 'timing', 'navigation'],
  },
  {
    what: 'six pages opened at once and read later',
    asks: ['/', '/d', '/b', '/e', '/a', '/c']
      .map((path, index) => page(path, { afterMs: 500 + 200 * index, hasReferrer: true }))
      .concat(asset),
    flags: [],
    layers: ['client', 'timing', 'navigation'],
  },
  {
    what: 'a person with one dead link',
    asks: [page('/old-address', { statusCode: 404, hasReferrer: true }), asset, page('/', { hasReferrer: true })],
    flags: [],
    layers: ['scanner', 'client'],
  },
  {
    what: 'a person with an old browser',
    asks: reading,
    context: { browserMajor: 79 },
    flags: [],
    layers: ['client', 'browser_age', 'timing', 'navigation'],
  },
  {
    what: 'a search engine that says so',
    asks: [page('/a')],
    context: declared({ name: 'Googlebot', category: 'search-engine', vendor: 'Google' }),
    flags: ['isBot', 'isLayeredBot'],
    layers: ['declared', 'client'],
  },
  {
    what: 'an AI crawler by its category',
    asks: [page('/a')],
    context: declared({ name: 'SomeBot', category: 'ai-crawler' }),
    flags: ['isAiCrawler', 'isLayeredBot'],
    layers: ['ai_crawler', 'client'],
  },
  {
    what: 'an AI crawler by its purpose',
    asks: [page('/a')],
    context: declared({ name: 'ChatGPT-User', vendor: 'OpenAI', purpose: 'user-fetch' }),
    flags: ['isAiCrawler', 'isLayeredBot'],
    layers: ['ai_crawler', 'client'],
  },
  {
    what: 'no user agent',
    asks: [page('/a')],
    context: { hasUserAgent: false },
    flags: ['isBot', 'isLayeredBot'],
    layers: ['declared', 'client'],
  },
  { what: 'one probe', asks: [missing('/.env')], flags: ['isScanner', 'isLayeredBot'], layers: ['scanner', 'client'] },
  {
    what: 'guessed pages',
    asks: [missing('/wp-login.php'), missing('/phpmyadmin/')],
    flags: ['isScanner', 'isLayeredBot'],
    layers: ['scanner', 'client'],
  },
  {
    what: 'password guessing',
    asks: Array.from({ length: 12 }, () => page('/wp-login.php', { method: 'POST', afterMs: 900 })),
    flags: ['isScanner', 'isLayeredBot'],
    layers: ['scanner', 'client', 'timing', 'navigation'],
  },
  {
    what: 'a word list of paths',
    asks: Array.from({ length: 12 }, (_, index) => missing(`/secret-${index}`)),
    flags: ['isScanner', 'isLayeredBot'],
    layers: ['scanner', 'client', 'timing', 'navigation'],
  },
  {
    what: 'an application that polls an address that is gone',
    asks: [
      page('/', { hasReferrer: true }),
      asset,
      ...Array.from({ length: 40 }, () => page('/api/gone', { kind: 'other', statusCode: 404, hasReferrer: true })),
    ],
    flags: [],
    layers: ['client'],
  },
  { what: 'robots.txt', asks: [page('/robots.txt', { kind: 'other' })], flags: ['isLayeredBot'], layers: ['client', 'robots'] },
  {
    what: 'robots.txt by a curious person',
    asks: [...reading, page('/robots.txt', { kind: 'other' })],
    flags: [],
    layers: ['client', 'robots', 'timing', 'navigation'],
  },
  {
    what: 'a feed reader',
    asks: [page('/feed', { kind: 'other' }), page('/feed', { kind: 'other', afterMs: 900_000 })],
    flags: ['isLayeredBot'],
    layers: ['client', 'robots'],
  },
  { what: 'a crawl', asks: crawling, flags: ['isBehavioralBot', 'isLayeredBot'], layers: ['client', 'timing', 'navigation'] },
  {
    what: 'a browser that a script drives like a clock',
    asks: likeClock,
    flags: ['isLayeredBot'],
    layers: ['client', 'timing', 'navigation'],
  },
  { what: 'one that waits at random', asks: atRandom, flags: [], layers: ['client', 'timing', 'navigation'] },
  {
    what: 'the same from a hosting provider',
    asks: atRandom,
    context: HOSTED,
    flags: ['isLayeredBot'],
    layers: ['network', 'client', 'timing', 'navigation'],
  },
  {
    what: 'the same without a click, key or scrolling',
    asks: atRandom.filter(({ kind }) => kind !== 'asset'),
    context: { measuredBy: 'tracker' },
    flags: ['isLayeredBot'],
    layers: ['client', 'timing', 'navigation'],
  },
  { what: 'a session without requests', asks: [], flags: [], layers: [] },
];

describe('judgeSession', () => {
  it.each(cases)('$what', ({ asks, beacons, context, flags, layers }) => {
    const verdict = judgeSession(behaviorOf(asks, beacons), { ...PERSON, ...context });
    expect(FLAGS.filter((flag) => verdict[flag])).toEqual(flags);
    expect(verdict.findings.map(({ layer }) => layer)).toEqual(layers);
    for (const { points, reason } of verdict.findings) if (Math.abs(points) >= 5) expect(reason).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('judges the rhythm and the way from five page views on', () => {
    for (const views of [4, 5]) {
      const findings = judgeSession(behaviorOf(crawling.slice(0, views)), PERSON).findings.map(({ layer }) => layer);
      expect(findings.includes('timing')).toBe(views >= 5);
      expect(findings.includes('navigation')).toBe(views >= 5);
    }
  });

  it('measures the age of a browser against the newest of its kind', () => {
    const scoreWith = (browserMajor: number | null, newestBrowserMajor: number | null) =>
      scoreSession(behaviorOf(reading), { ...PERSON, browserMajor, newestBrowserMajor }).score;
    const usual = scoreWith(140, 141);
    expect(scoreWith(129, 141)).toBe(usual);
    expect(scoreWith(40, 40)).toBe(usual);
    expect(scoreWith(null, 141)).toBe(usual);
    expect(scoreWith(140, null)).toBe(usual);
    expect(scoreWith(150, 141)).toBe(usual);
    expect(scoreWith(120, 141)).toBeGreaterThan(usual);
    expect(scoreWith(80, 141)).toBeGreaterThan(scoreWith(120, 141));
  });

  it.each<[Measurement, RegExp | undefined, RegExp | undefined]>([
    ['tracker', undefined, /no click, key or scrolling on 3 page views/],
    ['server_log', /No image, style or script was loaded in 3 requests/, undefined],
    ['both', /No image, style or script was loaded in 3 requests/, /No script ran on 3 page views/],
    ['unknown', undefined, undefined],
  ])('holds against nobody what a measuring by %s cannot see', (measuredBy, assets, scripts) => {
    const verdict = judgeSession(behaviorOf(crawling.slice(0, 3)), { ...PERSON, measuredBy });
    const reason = verdict.findings.map((finding) => finding.reason).join(' ');
    if (assets === undefined) expect(reason).not.toContain('was loaded');
    else expect(reason).toMatch(assets);
    if (scripts === undefined) expect(reason).not.toMatch(/script ran|click/);
    else expect(reason).toMatch(scripts);
  });

  it('leaves layers out, in the score and in the findings', () => {
    const context = { ...PERSON, ...HOSTED, ...declared({ name: 'Crawler' }) };
    const behavior = behaviorOf([page('/a')]);
    const verdict = judgeSession(behavior, context, withoutLayers(BOT_RULES, ['declared', 'network']));
    expect(verdict.findings.map(({ layer }) => layer)).toEqual(['client']);
    expect(verdict.score).toBe(judgeSession(behavior, PERSON).score);
    expect(verdict.isBot).toBe(true);
  });

  it('follows weights, threshold, midpoint and scale that are overridden', () => {
    const behavior = behaviorOf([page('/a')]);
    const context = { ...PERSON, ...HOSTED };
    const rules = readBotRules({
      layered: { midpoint: 0, scale: 10, threshold: 90, weights: { network: { hosting: 40 } }, without: ['client'] },
    });
    expect(scoreSession(behavior, context, rules).score).toBeCloseTo(100 / (1 + Math.exp(-4)), 10);
    expect(scoreSession(behavior, context, rules).isLayeredBot).toBe(true);
    expect(scoreSession(behavior, PERSON, rules)).toMatchObject({ score: 50, isLayeredBot: false });
  });
});

describe('explainVerdict', () => {
  it('names the outcome, then the findings, the weightiest first, then the classic signals', () => {
    const context = {
      ...PERSON,
      ...HOSTED,
      ...declared({ name: 'GPTBot', vendor: 'OpenAI', category: 'ai-crawler', purpose: 'training' }),
    };
    const sentences = explainVerdict(judgeSession(behaviorOf([...crawling, missing('/.env')]), context));
    expect(sentences[0]).toBe(
      'It is an AI crawler, a scanner, a program by its classic signals, a program by its layered score: layered score 100 of 100, classic score 80.',
    );
    expect(sentences[1]).toBe('ai_crawler (+100): The user agent declares an AI crawler (GPTBot of OpenAI), for training.');
    expect(sentences).toContain('network (+22): The address belongs to a hosting provider (Example Hosting).');
    expect(sentences).toContain('high_request_count (+30 classic): The session made 61 page requests; up to 50 are usual.');
    const points = sentences.slice(1, -4).map((sentence) => Math.abs(Number(/\(([+-][\d.]+)\)/.exec(sentence)?.[1])));
    expect(points).toEqual(points.toSorted((one, other) => other - one));
  });

  it('says of a person that it looks like one, and why', () => {
    const sentences = explainVerdict(judgeSession(behaviorOf(reading), PERSON));
    expect(sentences[0]).toMatch(/^It looks like a person: layered score \d of 100, classic score 0\.$/);
    expect(sentences.slice(1).join(' ')).toMatch(/The longest stay on a page was 320 s\..*2 of 8 page views were steps back\./);
  });
});
