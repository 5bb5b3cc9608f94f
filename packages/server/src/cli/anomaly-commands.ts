import { type Command, InvalidArgumentError } from 'commander';
import { type ApiClient, type ApiRequest, isRecord, recordsField, textField } from './api-client.js';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { formatInteger, formatUsd, formatValue, NO_VALUE } from './format-value.js';
import { renderTable, type TableColumn } from './render-table.js';
import { visibleText } from './terminal.js';

type Fields = Readonly<Record<string, unknown>>;

interface JsonOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface ListOptions extends JsonOptions {
  readonly status?: string;
  readonly since?: string;
  readonly limit?: string;
}

interface SetOptions extends JsonOptions {
  readonly warning: number;
  readonly critical: number;
}

const JSON_HELP = "print the server's answer as it is";
const THRESHOLDS_PATH = '/v1/anomalies/thresholds';

/** Adds `anomalies list|show|thresholds`. */
export function addAnomalyCommands(program: Command, context: CliContext): void {
  const anomalies = program.command('anomalies').description('what is out of the ordinary: list, show, thresholds');
  addProjectOptions(
    anomalies
      .command('list')
      .description('list the anomalies, those seen last first')
      .option('--status <status>', 'open, resolved or all (default: open)')
      .option('--since <time>', 'those seen since then: 24h, 7d or ISO 8601')
      .option('--limit <n>', 'at most so many (default: 100)')
      .option('--json', JSON_HELP),
  ).action((options: ListOptions) => listAnomalies(options, context));
  addProjectOptions(
    anomalies.command('show').description('show one anomaly').argument('<id>', 'its anomaly_id').option('--json', JSON_HELP),
  ).action((id: string, options: JsonOptions) => showAnomaly(id, options, context));
  const thresholds = addProjectOptions(
    anomalies.command('thresholds').description('list the limits, or change them: set, reset').option('--json', JSON_HELP),
  ).action((options: JsonOptions) => listThresholds(options, context));
  addProjectOptions(
    thresholds
      .command('set')
      .description('set the limits of a metric')
      .argument('<metric>', 'its name, as `anomalies thresholds` lists it')
      .requiredOption('--warning <value>', 'from this value on it is a warning', readNumber)
      .requiredOption('--critical <value>', 'from this value on it is critical', readNumber)
      .option('--json', JSON_HELP),
  ).action((metric: string, _options: SetOptions, command: Command) =>
    setThreshold(metric, command.optsWithGlobals<SetOptions>(), context),
  );
  addProjectOptions(
    thresholds
      .command('reset')
      .description('let the default limits of a metric hold again')
      .argument('<metric>', 'its name')
      .option('--json', JSON_HELP),
  ).action((metric: string, _options: JsonOptions, command: Command) =>
    resetThreshold(metric, command.optsWithGlobals<JsonOptions>(), context),
  );
  thresholds.showHelpAfterError('Commands of anomalies thresholds: set, reset.');
  anomalies.showHelpAfterError('Commands of anomalies: list, show, thresholds.');
}

async function listAnomalies(options: ListOptions, context: CliContext): Promise<void> {
  const { status, since, limit } = options;
  const client = await context.connect(options);
  const answer = await ask(
    client,
    { path: '/v1/anomalies', query: { project_id: options.project, status, since, limit } },
    options,
    context,
  );
  if (answer === undefined) return;
  const found = recordsField(answer, 'anomalies');
  const columns: readonly TableColumn[] = [
    { header: 'anomaly_id', align: 'left' },
    { header: 'level', align: 'left' },
    { header: 'last_seen_at (UTC)', align: 'left' },
    { header: 'resolved_at (UTC)', align: 'left' },
    { header: 'message', align: 'left' },
  ];
  const rows = found.map((anomaly) => [
    visibleText(textField(anomaly, 'anomaly_id')),
    visibleText(textField(anomaly, 'level')),
    formatTimestamp(anomaly['last_seen_at']),
    formatTimestamp(anomaly['resolved_at']),
    visibleText(textField(anomaly, 'message')),
  ]);
  const none = status === undefined || status === 'open' ? 'Nothing is out of the ordinary.' : 'There are no such anomalies.';
  printLines(rows.length === 0 ? [none] : renderTable(columns, rows, undefined, context.view), context);
  if (isRecord(answer) && answer['truncated'] === true) context.say('There are more; raise --limit to see them.');
  const suppressed = isRecord(answer) ? Number(answer['suppressed'] ?? 0) : 0;
  if (suppressed > 0) context.say(`${suppressed} more were found while too many were open, and not opened.`);
}

