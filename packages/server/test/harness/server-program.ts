import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN, type Outcome, type Program, type ProgramOptions, requireBuild, runProgram, startProgram } from './program.js';

/** A server in a process of its own. */
export interface ServerProgram {
  readonly program: Program;
  readonly url: string;
  readonly writeKey: string;
  /** What it printed when it was ready. */
  readonly greeting: string;
}

export interface ServeOptions extends ProgramOptions {
  /** Arguments besides folder and port. */
  readonly args?: readonly string[];
  /** The command line to run. @default that of the checkout */
  readonly main?: string;
}

/** Starts `serve` on a free port and resolves when it takes requests. */
export async function serve(folder: string, options: ServeOptions = {}): Promise<ServerProgram> {
  requireBuild();
  const program = startProgram([options.main ?? MAIN, 'serve', '--data', folder, '--port', '0', ...(options.args ?? [])], options);
  const [greeting, url = '', writeKey = ''] = await program.seen(
    'stdout',
    /listens on (http:\S+)\n[\s\S]*write key {2}(\S+)[\s\S]*costs breakdown --by model[^\n]*\n\n/,
  );
  return { program, url, writeKey, greeting };
}

/** Runs a command of the CLI beside a server, which it finds through the data folder. */
export function runCli(folder: string, args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  return runProgram([MAIN, ...args], { ...options, environment: { SYSTEMPROMPT_ANALYTICS_DATA: folder, ...options.environment } });
}

/** What a running server writes for the CLI beside it. */
export interface ServerFile {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

export function readServerFile(folder: string): ServerFile {
  return JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as ServerFile;
}

const folders: string[] = [];

/** A new empty folder; {@link removeFolders} removes it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-e2e-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
