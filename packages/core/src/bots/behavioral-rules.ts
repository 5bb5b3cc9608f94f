import { AnalyticsError } from '../errors/analytics-error.js';

/** The seven signals of the classic profile. */
export const BEHAVIORAL_SIGNAL_NAMES = [
  'high_request_count',
  'high_page_coverage',
  'sequential_navigation',
  'multiple_fingerprint_sessions',
  'regular_timing',
  'high_pages_per_minute',
  'outdated_browser',
] as const;
export type BehavioralSignalName = (typeof BEHAVIORAL_SIGNAL_NAMES)[number];

/** Points and limits of the classic profile. A request is a page request: neither an asset nor a beacon. */
export interface BehavioralRules {
  /** A session with at least so many points behaves like a bot. */
  readonly threshold: number;
  readonly points: Readonly<Record<BehavioralSignalName, number>>;
  /** More requests than this in the session. */
  readonly requestsMax: number;
  /** More than this share of the site's pages seen, where the site has at least `sitePagesMin` pages. */
  readonly pageCoverageMax: number;
  readonly sitePagesMin: number;
  /** More than this share of the visited paths stand where they would stand if sorted, from so many different paths on. */
  readonly sequentialShareMax: number;
  readonly sequentialPathsMin: number;
  /** More sessions of the fingerprint than this within 24 hours. */
  readonly fingerprintSessionsMax: number;
  /** Coefficient of variation of the gaps between requests below this, from so many requests on. */
  readonly timingVariationMin: number;
  readonly timingRequestsMin: number;
  /** More pages a minute than this. */
  readonly pagesPerMinuteMax: number;
  /** Major versions of browsers below these are outdated, by the browser's name. */
  readonly browserVersionsMin: Readonly<Record<string, number>>;
}

/** The table of docs/bots.md. */
export const DEFAULT_BEHAVIORAL_RULES: BehavioralRules = {
  threshold: 50,
  points: {
    high_request_count: 30,
    high_page_coverage: 25,
    sequential_navigation: 20,
    multiple_fingerprint_sessions: 20,
    regular_timing: 15,
    high_pages_per_minute: 15,
    outdated_browser: 10,
  },
  requestsMax: 50,
  pageCoverageMax: 0.6,
  sitePagesMin: 5,
  sequentialShareMax: 0.7,
  sequentialPathsMin: 5,
  fingerprintSessionsMax: 5,
  timingVariationMin: 0.1,
  timingRequestsMin: 5,
  pagesPerMinuteMax: 5,
  browserVersionsMin: { Chrome: 90, Firefox: 88 },
};

/** Largest value of any number in the rules. */
const NUMBER_MAX = 1_000_000;

/**
 * Rules with some of the defaults overridden, as a JSON object in the form of {@link BehavioralRules}.
 *
 * @throws AnalyticsError `invalid_configuration` that names the field, the value and what is allowed
 */
export function readBehavioralRules(json: unknown): BehavioralRules {
  return overridden('', DEFAULT_BEHAVIORAL_RULES, json);
}

function overridden<Rules extends object>(path: string, defaults: Rules, json: unknown): Rules {
  if (json === undefined) return defaults;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new AnalyticsError('invalid_configuration', `${path === '' ? 'The rules are' : `${path} is`} an object.`, { path });
  }
  // Browsers are added by name; everything else has the fields that the defaults have.
  const open = path === 'browserVersionsMin';
  const rules: Record<string, unknown> = Object.fromEntries(Object.entries(defaults));
  for (const [name, value] of Object.entries(json)) {
    const place = path === '' ? name : `${path}.${name}`;
    const fallback = rules[name];
    if (fallback === undefined && !open) {
      throw new AnalyticsError(
        'invalid_configuration',
        `${JSON.stringify(place.slice(0, 80))} is no rule; there are ${Object.keys(defaults).join(', ')}.`,
        { path: place },
      );
    }
    if (typeof fallback === 'object' && fallback !== null) rules[name] = overridden(place, fallback, value);
    else rules[name] = readNumber(place, value);
  }
  return rules as Rules;
}

function readNumber(place: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= NUMBER_MAX)) {
    throw new AnalyticsError('invalid_configuration', `${place} is ${JSON.stringify(value)}; allowed: a number from 0 to ${NUMBER_MAX}.`, {
      path: place,
    });
  }
  return value;
}
