import type { Command } from 'commander';

/** Adds `serve`, which starts the server. */
export function registerServe(program: Command): void {
  program.command('serve').description('start the server');
}
