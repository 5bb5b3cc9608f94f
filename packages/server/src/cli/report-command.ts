import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { withFile } from './file-fault.js';
import { formatInteger } from './format-value.js';
import { runLiveView } from './live-view.js';
import { renderReport } from './render-report.js';
import { readReportAnswer } from './report-answer.js';
import { viewOf } from './terminal.js';

/** One parameter of a report, as `GET /v1/reports` describes it. */
export interface ReportParameter {
  readonly name: string;
  /** `string`, `integer`, `time` or `enum`. */
  readonly type: string;
  readonly description: string;
  readonly default?: string | undefined;
  readonly values?: readonly string[] | undefined;
  readonly required?: boolean | undefined;
  /** Given as an argument instead of an option, as in `agents show NAME`. */
  readonly positional?: boolean | undefined;
}

/** One column of a report, as `GET /v1/reports` describes it. */
export interface ReportColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly description: string;
}

/** One report, as `GET /v1/reports` describes it; a command is derived from each. */
export interface ReportDescription {
  readonly group: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly path: string;
  readonly parameters: readonly ReportParameter[];
  readonly columns: readonly ReportColumn[];
}

interface ReportOptions extends ConnectionOptions {
  readonly json?: boolean;
  readonly export?: string;
  /** Milliseconds between two refreshes of a live view. */
  readonly interval?: number;
  readonly [parameter: string]: unknown;
}

/** `--project` sends it and `--export` and `--json` choose the format: these have no options of their own. */
const COVERED_PARAMETERS = new Set(['project_id', 'format']);
/** Reports about now: shown in place and refreshed. */
/** Rows that a report gives at most. */
const EXPORT_ROWS_MAX = 10_000;
const LIVE_REPORT_NAME = 'live';
const LIVE_INTERVAL_SECONDS = 2;
/** Below this a terminal only flickers, and the server does nothing but answer. */
const LIVE_INTERVAL_SECONDS_MIN = 0.2;

/**
 * Adds a command for every report: `costs breakdown`, and plain `overview` where a report bears its group's name. The
 * descriptions are the server's own catalogue, so a new report needs nothing here.
 */
export function addReportCommands(program: Command, reports: readonly ReportDescription[], context: CliContext): void {
  for (const [group, members] of groupReports(reports)) {
    for (const report of members.filter((member) => member.name === group)) addReport(program, report, context);
    const named = members.filter((member) => member.name !== group);
    if (named.length === 0) continue;
    const names = named.map((report) => report.name).join(', ');
    const command = program.command(group).description(`reports: ${names}`);
    command.showHelpAfterError(`Reports of ${group}: ${names}.`);
    for (const report of named) addReport(command, report, context);
  }
}

function groupReports(reports: readonly ReportDescription[]): Map<string, ReportDescription[]> {
  const groups = new Map<string, ReportDescription[]>();
  for (const report of reports) groups.set(report.group, [...(groups.get(report.group) ?? []), report]);
  return groups;
}

function addReport(parent: Command, report: ReportDescription, context: CliContext): void {
  const command = parent.command(report.name).summary(report.title).description(`${report.title}\n\n${report.description}`);
  const parameters = report.parameters.filter((parameter) => !COVERED_PARAMETERS.has(parameter.name));
  const positional = parameters.filter((parameter) => parameter.positional === true);
  for (const parameter of positional) {
    command.argument(parameter.required === false ? `[${parameter.name}]` : `<${parameter.name}>`, parameter.description);
  }
  const options = parameters
    .filter((parameter) => parameter.positional !== true)
    .map((parameter) => ({ name: parameter.name, option: optionOf(parameter) }));
  for (const { option } of options) command.addOption(option);
  command.addOption(new Option('--json', "print the server's answer as it is").conflicts('export'));
  command.option('--export <file.csv>', 'write the rows to a CSV file');
  if (report.name === LIVE_REPORT_NAME) {
    command.addOption(
      new Option('--interval <seconds>', `seconds between refreshes (default: ${LIVE_INTERVAL_SECONDS})`).argParser(readInterval),
    );
  }
  addProjectOptions(command);
  if (report.columns.length > 0) command.addHelpText('after', columnHelp(report.columns));
  command.showHelpAfterError(
    `Options of ${commandLineOf(report)}: ${command.options.map((option) => option.long ?? option.flags).join(', ')}.`,
  );
  command.action(async () => {
    const given = command.opts<ReportOptions>();
    const query: Record<string, string | undefined> = {};
    for (const [index, parameter] of positional.entries()) query[parameter.name] = command.args[index];
    for (const { name, option } of options) query[name] = textOf(given[option.attributeName()]);
    query['project_id'] = given.project;
    await runReport(report, query, given, context);
  });
}

