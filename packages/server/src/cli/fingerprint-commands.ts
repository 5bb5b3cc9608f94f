import { AnalyticsError } from '@systemprompt-analytics/core';
import { type Command, Option } from 'commander';
import { isRecord, recordsField, textField } from './api-client.js';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { formatValue } from './format-value.js';
import { renderRecord } from './render-record.js';
import { renderTable, type TableColumn } from './render-table.js';
import type { AnswerColumn } from './report-answer.js';
import { visibleText } from './terminal.js';

interface JsonOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface ListOptions extends JsonOptions {
  readonly limit?: string;
  readonly sortBy?: string;
  readonly highRisk?: boolean;
}

interface FlagOptions extends JsonOptions {
  readonly note?: string;
}

/** As `GET /v1/fingerprints` takes them. */
const SORTS = [
  'last_seen',
  'first_seen',
  'total_requests',
  'total_sessions',
  'peak_requests_per_minute',
  'abuse_incidents',
  'reputation_score',
] as const;

/** Fields of the answer with the kind of their values, in the order they are shown in. */
const COLUMNS: readonly AnswerColumn[] = [
  ['fingerprint', 'string'],
  ['first_seen_at', 'timestamp'],
  ['last_seen_at', 'timestamp'],
  ['total_sessions', 'integer'],
  ['active_sessions', 'integer'],
  ['total_requests', 'integer'],
  ['requests_last_hour', 'integer'],
  ['peak_requests_per_minute', 'integer'],
  ['sustained_high_velocity_minutes', 'integer'],
  ['reputation_score', 'number'],
  ['abuse_incidents', 'integer'],
  ['is_high_risk', 'boolean'],
  ['is_flagged', 'boolean'],
  ['flag_reason', 'string'],
  ['flag_note', 'string'],
  ['flagged_at', 'timestamp'],
  ['last_incident_at', 'timestamp'],
  ['last_ip', 'string'],
  ['last_user_agent', 'string'],
  ['associated_user_ids', 'list'],
].map(([name = '', type = '']) => ({ name, type, unit: null }));

/** What fits on a line and tells who has to be looked at. */
const LISTED = [
  'fingerprint',
  'last_seen_at',
  'total_sessions',
  'total_requests',
  'requests_last_hour',
  'peak_requests_per_minute',
  'reputation_score',
  'abuse_incidents',
  'is_high_risk',
  'flag_reason',
];
const NUMBERS = new Set(['integer', 'number']);

/** Adds `fingerprints list|show|flag|clear`. */
export function addFingerprintCommands(program: Command, context: CliContext): void {
  const fingerprints = program.command('fingerprints').description('reputation of visitors: list, show, flag, clear');
  const named = (name: string, description: string): Command =>
    addProjectOptions(
      fingerprints
        .command(name)
        .description(description)
        .argument('<fingerprint>', 'the fingerprint, as list shows it')
        .option('--json', "print the server's answer as it is"),
    );
  addProjectOptions(fingerprints.command('list').description('list visitors with their reputation'))
    .addOption(new Option('--sort-by <column>', 'what comes first: the latest, the most, or the lowest score').choices(SORTS))
    .option('--limit <number>', 'visitors at most (default: 50)')
    .option('--high-risk', 'only visitors that are flagged, of low score or often abusive')
    .option('--json', "print the server's answer as it is")
    .action((options: ListOptions) => printList(options, context));
  named('show', 'show all that is known of a visitor').action((fingerprint: string, options: JsonOptions) =>
    printOne({ path: pathOf(fingerprint) }, options, context),
  );
  named('flag', 'flag a visitor as a high risk')
    .option('--note <text>', 'what there is against it')
    .action((fingerprint: string, options: FlagOptions) =>
      printOne({ path: `${pathOf(fingerprint)}/flag`, body: options.note === undefined ? {} : { note: options.note } }, options, context),
    );
  named('clear', 'take a flag back, and what is held against the visitor').action((fingerprint: string, options: JsonOptions) =>
    printOne({ path: `${pathOf(fingerprint)}/clear`, body: {} }, options, context),
  );
  fingerprints.showHelpAfterError('Commands of fingerprints: list, show, flag, clear.');
}

function pathOf(fingerprint: string): string {
  if (fingerprint === '') throw new AnalyticsError('missing_field', 'The fingerprint is empty.', { path: 'fingerprint' });
  return `/v1/fingerprints/${encodeURIComponent(fingerprint)}`;
}

async function printList(options: ListOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const request = {
    path: '/v1/fingerprints',
    query: {
      project_id: options.project,
      sort_by: options.sortBy,
      limit: options.limit,
      high_risk: options.highRisk === true ? 'true' : undefined,
    },
  };
  if (options.json === true) {
    printText(await client.requestText(request), context);
    return;
  }
  const records = recordsField(await client.requestJson(request), 'fingerprints');
  if (records.length === 0) {
    context.print(options.highRisk === true ? 'There are no visitors of high risk.\n' : 'There are no fingerprints.\n');
    return;
  }
  const columns = COLUMNS.filter(({ name }) => LISTED.includes(name));
  const headers = columns.map(({ name, type }): TableColumn => {
    const header = type === 'timestamp' ? `${name} (UTC)` : name;
    return { header, align: NUMBERS.has(type) ? 'right' : 'left' };
  });
  const rows = records.map((record) => columns.map(({ name, type }) => formatValue(record[name], { type, unit: null, timeZone: 'UTC' })));
  context.print(renderTable(headers, rows, undefined, context.view).map(lineOf).join(''));
}

interface OneRequest {
  readonly path: string;
  /** Makes it a POST. */
  readonly body?: Readonly<Record<string, unknown>>;
}

async function printOne({ path, body }: OneRequest, options: JsonOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const query = { project_id: options.project };
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const request = { method: body === undefined ? ('GET' as const) : ('POST' as const), path, query, ...sent };
  if (options.json === true) {
    printText(await client.requestText(request), context);
    return;
  }
  const answer = await client.requestJson(request);
  if (!isRecord(answer) || textField(answer, 'fingerprint') === '') {
    throw new AnalyticsError(
      'internal',
      `The answer of ${visibleText(path)} is no reputation; are the server and this CLI of the same version?`,
    );
  }
  context.print(renderRecord(COLUMNS, answer, 'UTC', context.view).map(lineOf).join(''));
}

function printText(text: string, context: CliContext): void {
  context.print(text.endsWith('\n') ? text : `${text}\n`);
}

function lineOf(line: string): string {
  return `${line}\n`;
}
