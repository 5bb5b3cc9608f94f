import { isUtf8 } from 'node:buffer';
import {
  ACCESS_LOG_FORMATS,
  type AccessLogFormat,
  AnalyticsError,
  type Interval,
  parseAccessLogLine,
  type ScoreEvaluation,
} from '@systemprompt-analytics/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LogEvaluation } from '../bots/evaluate/evaluate-log.js';
import { readConfiguration } from '../configuration.js';
import type { CliContext } from './cli-context.js';
import type { CutLine } from './cut-lines.js';
import { formatInteger, formatRatio, NO_VALUE } from './format-value.js';
import { type LogReading, readSample, SAMPLE_LINES } from './import-access-log/log-sample.js';
import { StreamSource } from './import-access-log/stream-source.js';
import { ImportProgress } from './import-progress.js';
import { openSource } from './import-source.js';
import { renderTable } from './render-table.js';
import { visibleText } from './terminal.js';

const DESCRIPTION = `measure how well bots are told from people, on an access log

Reads the log without a server, puts its requests together to sessions and scores each by both
profiles. Printed are the confusion matrix at each profile's threshold, precision, recall, the
share of people who were called bots, and the area under the curve (AUC), each with a 95 %
interval from a bootstrap over the clients of the log.

--labels declared takes clients at their word: a user agent that declares a program, or none, is a
bot, and a browser's is a person. Whatever else reads the user agent is then left out of both
scores. Bots that pose as a browser count as people, so expect too many people called bots.

--labels FILE takes the word of a person: a CSV or TSV with the columns ip, label and, if wanted,
user_agent in its first line, or an object of JSON with these fields per line. label is bot or
human. A line without user_agent holds for all clients of the address.`;

const SEED_MAX = 2 ** 32 - 1;
const ROUNDS_MAX = 100_000;

interface EvaluateOptions {
  readonly labels: string;
  readonly rules?: string;
  readonly format: AccessLogFormat | 'auto';
  readonly rounds: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** What is known of the reading of a log, beside what it says. */
interface LogFacts {
  readonly log: string;
  readonly format: AccessLogFormat;
  readonly lines: number;
  /** Lines that are no lines of such a log, or whose request has no address. */
  readonly unreadable: number;
}

/** Adds `evaluate LOG` to the command `bots`. */
export function addEvaluateBotsCommand(bots: Command, context: CliContext): void {
  bots
    .command('evaluate')
    .summary('measure how well bots are told from people, on an access log')
    .description(DESCRIPTION)
    .argument('<log>', 'access log, plain or .gz; - reads standard input')
    .requiredOption('--labels <declared|file>', 'what each client was: declared by its user agent, or as a file says')
    .option('--rules <file.json>', 'rules that override the built-in ones (default: SYSTEMPROMPT_ANALYTICS_BOT_RULES)')
    .addOption(new Option('--format <format>', 'how the lines are written').choices(['auto', ...ACCESS_LOG_FORMATS]).default('auto'))
    .option('--rounds <rounds>', 'rounds of the bootstrap; 0 for no intervals', wholeNumberUpTo(ROUNDS_MAX), 1000)
    .option('--seed <seed>', 'the same seed draws the same rounds', wholeNumberUpTo(SEED_MAX), 1)
    .option('--json', 'print one JSON object')
    .action((log: string, options: EvaluateOptions) => evaluate(log, options, context));
}

async function evaluate(log: string, options: EvaluateOptions, context: CliContext): Promise<void> {
  if (log === '-' && options.labels === '-') {
    throw new AnalyticsError(
      'invalid_parameter',
      'Standard input can be the log or the labels, and not both; name a file for one of them.',
    );
  }
  const { botRulesFile, asnDatabase, contentPatterns, sessionGapMs } = readConfiguration();
  // Here, not above: the tables that user agents are read by are large, and no other command needs them.
  const { DECLARED_LABELS, LogEvaluator, readLabels } = await import('../bots/evaluate/index.js');
  const labels = options.labels === 'declared' ? DECLARED_LABELS : readLabels(await readTexts(options.labels, context), options.labels);
  const progress = new ImportProgress(context.io.stderr, context.io.clock, 'lines');
  const source = new StreamSource(await openSource(log, context), new AbortController().signal);
  try {
    const pieces = source.pieces();
    const sample = await takeSample(pieces);
    const { format, site } = readSample(sample.slice(0, SAMPLE_LINES).map(textOf), givenFormat(options), () => undefined);
    const rulesFile = options.rules ?? botRulesFile;
    const evaluator = await LogEvaluator.open({ labels, rulesFile, asnDatabase, contentPatterns, sessionGapMs, site });
    let [lines, unreadable] = [0, 0];
    const take = (line: CutLine): void => {
      lines += 1;
      const outcome = line.text === undefined ? undefined : parseAccessLogLine(textOf(line), format);
      if (outcome?.ok === true) evaluator.add(outcome.entry);
      else unreadable += 1;
    };
    for (const line of sample) take(line);
    for await (const piece of pieces) {
      for (const line of piece.lines) take(line);
      progress.show(lines, source.fraction());
    }
    progress.finish();
    const rounds = new ImportProgress(context.io.stderr, context.io.clock, 'rounds');
    const { rounds: count, seed } = options;
    const found = evaluator.finish({ rounds: count, seed, onRound: (done) => rounds.show(done, done / (2 * count)) });
    rounds.finish();
    const facts = { log, format, lines, unreadable: unreadable + found.unreadable };
    context.print(
      options.json === true ? `${JSON.stringify(evaluationJson(facts, options, found))}\n` : evaluationText(facts, options, found, context),
    );
  } finally {
    progress.finish();
    await source.close();
  }
}

function givenFormat({ format }: EvaluateOptions): Partial<LogReading> {
  return format === 'auto' ? {} : { format };
}

/** The lines that decide over the format, and what came with them. */
async function takeSample(pieces: ReturnType<StreamSource['pieces']>): Promise<CutLine[]> {
  const lines: CutLine[] = [];
  while (lines.length < SAMPLE_LINES) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    lines.push(...value.lines);
  }
  return lines;
}