/** Values are checked by the server, so that there is one authority; only a closed list is checked here, for its message. */
function optionOf(parameter: ReportParameter): Option {
  const fallback = parameter.default === undefined ? '' : ` (default: ${parameter.default})`;
  const placeholder = parameter.type === 'string' || parameter.type === 'enum' ? 'value' : parameter.type;
  const option = new Option(`--${parameter.name.replaceAll('_', '-')} <${placeholder}>`, `${parameter.description}${fallback}`);
  if (parameter.type === 'enum' && parameter.values !== undefined) option.choices(parameter.values);
  return option.makeOptionMandatory(parameter.required === true);
}

function readInterval(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= LIVE_INTERVAL_SECONDS_MIN && seconds <= 3600) return seconds * 1000;
  throw new InvalidArgumentError(`Allowed: ${LIVE_INTERVAL_SECONDS_MIN} to 3600 seconds.`);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function commandLineOf(report: ReportDescription): string {
  return report.name === report.group ? report.name : `${report.group} ${report.name}`;
}

function columnHelp(columns: readonly ReportColumn[]): string {
  const width = Math.max(...columns.map((column) => column.name.length));
  return `\nColumns:\n${columns.map((column) => `  ${column.name.padEnd(width)}  ${column.description}`).join('\n')}`;
}

async function runReport(
  report: ReportDescription,
  query: Readonly<Record<string, string | undefined>>,
  options: ReportOptions,
  context: CliContext,
): Promise<void> {
  const client = await context.connect(options);
  if (options.export !== undefined) {
    // A file is for everything, as far as a report gives it.
    const isLimited = report.parameters.some(({ name }) => name === 'limit');
    const limit = isLimited ? (query['limit'] ?? String(EXPORT_ROWS_MAX)) : undefined;
    const csv = await client.requestText({
      path: report.path,
      query: { ...query, ...(limit === undefined ? {} : { limit }), format: 'csv' },
    });
    const file = resolve(options.export);
    await withFile(file, 'written', () => writeFile(file, csv));
    const rows = countCsvRows(csv);
    if (rows === Number(limit))
      context.say(
        `Only the first ${formatInteger(rows)} rows are in the file; a --limit above that takes more, up to ${formatInteger(EXPORT_ROWS_MAX)}.`,
      );
    context.print(`Wrote ${formatInteger(rows)} ${rows === 1 ? 'row' : 'rows'} to ${file}\n`);
    return;
  }
  if (options.json === true) {
    const json = await client.requestText({ path: report.path, query });
    context.print(json.endsWith('\n') ? json : `${json}\n`);
    return;
  }
  const render = async (signal?: AbortSignal): Promise<string> => {
    const answer = readReportAnswer(await client.requestJson({ path: report.path, query, signal }));
    return renderReport(
      answer,
      { title: report.title, serverUrl: client.address.url.replace(/\/+$/, '') },
      viewOf(context.io.stdout, context.io.colour.stdout),
    );
  };
  if (report.name === LIVE_REPORT_NAME && context.io.stdout.isTTY === true) {
    await runLiveView(render, options.interval ?? LIVE_INTERVAL_SECONDS * 1000, context);
  } else context.print(await render());
}

/** Rows below the header. A line break within quotes is part of a value. */
export function countCsvRows(csv: string): number {
  let quoted = false;
  let lines = 0;
  for (const character of csv) {
    if (character === '"') quoted = !quoted;
    else if (character === '\n' && !quoted) lines += 1;
  }
  if (csv !== '' && !csv.endsWith('\n')) lines += 1;
  return Math.max(0, lines - 1);
}
