import type { Command } from 'commander';
import { readConfiguration } from '../configuration.js';
import type { CliContext } from './cli-context.js';

interface ServeOptions {
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly demo?: boolean;
}

/** Adds `serve`, which starts the server and runs until it is told to stop. */
export function addServeCommand(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('start the server')
    .option('--data <dir>', 'folder of the embedded store (default: ./data)')
    .option('--host <address>', 'address to listen on; any other than loopback needs keys (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for a free one (default: 4318)')
    .option('--demo', 'also load made-up data into a project of its own')
    .action(async (options: ServeOptions) => {
      const configuration = readConfiguration(options);
      // Here, not above: the engine's library is large, and no other command needs it.
      const { runServer } = await import('../server/run-server.js');
      await runServer(configuration, {
        demo: options.demo === true,
        print: context.print,
        say: context.say,
      });
    });
}
