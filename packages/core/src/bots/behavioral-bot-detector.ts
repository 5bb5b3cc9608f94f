import {
  BEHAVIORAL_RULES,
  BEHAVIORAL_SIGNAL_NAMES,
  type BehavioralRules,
  type BehavioralSignalName,
  percent,
} from './behavioral-signals.js';
import { measureRequests } from './measure-requests.js';
import { gapVariation, type PageMeasures, pagesPerMinute, type SessionRequest, sequenceShare } from './session-request.js';

/** What the classic signals need to know of a session beside its page views. */
export interface BehavioralContext {
  /** Pages the site is known to have; `null` when that is not known, then coverage is not judged. */
  readonly sitePages: number | null;
  /** Sessions of this fingerprint within 24 hours, this one included. */
  readonly fingerprintSessions: number;
  /** Browser name such as `Chrome`, without regard to case; empty when not known. */
  readonly browser: string;
  /** Major version; `null` when not known. */
  readonly browserMajor: number | null;
}

/** A whole session to judge. */
export interface BehavioralAnalysisInput {
  /** In order of time. Only page views count. */
  readonly requests: readonly SessionRequest[];
  /** Pages the site is known to have; `null` when that is not known, then coverage is not judged. */
  readonly sitePages: number | null;
  /** Sessions of this fingerprint within 24 hours, this one included. */
  readonly fingerprintSessions: number;
  /** Browser name such as `Chrome`, without regard to case; empty when not known. */
  readonly browser: string;
  /** `137.0.7151` or as much of it as is known; empty when not known. */
  readonly browserVersion: string;
}

/**
 * One signal that was found.
 *
 * @example
 * const signals: readonly BehavioralSignal[] = result.signals;
 * for (const signal of signals) console.log(`${signal.name} (${signal.points}): ${signal.reason}`);
 */
export interface BehavioralSignal {
  readonly name: BehavioralSignalName;
  readonly points: number;
  /** A sentence with the measured value. */
  readonly reason: string;
}

/**
 * The verdict of the classic profile.
 *
 * @example
 * console.log(result.score, result.isSuspicious);
 */
export interface BehavioralAnalysisResult {
  /** Sum of the points of the signals. */
  readonly score: number;
  /** Is the score at or above the threshold? */
  readonly isSuspicious: boolean;
  /** In the order of `BEHAVIORAL_SIGNAL_NAMES`. */
  readonly signals: readonly BehavioralSignal[];
  /** The sentences of all signals; says so when there are none. */
  readonly reason: string;
}

/**
 * The classic profile: seven signals over the page views of a session, each with fixed points, a bot from 50 points on.
 * It sees neither the user agent's claim nor the network; {@link judgeSession} adds those.
 *
 * @example
 * const detector = new BehavioralBotDetector();
 * const result: BehavioralAnalysisResult = detector.analyze({
 *   requests,
 *   sitePages: null,
 *   fingerprintSessions: 1,
 *   browser: 'Chrome',
 *   browserVersion: '80.0',
 * });
 * console.log(result.score, result.isSuspicious);
 */
export class BehavioralBotDetector {
  readonly rules: BehavioralRules;

  /** @param rules from {@link readBehavioralRules}; @default the seven signals as they are documented */
  constructor(rules: BehavioralRules = BEHAVIORAL_RULES) {
    this.rules = rules;
  }

  /** Judges a whole session from the list of its requests. */
  analyze({ requests, browserVersion, ...context }: BehavioralAnalysisInput): BehavioralAnalysisResult {
    return this.analyzeSession(measureRequests(requests), { ...context, browserMajor: majorOf(browserVersion) });
  }

  /** Judges a session from its measures, with the same result: those of a live `SessionBehavior`, or of `measureRequests`. */
  analyzeSession(measures: PageMeasures, context: BehavioralContext): BehavioralAnalysisResult {
    const signals: BehavioralSignal[] = [];
    let score = 0;
    for (const name of BEHAVIORAL_SIGNAL_NAMES) {
      if (!isRaised(name, measures, context, this.rules)) continue;
      const { points } = this.rules.signals[name];
      score += points;
      signals.push({ name, points, reason: reasonOf(name, measures, context, this.rules) });
    }
    const reason = signals.length === 0 ? 'No behavioural signal was found.' : signals.map((signal) => signal.reason).join(' ');
    return { score, isSuspicious: score >= this.rules.threshold, signals, reason };
  }

