import { type BehavioralRules, type BehavioralSignalName, DEFAULT_BEHAVIORAL_RULES } from './behavioral-rules.js';
import {
  DISTINCT_PATHS_MAX,
  pagesPerMinuteOf,
  SEQUENCE_MAX,
  type SessionBehavior,
  sortedShareOf,
  variationOf,
} from './session-behavior.js';

/** What is known of a session besides its requests. */
export interface BehavioralContext {
  /** Pages of the site; 0 when not known. */
  readonly sitePages: number;
  /** Sessions of the fingerprint within 24 hours, this one among them. */
  readonly fingerprintSessions: number;
  /** The browser's name, as in `browserVersionsMin`; empty when not known. */
  readonly browser: string;
  /** The browser's version, such as `137.0.1`; empty when not known. */
  readonly browserVersion: string;
}

/** All page requests of a session, in the order of their time, and what is known besides. */
export interface BehavioralAnalysisInput extends BehavioralContext {
  readonly requests: readonly { readonly timestampMs: number; readonly path: string }[];
}

/** A signal that was found. */
export interface BehavioralSignal {
  readonly name: BehavioralSignalName;
  readonly points: number;
  /** A sentence with the measured value. */
  readonly description: string;
}

export interface BehavioralAnalysisResult {
  /** Sum of the points of the signals. */
  readonly score: number;
  /** Is the score at or above the threshold? */
  readonly isSuspicious: boolean;
  readonly signals: readonly BehavioralSignal[];
  /** The descriptions of the signals; empty when there is none. */
  readonly reason: string;
}

/** The numbers of which the signals are made. */
interface Measures extends BehavioralContext {
  readonly requests: number;
  readonly distinctPaths: number;
  readonly sortedShare: number;
  readonly timingVariation: number | undefined;
  readonly pagesPerMinute: number;
}

/**
 * Scores how much a session behaves like a bot: seven signals, each with its points.
 *
 * @example
 * const detector = new BehavioralBotDetector();
 * const requests = ['/a', '/b', '/c', '/d', '/e'].map((path, index) => ({ timestampMs: index * 1000, path }));
 * const { score, reason } = detector.analyze({ requests, sitePages: 5, fingerprintSessions: 1, browser: 'Chrome', browserVersion: '137' });
 * console.log(score, reason);
 */
export class BehavioralBotDetector {
  readonly #rules: BehavioralRules;

  constructor(rules: BehavioralRules = DEFAULT_BEHAVIORAL_RULES) {
    this.#rules = rules;
  }

