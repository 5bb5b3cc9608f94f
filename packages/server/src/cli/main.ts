import { setTimeout as delay } from 'node:timers/promises';
import { type CliEnvironment, readCliEnvironment } from '../configuration.js';
import { describeReport, REPORTS } from '../reports/registry.js';
import type { CliIo } from './cli-context.js';
import { runProgram } from './program.js';
import { type ColourFacts, supportsColour } from './terminal.js';

/**
 * Runs the CLI with the arguments after the program's name.
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 an import with rejected lines
 */
export async function run(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  return runProgram(
    argv,
    io,
    REPORTS.map((report) => describeReport(report)),
  );
}

/** This process's own streams, clock and environment. */
function processIo(): CliIo {
  const { stdin, stdout, stderr } = process;
  const environment: CliEnvironment & Omit<ColourFacts, 'isTTY'> = readCliEnvironment();
  const colour = (output: { readonly isTTY?: boolean; hasColors(): boolean }): boolean =>
    supportsColour({
      isTTY: output.isTTY === true && output.hasColors(),
      noColor: environment.noColor,
      forceColor: environment.forceColor,
    });
  return {
    stdin,
    stdout,
    stderr,
    colour: { stdout: colour(stdout), stderr: colour(stderr) },
    environment,
    clock: () => performance.now(),
    wait: async (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
  };
}

/** Runs the CLI as this process's program, with its arguments, streams and exit code. */
export async function start(): Promise<void> {
  // `... | head` closes the pipe early; that is no failure of this program.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  // Set, not exited: what is written to a pipe must still arrive.
  const code = await run(process.argv.slice(2));
  if (code !== 0) process.exitCode = code;
}
