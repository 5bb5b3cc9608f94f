import { addNavigation, addTiming } from './behavior-layers.js';
import { type BehavioralAnalysisResult, BehavioralBotDetector } from './behavioral-bot-detector.js';
import { addAiCrawler, addBrowserAge, addClient, addDeclared, addNetwork, addRobots, addScanner, isScanning } from './client-layers.js';
import { LayerTally } from './layer-tally.js';
import { BOT_RULES, type BotRules, LAYERS, type LayeredRules, type LayerName, type LayerWeights } from './layered-rules.js';
import type { SessionBehavior } from './session-behavior.js';
import { isAiCrawler, type SessionContext } from './session-context.js';

/** What one layer found. */
export interface LayerFinding {
  readonly layer: LayerName;
  /** Negative for what speaks for a person. */
  readonly points: number;
  /** Sentences with the measured values; empty when nothing of it is worth one. */
  readonly reason: string;
}

/** Scores and flags of a session, without sentences. The flags are independent of each other. */
export interface SessionScore {
  /** Score of the layered profile, 0 to 100, growing with the sum of the points. */
  readonly score: number;
  /** Score of the classic profile: the points of its seven signals. */
  readonly classicScore: number;
  /** The user agent declares a program that is not an AI crawler, or there is no user agent. */
  readonly isBot: boolean;
  readonly isAiCrawler: boolean;
  /** It looks for weaknesses: probes, password guessing, mostly errors. */
  readonly isScanner: boolean;
  /** Is the classic score at or above its threshold? */
  readonly isBehavioralBot: boolean;
  /** Is the layered score at or above its threshold? */
  readonly isLayeredBot: boolean;
}

/** Scores, flags and what they rest on. */
export interface SessionVerdict extends SessionScore {
  /** Layers that found something, in the order of `LAYERS`. */
  readonly findings: readonly LayerFinding[];
  readonly classic: BehavioralAnalysisResult;
}

type AddLayer = (tally: LayerTally, behavior: SessionBehavior, context: SessionContext, weights: LayerWeights) => void;

const ADD_LAYER: Readonly<Record<LayerName, AddLayer>> = {
  declared: addDeclared,
  ai_crawler: addAiCrawler,
  scanner: addScanner,
  network: addNetwork,
  client: addClient,
  robots: addRobots,
  browser_age: addBrowserAge,
  timing: addTiming,
  navigation: addNavigation,
};

/**
 * Scores and flags of a session as it stands, cheap enough to be asked with every request: constant time, no text.
 *
 * @param rules from {@link readBotRules}; @default {@link BOT_RULES}
 *
 * @example
 * ```ts
 * behavior.observe(request);
 * if (scoreSession(behavior, context).isLayeredBot) escalate();
 * ```
 */
export function scoreSession(behavior: SessionBehavior, context: SessionContext, rules: BotRules = BOT_RULES): SessionScore {
  const { layered, classic } = rules;
  const tally = new LayerTally(false);
  // Summed by layer as in judgeSession, so that both come to the same score to the last bit.
  let points = 0;
  for (const layer of LAYERS) {
    if (layered.without.includes(layer)) continue;
    ADD_LAYER[layer](tally, behavior, context, layered.weights);
    points += tally.points;
    tally.reset();
  }
  return scoreOf(points, new BehavioralBotDetector(classic).score(behavior, context), behavior, context, rules);
}

/**
 * The same with what it rests on: a finding per layer, and the signals of the classic profile, each with a sentence.
 *
 * @param rules from {@link readBotRules}; @default {@link BOT_RULES}
 *
 * @example
 * ```ts
 * const verdict = judgeSession(behavior, context);
 * verdict.findings; // [{ layer: 'network', points: 22, reason: 'The address belongs to a hosting provider (OVH SAS).' }]
 * ```
 */
export function judgeSession(behavior: SessionBehavior, context: SessionContext, rules: BotRules = BOT_RULES): SessionVerdict {
  const { layered } = rules;
  const findings: LayerFinding[] = [];
  const tally = new LayerTally(true);
  let points = 0;
  for (const layer of LAYERS) {
    if (layered.without.includes(layer)) continue;
    ADD_LAYER[layer](tally, behavior, context, layered.weights);
    points += tally.points;
    if (tally.points !== 0 || tally.reason !== '') findings.push({ layer, points: tally.points, reason: tally.reason });
    tally.reset();
  }
  const classic = new BehavioralBotDetector(rules.classic).analyzeSession(behavior, context);
  return { ...scoreOf(points, classic.score, behavior, context, rules), findings, classic };
}

/**
 * A verdict in sentences for people: the outcome first, then each finding with its points, the weightiest first.
 *
 * @example
 * ```ts
 * explainVerdict(judgeSession(behavior, context)).join('\n');
 * ```
 */
export function explainVerdict(verdict: SessionVerdict): string[] {
  const flags = FLAG_WORDS.filter(([flag]) => verdict[flag]).map(([, words]) => words);
  const outcome = flags.length === 0 ? 'It looks like a person' : `It is ${flags.join(', ')}`;
  const findings = verdict.findings
    .filter(({ reason }) => reason !== '')
    .toSorted((one, other) => Math.abs(other.points) - Math.abs(one.points))
    .map(({ layer, points, reason }) => `${layer} (${signed(points)}): ${reason}`);
  const signals = verdict.classic.signals.map(({ name, points, reason }) => `${name} (${signed(points)} classic): ${reason}`);
  return [`${outcome}: layered score ${verdict.score.toFixed(0)} of 100, classic score ${verdict.classicScore}.`, ...findings, ...signals];
}

const FLAG_WORDS = [
  ['isBot', 'a declared program or one without a user agent'],
  ['isAiCrawler', 'an AI crawler'],
  ['isScanner', 'a scanner'],
  ['isBehavioralBot', 'a program by its classic signals'],
  ['isLayeredBot', 'a program by its layered score'],
] as const;

function scoreOf(points: number, classicScore: number, behavior: SessionBehavior, context: SessionContext, rules: BotRules): SessionScore {
  const score = logisticScore(points, rules.layered);
  const aiCrawler = context.bot.declared && isAiCrawler(context.bot);
  return {
    score,
    classicScore,
    isBot: !context.hasUserAgent || (context.bot.declared && !aiCrawler),
    isAiCrawler: aiCrawler,
    isScanner: isScanning(behavior, rules.layered.weights),
    isBehavioralBot: classicScore >= rules.classic.threshold,
    isLayeredBot: score >= rules.layered.threshold,
  };
}

/** Points are logarithms of odds in units of `scale`, so the score is the logistic function of their sum. */
function logisticScore(points: number, { midpoint, scale }: LayeredRules): number {
  return 100 / (1 + Math.exp((midpoint - points) / scale));
}

function signed(points: number): string {
  const rounded = Math.round(points * 10) / 10;
  return rounded > 0 ? `+${rounded}` : String(rounded);
}
