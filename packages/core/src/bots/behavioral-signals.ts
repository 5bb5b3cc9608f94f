import { AnalyticsError } from '../errors/analytics-error.js';
import { type RuleFault, type RuleValues, readFields, readRuleNumber, readRuleValues, shown } from './rule-table.js';

const POINTS = { min: 0, max: 100, says: 'points of the signal' } as const;
const SHARE = { min: 0, max: 1 } as const;
const COUNT = { min: 0, max: 1_000_000, whole: true } as const;

/**
 * The seven behavioural signals with their points and limits. Every number can be overridden, see {@link readBehavioralRules};
 * the reference page is generated from this table and from {@link describeSignal}.
 */
export const BEHAVIORAL_SIGNALS = {
  high_request_count: {
    points: { ...POINTS, value: 30 },
    requests_max: { ...COUNT, value: 50, says: 'page requests of a session that are still usual' },
  },
  high_page_coverage: {
    points: { ...POINTS, value: 25 },
    share_max: { ...SHARE, value: 0.6, says: "share of the site's pages that is still usual" },
    // On a site of two or three pages everyone sees more than 60 % of it.
    site_pages_min: { ...COUNT, value: 5, says: 'pages that a site must have for the signal to mean anything' },
  },
  sequential_navigation: {
    points: { ...POINTS, value: 20 },
    share_max: { ...SHARE, value: 0.7, says: 'share of the visited sequence that may equal its own sorted order' },
    // One page asked again and again equals its own sorted order; that is polling and not a crawl.
    distinct_pages_min: { ...COUNT, value: 5, says: 'distinct pages from which on an order is looked for' },
  },
  multiple_fingerprint_sessions: {
    points: { ...POINTS, value: 20 },
    sessions_max: { ...COUNT, value: 5, says: 'sessions of one fingerprint within 24 hours that are still usual' },
  },
  regular_timing: {
    points: { ...POINTS, value: 15 },
    variation_min: { min: 0, max: 10, value: 0.1, says: 'coefficient of variation of the gaps that is still usual' },
    requests_min: { ...COUNT, value: 5, says: 'page requests from which on a rhythm is looked for' },
  },
  high_pages_per_minute: {
    points: { ...POINTS, value: 15 },
    pages_per_minute_max: { min: 0, max: 1_000_000, value: 5, says: 'pages a minute that are still usual' },
    pages_min: { ...COUNT, value: 2, says: 'page requests from which on a speed is computed' },
    span_seconds_min: { min: 1, max: 3600, value: 60, says: 'shortest span that a speed is computed over' },
  },
  outdated_browser: {
    points: { ...POINTS, value: 10 },
  },
} as const;

export type BehavioralSignalName = keyof typeof BEHAVIORAL_SIGNALS;

/** The names of the signals in the order in which they are reported. */
export const BEHAVIORAL_SIGNAL_NAMES: readonly BehavioralSignalName[] = [
  'high_request_count',
  'high_page_coverage',
  'sequential_navigation',
  'multiple_fingerprint_sessions',
  'regular_timing',
  'high_pages_per_minute',
  'outdated_browser',
];

/** Points, limits, threshold and browser limits of the `classic` profile. The names are those of the rules file. */
export interface BehavioralRules {
  /** A session with this score or more is a bot. */
  readonly threshold: number;
  readonly signals: RuleValues<typeof BEHAVIORAL_SIGNALS>;
  /** Lower-case browser name -> oldest major version that is not outdated. Browsers that are not listed never are. */
  readonly oldest_major: Readonly<Record<string, number>>;
}

const THRESHOLD = { value: 50, min: 1, max: 1000 } as const;
const OLDEST_MAJOR: Readonly<Record<string, number>> = { chrome: 90, firefox: 88 };

/** The rules that hold unless a deployment overrides them. */
export const BEHAVIORAL_RULES: BehavioralRules = readRules(undefined, '', []);

