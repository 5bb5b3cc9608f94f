import { AnalyticsError } from '../errors/analytics-error.js';
import type { QueryRole } from './path-role.js';

/**
 * What a request is to the measuring of a session. Beacons of the tracker are none of these: they are reported to
 * `SessionBehavior.beacon`, because every person who reads a page sends many, and counting them would make people look like programs.
 */
export type RequestKind = 'page' | 'asset' | 'other';

/** One request of a session, as far as its behaviour is judged. */
export interface SessionRequest {
  /** UTC milliseconds. A request that arrives late counts as if it arrived together with the latest one. */
  readonly timestampMs: number;
  /**
   * Path with or without its query. Pages are told apart by the path alone; probes and feeds are looked for in both.
   * Only the first {@link PATH_LENGTH_MAX} characters of each are looked at.
   */
  readonly path: string;
  /** What the query says of who asks, where it is known and `path` has none; see `roleOfQuery`. */
  readonly queryRole?: QueryRole | undefined;
  /** `page` for a page view, `asset` for what a page loads (images, styles, scripts, fonts), `other` for the rest (robots.txt, feeds, APIs). */
  readonly kind: RequestKind;
  /** HTTP method in upper case. */
  readonly method: string;
  /** Status of the answer; left out where it is not known, as for page views that a script reports. */
  readonly statusCode?: number | undefined;
  /** Did the request name the page it came from? */
  readonly hasReferrer: boolean;
}

/**
 * Status of a request that was refused because there were too many. The pause that it imposes is nobody's rhythm: a gap between page
 * views in which one was refused counts as long as the gaps before it were on average, if it was longer.
 */
export const REFUSED_STATUS = 429;

/** Page views of a session whose order is compared; the order of later ones is not looked at. */
export const SEQUENCE_PAGES_MAX = 32;
/** Distinct pages counted exactly; a session with more counts as having seen this many. */
export const DISTINCT_PAGES_MAX = 1024;
/** Characters of a path, and of a query, that are looked at. */
export const PATH_LENGTH_MAX = 200;

/**
 * What the behavioural signals are computed from, for one session. Counted over page views only, with the bounds
 * {@link SEQUENCE_PAGES_MAX} and {@link DISTINCT_PAGES_MAX}, the same in both computations: over a list of
 * requests (`measureRequests`) and request by request (`SessionBehavior`).
 */
export interface PageMeasures {
  readonly pageRequests: number;
  /** At most {@link DISTINCT_PAGES_MAX}. */
  readonly distinctPages: number;
  /** Page views whose order is compared, at most {@link SEQUENCE_PAGES_MAX}. */
  readonly sequenceLength: number;
  /** Distinct pages among those. */
  readonly sequenceDistinct: number;
  /** How many of those stand at the position that they have when all are sorted by path (UTF-16 code units). */
  readonly sequenceMatches: number;
  /** From the first to the last page view. */
  readonly spanMs: number;
  /** Sum of the squares of the gaps between successive page views, in square milliseconds. */
  readonly gapSquaresMs2: number;
}

/**
 * Coefficient of variation of the gaps between page views: population standard deviation / mean. `null` with fewer than two
 * page views, and when all come at the same millisecond: then the mean is 0 and nothing is known of the rhythm. (Such
 * bursts come from clocks of one second as well as from programs; `high_pages_per_minute` counts them.)
 *
 * @example
 * ```ts
 * gapVariation(measureRequests(requests)); // 0.08: as regular as a clock
 * ```
 */
export function gapVariation({ pageRequests, spanMs, gapSquaresMs2 }: PageMeasures): number | null {
  const gaps = pageRequests - 1;
  if (gaps < 1 || spanMs === 0) return null;
  const meanMs = spanMs / gaps;
  return Math.sqrt(Math.max(0, gapSquaresMs2 / gaps - meanMs * meanMs)) / meanMs;
}

/**
 * Page views per minute: page views / minutes from the first to the last. A shorter span than `spanSecondsMin` counts as
 * that long, so that two quick clicks are 2 pages a minute and not 120, and 30 pages within ten seconds are still 30.
 *
 * @example
 * ```ts
 * pagesPerMinute(measureRequests(requests), 60); // 12.5
 * ```
 */
export function pagesPerMinute({ pageRequests, spanMs }: PageMeasures, spanSecondsMin: number): number {
  return (pageRequests * 60_000) / Math.max(spanMs, spanSecondsMin * 1000);
}

/**
 * Share of the compared page views that stand at their sorted position, 0 to 1; 0 without any.
 *
 * @example
 * ```ts
 * sequenceShare(behavior); // 0.9 of a crawl in the order of the sitemap
 * ```
 */
export function sequenceShare({ sequenceLength, sequenceMatches }: PageMeasures): number {
  return sequenceLength === 0 ? 0 : sequenceMatches / sequenceLength;
}

/**
 * The part of a path that tells pages apart: without its query, and not longer than {@link PATH_LENGTH_MAX}.
 *
 * @example
 * ```ts
 * pageOfPath('/docs?utm_source=mail'); // '/docs'
 * ```
 */
export function pageOfPath(path: string): string {
  const query = path.indexOf('?');
  const end = Math.min(query < 0 ? path.length : query, PATH_LENGTH_MAX);
  return end === path.length ? path : path.slice(0, end);
}

/**
 * One time that is none would spoil every sum after it.
 *
 * @throws AnalyticsError `invalid_value` when `timestampMs` is not a finite number
 */
export function assertTimestamp(timestampMs: number): void {
  if (Number.isFinite(timestampMs)) return;
  throw new AnalyticsError('invalid_value', `timestampMs is ${timestampMs}; it must be a finite number of milliseconds.`, {
    path: 'timestampMs',
  });
}