async function showAnomaly(id: string, options: JsonOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const request = { path: `/v1/anomalies/${encodeURIComponent(id)}`, query: { project_id: options.project } };
  const answer = await ask(client, request, options, context);
  if (!isRecord(answer)) return;
  const width = Math.max(0, ...Object.keys(answer).map((name) => name.length));
  printLines(
    Object.entries(answer).map(([name, value]) => {
      const shown = name.endsWith('_at') ? formatTimestamp(value) : formatValue(value, { type: 'list', unit: null, timeZone: 'UTC' });
      return `${context.view.paint.dim(visibleText(name).padEnd(width))}  ${shown}`;
    }),
    context,
  );
}

async function listThresholds(options: JsonOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const answer = await ask(client, { path: THRESHOLDS_PATH, query: { project_id: options.project } }, options, context);
  if (answer === undefined) return;
  const rows = recordsField(answer, 'thresholds').map((threshold) => [
    visibleText(textField(threshold, 'metric')),
    formatLimit(threshold, 'warning'),
    formatLimit(threshold, 'critical'),
    visibleText(textField(threshold, 'unit')),
    textField(threshold, 'updated_at') === '' ? 'default' : `set ${formatTimestamp(threshold['updated_at'])}`,
    visibleText(textField(threshold, 'description')),
  ]);
  const columns: readonly TableColumn[] = [
    { header: 'metric', align: 'left' },
    { header: 'warning', align: 'right' },
    { header: 'critical', align: 'right' },
    { header: 'unit', align: 'left' },
    { header: 'from (UTC)', align: 'left' },
    { header: 'description', align: 'left' },
  ];
  printLines(renderTable(columns, rows, undefined, context.view), context);
}

async function setThreshold(metric: string, options: SetOptions, context: CliContext): Promise<void> {
  const { warning, critical } = options;
  const client = await context.connect(options);
  const request: ApiRequest = {
    method: 'PUT',
    ...thresholdAddress(metric, options),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ warning, critical }),
  };
  const answer = await ask(client, request, options, context);
  if (isRecord(answer)) context.print(`${describeLimits(answer)}\n`);
}

async function resetThreshold(metric: string, options: JsonOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const answer = await ask(client, { method: 'DELETE', ...thresholdAddress(metric, options) }, options, context);
  if (isRecord(answer)) context.print(`${describeLimits(answer)}\n`);
}

function thresholdAddress(metric: string, { project }: ConnectionOptions): Pick<ApiRequest, 'path' | 'query'> {
  return { path: `${THRESHOLDS_PATH}/${encodeURIComponent(metric)}`, query: { project_id: project } };
}

function describeLimits(threshold: Fields): string {
  const metric = visibleText(textField(threshold, 'metric'));
  if (typeof threshold['warning'] !== 'number') return `${metric} has no limits now.`;
  const limits = `warning from ${formatLimit(threshold, 'warning')}, critical from ${formatLimit(threshold, 'critical')}`;
  return `${metric}: ${limits} (${visibleText(textField(threshold, 'unit'))}).`;
}

/** A limit is shown as it was set, not rounded. Microdollars are shown beside what they are in dollars. */
function formatLimit(threshold: Fields, name: 'warning' | 'critical'): string {
  const value = threshold[name];
  if (typeof value !== 'number') return NO_VALUE;
  const text = Number.isInteger(value) ? formatInteger(value) : String(value);
  if (threshold['unit'] !== 'microdollars') return text;
  return `${text} = ${formatUsd(String(value / 1_000_000))}`;
}

function formatTimestamp(value: unknown): string {
  return formatValue(value, { type: 'timestamp', unit: null, timeZone: 'UTC' });
}

/** The answer; undefined when it was printed as it is. */
async function ask(client: ApiClient, request: ApiRequest, options: JsonOptions, context: CliContext): Promise<unknown> {
  if (options.json !== true) return client.requestJson(request);
  const text = await client.requestText(request);
  context.print(text.endsWith('\n') ? text : `${text}\n`);
  return undefined;
}

function printLines(lines: readonly string[], context: CliContext): void {
  context.print(lines.map((line) => `${line}\n`).join(''));
}

function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is a number, such as 15 or 0.25.');
  return value;
}
