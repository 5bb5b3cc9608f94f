import { headerValue, type RequestHeaders } from '@systemprompt-analytics/core';
import { type ClientHints as BowserHints, BROWSER_MAP, parse } from 'bowser';
import { identifyBot } from './bot-identity.js';
import type { ClientFacts } from './client-facts.js';
import { RecentCache } from './recent-cache.js';

/** What a user agent and its Client Hints say. */
export type UserAgentFacts = Pick<ClientFacts, 'deviceType' | 'browser' | 'browserVersion' | 'os' | 'bot'>;

/** User agent Client Hints (https://wicg.github.io/ua-client-hints/) as a client sent them. Absent texts are empty. */
export interface ClientHints {
  /** Brand and version, such as `Google Chrome` and `137.0.7151.55`; of the full version list where it was sent. */
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  /** Undefined where it was not said. */
  readonly mobile: boolean | undefined;
  readonly platform: string;
  readonly platformVersion: string;
  readonly model: string;
}

/** Longer user agents are read as far as this: no browser's is, and expressions run over them. */
const USER_AGENT_LENGTH_MAX = 1_024;
const HINT_LENGTH_MAX = 512;
/** In access logs 500 entries answer 94 to 98 of 100 requests. */
const REMEMBERED_MAX = 2_000;

const HINT_HEADERS = [
  'sec-ch-ua',
  'sec-ch-ua-full-version-list',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-ch-ua-platform-version',
  'sec-ch-ua-model',
  'signature-agent',
] as const;

/** One name for each browser, where the parser has another or several. */
const BROWSER_NAMES: ReadonlyMap<string, string> = new Map([
  ['Microsoft Edge', 'Edge'],
  ['Samsung Internet for Android', 'Samsung Internet'],
  ['Google Search', 'Google App'],
  ['NAVER Whale Browser', 'Whale'],
  ['QQ Browser Lite', 'QQ Browser'],
  ['Opera Touch', 'Opera'],
  ['Opera Coast', 'Opera'],
  ['Focus', 'Firefox Focus'],
  ['Miui', 'Miui Browser'],
  ['Generic', ''],
]);

/**
 * Browsers that the parser knows by name. Of any other user agent it gives the words before the first slash, which are whatever
 * the client likes: rows of a report that anybody can add to.
 */
const KNOWN_BROWSERS: ReadonlySet<string> = new Set([
  ...Object.values(BROWSER_MAP),
  ...BROWSER_NAMES.keys(),
  ...['PlayStation 4', 'SlimerJS', 'Midori', 'Lynx', 'w3m', 'Links', 'ELinks', 'Dillo', 'Konqueror', 'Falkon', 'Iceweasel'],
]);

/** Brands of Client Hints by the browser's name. */
const BRAND_NAMES: ReadonlyMap<string, string> = new Map([
  ['Google Chrome', 'Chrome'],
  ['Microsoft Edge', 'Edge'],
  ['Opera', 'Opera'],
  ['Brave', 'Brave'],
  ['Vivaldi', 'Vivaldi'],
  ['DuckDuckGo', 'DuckDuckGo'],
  ['Samsung Internet', 'Samsung Internet'],
  ['YaBrowser', 'Yandex Browser'],
  ['Yandex', 'Yandex Browser'],
  ['Whale', 'Whale'],
]);

/** Reads user agents and remembers what it read. */
export class UserAgentReader {
  readonly #remembered = new RecentCache<string, UserAgentFacts>(REMEMBERED_MAX);

  /** @param headers of the request, for its Client Hints; none when only the user agent is known */
  read(userAgent: string, headers: RequestHeaders = {}): UserAgentFacts {
    const key = keyOf(userAgent, headers);
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const facts = readUserAgent(userAgent, headers);
    this.#remembered.set(key, facts);
    return facts;
  }

  /** Forgets everything. */
  clear(): void {
    this.#remembered.clear();
  }
}

/** Everything that the reading depends on; the user agent alone when there are no hints, which makes no new text. */
function keyOf(userAgent: string, headers: RequestHeaders): string {
  let key = userAgent.length > USER_AGENT_LENGTH_MAX ? userAgent.slice(0, USER_AGENT_LENGTH_MAX) : userAgent;
  for (const name of HINT_HEADERS) {
    if (headers[name] !== undefined) key += `\n${name}:${hintValue(headers, name)}`;
  }
  return key;
}

function hintValue(headers: RequestHeaders, name: (typeof HINT_HEADERS)[number]): string {
  return headerValue(headers, name).slice(0, HINT_LENGTH_MAX);
}

