import { OLD_USER_AGENT, USER_AGENTS } from './browsers.js';
import { Chance } from './chance.js';
import { hostingAddress } from './networks.js';
import { ARTICLES, assetsOf, MAGAZINE, missingRequest, pageRequest, SHOP, SHOP_PAGES } from './site.js';
import type { Consequence, Itinerary, ScriptMessage, Visit, Visitor } from './visitor.js';

const MINUTE_MS = 60_000;
/** People arrive during this time, evenly. */
const ARRIVALS_MS = 50 * MINUTE_MS;
/** Nobody reads a page for longer, so that no sitting falls into two sessions. */
const READING_MS_MAX = 25 * MINUTE_MS;
/** Who comes back does so after a pause that ends a session. */
const PAUSE_MS = 40 * MINUTE_MS;
const VIEWS_MAX = 15;
/** Three households and offices of eight people each have one address. */
const SHARED_ADDRESSES = 3;
const PEOPLE_PER_ADDRESS = 8;
const DISTINCT_USER_AGENTS = [...new Set(USER_AGENTS)];

/** Where people come from; empty for those who type the address, or whose browser does not say. */
const ARRIVAL_REFERRERS: readonly string[] = [
  ...new Array<string>(7).fill(''),
  ...new Array<string>(6).fill('https://www.google.com/'),
  'https://www.bing.com/',
  'https://duckduckgo.com/',
  'https://www.reddit.com/r/howto/',
  'https://t.co/x1y2z3',
  'https://www.facebook.com/',
  'https://news.ycombinator.com/item?id=41',
  'https://chatgpt.com/',
];

/** How somebody uses a site. */
interface Habits {
  readonly views: number;
  /** Of a person who lingers 2, of a hasty one 0.5; who skims page after page reads none of them. */
  readonly pace: number;
  readonly backShare: number;
  readonly repeatShare: number;
  /** Opens several pages at once and reads them afterwards. */
  readonly opensTabs: boolean;
  /** Most assets are in the browser's cache already. */
  readonly isCached: boolean;
  readonly hidesReferrer: boolean;
  /** The script in the page runs, and nothing blocks what it sends. */
  readonly tellsScript: boolean;
  /** Follows a link that leads nowhere. */
  readonly followsBrokenLink: boolean;
}

/** So many people with all they are going to do: each of their own pace, the same with every run. */
export function makePeople(count: number, seed: number): Itinerary[] {
  return Array.from({ length: count }, (_, index) => makePerson(index, new Chance(seed * 100_003 + index)));
}

/**
 * Among every fifty there are one who skims through the site as fast as pages come, and one who hides all that can be hidden: behind a
 * VPN, without scripts and referrers, with a full cache.
 */
function makePerson(index: number, chance: Chance): Itinerary {
  const readsMagazine = index % 5 === 4;
  const isSkimming = index % 50 === 21;
  const isPrivate = index % 50 === 12;
  const visitor: Visitor = {
    name: `person ${index}`,
    kind: 'person',
    ...clientOf(index, isPrivate, chance),
    toldBy: readsMagazine ? 'script' : 'server',
    whenRefused: 'waits',
  };
  const habits: Habits = {
    views: isSkimming || isPrivate ? VIEWS_MAX : viewsOf(chance),
    pace: isSkimming ? 0.12 : chance.logNormal(1, 0.4),
    backShare: chance.is(0.25) ? 0 : chance.between(0, 0.35),
    repeatShare: chance.between(0, 0.15),
    opensTabs: chance.is(0.15),
    isCached: isPrivate || chance.is(0.15),
    hidesReferrer: isPrivate || chance.is(0.05),
    tellsScript: readsMagazine || (!isPrivate && chance.is(0.55)),
    followsBrokenLink: index % 10 === 3,
  };
  const first = sitting(readsMagazine, chance.between(0, ARRIVALS_MS), habits, chance);
  if (index % 25 !== 7) return { visitor, visits: first };
  const backMs = endOf(first) + PAUSE_MS + chance.between(0, 10 * MINUTE_MS);
  return { visitor, visits: [...first, ...sitting(readsMagazine, backMs, habits, chance)] };
}

/** Many look at one page, some at a few, few at many. */
function viewsOf(chance: Chance): number {
  return chance.is(0.4) ? 1 : Math.min(VIEWS_MAX, 2 + Math.floor(-5 * Math.log(1 - chance.next())));
}

