import {
  assertTimestamp,
  DISTINCT_PAGES_MAX,
  type PageMeasures,
  pageOfPath,
  REFUSED_STATUS,
  SEQUENCE_PAGES_MAX,
  type SessionRequest,
} from './session-request.js';

/**
 * The measures of a session from the list of its requests, in order of time; anything but page views is left out. An empty list
 * measures as zeros.
 *
 * @throws AnalyticsError `invalid_value` when a `timestampMs` is not a finite number
 *
 * @example
 * ```ts
 * const measures = measureRequests(requests);
 * gapVariation(measures); // 0.42
 * ```
 */
export function measureRequests(requests: readonly SessionRequest[]): PageMeasures {
  for (const { timestampMs } of requests) assertTimestamp(timestampMs);
  const views = requests.filter(({ kind }) => kind === 'page');
  const paths = views.map(({ path }) => pageOfPath(path));
  const sequence = paths.slice(0, SEQUENCE_PAGES_MAX);
  const sorted = sequence.toSorted(byCodeUnits);
  let latestMs = 0;
  let gaps = -1;
  let spanMs = 0;
  let gapSquaresMs2 = 0;
  let refused = false;
  for (const { timestampMs, kind, statusCode } of requests) {
    if (kind === 'other' && statusCode === REFUSED_STATUS) refused = true;
    if (kind !== 'page') continue;
    if (gaps >= 0) {
      const elapsedMs = Math.max(0, timestampMs - latestMs);
      const gapMs = refused && gaps > 0 ? Math.min(elapsedMs, Math.floor(spanMs / gaps)) : elapsedMs;
      spanMs += gapMs;
      gapSquaresMs2 += gapMs * gapMs;
    }
    latestMs = gaps < 0 ? timestampMs : Math.max(latestMs, timestampMs);
    gaps += 1;
    refused = false;
  }
  return {
    pageRequests: views.length,
    distinctPages: Math.min(DISTINCT_PAGES_MAX, new Set(paths).size),
    sequenceLength: sequence.length,
    sequenceDistinct: new Set(sequence).size,
    sequenceMatches: sequence.filter((path, index) => path === sorted[index]).length,
    spanMs,
    gapSquaresMs2,
  };
}

function byCodeUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