/** The Client Hints of a request; undefined when it has none. */
export function readClientHints(headers: RequestHeaders): ClientHints | undefined {
  const list = hintValue(headers, 'sec-ch-ua-full-version-list') || hintValue(headers, 'sec-ch-ua');
  const mobile = hintValue(headers, 'sec-ch-ua-mobile');
  const platform = hintText(headers, 'sec-ch-ua-platform');
  if (list === '' && mobile === '' && platform === '') return undefined;
  return {
    brands: [...list.matchAll(/"((?:[^"\\]|\\.)*)"\s*;\s*v="([\d.]*)"/g)].map(([, brand = '', version = '']) => ({ brand, version })),
    mobile: mobile === '' ? undefined : mobile === '?1',
    platform,
    platformVersion: hintText(headers, 'sec-ch-ua-platform-version'),
    model: hintText(headers, 'sec-ch-ua-model'),
  };
}

/** A structured field that is a string (RFC 9651, 3.3.3), without its quotes. */
function hintText(headers: RequestHeaders, name: (typeof HINT_HEADERS)[number]): string {
  return hintValue(headers, name)
    .replace(/^\s*"|"\s*$/g, '')
    .replace(/\\(.)/g, '$1');
}

function readUserAgent(whole: string, headers: RequestHeaders): UserAgentFacts {
  const userAgent = whole.slice(0, USER_AGENT_LENGTH_MAX);
  const bot = identifyBot({
    userAgent,
    brands: hintValue(headers, 'sec-ch-ua'),
    signatureAgent: hintValue(headers, 'signature-agent'),
  });
  if (userAgent.trim() === '') return { deviceType: 'bot', browser: '', browserVersion: '', os: '', bot };
  const hints = readClientHints(headers);
  const { browser, os, platform } = parse(userAgent, hints === undefined ? undefined : bowserHints(hints));
  // Of crawlers the parser gives the crawler as browser; that is the bot's name and not a browser.
  const named = platform.type === 'bot' ? '' : (browser.name ?? '');
  const name = KNOWN_BROWSERS.has(named) ? (BROWSER_NAMES.get(named) ?? named) : '';
  return {
    deviceType: bot.declared ? 'bot' : deviceTypeOf(platform.type, os.name, hints),
    browser: name,
    browserVersion: name === '' ? '' : shortVersion(brandVersion(name, hints) ?? browser.version ?? ''),
    os: osOf(os, userAgent, hints),
    bot,
  };
}

function bowserHints({ brands, mobile, platform, platformVersion, model }: ClientHints): BowserHints {
  return { brands: [...brands], platform, platformVersion, model, ...(mobile === undefined ? {} : { mobile }) };
}

function brandVersion(browser: string, hints: ClientHints | undefined): string | undefined {
  return hints?.brands.find(({ brand, version }) => version !== '' && BRAND_NAMES.get(brand) === browser)?.version;
}

/** At most three numbers, and none that is only there to fill up: browsers send `137.0.0.0` for all of 137. */
function shortVersion(version: string): string {
  const numbers = /^\d+(?:\.\d+){0,2}/.exec(version.replaceAll('_', '.'))?.[0] ?? '';
  return numbers.replace(/(?:\.0)+$/, '');
}

function deviceTypeOf(type: string | undefined, os: string | undefined, hints: ClientHints | undefined): ClientFacts['deviceType'] {
  if (type === 'tv') return 'tv';
  if (hints?.mobile === true) return type === 'tablet' ? 'tablet' : 'mobile';
  if (hints?.mobile === false && hints.platform === 'Android') return 'tablet';
  if (type === 'desktop' || type === 'mobile' || type === 'tablet') return type;
  return os === 'Chrome OS' ? 'desktop' : '';
}

/**
 * Name and version of the system. Browsers have frozen the version they send: every macOS since 11 is `10_15_7`, Chrome on
 * Android says `10; K`, and Windows 11 says `NT 10.0`. Of the first two only the name is given unless Client Hints say more;
 * `Windows 10` stands for both where they are silent.
 */
function osOf(os: { name?: string; version?: string; versionName?: string }, userAgent: string, hints: ClientHints | undefined): string {
  const hinted = hints === undefined ? '' : hintedOs(hints);
  if (hinted !== '') return hinted;
  const { name = '', version = '', versionName = '' } = os;
  if (name === 'Windows') return versionName === '' ? name : `${name} ${versionName}`;
  if (name === 'macOS' && /^10[._]15(?:[._]7)?$/.test(version)) return name;
  if (name === 'Android' && userAgent.includes('Android 10; K)')) return name;
  return withVersion(name, version);
}

function hintedOs({ platform, platformVersion }: ClientHints): string {
  const major = Number.parseInt(platformVersion, 10);
  if (!(major > 0)) return '';
  // https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11: 13 and above are Windows 11.
  if (platform === 'Windows') return major >= 13 ? 'Windows 11' : 'Windows 10';
  return platform === 'macOS' || platform === 'Android' || platform === 'iOS' ? withVersion(platform, platformVersion) : '';
}

/** `iOS 18.5`: two numbers tell systems apart, a third makes one row of a report into ten. */
function withVersion(name: string, version: string): string {
  const numbers = /^\d+(?:\.\d+)?/.exec(version.replaceAll('_', '.'))?.[0] ?? '';
  return numbers === '' || name === '' ? name : `${name} ${numbers.replace(/\.0$/, '')}`;
}
