import { AnalyticsError, ERROR_CODES } from '@systemprompt-analytics/core';
import { CommanderError } from 'commander';
import { ServerProblem } from './api-client.js';
import type { CliContext } from './cli-context.js';
import { visibleText } from './terminal.js';

/** Exit codes of the CLI. */
export const EXIT = {
  done: 0,
  /** The server refused, or something failed on the way. */
  failed: 1,
  /** The command line names something that does not exist or is not allowed. */
  usage: 2,
  /** An import went through, but the server rejected some lines. */
  rejectedLines: 3,
} as const;

/** Tells a person what went wrong and answers the exit code: the one place where the CLI translates failures. */
export function printFailure(error: unknown, context: CliContext): number {
  // Commander has printed its message already; asking for help or the version is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  for (const line of failureLines(error)) {
    const [label = '', text = ''] = line;
    context.say(`${label === 'error' ? context.errorPaint.red('error:') : context.errorPaint.dim(`${label}:`)} ${visibleText(text)}`);
  }
  return codeOf(error) === 'invalid_parameter' ? EXIT.usage : EXIT.failed;
}

function codeOf(error: unknown): string {
  if (error instanceof ServerProblem) return error.problem.code;
  return error instanceof AnalyticsError ? error.code : '';
}

/** What is said about a failure, as label and text. */
export function failureLines(error: unknown): (readonly [label: string, text: string])[] {
  if (error instanceof ServerProblem) {
    const { code, help, path } = error.problem;
    return labelled(error.message, path, code, help);
  }
  if (error instanceof AnalyticsError) {
    const { title, help } = ERROR_CODES[error.code];
    return labelled(`${title}: ${error.message}`, error.path ?? '', error.code, help);
  }
  return labelled(error instanceof Error ? error.message : String(error), '', '', '');
}

function labelled(message: string, path: string, code: string, help: string): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [
    ['error', message],
    ['path', path],
    ['code', code],
    ['help', help],
  ];
  return lines.filter(([, text]) => text !== '');
}
