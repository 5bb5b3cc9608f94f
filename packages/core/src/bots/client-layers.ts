import type { LayerTally } from './layer-tally.js';
import { confidence, ramp } from './layer-tally.js';
import type { LayerWeights } from './layered-rules.js';
import type { SessionBehavior } from './session-behavior.js';
import { isAiCrawler, type SessionContext } from './session-context.js';

/** Requests from which on it counts in full that something was missing from all of them. */
const MISSING_FULL_REQUESTS = 5;
/** Returning counts in full at this many times the sessions from which on it counts. */
const RETURNING_FULL_TIMES = 4;
const MORE_PROBES_MAX = 4;
const GUESSES_MAX = 2;
/** Paths beyond the usual share that were answered with an error, at which they count half. */
const ERRORS_HALF = 4;

/** The user agent declares a program that is not an AI crawler, or there is none. */
export function addDeclared(tally: LayerTally, _behavior: SessionBehavior, context: SessionContext, { declared }: LayerWeights): void {
  const { bot, hasUserAgent } = context;
  if (!hasUserAgent) {
    if (tally.add(declared.no_user_agent)) tally.say('There is no user agent.');
  } else if (bot.declared && !isAiCrawler(bot)) {
    if (tally.add(declared.program)) tally.say(`The user agent declares a program${namedBot(context)}.`);
  }
}

/** The user agent declares an AI crawler. */
export function addAiCrawler(tally: LayerTally, _behavior: SessionBehavior, context: SessionContext, { ai_crawler }: LayerWeights): void {
  const { bot } = context;
  if (!bot.declared || !isAiCrawler(bot)) return;
  if (tally.add(ai_crawler.program)) {
    tally.say(`The user agent declares an AI crawler${namedBot(context)}${bot.purpose === '' ? '' : `, for ${bot.purpose}`}.`);
  }
}

/** Probing for weaknesses: paths, sign-ins, errors. */
export function addScanner(tally: LayerTally, behavior: SessionBehavior, _context: SessionContext, { scanner }: LayerWeights): void {
  const { probes, guesses, signIns, errorPaths } = behavior;
  if (probes > 0) {
    const points = scanner.probe + scanner.more_probes * Math.min(MORE_PROBES_MAX, probes - 1);
    if (tally.add(points)) tally.say(`${counted(probes, 'request')} for what only scanners ask for.`);
  }
  if (guesses > 0 && tally.add(scanner.guess * Math.min(GUESSES_MAX, guesses))) {
    tally.say(`${counted(guesses, 'request')} for pages of products that this site is not made with.`);
  }
  if (signIns >= scanner.sign_ins_min && tally.add(scanner.sign_ins)) {
    tally.say(`${signIns} sign-ins were sent to a page that is known from password guessing.`);
  }
  if (errorPaths > 0) {
    const requests = behavior.requests - behavior.assetRequests;
    const tooMany = Math.max(0, errorPaths - scanner.errors_share * requests);
    const many = hasManyErrors(behavior, scanner) ? scanner.many_errors : 0;
    if (tally.add(scanner.errors * confidence(tooMany, ERRORS_HALF) + many)) {
      tally.say(`${counted(errorPaths, 'path')} asked for in ${counted(requests, 'request')} did not exist or were forbidden.`);
    }
  }
}

/**
 * How a session looks for weaknesses, as half a sentence; empty when it does not at all.
 *
 * @example
 * ```ts
 * describeScanning(behavior); // '2 requests for what only scanners ask for, 14 paths that did not exist'
 * ```
 */