/**
 * Reads an override of the rules from parsed JSON. What is left out keeps its default; browsers in `oldest_major` are added to
 * the default ones, and `0` turns one off.
 *
 * @throws AnalyticsError `invalid_configuration` with every fault, each with the field, the value and what is allowed
 *
 * @example
 * ```ts
 * const rules = readBehavioralRules({ threshold: 60, signals: { high_request_count: { requests_max: 100 } }, oldest_major: { chrome: 120 } });
 * rules.signals.high_request_count.points; // 30
 * ```
 */
export function readBehavioralRules(override: unknown): BehavioralRules {
  const faults: RuleFault[] = [];
  const rules = readRules(override, '', faults);
  throwRuleFaults(faults);
  return rules;
}

/** The same for rules that stand at `path` of a larger file; faults are added to `faults`. */
export function readRules(override: unknown, path: string, faults: RuleFault[]): BehavioralRules {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const fields = readFields(override, path, ['threshold', 'signals', 'oldest_major'], faults);
  return {
    threshold: readRuleNumber(THRESHOLD, fields['threshold'], at('threshold'), faults),
    signals: readRuleValues(BEHAVIORAL_SIGNALS, fields['signals'], at('signals'), faults),
    oldest_major: readOldestMajor(fields['oldest_major'], at('oldest_major'), faults),
  };
}

/** @throws AnalyticsError `invalid_configuration` when there are any */
export function throwRuleFaults(faults: readonly RuleFault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new AnalyticsError('invalid_configuration', faults.map(({ message }) => message).join(' '), { path: first.path });
}

function readOldestMajor(value: unknown, path: string, faults: RuleFault[]): Readonly<Record<string, number>> {
  const majors: Record<string, number> = { ...OLDEST_MAJOR };
  const given = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  for (const [name, major] of Object.entries(readFields(value, path, given, faults))) {
    if (name === '' || name.length > 40) {
      faults.push({ path, message: `${path} names the browser ${shown(name)}; a name must have 1 to 40 characters.` });
      continue;
    }
    majors[name.toLowerCase()] = readRuleNumber({ value: 0, min: 0, max: 100_000, whole: true }, major, `${path}.${name}`, faults);
  }
  return majors;
}

/**
 * When a signal is raised under these rules, as half a sentence for reference pages and tooltips.
 *
 * @example
 * ```ts
 * describeSignal('high_request_count', BEHAVIORAL_RULES); // 'more than 50 page requests in the session'
 * ```
 */
export function describeSignal(name: BehavioralSignalName, { signals, oldest_major }: BehavioralRules): string {
  switch (name) {
    case 'high_request_count':
      return `more than ${signals[name].requests_max} page requests in the session`;
    case 'high_page_coverage': {
      const { share_max, site_pages_min } = signals[name];
      return `more than ${percent(share_max)} of the site's pages seen, on a site of ${site_pages_min} pages or more`;
    }
    case 'sequential_navigation': {
      const { share_max, distinct_pages_min } = signals[name];
      return `more than ${percent(share_max)} of the visited sequence equals its own sorted order, from ${distinct_pages_min} distinct pages on`;
    }
    case 'multiple_fingerprint_sessions':
      return `more than ${signals[name].sessions_max} sessions of the fingerprint within 24 hours`;
    case 'regular_timing': {
      const { variation_min, requests_min } = signals[name];
      return `coefficient of variation of the gaps between page requests below ${variation_min}, from ${requests_min} requests on`;
    }
    case 'high_pages_per_minute': {
      const { pages_per_minute_max, pages_min, span_seconds_min } = signals[name];
      return `more than ${pages_per_minute_max} pages a minute, from ${pages_min} pages on, over ${span_seconds_min} seconds or more`;
    }
    case 'outdated_browser': {
      const limits = Object.entries(oldest_major).filter(([, major]) => major > 0);
      if (limits.length === 0) return 'never, as no browser has a limit';
      return `a browser below ${limits.map(([browser, major]) => `${browser.slice(0, 1).toUpperCase()}${browser.slice(1)} ${major}`).join(' or ')}`;
    }
  }
}

/** `60 %`, `7.1 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
