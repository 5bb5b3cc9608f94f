import { type Command, Option } from 'commander';
import { isRecord, textField } from './api-client.js';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { addEvaluateBotsCommand } from './evaluate-bots-command.js';
import { formatInteger } from './format-value.js';
import { rescoreRange } from './rescore-range.js';
import { visibleText } from './terminal.js';

interface ExplainOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface MarkOptions extends ConnectionOptions {
  readonly as: 'human' | 'bot' | 'nothing';
  readonly note?: string;
}

interface RescoreOptions extends ConnectionOptions {
  readonly since: string;
  readonly until?: string;
}

/** Adds `bots explain|mark|rescore|evaluate`. */
export function addBotCommands(program: Command, context: CliContext): void {
  const bots = program.command('bots').description('bots: explain, mark, rescore, evaluate');
  addProjectOptions(
    bots
      .command('explain')
      .description('say why a session is taken for what it is')
      .argument('<session>', 'its session id')
      .option('--json', "print the server's answer as it is"),
  ).action((sessionId: string, options: ExplainOptions) => explain(sessionId, options, context));
  addProjectOptions(
    bots
      .command('mark')
      .description('say what a session is; it wins over every rule until it is taken back')
      .argument('<session>', 'its session id')
      .addOption(
        new Option('--as <mark>', 'what it is; nothing takes a mark back').choices(['human', 'bot', 'nothing']).makeOptionMandatory(),
      )
      .option('--note <text>', 'why, for others to read'),
  ).action((sessionId: string, options: MarkOptions) => mark(sessionId, options, context));
  addProjectOptions(
    bots
      .command('rescore')
      .description('judge the sessions of a range anew, by the rules as they are now')
      .requiredOption('--since <time>', 'ISO 8601; sessions that started from then on')
      .option('--until <time>', 'ISO 8601; and before then (default: now)'),
  ).action((options: RescoreOptions) => rescore(options, context));
  addEvaluateBotsCommand(bots, context);
  bots.showHelpAfterError('Commands of bots: explain, mark, rescore, evaluate.');
}

async function explain(sessionId: string, options: ExplainOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const request = { path: pathOf(sessionId), query: { project_id: options.project } };
  if (options.json === true) context.print(`${await client.requestText(request)}\n`);
  else context.print(explanation(await client.requestJson(request)));
}

async function mark(sessionId: string, options: MarkOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const body = { mark: options.as === 'nothing' ? '' : options.as, note: options.note };
  context.print(explanation(await client.postJson(`${pathOf(sessionId)}/mark`, body, { project_id: options.project })));
}

async function rescore(options: RescoreOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const until = options.until ?? new Date().toISOString();
  const rescored = await rescoreRange(client, { project: options.project, since: options.since, until }, (line) => context.say(line));
  context.print(`${formatInteger(rescored)} sessions judged anew.\n`);
}

function pathOf(sessionId: string): string {
  return `/v1/bots/sessions/${encodeURIComponent(sessionId)}`;
}

function explanation(answer: unknown): string {
  const fields = isRecord(answer) ? answer : {};
  const sentences = Array.isArray(fields['sentences']) ? fields['sentences'].map(String) : [];
  const taken = textField(fields, 'traffic_class') || 'no web traffic';
  return [
    `${visibleText(textField(fields, 'session_id'))}: ${taken}`,
    ...sentences.map((sentence) => `  ${visibleText(sentence)}`),
    '',
  ].join('\n');
}