  /** Scores a session of which all requests are at hand. */
  analyze(input: BehavioralAnalysisInput): BehavioralAnalysisResult {
    const { requests } = input;
    const gaps = requests.slice(1).map(({ timestampMs }, index) => timestampMs - (requests[index]?.timestampMs ?? timestampMs));
    const sum = gaps.reduce((total, gap) => total + gap, 0);
    const squareSum = gaps.reduce((total, gap) => total + gap * gap, 0);
    const span = (requests.at(-1)?.timestampMs ?? 0) - (requests[0]?.timestampMs ?? 0);
    return this.#judge({
      ...input,
      requests: requests.length,
      distinctPaths: Math.min(DISTINCT_PATHS_MAX, new Set(requests.map(({ path }) => path)).size),
      sortedShare: sortedShareOf(requests.slice(0, SEQUENCE_MAX).map(({ path }) => path)),
      timingVariation: variationOf(gaps.length, sum, squareSum),
      pagesPerMinute: pagesPerMinuteOf(requests.length, span),
    });
  }

  /** Scores a session by what was kept of its requests: the same answer as for all of them. */
  analyzeBehavior(behavior: SessionBehavior, context: BehavioralContext): BehavioralAnalysisResult {
    return this.#judge(measuresOf(behavior, context));
  }

  /** The score alone, for every request: no sentence is written. */
  scoreBehavior(behavior: SessionBehavior, context: BehavioralContext): number {
    const found = this.#find(measuresOf(behavior, context));
    let score = 0;
    for (const name of found) score += this.#rules.points[name];
    return score;
  }

  /** Is a score that of a bot? */
  isSuspicious(score: number): boolean {
    return score >= this.#rules.threshold;
  }

  #judge(measures: Measures): BehavioralAnalysisResult {
    const signals = this.#find(measures).map((name) => ({
      name,
      points: this.#rules.points[name],
      description: describe(name, measures, this.#rules),
    }));
    const score = signals.reduce((sum, { points }) => sum + points, 0);
    return {
      score,
      isSuspicious: this.isSuspicious(score),
      signals,
      reason: signals.map(({ description }) => description).join(' '),
    };
  }

  #find(measures: Measures): BehavioralSignalName[] {
    const rules = this.#rules;
    const { requests, distinctPaths, timingVariation } = measures;
    const found: BehavioralSignalName[] = [];
    if (requests > rules.requestsMax) found.push('high_request_count');
    if (measures.sitePages >= rules.sitePagesMin && coverageOf(measures) > rules.pageCoverageMax) found.push('high_page_coverage');
    if (distinctPaths >= rules.sequentialPathsMin && measures.sortedShare > rules.sequentialShareMax) found.push('sequential_navigation');
    if (measures.fingerprintSessions > rules.fingerprintSessionsMax) found.push('multiple_fingerprint_sessions');
    const regular = timingVariation !== undefined && timingVariation < rules.timingVariationMin;
    if (requests >= rules.timingRequestsMin && regular) found.push('regular_timing');
    if (measures.pagesPerMinute > rules.pagesPerMinuteMax) found.push('high_pages_per_minute');
    if (isOutdated(measures, rules)) found.push('outdated_browser');
    return found;
  }
}

function measuresOf(behavior: SessionBehavior, context: BehavioralContext): Measures {
  const { sitePages, fingerprintSessions, browser, browserVersion } = context;
  const { requests, distinctPaths, sortedShare, timingVariation, pagesPerMinute } = behavior;
  return { sitePages, fingerprintSessions, browser, browserVersion, requests, distinctPaths, sortedShare, timingVariation, pagesPerMinute };
}

/** A page that was just made is seen before it is counted among the site's. */
function coverageOf({ distinctPaths, sitePages }: Measures): number {
  return Math.min(1, distinctPaths / sitePages);
}

function isOutdated({ browser, browserVersion }: Measures, { browserVersionsMin }: BehavioralRules): boolean {
  const minimum = Object.hasOwn(browserVersionsMin, browser) ? browserVersionsMin[browser] : undefined;
  const major = Number.parseInt(browserVersion, 10);
  return minimum !== undefined && major < minimum;
}

function describe(name: BehavioralSignalName, measures: Measures, rules: BehavioralRules): string {
  switch (name) {
    case 'high_request_count':
      return `${measures.requests} requests in the session, more than ${rules.requestsMax}.`;
    case 'high_page_coverage':
      return `${percent(coverageOf(measures))} of the site's ${measures.sitePages} pages seen, more than ${percent(rules.pageCoverageMax)}.`;
    case 'sequential_navigation':
      return `${percent(measures.sortedShare)} of the visited paths are in sorted order, more than ${percent(rules.sequentialShareMax)}.`;
    case 'multiple_fingerprint_sessions':
      return `${measures.fingerprintSessions} sessions of this visitor within 24 hours, more than ${rules.fingerprintSessionsMax}.`;
    case 'regular_timing':
      return `The gaps between ${measures.requests} requests vary by ${percent(measures.timingVariation ?? 0)} of their mean, less than ${percent(rules.timingVariationMin)}.`;
    case 'high_pages_per_minute':
      return `${measures.pagesPerMinute.toFixed(1)} pages a minute, more than ${rules.pagesPerMinuteMax}.`;
    case 'outdated_browser':
      return `${measures.browser} ${measures.browserVersion} is older than ${rules.browserVersionsMin[measures.browser] ?? ''}.`;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
