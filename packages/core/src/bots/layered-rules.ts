import { type BehavioralRules, readRules, throwRuleFaults } from './behavioral-signals.js';
import { joinPath, type RuleFault, type RuleValues, readFields, readRuleNumber, readRuleValues, shown } from './rule-table.js';

const POINTS = { min: -200, max: 200 } as const;
const SHARE = { min: 0, max: 1 } as const;
const COUNT = { min: 1, max: 1_000_000, whole: true } as const;
const SECONDS = { min: 0.001, max: 86_400 } as const;

/**
 * Every weight and limit of the `layered` profile. Points of all layers are added; the sum at which a session is as likely a program as a
 * person is the midpoint. No layer of weak signs reaches the midpoint with a single request, and behaviour
 * is judged from `pages_min` page views on, growing with their number.
 *
 * Measured on a public access log (10,000 lines, 3,223 sessions, labels from the user agent, so without the layers that read it):
 * area under the curve 0.919, against 0.683 of the seven classic signals; without `client` 0.82, without `robots` 0.91, without `network`
 * 0.90. Of 1,668 sessions with a browser's user agent 93 reach the threshold; read one by one, nearly all of them are programs that pose as
 * one. The weights were set on that log and on simulated people and programs (`people-and-programs.test.ts`), so other sites will differ.
 */
export const LAYER_WEIGHTS = {
  declared: {
    program: { ...POINTS, value: 100, says: 'the user agent declares a program' },
    no_user_agent: { ...POINTS, value: 60, says: 'there is no user agent; every browser sends one' },
  },
  ai_crawler: {
    program: { ...POINTS, value: 100, says: 'the user agent declares an AI crawler' },
  },
  scanner: {
    probe: { ...POINTS, value: 60, says: 'a path that nobody is led to, such as /.env' },
    more_probes: { ...POINTS, value: 10, says: 'each further one, up to four' },
    guess: { ...POINTS, value: 35, says: 'each page of a product the site does not have, such as /wp-login.php, up to two' },
    sign_ins: { ...POINTS, value: 60, says: 'sign-ins sent over and over' },
    sign_ins_min: { ...COUNT, value: 10, says: 'sign-ins from which on they are guesses of a password' },
    errors: { ...POINTS, value: 40, says: 'many different paths that are answered with an error, growing with their number' },
    errors_share: { ...SHARE, value: 0.3, says: 'such paths / requests that is still usual' },
    many_errors: {
      ...POINTS,
      value: 25,
      says: 'in addition, from many_errors_min such paths on, when they are more than half of the requests',
    },
    many_errors_min: { ...COUNT, value: 10, says: 'such paths that are many' },
  },
  network: {
    hosting: { ...POINTS, value: 22, says: 'the address belongs to a hosting provider' },
  },
  client: {
    no_assets: { ...POINTS, value: 16, says: 'pages without one image, style or script; the cache explains one page' },
    no_assets_more: { ...POINTS, value: 14, says: 'in addition, growing up to five pages' },
    loads_assets: { ...POINTS, value: -4, says: 'pages are loaded with their assets' },
    no_referrer: { ...POINTS, value: 13, says: 'the one request names no page it came from' },
    no_referrer_more: { ...POINTS, value: 12, says: 'in addition, growing up to five requests' },
    has_referrer: { ...POINTS, value: -4, says: 'a request names the page it came from' },
    no_script: { ...POINTS, value: 12, says: 'pages without one event of the script; blockers explain it too' },
    no_interaction: { ...POINTS, value: 10, says: 'no click, key or scrolling on two pages or more' },
    interaction: { ...POINTS, value: -6, says: 'clicks, keys or scrolling' },
    // A person with a full cache, a blocker and no referrers lacks all of it, so it does not suffice alone, whatever the number.
    points_max: { ...POINTS, value: 48, says: 'most that this layer gives' },
  },
  robots: {
    program_file: { ...POINTS, value: 40, says: 'robots.txt, sitemap.xml or another file for programs was asked for' },
    feed: { ...POINTS, value: 20, says: 'feeds are more than half of the requests' },
    feed_polling: { ...POINTS, value: 10, says: 'in addition, when one is asked for again' },
    returning: { ...POINTS, value: 12, says: 'many sessions of one fingerprint within a day' },
    returning_sessions_min: {
      ...COUNT,
      value: 5,
      says: 'sessions a day from which on that counts; at four times as many it counts in full',
    },
  },
  browser_age: {
    outdated: { ...POINTS, value: 18, says: 'the browser is far behind the newest of its kind' },
    behind_from: { ...COUNT, value: 12, says: 'major versions behind that are still usual' },
    behind_full: { ...COUNT, value: 60, says: 'major versions behind that count in full' },
  },
  timing: {
    pages_min: { ...COUNT, value: 5, says: 'page views from which on the rhythm is judged' },
    gaps_half: { ...COUNT, value: 8, says: 'gaps at which the rhythm counts half' },
    short_stays: { ...POINTS, value: 24, says: 'no page is stayed on; long stays count the other way' },
    stay_seconds: { ...SECONDS, value: 35, says: 'longest stay that counts neither way' },
    even: { ...POINTS, value: 24, says: 'even gaps; a wide spread counts the other way' },
    even_variation: { min: 0, max: 10, value: 0.75, says: 'coefficient of variation that counts neither way' },
    no_tail: { ...POINTS, value: 14, says: 'no gap is much longer than the typical one; long ones count the other way' },
    tail_ratio: { min: 1, max: 1000, value: 4, says: 'longest gap / typical gap that counts neither way' },
    hurried: { ...POINTS, value: 12, says: 'nearly all gaps are 3 seconds or less' },
    instant: { ...POINTS, value: 12, says: 'the typical gap is below a second' },
    // Someone who turns over the pages of a gallery has short, even gaps too; without any other sign that is not enough.
    points_max: { ...POINTS, value: 36, says: 'most that all of the above gives' },
    clockwork: { ...POINTS, value: 20, says: 'in addition, gaps as even as those of a clock' },
  },
  navigation: {
    pages_min: { ...COUNT, value: 5, says: 'page views from which on the way through the site is judged' },
    pages_half: { ...COUNT, value: 12, says: 'page views at which the way counts half' },
    no_back_steps: { ...POINTS, value: 13, says: 'no step back; steps back count the other way' },
    back_step_share: { ...SHARE, value: 0.08, says: 'share of steps back that counts neither way' },
    no_repeats: { ...POINTS, value: 9, says: 'no page is seen twice; repeated pages count the other way' },
    repeat_share: { ...SHARE, value: 0.15, says: 'share of repeated pages that counts neither way' },
    coverage: { ...POINTS, value: 12, says: "most of the site's pages were seen" },
    coverage_site_pages_min: { ...COUNT, value: 20, says: 'pages of a site from which on that counts' },
    many_pages: { ...POINTS, value: 14, says: 'very many page views' },
    sorted: { ...POINTS, value: 6, says: 'pages come in sorted order' },
    head: { ...POINTS, value: 25, says: 'HEAD requests; browsers do not send them for pages' },
    odd_method: { ...POINTS, value: 30, says: 'a method that browsers do not send' },
  },
} as const;

