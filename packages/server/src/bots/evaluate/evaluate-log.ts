import {
  type AccessLogEntry,
  type BotRules,
  type ContentPatterns,
  defaultContentRouting,
  evaluateScores,
  type LabelledScore,
  type LayerName,
  type ScoreEvaluation,
  scoreSession,
  withoutLayers,
} from '@systemprompt-analytics/core';
import { openEnricher } from '../../enrichment/enrich.js';
import { PageReader } from '../../ingest/page-reader.js';
import { readBotRules } from '../read-bot-rules.js';
import { type LoggedSession, LogSessions } from './log-sessions.js';
import type { SessionLabels } from './session-labels.js';

/** The layers that read the user agent: with labels of the user agent they would find the label again. */
const USER_AGENT_LAYERS: readonly LayerName[] = ['declared', 'ai_crawler', 'browser_age'];
/** The signal of the classic profile that reads it. */
const USER_AGENT_SIGNAL = 'outdated_browser';

/** How a log is evaluated; the values are those of the server's configuration. */
export interface LogEvaluatorOptions {
  readonly labels: SessionLabels;
  /** A JSON file of rules that override the built-in ones, or empty. */
  readonly rulesFile: string;
  /** A CSV or MaxMind database of autonomous systems, or empty for the table that is installed. */
  readonly asnDatabase: string;
  readonly contentPatterns: ContentPatterns;
  /** Longest pause within a session, in milliseconds. */
  readonly sessionGapMs: number;
  /** Origin of the site, for lines that name no host. */
  readonly site: string;
}

export interface BootstrapOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Told after each round, with the number of all rounds of both profiles that are done. */
  readonly onRound?: (done: number) => void;
}

/** What an evaluation found. */
export interface LogEvaluation {
  /** Time of the first and the last request, UTC milliseconds; undefined of a log without any. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  readonly sessions: number;
  readonly bots: number;
  readonly people: number;
  /** Sessions of which nobody says what they were. They are left out. */
  readonly unlabelled: number;
  /** Labels that name nobody in the log. */
  readonly unusedLabels: number;
  /** Lines that are older by more than a session's gap than one before them; their sessions may be split. */
  readonly outOfOrder: number;
  /** Requests that no address can be made of. They are left out. */
  readonly unreadable: number;
  /** Layers and signals that were left out because the labels come from what they read. */
  readonly withoutLayers: readonly string[];
  readonly withoutSignals: readonly string[];
  readonly classic: ScoreEvaluation;
  readonly layered: ScoreEvaluation;
}

/** Scores the sessions of a log by both profiles and compares the scores with what the sessions were. */
export class LogEvaluator {
  readonly #rules: BotRules;
  readonly #labels: SessionLabels;
  readonly #sessions: LogSessions;
  readonly #classic: LabelledScore[] = [];
  readonly #layered: LabelledScore[] = [];
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  private constructor(rules: BotRules, labels: SessionLabels, sessions: LogSessions) {
    this.#rules = labels.fromUserAgent ? blindToUserAgents(rules) : rules;
    this.#labels = labels;
    this.#sessions = sessions;
  }

  /**
   * Reads rules and networks.
   *
   * @throws AnalyticsError `invalid_configuration` when one of them cannot be read
   */
  static async open(options: LogEvaluatorOptions): Promise<LogEvaluator> {
    const { labels, rulesFile, asnDatabase, contentPatterns, sessionGapMs: gapMs, site } = options;
    const rules = readBotRules(rulesFile);
    const enricher = await openEnricher({ asnDatabase });
    await enricher.load();
    const pages = new PageReader(defaultContentRouting(contentPatterns), []);
    return new LogEvaluator(rules, labels, new LogSessions({ enricher, pages, gapMs, site }));
  }

  /** Takes the next request of the log. */
  add(entry: AccessLogEntry): void {
    this.#firstMs = Math.min(this.#firstMs, entry.timestampMs);
    this.#lastMs = Math.max(this.#lastMs, entry.timestampMs);
    this.#sessions.add(entry);
  }

  /** The outcome, after the last line. */
  finish({ rounds, seed, onRound }: BootstrapOptions): LogEvaluation {
    for (const session of this.#sessions.finish()) this.#take(session);
    const { classic, layered } = this.#rules;
    const bots = this.#layered.filter(({ isBot }) => isBot).length;
    // The same seed draws the same clients for both, so that their intervals can be compared.
    const evaluate = (samples: readonly LabelledScore[], threshold: number, before: number): ScoreEvaluation =>
      evaluateScores(samples, { threshold, rounds, seed, onRound: (round) => onRound?.(before + round) });
    return {
      firstMs: Number.isFinite(this.#firstMs) ? this.#firstMs : undefined,
      lastMs: Number.isFinite(this.#lastMs) ? this.#lastMs : undefined,
      sessions: this.#count,
      bots,
      people: this.#layered.length - bots,
      unlabelled: this.#count - this.#layered.length,
      unusedLabels: this.#labels.unused,
      outOfOrder: this.#sessions.outOfOrder,
      unreadable: this.#sessions.unreadable,
      withoutLayers: layered.without,
      withoutSignals: this.#labels.fromUserAgent ? [USER_AGENT_SIGNAL] : [],
      classic: evaluate(this.#classic, classic.threshold, 0),
      layered: evaluate(this.#layered, layered.threshold, rounds),
    };
  }

  #take({ client, behavior, context }: LoggedSession): void {
    this.#count += 1;
    const label = this.#labels.labelOf(client);
    if (label === undefined) return;
    const { score, classicScore } = scoreSession(behavior, context, this.#rules);
    const known = { isBot: label === 'bot', group: client.address };
    this.#classic.push({ ...known, score: classicScore });
    this.#layered.push({ ...known, score });
  }
}

/** The rules without whatever reads the user agent. */
function blindToUserAgents(rules: BotRules): BotRules {
  const { classic } = rules;
  const signals = { ...classic.signals, [USER_AGENT_SIGNAL]: { ...classic.signals[USER_AGENT_SIGNAL], points: 0 } };
  return withoutLayers({ ...rules, classic: { ...classic, signals } }, USER_AGENT_LAYERS);
}