/** The lines of a file of labels. */
async function readTexts(file: string, context: CliContext): Promise<{ number: number; text: string }[]> {
  const source = new StreamSource(await openSource(file, context), new AbortController().signal);
  try {
    const texts: { number: number; text: string }[] = [];
    for await (const { lines } of source.pieces()) for (const line of lines) texts.push({ number: line.number, text: textOf(line) });
    return texts;
  } finally {
    await source.close();
  }
}

/** Logs are ASCII with escapes; those that are not are mostly UTF-8, and in any case some characters. */
function textOf({ text = Buffer.alloc(0) }: CutLine): string {
  return text.toString(isUtf8(text) ? 'utf8' : 'latin1');
}

function wholeNumberUpTo(maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= maximum) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from 0 to ${maximum}.`);
  };
}

/** The evaluation as programs read it. */
function evaluationJson(
  { log, format, lines, unreadable }: LogFacts,
  { labels, rounds, seed }: EvaluateOptions,
  found: LogEvaluation,
): object {
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    log,
    format,
    labels,
    lines,
    unreadable_lines: unreadable,
    out_of_order_lines: found.outOfOrder,
    first: time(found.firstMs),
    last: time(found.lastMs),
    sessions: found.sessions,
    bots: found.bots,
    people: found.people,
    unlabelled: found.unlabelled,
    unused_labels: found.unusedLabels,
    without_layers: found.withoutLayers,
    without_signals: found.withoutSignals,
    rounds,
    seed,
    profiles: { classic: profileJson(found.classic), layered: profileJson(found.layered) },
  };
}

function profileJson({ threshold, confusion, precision, recall, falsePositiveRate, auc, intervals }: ScoreEvaluation): object {
  return {
    threshold,
    true_positives: confusion.truePositives,
    false_positives: confusion.falsePositives,
    false_negatives: confusion.falseNegatives,
    true_negatives: confusion.trueNegatives,
    precision,
    recall,
    false_positive_rate: falsePositiveRate,
    auc,
    intervals: {
      precision: intervals.precision,
      recall: intervals.recall,
      false_positive_rate: intervals.falsePositiveRate,
      auc: intervals.auc,
    },
  };
}

/** The evaluation as people read it. */
function evaluationText(facts: LogFacts, options: EvaluateOptions, found: LogEvaluation, { view }: CliContext): string {
  const { classic, layered } = found;
  const count = (name: string, value: (profile: ScoreEvaluation) => number): string[] => [
    name,
    formatInteger(value(classic)),
    '',
    formatInteger(value(layered)),
    '',
  ];
  const rate = (name: string, key: keyof ScoreEvaluation['intervals'], format: (value: number) => string): string[] => [
    name,
    ...[classic, layered].flatMap((profile) => {
      const value = profile[key];
      return [value === null ? NO_VALUE : format(value), intervalText(profile.intervals[key], format)];
    }),
  ];
  const area = (value: number): string => value.toFixed(3);
  const rows = [
    count('threshold', ({ threshold }) => threshold),
    count('bots called bots', ({ confusion }) => confusion.truePositives),
    count('people called bots', ({ confusion }) => confusion.falsePositives),
    count('bots called people', ({ confusion }) => confusion.falseNegatives),
    count('people called people', ({ confusion }) => confusion.trueNegatives),
    rate('precision', 'precision', formatRatio),
    rate('recall', 'recall', formatRatio),
    rate('false-positive rate', 'falsePositiveRate', formatRatio),
    rate('AUC', 'auc', area),
  ];
  const columns = [
    { header: '', align: 'left' as const },
    ...['classic', '95 % interval', 'layered', '95 % interval'].map((header) => ({ header, align: 'right' as const })),
  ];
  const lines = [...aboutLog(facts, found), ...aboutLabels(options, found), '', ...renderTable(columns, rows, undefined, view)];
  return lines.map((line) => `${line}\n`).join('');
}

function intervalText(interval: Interval | null, format: (value: number) => string): string {
  return interval === null ? NO_VALUE : `${format(interval[0])} to ${format(interval[1])}`;
}

function aboutLog({ log, format, lines, unreadable }: LogFacts, found: LogEvaluation): string[] {
  const { firstMs, lastMs, sessions, bots, people, unlabelled, outOfOrder } = found;
  const range =
    firstMs === undefined || lastMs === undefined ? '' : `, ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
  const skipped = unreadable === 0 ? '' : `, ${formatInteger(unreadable)} of them unreadable and left out`;
  return [
    `${visibleText(log === '-' ? 'standard input' : log)}: ${formatInteger(lines)} lines (${format})${skipped}${range}`,
    `${formatInteger(sessions)} sessions: ${formatInteger(bots)} of bots, ${formatInteger(people)} of people, ${formatInteger(unlabelled)} without a label and left out`,
    ...(outOfOrder === 0
      ? []
      : [`${formatInteger(outOfOrder)} lines are far older than one before them, which may split sessions: sort the log by time.`]),
  ];
}

function aboutLabels({ labels }: EvaluateOptions, { withoutLayers, withoutSignals, unusedLabels }: LogEvaluation): string[] {
  const source = labels === 'declared' ? 'what each user agent declares' : visibleText(labels);
  const left = [
    ...(withoutLayers.length === 0 ? [] : [`of layered the layers ${withoutLayers.join(', ')}`]),
    ...(withoutSignals.length === 0 ? [] : [`of classic the signal ${withoutSignals.join(', ')}`]),
  ];
  return [
    `Labels: ${source}${unusedLabels === 0 ? '' : `; ${formatInteger(unusedLabels)} of them name nobody in the log`}`,
    ...(left.length === 0
      ? []
      : [`Left out: ${left.join('; ')}${labels === 'declared' ? ', since they read what the labels are made of' : ''}`]),
  ];
}
