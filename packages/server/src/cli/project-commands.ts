import { DEFAULT_PROJECT_ID } from '@systemprompt-analytics/core';
import { type Command, Option } from 'commander';
import { isRecord, recordsField, textField } from './api-client.js';
import { addConnectionOptions, addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { formatDuration, formatValue } from './format-value.js';
import { renderTable } from './render-table.js';
import { visibleText } from './terminal.js';

const KEY_KINDS = ['write', 'secret', 'read', 'admin'] as const;

interface ListOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface NameOptions extends ConnectionOptions {
  readonly name?: string;
}

/** Adds `projects list|create`. */
export function addProjectCommands(program: Command, context: CliContext): void {
  const projects = program.command('projects').description('projects: list, create');
  addConnectionOptions(
    projects.command('list').description('list the projects').option('--json', "print the server's answer as it is"),
  ).action((options: ListOptions) =>
    printList('/v1/projects', undefined, 'projects', ['project_id', 'name', 'time_zone', 'created_at'], options, context),
  );
  addConnectionOptions(
    projects.command('create').description('create a project').argument('<id>', 'its id, as senders and reports name it'),
  )
    .option('--name <name>', 'a name for people')
    .option('--time-zone <tz>', 'IANA time zone its days and weeks start in, such as Europe/Berlin (default: UTC)')
    .action(async (id: string, options: NameOptions & { readonly timeZone?: string }) => {
      const client = await context.connect(options);
      await client.postJson('/v1/projects', { project_id: id, name: options.name, time_zone: options.timeZone });
      context.print(
        `Created project ${visibleText(id)}. Make a key for it: systemprompt-analytics keys create --kind secret --project ${visibleText(id)}\n`,
      );
    });
  projects.showHelpAfterError('Commands of projects: list, create.');
}

/** Adds `keys list|create|revoke`. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('API keys: list, create, revoke');
  const columns = ['key_id', 'project_id', 'kind', 'name', 'prefix', 'created_at', 'revoked_at'];
  addProjectOptions(keys.command('list').description('list the keys').option('--json', "print the server's answer as it is")).action(
    (options: ListOptions) => printList('/v1/keys', options.project, 'keys', columns, options, context),
  );
  const kind = new Option(
    '--kind <kind>',
    'write: send from browsers; secret: send from servers; read: reports; admin: everything',
  ).choices(KEY_KINDS);
  addProjectOptions(keys.command('create').description('create a key; it is shown once'))
    .addOption(kind.makeOptionMandatory())
    .option('--name <name>', 'a name for people')
    .action((options: NameOptions & { readonly kind: string }) => createKey(options, context));
  addConnectionOptions(keys.command('revoke').description('revoke a key').argument('<id>', 'its key_id')).action(
    async (id: string, options: ConnectionOptions) => {
      const client = await context.connect(options);
      await client.requestText({ method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}` });
      context.print(`Revoked key ${visibleText(id)}. Requests with it are refused from now on.\n`);
    },
  );
  keys.showHelpAfterError('Commands of keys: list, create, revoke.');
}

/** Adds `status`. */
export function addStatusCommand(program: Command, context: CliContext): void {
  addConnectionOptions(program.command('status').description('say which server answers, its version, store and uptime')).action(
    async (options: ConnectionOptions) => {
      const client = await context.connect(options);
      const health = await client.requestJson({ path: '/healthz' });
      const facts: (readonly [string, string])[] = [['address', client.address.url]];
      for (const [name, value] of Object.entries(isRecord(health) ? health : {})) facts.push(healthFact(name, value));
      const width = Math.max(...facts.map(([name]) => name.length));
      context.print(facts.map(([name, value]) => `${context.view.paint.dim(visibleText(name).padEnd(width))}  ${value}\n`).join(''));
    },
  );
}

/** Only standard output bears the key, so that `keys create ... > file` or a variable holds it and nothing else. */
async function createKey(options: NameOptions & { readonly kind: string }, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const project = options.project ?? DEFAULT_PROJECT_ID;
  const answer = await client.postJson('/v1/keys', { project_id: project, kind: options.kind, name: options.name });
  const created = isRecord(answer) ? answer : {};
  context.print(`${visibleText(textField(created, 'key'))}\n`);
  context.say(
    `Created ${options.kind} key ${visibleText(textField(created, 'key_id'))} for project ${visibleText(project)}. It is shown only this once: keep it now.`,
  );
}

async function printList(
  path: string,
  project: string | undefined,
  field: string,
  columns: readonly string[],
  options: ListOptions,
  context: CliContext,
): Promise<void> {
  const client = await context.connect(options);
  const request = { path, query: { project_id: project } };
  if (options.json === true) {
    const text = await client.requestText(request);
    context.print(text.endsWith('\n') ? text : `${text}\n`);
    return;
  }
  const records = recordsField(await client.requestJson(request), field);
  const rows = records.map((record) =>
    columns.map((name) => formatValue(record[name], { type: name.endsWith('_at') ? 'timestamp' : 'string', unit: null, timeZone: 'UTC' })),
  );
  const headers = columns.map((name) => ({ header: name.endsWith('_at') ? `${name} (UTC)` : name, align: 'left' as const }));
  const lines = rows.length === 0 ? [`There are no ${field}.`] : renderTable(headers, rows, undefined, context.view);
  context.print(lines.map((line) => `${line}\n`).join(''));
}

function healthFact(name: string, value: unknown): readonly [string, string] {
  if (typeof value === 'number' && name.endsWith('_seconds')) return [name.replace(/_seconds$/, ''), formatDuration(value * 1000)];
  if (typeof value === 'number' && name.endsWith('_ms')) return [name.replace(/_ms$/, ''), formatDuration(value)];
  return [name, formatValue(value, { type: 'list', unit: null, timeZone: 'UTC' })];
}
