import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { CliEnvironment } from '../configuration.js';
import { ApiClient } from './api-client.js';
import { findServer, type ServerFlags } from './find-server.js';
import { createPaint, type Paint, type TextOutput, type View, viewOf } from './terminal.js';

/** A keyboard, or whatever is piped in. */
export interface CliInput extends Readable {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
}

/** Everything of the outside world the CLI touches, so that a test can bring its own. */
export interface CliIo {
  readonly stdin: CliInput;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** May standard output and standard error carry colour codes? */
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  readonly environment: CliEnvironment;
  /** Where a server is looked for last. @default 'http://127.0.0.1:4318' */
  readonly defaultUrl?: string;
  /** Milliseconds that only grow; for rates and time limits. */
  readonly clock: () => number;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Options every command that talks to a server has. */
export interface ConnectionOptions extends ServerFlags {
  readonly project?: string | undefined;
}

/** Shared by the commands of one invocation. */
export interface CliContext {
  readonly io: CliIo;
  /** Marks and width of standard output. */
  readonly view: View;
  /** Marks of standard error. */
  readonly errorPaint: Paint;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Writes one line to standard error, where it does not get in the way of piped output. */
  readonly say: (line: string) => void;
  /** Finds the server and tells of anything odd on the way. */
  readonly connect: (options: ServerFlags) => Promise<ApiClient>;
  /** Exit code of a command that ran to its end. */
  exitCode: number;
}

export function createContext(io: CliIo): CliContext {
  const say = (line: string): void => {
    io.stderr.write(`${line}\n`);
  };
  return {
    io,
    view: viewOf(io.stdout, io.colour.stdout),
    errorPaint: createPaint(io.colour.stderr),
    print: (text) => {
      io.stdout.write(text);
    },
    say,
    connect: async (options) => {
      const found = await findServer(options, io.environment, io.defaultUrl);
      for (const warning of found.warnings) say(`warning: ${warning}`);
      return new ApiClient(found.address);
    },
    exitCode: 0,
  };
}

/** Adds `--url`, `--key` and `--data` to a command. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('--url <url>', 'address of the server (default: the running server of the data folder)')
    .option('--key <key>', 'key to talk to the server with')
    .option('--data <dir>', "data folder whose running server is asked; the environment's address and key are not used then");
}

/** Adds `--project` and the connection options to a command. */
export function addProjectOptions(command: Command): Command {
  return addConnectionOptions(command.option('--project <id>', "project (default: the key's own, or the default project)"));
}
