import { AnalyticsError } from '@systemprompt-analytics/core';
import type { Command } from 'commander';
import { isRecord } from './api-client.js';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { formatInteger } from './format-value.js';

interface EraseOptions extends ConnectionOptions {
  readonly user?: string;
  readonly visitor?: string;
  readonly session?: string;
  readonly yes?: boolean;
}

/** Adds `privacy erase`. */
export function addPrivacyCommands(program: Command, context: CliContext): void {
  const privacy = program.command('privacy').description('privacy: erase');
  addProjectOptions(
    privacy
      .command('erase')
      .description('erase everything stored of a user, a visitor or a session')
      .option('--user <id>', 'its user id')
      .option('--visitor <id>', 'its fingerprint or visitor id')
      .option('--session <id>', 'its session id')
      .option('--yes', 'do it; without this flag nothing is erased'),
  ).action((options: EraseOptions) => erase(options, context));
  privacy.showHelpAfterError('Commands of privacy: erase.');
}

async function erase(options: EraseOptions, context: CliContext): Promise<void> {
  const subjects = { user_id: options.user, visitor_id: options.visitor, session_id: options.session };
  const given = Object.entries(subjects).filter(([, value]) => value !== undefined);
  if (given.length !== 1) throw new AnalyticsError('invalid_parameter', 'Give exactly one of --user, --visitor and --session.');
  if (options.yes !== true) {
    throw new AnalyticsError('invalid_parameter', 'Erasing cannot be taken back; say --yes as well.');
  }
  const client = await context.connect(options);
  const answer = await client.postJson('/v1/erase', Object.fromEntries(given), { project_id: options.project });
  const rows = isRecord(answer) && isRecord(answer['erased_rows']) ? Object.entries(answer['erased_rows']) : [];
  const erased = rows.filter(([, count]) => typeof count === 'number' && count > 0);
  if (erased.length === 0) context.print('There was nothing to erase.\n');
  for (const [table, count] of erased) context.print(`${table}: ${formatInteger(Number(count))} ${count === 1 ? 'row' : 'rows'} erased\n`);
}
