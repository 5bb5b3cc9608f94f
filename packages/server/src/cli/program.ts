import { Command } from 'commander';
import { readProductVersion } from '../product-version.js';
import { addAnomalyCommands } from './anomaly-commands.js';
import { addBackfillCommand } from './backfill-command.js';
import { addBotCommands } from './bot-commands.js';
import { type CliIo, createContext } from './cli-context.js';
import { addFingerprintCommands } from './fingerprint-commands.js';
import { addImportCommand } from './import-command.js';
import { printFailure } from './print-failure.js';
import { addPrivacyCommands } from './privacy-commands.js';
import { addKeyCommands, addProjectCommands, addStatusCommand } from './project-commands.js';
import { addReportCommands, type ReportDescription } from './report-command.js';
import { addServeCommand } from './serve-command.js';

/** Runs one command line (without the program's own name) and answers the exit code. */
export async function runProgram(argv: readonly string[], io: CliIo, reports: readonly ReportDescription[]): Promise<number> {
  const context = createContext(io);
  const program = new Command('systemprompt-analytics')
    .description('Who came, what every agent, tool and model did, and what each cost, exactly.')
    .version(readProductVersion(), '-v, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns || 100,
      getErrHelpWidth: () => io.stderr.columns || 100,
      getOutHasColors: () => io.colour.stdout,
      getErrHasColors: () => io.colour.stderr,
    });
  addServeCommand(program, context);
  addStatusCommand(program, context);
  addReportCommands(program, reports, context);
  addBackfillCommand(program, context);
  addImportCommand(program, context);
  addProjectCommands(program, context);
  addKeyCommands(program, context);
  addBotCommands(program, context);
  addFingerprintCommands(program, context);
  addAnomalyCommands(program, context);
  addPrivacyCommands(program, context);
  // Set last: commands copy it when they are added, and the list fits the program only.
  program.showHelpAfterError(`Commands: ${program.commands.map((command) => command.name()).join(', ')}.`);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return printFailure(error, context);
  }
}