function clientOf(index: number, isPrivate: boolean, chance: Chance): Pick<Visitor, 'ip' | 'userAgent'> {
  const shared = Math.floor(index / PEOPLE_PER_ADDRESS);
  if (shared < SHARED_ADDRESSES) {
    return { ip: `203.0.113.${1 + shared}`, userAgent: DISTINCT_USER_AGENTS[index] ?? chance.of(USER_AGENTS) };
  }
  const userAgent = index % 67 === 33 ? OLD_USER_AGENT : chance.of(USER_AGENTS);
  // Some browse through a VPN, whose addresses are those of rented machines.
  if (isPrivate || index % 33 === 30) return { ip: hostingAddress(index), userAgent };
  if (index % 12 === 5) return { ip: `2001:db8:${index.toString(16)}::${(1 + index).toString(16)}`, userAgent };
  return { ip: index % 2 === 0 ? `198.51.100.${index}` : `203.0.113.${index}`, userAgent };
}

/** What one person does from an arrival until they go. */
function sitting(readsMagazine: boolean, startMs: number, habits: Habits, chance: Chance): Visit[] {
  const [origin, pages] = readsMagazine ? [MAGAZINE, ARTICLES] : [SHOP, SHOP_PAGES];
  const visits: Visit[] = [];
  const seen: string[] = [];
  let atMs = startMs;
  let page = chance.is(0.3) ? (pages[0] ?? '/') : chance.of(pages);
  let opening = 0;
  for (let view = 0; view < habits.views; view++) {
    const before = seen.at(-1);
    const referrer = habits.hidesReferrer ? '' : before === undefined ? chance.of(ARRIVAL_REFERRERS) : `${origin}${before}`;
    const readsMs = Math.min(READING_MS_MAX, 1000 * habits.pace * chance.logNormal(35, 1.1));
    const url = `${origin}${page}`;
    if (habits.followsBrokenLink && !readsMagazine && view === 1) {
      visits.push({ atMs, request: missingRequest(`${url}-gone`, referrer, chance), consequences: [] });
      atMs += chance.between(2_000, 6_000);
    }
    const consequences = consequencesOf(url, view === 0, readsMagazine, readsMs, habits, chance);
    visits.push({ atMs, request: pageRequest(url, referrer, chance), consequences });
    opening = opening > 0 ? opening - 1 : habits.opensTabs && chance.is(0.4) ? 2 + chance.below(3) : 0;
    atMs += opening > 0 ? chance.between(200, 600) : readsMs;
    page = nextPage(page, seen, pages, habits, chance);
  }
  return visits;
}

/** Where somebody goes from a page, which joins those seen: back, to a page seen before, or on. */
function nextPage(page: string, seen: string[], pages: readonly string[], habits: Habits, chance: Chance): string {
  const before = seen.at(-1);
  seen.push(page);
  const choice = chance.next();
  if (choice < habits.backShare && before !== undefined) return before;
  if (choice < habits.backShare + habits.repeatShare) return chance.of(seen);
  return chance.of(pages);
}

function consequencesOf(
  url: string,
  isFirst: boolean,
  readsMagazine: boolean,
  readsMs: number,
  habits: Habits,
  chance: Chance,
): Consequence[] {
  const consequences: Consequence[] = [];
  if (!readsMagazine) {
    const count = isFirst && !habits.isCached ? 5 + chance.below(8) : isFirst ? 1 + chance.below(2) : chance.below(4);
    for (const request of assetsOf(url, habits.hidesReferrer ? '' : url, count, chance))
      consequences.push({ afterMs: chance.between(80, 900), request });
  }
  if (habits.tellsScript) consequences.push({ afterMs: readsMs, message: exitMessage(url, readsMs, chance) });
  return consequences;
}

/** What the script tells when a page is left: that it was scrolled, what was done there, and that it was left. */
function exitMessage(url: string, readsMs: number, chance: Chance): ScriptMessage {
  const timeOnPage = Math.round(readsMs);
  const spent = { page_url: url, time_on_page_ms: timeOnPage, visible_time_ms: Math.round(timeOnPage * chance.between(0.5, 1)) };
  const left = { type: 'page_exit', ...spent };
  // A page that is closed at once tells of nothing that was done.
  if (chance.is(0.15)) return [left];
  const depth = Math.round(chance.between(5, 100));
  const done = { clicks: chance.below(4), mouse_distance: Math.round(chance.between(50, 9_000)), focus_time_ms: spent.visible_time_ms };
  return [
    { type: 'scroll', page_url: url, max_scroll_depth: depth, scroll_direction_changes: chance.below(9) },
    { type: 'engagement', ...spent, ...done, max_scroll_depth: depth },
    left,
  ];
}

function endOf(visits: readonly Visit[]): number {
  return Math.max(...visits.flatMap(({ atMs, consequences }) => [atMs, ...consequences.map(({ afterMs }) => atMs + afterMs)]));
}
