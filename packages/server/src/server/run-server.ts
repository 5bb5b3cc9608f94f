import type { ServerConfiguration } from '../configuration.js';
import { loadDemoProject } from './demo-project.js';
import { greet } from './greeting.js';
import { startServer } from './start-server.js';

export interface RunOptions {
  /** Loads made-up data into a project of its own. */
  readonly demo: boolean;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Writes a line for people to standard error. */
  readonly say: (line: string) => void;
}

/** Starts the server, says where it is, and resolves when a signal has ended it and everything is stored. */
export async function runServer(configuration: ServerConfiguration, options: RunOptions): Promise<void> {
  const server = await startServer(configuration);
  const demoProject = options.demo ? await loadDemoProject(server.product, options.say) : undefined;
  options.print(greet(server, { demoProject }));
  const signal = await nextSignal();
  options.say(`Stopping (${signal}): storing what has arrived.`);
  await server.close();
  options.say('Stopped.');
}

/** The first signal ends the server in order, a second one at once. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}