  /** The score alone, without sentences and without allocating: what is asked with every request of a live session. */
  score(measures: PageMeasures, context: BehavioralContext): number {
    let score = 0;
    for (const name of BEHAVIORAL_SIGNAL_NAMES) {
      if (isRaised(name, measures, context, this.rules)) score += this.rules.signals[name].points;
    }
    return score;
  }
}

/**
 * The major version in a version text; `null` when it does not begin with a number.
 *
 * @example
 * ```ts
 * majorOf('137.0.7151'); // 137
 * ```
 */
export function majorOf(version: string): number | null {
  const major = Number.parseInt(version, 10);
  return Number.isNaN(major) ? null : major;
}

function isRaised(
  name: BehavioralSignalName,
  measures: PageMeasures,
  { sitePages, fingerprintSessions, browser, browserMajor }: BehavioralContext,
  { signals, oldest_major }: BehavioralRules,
): boolean {
  switch (name) {
    case 'high_request_count':
      return measures.pageRequests > signals[name].requests_max;
    case 'high_page_coverage': {
      const { share_max, site_pages_min } = signals[name];
      return sitePages !== null && sitePages > 0 && sitePages >= site_pages_min && measures.distinctPages / sitePages > share_max;
    }
    case 'sequential_navigation': {
      const { share_max, distinct_pages_min } = signals[name];
      return measures.sequenceDistinct >= distinct_pages_min && sequenceShare(measures) > share_max;
    }
    case 'multiple_fingerprint_sessions':
      return fingerprintSessions > signals[name].sessions_max;
    case 'regular_timing': {
      const { variation_min, requests_min } = signals[name];
      const variation = measures.pageRequests >= requests_min ? gapVariation(measures) : null;
      return variation !== null && variation < variation_min;
    }
    case 'high_pages_per_minute': {
      const { pages_per_minute_max, pages_min, span_seconds_min } = signals[name];
      return measures.pageRequests >= pages_min && pagesPerMinute(measures, span_seconds_min) > pages_per_minute_max;
    }
    case 'outdated_browser': {
      if (browserMajor === null) return false;
      const oldest = Object.hasOwn(oldest_major, browser) ? oldest_major[browser] : oldest_major[browser.toLowerCase()];
      return typeof oldest === 'number' && browserMajor < oldest;
    }
  }
}

function reasonOf(
  name: BehavioralSignalName,
  measures: PageMeasures,
  { sitePages, fingerprintSessions, browser, browserMajor }: BehavioralContext,
  { signals, oldest_major }: BehavioralRules,
): string {
  switch (name) {
    case 'high_request_count':
      return `The session made ${measures.pageRequests} page requests; up to ${signals[name].requests_max} are usual.`;
    case 'high_page_coverage': {
      const share = sitePages === null ? 0 : measures.distinctPages / sitePages;
      return `It asked for ${measures.distinctPages} distinct pages of a site of ${sitePages} (${percent(share)}); up to ${percent(signals[name].share_max)} is usual.`;
    }
    case 'sequential_navigation':
      return `${percent(sequenceShare(measures))} of the first ${measures.sequenceLength} page views came in sorted order; up to ${percent(signals[name].share_max)} is usual.`;
    case 'multiple_fingerprint_sessions':
      return `The fingerprint had ${fingerprintSessions} sessions within 24 hours; up to ${signals[name].sessions_max} are usual.`;
    case 'regular_timing': {
      const variation = gapVariation(measures) ?? 0;
      return `The gaps between page views vary by ${variation.toFixed(3)} of their mean; ${signals[name].variation_min} or more is usual.`;
    }
    case 'high_pages_per_minute': {
      const { pages_per_minute_max, span_seconds_min } = signals[name];
      const speed = pagesPerMinute(measures, span_seconds_min);
      return `It asked for ${speed.toFixed(1)} pages a minute; up to ${pages_per_minute_max} are usual.`;
    }
    case 'outdated_browser':
      return `The browser is ${browser} ${browserMajor}; versions from ${oldest_major[browser.toLowerCase()]} on are usual.`;
  }
}