export function describeScanning({ probes, guesses, signIns, errorPaths }: SessionBehavior): string {
  return [
    probes > 0 ? `${counted(probes, 'request')} for what only scanners ask for` : '',
    guesses > 0 ? `${guesses} for pages of products that the site is not made with` : '',
    signIns > 0 ? counted(signIns, 'sign-in') : '',
    errorPaths > 0 ? `${counted(errorPaths, 'path')} that did not exist or were forbidden` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/**
 * Does the session look for weaknesses, whoever it says it is?
 *
 * @param weights of the layered profile, for its limits
 *
 * @example
 * ```ts
 * if (isScanning(behavior, BOT_RULES.layered.weights)) console.log(describeScanning(behavior));
 * ```
 */
export function isScanning(behavior: SessionBehavior, { scanner }: LayerWeights): boolean {
  const { probes, guesses, signIns } = behavior;
  return probes > 0 || guesses >= GUESSES_MAX || signIns >= scanner.sign_ins_min || hasManyErrors(behavior, scanner);
}

function hasManyErrors(behavior: SessionBehavior, { many_errors_min }: LayerWeights['scanner']): boolean {
  const requests = behavior.requests - behavior.assetRequests;
  return behavior.errorPaths >= many_errors_min && behavior.errorPaths * 2 > requests;
}

/** The network the session comes from. */
export function addNetwork(tally: LayerTally, _behavior: SessionBehavior, context: SessionContext, { network }: LayerWeights): void {
  if (!context.hosting) return;
  if (tally.add(network.hosting)) {
    tally.say(`The address belongs to a hosting provider${context.network === '' ? '' : ` (${context.network})`}.`);
  }
}

/** What a browser does by itself and a plain program does not. */
export function addClient(tally: LayerTally, behavior: SessionBehavior, context: SessionContext, weights: LayerWeights): void {
  const { measuredBy } = context;
  const { points_max } = weights.client;
  if (measuredBy === 'server_log' || measuredBy === 'both') addAssets(tally, behavior, context, weights);
  if (measuredBy !== 'tracker') addReferrers(tally, behavior, weights);
  if (measuredBy === 'tracker' || measuredBy === 'both') addScripts(tally, behavior, context, weights);
  if (tally.points > points_max) tally.add(points_max - tally.points);
}

function addAssets(tally: LayerTally, behavior: SessionBehavior, { recentPages }: SessionContext, { client }: LayerWeights): void {
  const { assetRequests, pageRequests } = behavior;
  const others = behavior.requests - assetRequests - Math.min(recentPages, pageRequests);
  if (assetRequests > 0) {
    if (pageRequests > 0 && tally.add(client.loads_assets)) tally.say(`${counted(assetRequests, 'asset')} came with the pages.`);
  } else if (others > 0) {
    if (tally.add(client.no_assets + client.no_assets_more * ramp(others, 1, MISSING_FULL_REQUESTS))) {
      tally.say(`No image, style or script was loaded in ${counted(others, 'request')}.`);
    }
  }
}

function addReferrers(tally: LayerTally, behavior: SessionBehavior, { client }: LayerWeights): void {
  const { referrers, requests } = behavior;
  if (referrers > 0) {
    if (tally.add(client.has_referrer)) tally.say(`${counted(referrers, 'request')} of ${requests} named the page before.`);
  } else if (requests > 0) {
    if (tally.add(client.no_referrer + client.no_referrer_more * ramp(requests, 1, MISSING_FULL_REQUESTS))) {
      tally.say(`None of ${counted(requests, 'request')} named the page it came from.`);
    }
  }
}

function addScripts(tally: LayerTally, behavior: SessionBehavior, context: SessionContext, { client }: LayerWeights): void {
  const { measuredBy, recentPages } = context;
  const { beacons, interactions } = behavior;
  const pageRequests = behavior.pageRequests - recentPages;
  if (interactions > 0) {
    if (tally.add(client.interaction)) tally.say(`Clicks, keys or scrolling were reported ${counted(interactions, 'time')}.`);
  } else if (pageRequests > 0 && beacons === 0 && measuredBy === 'both') {
    if (tally.add(client.no_script)) tally.say(`No script ran on ${counted(pageRequests, 'page view')}.`);
  } else if (pageRequests >= 2) {
    // A single page left at once has none either; and with a blocker there are no events at all, which is judged above.
    if (tally.add(client.no_interaction)) tally.say(`There was no click, key or scrolling on ${pageRequests} page views.`);
  }
}

/** Files made for programs, feeds, and coming back at all hours. */
export function addRobots(tally: LayerTally, behavior: SessionBehavior, context: SessionContext, { robots }: LayerWeights): void {
  const { programFiles, feeds } = behavior;
  if (programFiles > 0 && tally.add(robots.program_file)) {
    tally.say(`It asked for a file made for programs, such as robots.txt, ${counted(programFiles, 'time')}.`);
  }
  if (feeds * 2 > behavior.requests) {
    if (tally.add(robots.feed + (feeds > 1 ? robots.feed_polling : 0)))
      tally.say(`${feeds} of ${behavior.requests} requests were for feeds.`);
  }
  const { fingerprintSessions } = context;
  const from = robots.returning_sessions_min;
  // By ratio and not by number: the step from 5 to 10 sessions says as much as that from 10 to 20.
  if (fingerprintSessions > from) {
    const share = ramp(Math.log(fingerprintSessions / from), 0, Math.log(RETURNING_FULL_TIMES));
    if (tally.add(robots.returning * share)) tally.say(`The fingerprint had ${fingerprintSessions} sessions within 24 hours.`);
  }
}

/** How far the browser is behind the newest of its kind. */
export function addBrowserAge(tally: LayerTally, _behavior: SessionBehavior, context: SessionContext, weights: LayerWeights): void {
  const { browser, browserMajor, newestBrowserMajor } = context;
  if (browserMajor === null || newestBrowserMajor === null) return;
  const { outdated, behind_from, behind_full } = weights.browser_age;
  const behind = newestBrowserMajor - browserMajor;
  if (tally.add(outdated * ramp(behind, behind_from, behind_full))) {
    tally.say(`${browser} ${browserMajor} is ${behind} major versions behind the newest seen.`);
  }
}

function namedBot({ bot }: SessionContext): string {
  if (bot.name === '') return '';
  return bot.vendor === '' ? ` (${bot.name})` : ` (${bot.name} of ${bot.vendor})`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
