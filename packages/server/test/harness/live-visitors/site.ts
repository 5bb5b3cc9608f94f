import type { Chance } from './chance.js';
import type { SiteRequest } from './visitor.js';

/** The simulated site: its server tells of every request. */
export const SHOP = 'https://www.example.test';
/** Its magazine: files of a content network without a log, so that a script in the browser tells of the pages. */
export const MAGAZINE = 'https://magazine.example.test';

const SECTIONS = ['baking', 'cycling', 'gardening', 'hiking', 'music', 'painting', 'sailing', 'travel', 'woodwork'];
const TOPICS = ['beginners', 'budget', 'children', 'history', 'materials', 'mistakes', 'records', 'safety', 'tools', 'winter'];

/** Paths of the site's 91 pages in sorted order, as a sitemap lists them. */
export const SHOP_PAGES: readonly string[] = ['/', ...SECTIONS.flatMap((section) => TOPICS.map((topic) => `/${section}/${topic}`))].sort();
/** Paths of the magazine's 30 articles. */
export const ARTICLES: readonly string[] = Array.from(
  { length: 30 },
  (_, index) => `/articles/${(index * 7919) % 1000}-${TOPICS[index % 10]}`,
);

/** Styles, scripts and images that a page loads, as many as are given: the style, the script, the icon and the font first. */
export function assetsOf(pageUrl: string, referrer: string, count: number, chance: Chance): SiteRequest[] {
  const { origin } = new URL(pageUrl);
  const names = ['/assets/site.css', '/assets/site.js', '/favicon.ico', '/assets/fonts/text.woff2'];
  return Array.from({ length: count }, (_, index) => ({
    url: `${origin}${names[index] ?? `/assets/photos/${chance.below(400)}.webp`}`,
    method: 'GET',
    statusCode: 200,
    referrer,
    durationMs: chance.between(1, 20),
    bytes: 500 + chance.below(80_000),
    isPage: false,
  }));
}

/** A request for a page that exists. */
export function pageRequest(url: string, referrer: string, chance: Chance): SiteRequest {
  const [durationMs, bytes] = [chance.logNormal(60, 0.4), 8_000 + chance.below(30_000)];
  return { url, method: 'GET', statusCode: 200, referrer, durationMs, bytes, isPage: true };
}

/** A request for a file that is made for programs. */
export function fileRequest(url: string): SiteRequest {
  return { url, method: 'GET', statusCode: 200, referrer: '', durationMs: 2, bytes: 400, isPage: false };
}

/** A request for something that does not exist. */
export function missingRequest(url: string, referrer: string, chance: Chance): SiteRequest {
  return { url, method: 'GET', statusCode: 404, referrer, durationMs: chance.between(1, 8), bytes: 900, isPage: false };
}
