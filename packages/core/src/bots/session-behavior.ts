import { type PathRole, roleOfQuery } from './path-role.js';
import { isSamePage, type KnownPath, type PathTable } from './path-table.js';
import { assertTimestamp, PATH_LENGTH_MAX, type PageMeasures, REFUSED_STATUS, type SessionRequest } from './session-request.js';
import { VisitedPages } from './visited-pages.js';

/** Gaps of at most this count as short: faster than a page is read, and usual when several are opened at once. */
export const SHORT_GAP_MS = 3000;
/** Distinct paths answered with an error that are counted; one more or less of so many changes nothing. */
export const ERROR_PATHS_MAX = 64;
/** Added to a gap before its logarithm is taken, so that two requests of one second are not infinitely close. */
const LOG_GAP_OFFSET_MS = 100;

/** Counts of what most sessions have none of, held apart so that they cost those nothing. */
interface RareCounts {
  /** Hashes of the paths that were answered with an error. */
  errorHashes: number[];
  probes: number;
  guesses: number;
  signIns: number;
  programFiles: number;
  feeds: number;
  headRequests: number;
  oddMethods: number;
  /** Was a page refused since the last page view? */
  refused: boolean;
}

const NOTHING_RARE = { probes: 0, guesses: 0, signIns: 0, programFiles: 0, feeds: 0, headRequests: 0, oddMethods: 0, refused: false };

/**
 * What is known of one live session, kept up to date request by request in constant time and bounded memory: about 440 bytes for
 * a session of five pages (measured with Node 20), at most about 25 KiB for one of a thousand long paths. Nothing of it is a judgement; that is made of it by
 * `BehavioralBotDetector.analyzeSession`, {@link scoreSession} and {@link judgeSession}.
 *
 * Requests are given in order of time. The same requests in a list give the same measures, see `measureRequests`.
 *
 * @example
 * ```ts
 * const behavior = new SessionBehavior(paths); // one PathTable for all sessions
 * behavior.observe({ timestampMs: Date.now(), path: '/pricing', kind: 'page', method: 'GET', statusCode: 200, hasReferrer: true });
 * behavior.beacon(true);
 * behavior.pageRequests; // 1
 * ```
 */
export class SessionBehavior implements PageMeasures {
  readonly #paths: PathTable;
  #visited: VisitedPages | null = null;
  #rare: RareCounts | null = null;
  #previousPage: KnownPath | null = null;
  #pageBefore: KnownPath | null = null;
  #firstPageMs = 0;
  #gapSquaresMs2 = 0;
  #logGapSum = 0;
  #spanMs = 0;
  #gapMaxMs = 0;
  #shortGaps = 0;
  #requests = 0;
  #pageRequests = 0;
  #assetRequests = 0;
  #referrers = 0;
  #repeats = 0;
  #backSteps = 0;
  #beacons = 0;
  #interactions = 0;

  /** @param paths shared by all sessions of a process */
  constructor(paths: PathTable) {
    this.#paths = paths;
  }

  /**
   * Takes the next request of the session.
   *
   * @throws AnalyticsError `invalid_value` when `timestampMs` is not a finite number
   */
  observe(request: SessionRequest): void {
    const { timestampMs, path, kind, hasReferrer } = request;
    assertTimestamp(timestampMs);
    this.#requests += 1;
    if (hasReferrer) this.#referrers += 1;
    if (kind === 'asset') {
      this.#assetRequests += 1;
    } else {
      const page = this.#paths.look(path);
      if (kind === 'page') this.#observePage(timestampMs, page);
      this.#observeRare(request, page);
    }
  }

  /**
   * Takes an event of the browser script, which proves that scripts run.
   *
   * @param interacted does it report something that only a person or a good imitation does: a click, a key, scrolling?
   */
  beacon(interacted: boolean): void {
    this.#beacons += 1;
    if (interacted) this.#interactions += 1;
  }

