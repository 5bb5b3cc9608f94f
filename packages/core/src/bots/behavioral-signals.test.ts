import { describe, expect, it } from 'vitest';
import { AnalyticsError } from '../errors/analytics-error.js';
import { BEHAVIORAL_RULES, BEHAVIORAL_SIGNAL_NAMES, describeSignal, readBehavioralRules } from './behavioral-signals.js';

function refusal(override: unknown): AnalyticsError {
  try {
    readBehavioralRules(override);
  } catch (error) {
    if (error instanceof AnalyticsError) return error;
    throw error;
  }
  throw new Error('the rules were taken');
}

describe('readBehavioralRules', () => {
  it.each([[undefined], [{}], [{ signals: {} }], [{ signals: { regular_timing: {} }, oldest_major: {} }]])(
    'keeps the defaults where nothing is set: %j',
    (override) => {
      expect(readBehavioralRules(override)).toEqual(BEHAVIORAL_RULES);
    },
  );

  it('sets what is named and nothing else', () => {
    const rules = readBehavioralRules({
      threshold: 70,
      signals: { high_page_coverage: { share_max: 0.8 }, high_pages_per_minute: { points: 0, pages_per_minute_max: 7.5 } },
      oldest_major: { Edge: 100, FIREFOX: 115 },
    });
    expect(rules).toEqual({
      threshold: 70,
      signals: {
        ...BEHAVIORAL_RULES.signals,
        high_page_coverage: { ...BEHAVIORAL_RULES.signals.high_page_coverage, share_max: 0.8 },
        high_pages_per_minute: { ...BEHAVIORAL_RULES.signals.high_pages_per_minute, points: 0, pages_per_minute_max: 7.5 },
      },
      oldest_major: { chrome: 90, firefox: 115, edge: 100 },
    });
  });

  it.each<[unknown, string, string]>([
    [[], '', 'The file of rules is []; it must be an object.'],
    ['50', '', 'The file of rules is "50"; it must be an object.'],
    [null, '', 'The file of rules is null; it must be an object.'],
    [{ threshold: 0 }, 'threshold', 'threshold is 0; it must be a number from 1 to 1000.'],
    [{ threshold: Number.NaN }, 'threshold', 'threshold is NaN; it must be a number from 1 to 1000.'],
    [{ treshold: 50 }, 'treshold', 'treshold is not known; known are threshold, signals, oldest_major.'],
    [{ signals: { speed: {} } }, 'signals.speed', 'signals.speed is not known'],
    [
      { signals: { regular_timing: { points: '15' } } },
      'signals.regular_timing.points',
      'points is "15"; it must be a number from 0 to 100.',
    ],
    [{ signals: { regular_timing: { points: -1 } } }, 'signals.regular_timing.points', 'points is -1'],
    [
      { signals: { regular_timing: { requests_min: 4.5 } } },
      'signals.regular_timing.requests_min',
      'requests_min is 4.5; it must be a whole number from 0 to 1000000.',
    ],
    [{ signals: { high_page_coverage: { share_max: 60 } } }, 'signals.high_page_coverage.share_max', 'a number from 0 to 1.'],
    [{ signals: { high_page_coverage: { max: 1 } } }, 'signals.high_page_coverage.max', 'known are points, share_max, site_pages_min.'],
    [{ signals: { high_page_coverage: 25 } }, 'signals.high_page_coverage', 'is 25; it must be an object.'],
    [{ oldest_major: { chrome: 'old' } }, 'oldest_major.chrome', 'oldest_major.chrome is "old"; it must be a whole number'],
    [{ oldest_major: { '': 5 } }, 'oldest_major', 'a name must have 1 to 40 characters.'],
    [{ oldest_major: [90] }, 'oldest_major', 'oldest_major is [90]; it must be an object.'],
  ])('refuses %j', (override, path, message) => {
    const error = refusal(override);
    expect(error).toMatchObject({ code: 'invalid_configuration', path });
    expect(error.message).toContain(message);
  });

  it('reports all faults together', () => {
    const error = refusal({ threshold: -5, signals: { outdated_browser: { points: true } }, more: 1 });
    expect(error.message).toContain('threshold is -5');
    expect(error.message).toContain('signals.outdated_browser.points is true');
    expect(error.message).toContain('more is not known');
  });

  it('shows a long value shortened', () => {
    expect(refusal({ threshold: 'x'.repeat(500) }).message.length).toBeLessThan(120);
  });

  it('takes its own answer as an override', () => {
    const rules = readBehavioralRules({ threshold: 40, oldest_major: { safari: 12 } });
    expect(readBehavioralRules(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
  });
});

describe('describeSignal', () => {
  it('states the condition of every signal with its limits', () => {
    expect(BEHAVIORAL_SIGNAL_NAMES.map((name) => describeSignal(name, BEHAVIORAL_RULES))).toEqual([
      'more than 50 page requests in the session',
      "more than 60 % of the site's pages seen, on a site of 5 pages or more",
      'more than 70 % of the visited sequence equals its own sorted order, from 5 distinct pages on',
      'more than 5 sessions of the fingerprint within 24 hours',
      'coefficient of variation of the gaps between page requests below 0.1, from 5 requests on',
      'more than 5 pages a minute, from 2 pages on, over 60 seconds or more',
      'a browser below Chrome 90 or Firefox 88',
    ]);
  });

  it('follows the rules it is given', () => {
    const rules = readBehavioralRules({ signals: { high_request_count: { requests_max: 9 } }, oldest_major: { chrome: 0 } });
    expect(describeSignal('high_request_count', rules)).toBe('more than 9 page requests in the session');
    expect(describeSignal('outdated_browser', rules)).toBe('a browser below Firefox 88');
    const none = readBehavioralRules({ oldest_major: { chrome: 0, firefox: 0 } });
    expect(describeSignal('outdated_browser', none)).toBe('never, as no browser has a limit');
  });
});