/** The layers in the order in which they are reported. */
export const LAYERS = ['declared', 'ai_crawler', 'scanner', 'network', 'client', 'robots', 'browser_age', 'timing', 'navigation'] as const;

export type LayerName = (typeof LAYERS)[number];

export type LayerWeights = RuleValues<typeof LAYER_WEIGHTS>;

/** The `layered` profile. The names are those of the rules file. */
export interface LayeredRules {
  /** A session with this score, 0 to 100, or more is a bot. */
  readonly threshold: number;
  /** Sum of points at which the score is 50. */
  readonly midpoint: number;
  /** Points that multiply the odds by e. */
  readonly scale: number;
  readonly weights: LayerWeights;
  /** Layers that are left out. */
  readonly without: readonly LayerName[];
}

/** The rules of both profiles. */
export interface BotRules {
  readonly classic: BehavioralRules;
  readonly layered: LayeredRules;
}

const THRESHOLD = { value: 50, min: 0.001, max: 100 } as const;
const MIDPOINT = { value: 50, min: -1000, max: 1000 } as const;
const SCALE = { value: 15, min: 0.1, max: 1000 } as const;

/** The rules that hold unless a deployment overrides them. */
export const BOT_RULES: BotRules = readBoth(undefined, []);

/**
 * Reads an override of the rules of both profiles from parsed JSON. What is left out keeps its default.
 *
 * @throws AnalyticsError `invalid_configuration` with every fault, each with the field, the value and what is allowed
 *
 * @example
 * ```ts
 * const rules = readBotRules({ classic: { threshold: 60 }, layered: { weights: { network: { hosting: 30 } }, without: ['browser_age'] } });
 * ```
 */
export function readBotRules(override: unknown): BotRules {
  const faults: RuleFault[] = [];
  const rules = readBoth(override, faults);
  throwRuleFaults(faults);
  return rules;
}

/**
 * The same rules with some layers left out, for example those that read the user agent when the labels of an evaluation come from it.
 *
 * @example
 * ```ts
 * const blind = withoutLayers(BOT_RULES, ['declared', 'ai_crawler', 'browser_age']);
 * scoreSession(behavior, context, blind).score;
 * ```
 */
export function withoutLayers(rules: BotRules, layers: readonly LayerName[]): BotRules {
  return { ...rules, layered: { ...rules.layered, without: [...new Set([...rules.layered.without, ...layers])] } };
}

function readBoth(override: unknown, faults: RuleFault[]): BotRules {
  const fields = readFields(override, '', ['classic', 'layered'], faults);
  return { classic: readRules(fields['classic'], 'classic', faults), layered: readLayered(fields['layered'], 'layered', faults) };
}

function readLayered(override: unknown, path: string, faults: RuleFault[]): LayeredRules {
  const fields = readFields(override, path, ['threshold', 'midpoint', 'scale', 'weights', 'without'], faults);
  return {
    threshold: readRuleNumber(THRESHOLD, fields['threshold'], joinPath(path, 'threshold'), faults),
    midpoint: readRuleNumber(MIDPOINT, fields['midpoint'], joinPath(path, 'midpoint'), faults),
    scale: readRuleNumber(SCALE, fields['scale'], joinPath(path, 'scale'), faults),
    weights: readRuleValues(LAYER_WEIGHTS, fields['weights'], joinPath(path, 'weights'), faults),
    without: readLayerNames(fields['without'], joinPath(path, 'without'), faults),
  };
}

function readLayerNames(value: unknown, path: string, faults: RuleFault[]): readonly LayerName[] {
  if (value === undefined) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = LAYERS.filter((layer) => given.includes(layer));
  if (!Array.isArray(value) || names.length !== value.length) {
    faults.push({ path, message: `${path} is ${shown(value)}; it must be an array of distinct names of ${LAYERS.join(', ')}.` });
  }
  return names;
}