  /**
   * Takes all of another session that came after this one, when the two turn out to be one. The measures are those of one session, but
   * for gaps in which a page of the later one was refused: what counts of them was decided when they were seen.
   */
  append(later: SessionBehavior): void {
    this.#requests += later.#requests;
    this.#assetRequests += later.#assetRequests;
    this.#referrers += later.#referrers;
    this.#beacons += later.#beacons;
    this.#interactions += later.#interactions;
    if (later.#visited !== null) this.#appendPages(later, later.#visited);
    if (later.#rare !== null) this.#appendRare(later.#rare);
  }

  #appendPages(later: SessionBehavior, pages: VisitedPages): void {
    if (this.#pageRequests === 0) this.#firstPageMs = later.#firstPageMs;
    else this.#observeGap(this.#withoutRefusal(Math.max(0, later.#firstPageMs - this.#firstPageMs - this.#spanMs)));
    if (this.#rare !== null) this.#rare.refused = false;
    this.#pageRequests += later.#pageRequests;
    this.#spanMs += later.#spanMs;
    this.#gapSquaresMs2 += later.#gapSquaresMs2;
    this.#logGapSum += later.#logGapSum;
    this.#gapMaxMs = Math.max(this.#gapMaxMs, later.#gapMaxMs);
    this.#shortGaps += later.#shortGaps;
    this.#visited ??= new VisitedPages();
    this.#repeats += later.#repeats + this.#visited.append(pages);
    this.#backSteps += later.#backSteps;
    // Of the later pages only the first two can be steps back to these.
    const [first, ...others] = pages.sequence;
    const second = others.find((page) => first !== undefined && !isSamePage(page, first));
    for (const page of [first, second]) if (page !== undefined) this.#step(page);
    if (later.#pageBefore === null) return;
    this.#pageBefore = later.#pageBefore;
    this.#previousPage = later.#previousPage;
  }

  #appendRare(later: RareCounts): void {
    this.#rare ??= { ...NOTHING_RARE, errorHashes: [] };
    const rare = this.#rare;
    for (const hash of later.errorHashes) {
      if (rare.errorHashes.length < ERROR_PATHS_MAX && !rare.errorHashes.includes(hash)) rare.errorHashes.push(hash);
    }
    rare.probes += later.probes;
    rare.guesses += later.guesses;
    rare.signIns += later.signIns;
    rare.programFiles += later.programFiles;
    rare.feeds += later.feeds;
    rare.headRequests += later.headRequests;
    rare.oddMethods += later.oddMethods;
    rare.refused ||= later.refused;
  }

  #observePage(timestampMs: number, page: KnownPath): void {
    if (this.#pageRequests === 0) this.#firstPageMs = timestampMs;
    else this.#observeGap(this.#withoutRefusal(Math.max(0, timestampMs - this.#firstPageMs - this.#spanMs)));
    if (this.#rare !== null) this.#rare.refused = false;
    this.#pageRequests += 1;
    this.#visited ??= new VisitedPages();
    if (this.#visited.add(page)) this.#repeats += 1;
    this.#step(page);
  }

  #step(page: KnownPath): void {
    if (this.#previousPage !== null && isSamePage(this.#previousPage, page)) return;
    if (this.#pageBefore !== null && isSamePage(this.#pageBefore, page)) this.#backSteps += 1;
    this.#pageBefore = this.#previousPage;
    this.#previousPage = page;
  }

  /** What counts of a gap in which a page was refused; see {@link REFUSED_STATUS}. */
  #withoutRefusal(gapMs: number): number {
    const gaps = this.#pageRequests - 1;
    if (this.#rare?.refused !== true || gaps < 1) return gapMs;
    const countedMs = Math.min(gapMs, Math.floor(this.#spanMs / gaps));
    // The rest is as if it had not been.
    this.#firstPageMs += gapMs - countedMs;
    return countedMs;
  }

  #observeGap(gapMs: number): void {
    this.#spanMs += gapMs;
    this.#gapSquaresMs2 += gapMs * gapMs;
    this.#logGapSum += Math.log(gapMs + LOG_GAP_OFFSET_MS);
    if (gapMs > this.#gapMaxMs) this.#gapMaxMs = gapMs;
    if (gapMs <= SHORT_GAP_MS) this.#shortGaps += 1;
  }

  #observeRare({ path, queryRole, kind, method, statusCode }: SessionRequest, page: KnownPath): void {
    const isError = statusCode !== undefined && ERROR_STATUSES.has(statusCode);
    const role = page.role === 'plain' ? (queryRole ?? roleOfQueryIn(path)) : page.role;
    const isRefused = kind === 'other' && statusCode === REFUSED_STATUS;
    if (role === 'plain' && !isError && !isRefused && (method === 'GET' || method === 'POST')) return;
    this.#rare ??= { ...NOTHING_RARE, errorHashes: [] };
    const rare = this.#rare;
    if (isRefused) rare.refused = true;
    if (isError && rare.errorHashes.length < ERROR_PATHS_MAX && !rare.errorHashes.includes(page.hash)) rare.errorHashes.push(page.hash);
    if (method === 'HEAD') rare.headRequests += 1;
    else if (!BROWSER_METHODS.has(method)) rare.oddMethods += 1;
    if (role === 'probe') rare.probes += 1;
    else if (role === 'program_file') rare.programFiles += 1;
    else if (role === 'feed') rare.feeds += 1;
    else if (role === 'sign_in' && method === 'POST') rare.signIns += 1;
    else if (isError && (role === 'guess' || role === 'sign_in')) rare.guesses += 1;
  }

  /** Requests of every kind; beacons are not requests. */
  get requests(): number {
    return this.#requests;
  }

  get pageRequests(): number {
    return this.#pageRequests;
  }

  get assetRequests(): number {
    return this.#assetRequests;
  }

  /** Requests that named the page they came from. */
  get referrers(): number {
    return this.#referrers;
  }

  get beacons(): number {
    return this.#beacons;
  }

  /** Beacons that reported an interaction. */
  get interactions(): number {
    return this.#interactions;
  }

  get distinctPages(): number {
    return this.#visited?.distinct ?? 0;
  }

  get sequenceLength(): number {
    return this.#visited?.sequenceLength ?? 0;
  }

  get sequenceDistinct(): number {
    return this.#visited?.sequenceDistinct ?? 0;
  }

  get sequenceMatches(): number {
    return this.#visited?.sequenceMatches ?? 0;
  }

  get spanMs(): number {
    return this.#spanMs;
  }

  get gapSquaresMs2(): number {
    return this.#gapSquaresMs2;
  }

  /** The longest gap between two successive page views: the longest stay on a page. */
  get gapMaxMs(): number {
    return this.#gapMaxMs;
  }

  /** Gaps of at most {@link SHORT_GAP_MS}. */
  get shortGaps(): number {
    return this.#shortGaps;
  }

  /** The typical gap as the geometric mean: it stands near the median, which cannot be kept in constant memory. 0 without gaps. */
  get typicalGapMs(): number {
    const gaps = this.#pageRequests - 1;
    return gaps < 1 ? 0 : Math.max(0, Math.exp(this.#logGapSum / gaps) - LOG_GAP_OFFSET_MS);
  }

  /** Page views of a page that the session had seen before. */
  get repeats(): number {
    return this.#repeats;
  }

  /** Steps back: a page view of the page before the last one (A, B, A). Reloads in between do not matter. */
  get backSteps(): number {
    return this.#backSteps;
  }

  /**
   * Distinct paths of no asset that were answered with 400, 403, 404, 405, 410 or 414, counted up to {@link ERROR_PATHS_MAX}. Paths and
   * not requests, because a page that polls one missing address is no scanner; not 401, 408, 422, 429 or 5xx, which people get too when a
   * sign-in runs out, a form is wrong, they are throttled or the server fails.
   */
  get errorPaths(): number {
    return this.#rare?.errorHashes.length ?? 0;
  }

  /** Requests for what only scanners ask for (`/.env`, path traversal). */
  get probes(): number {
    return this.#rare?.probes ?? 0;
  }

  /** Requests for pages of products that this site is not made with (`/wp-login.php`), answered with an error. */
  get guesses(): number {
    return this.#rare?.guesses ?? 0;
  }

  /** Sign-ins sent to a page that is known from password guessing. */
  get signIns(): number {
    return this.#rare?.signIns ?? 0;
  }

  /** Requests for files that are made for programs (`robots.txt`, `sitemap.xml`). */
  get programFiles(): number {
    return this.#rare?.programFiles ?? 0;
  }

  get feeds(): number {
    return this.#rare?.feeds ?? 0;
  }

  get headRequests(): number {
    return this.#rare?.headRequests ?? 0;
  }

  /** Requests with a method that a browser does not send (`PROPFIND`, `TRACE`). */
  get oddMethods(): number {
    return this.#rare?.oddMethods ?? 0;
  }
}

const ERROR_STATUSES: ReadonlySet<number> = new Set([400, 403, 404, 405, 410, 414]);
const BROWSER_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']);

function roleOfQueryIn(path: string): PathRole {
  const query = path.indexOf('?');
  return query < 0 ? 'plain' : roleOfQuery(path.slice(query + 1, query + 1 + PATH_LENGTH_MAX));
}
