import { AnalyticsError } from '@systemprompt-analytics/core';
import type { Command } from 'commander';
import { isRecord } from './api-client.js';
import { addProjectOptions, type CliContext, type ConnectionOptions } from './cli-context.js';
import { formatInteger } from './format-value.js';

interface BackfillOptions extends ConnectionOptions {
  readonly since: string;
  readonly until?: string;
}

const GROUP = 'sessions';

/** Adds `sessions backfill`, beside the reports of sessions where they were added before. */
export function addBackfillCommand(program: Command, context: CliContext): void {
  const reports = program.commands.find((command) => command.name() === GROUP);
  const sessions = reports ?? program.command(GROUP);
  sessions.description(reports === undefined ? 'sessions: backfill' : `${reports.description()}; backfill`);
  const backfill = sessions
    .command('backfill')
    .summary('compute anew where visitors came from')
    .description(
      'Compute anew where the visitors of stored sessions came from, with the databases and lists of the running server.\n\n' +
        'For when a database of places or networks was set up, or a newer version knows more browsers, referrers or channels. What cannot be told from what is stored stays as it is. It may be repeated.',
    )
    .requiredOption('--since <time>', 'sessions that started from then on: ISO 8601, or a span before --until such as 30d')
    .option('--until <time>', 'and before then (default: now)');
  addProjectOptions(backfill).action((options: BackfillOptions) => refill(options, context));
  const names = sessions.commands.map((command) => command.name()).join(', ');
  sessions.showHelpAfterError(`Commands of ${GROUP}: ${names}.`);
  // A command copies what its group had said before.
  backfill.showHelpAfterError(`Options of ${GROUP} backfill: ${backfill.options.map(({ long, flags }) => long ?? flags).join(', ')}.`);
}

/** Slice by slice, so that no request takes long; one that failed leaves those before it done. */
async function refill(options: BackfillOptions, context: CliContext): Promise<void> {
  const client = await context.connect(options);
  const until = options.until ?? new Date(Date.now()).toISOString();
  let refilled = 0;
  let changed = 0;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const body = { since: options.since, until, after: after === '' ? undefined : after };
    const answer = readSlice(await client.postJson('/v1/sessions/backfill', body, { project_id: options.project }));
    refilled += answer.refilled;
    changed += answer.changed;
    after = answer.next;
    if (after !== undefined) context.say(`${formatInteger(refilled)} sessions so far, ${formatInteger(changed)} of them changed.`);
  }
  context.print(`${formatInteger(refilled)} sessions computed anew, ${formatInteger(changed)} of them changed.\n`);
}

interface Slice {
  readonly refilled: number;
  readonly changed: number;
  readonly next: string | undefined;
}

function readSlice(answer: unknown): Slice {
  const { refilled, changed, next } = isRecord(answer) ? answer : {};
  if (typeof refilled !== 'number' || typeof changed !== 'number') {
    throw new AnalyticsError('internal', 'The answer does not count sessions; are the server and this CLI of the same version?');
  }
  return { refilled, changed, next: typeof next === 'string' ? next : undefined };
}
