import { Chance } from './chance.js';
import { hostingAddress } from './networks.js';
import { assetsOf, fileRequest, missingRequest, pageRequest, SHOP, SHOP_PAGES } from './site.js';
import type { Consequence, Itinerary, SiteRequest, Visit, Visitor, VisitorKind } from './visitor.js';

const MINUTE_MS = 60_000;
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

/** What scanners ask for. */
const PROBES: readonly string[] = [
  '/.env',
  '/.git/config',
  '/wp-login.php',
  '/..%2f..%2f..%2fetc%2fpasswd',
  '/wp-admin/setup-config.php',
  '/phpmyadmin/index.php',
  '/backup.sql',
  '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
  '/.aws/credentials',
  '/actuator/env',
];

/** The programs that come while people read, by what they are. */
export interface Programs {
  /** Says that it is a browser, asks for page after page in sorted order, about one a second, and for nothing that belongs to them. */
  readonly crawler: Itinerary;
  /** A browser that a script drives at the speed of people: every page once, in order, with its assets, after even waits. */
  readonly scriptedBrowser: Itinerary;
  /** Says that it is Googlebot, and is faster than any person. */
  readonly searchEngine: Itinerary;
  /** Says that it is GPTBot. */
  readonly aiCrawler: Itinerary;
  /** Looks for weaknesses. */
  readonly scanner: Itinerary;
}

/** The programs, the same with every run. */
export function makePrograms(seed: number): Programs {
  return {
    crawler: makeCrawler(new Chance(seed)),
    scriptedBrowser: makeScriptedBrowser(new Chance(seed + 1)),
    searchEngine: makeSearchEngine(new Chance(seed + 2)),
    aiCrawler: makeAiCrawler(new Chance(seed + 3)),
    scanner: makeScanner(new Chance(seed + 4)),
  };
}

function makeCrawler(chance: Chance): Itinerary {
  const visits = walk(SHOP_PAGES.map(urlOf), { fromMs: 10 * MINUTE_MS, waitMs: () => chance.between(920, 1080), chance });
  return { visitor: visitor('the crawler', 'crawler', 10, CHROME), visits };
}

function makeSearchEngine(chance: Chance): Itinerary {
  const files = ['/robots.txt', '/sitemap.xml'].map(urlOf);
  // Twice, as one that looks for what is new.
  const urls = [...files, ...SHOP_PAGES.map(urlOf), ...SHOP_PAGES.map(urlOf)];
  const userAgent = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
  const visits = walk(urls, { fromMs: 9 * MINUTE_MS, waitMs: () => chance.between(1050, 1400), chance });
  return { visitor: visitor('the search engine', 'search_engine', 11, userAgent), visits };
}

function makeAiCrawler(chance: Chance): Itinerary {
  const userAgent = 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)';
  const urls = ['/robots.txt', ...Array.from({ length: 20 }, () => chance.of(SHOP_PAGES))].map(urlOf);
  const visits = walk(urls, { fromMs: 25 * MINUTE_MS, waitMs: () => chance.between(12_000, 25_000), chance });
  return { visitor: visitor('the AI crawler', 'ai_crawler', 12, userAgent), visits };
}

function makeScriptedBrowser(chance: Chance): Itinerary {
  const visits = walk(SHOP_PAGES.map(urlOf), {
    fromMs: 12 * MINUTE_MS,
    waitMs: () => chance.between(19_500, 20_500),
    chance,
    follows: true,
    consequences: (url, view) => [
      ...assetsOf(url, url, view === 0 ? 8 : 3, chance).map((request) => ({ afterMs: chance.between(80, 900), request })),
      // Its browser runs the script, which has nothing to tell but that time passed.
      { afterMs: 19_000, message: [{ type: 'page_exit', page_url: url, time_on_page_ms: 19_000, visible_time_ms: 19_000 }] },
    ],
  });
  return {
    visitor: { ...visitor('the scripted browser', 'scripted_browser', 13, CHROME), ip: '198.51.100.250', whenRefused: 'leaves' },
    visits,
  };
}

function makeScanner(chance: Chance): Itinerary {
  const guessed = Array.from({ length: 40 }, (_, index) => `/old-${index}/index`);
  const urls = [...PROBES, ...guessed].map(urlOf);
  const visits = walk(urls, { fromMs: 20 * MINUTE_MS, waitMs: () => chance.between(2_000, 3_500), chance, missing: true });
  return { visitor: visitor('the scanner', 'scanner', 14, CHROME), visits };
}

interface Walk {
  readonly fromMs: number;
  readonly waitMs: () => number;
  readonly chance: Chance;
  /** Does it name the page it comes from? */
  readonly follows?: boolean;
  readonly missing?: boolean;
  readonly consequences?: (url: string, view: number) => Consequence[];
}

/** One address after the other. */
function walk(urls: readonly string[], { fromMs, waitMs, chance, follows = false, missing = false, consequences }: Walk): Visit[] {
  let atMs = fromMs;
  return urls.map((url, view) => {
    const referrer = follows && view > 0 ? (urls[view - 1] ?? '') : '';
    const request = requestFor(url, referrer, missing, chance);
    const visit = { atMs, request, consequences: consequences?.(url, view) ?? [] };
    atMs += waitMs();
    return visit;
  });
}

function requestFor(url: string, referrer: string, missing: boolean, chance: Chance): SiteRequest {
  if (missing) return missingRequest(url, referrer, chance);
  return /\.(?:txt|xml)$/.test(url) ? fileRequest(url) : pageRequest(url, referrer, chance);
}

function visitor(name: string, kind: VisitorKind, machine: number, userAgent: string): Visitor {
  return { name, kind, ip: hostingAddress(machine), userAgent, toldBy: 'server', whenRefused: 'goes_on' };
}

function urlOf(path: string): string {
  return `${SHOP}${path}`;
}
