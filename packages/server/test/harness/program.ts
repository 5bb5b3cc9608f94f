import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** The built command line, as the package's `bin` names it. */
export const MAIN = `${ROOT}packages/server/bin/systemprompt-analytics.js`;

/** What became of a program that has ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** @default this Node */
  readonly program?: string;
  readonly cwd?: string;
  /** Added to an environment without settings of the product or of OpenTelemetry. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program that was started by a test. */
export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves with the match as soon as what was written holds it; rejects when the program ends without it. */
  seen(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal and resolves when the program has ended. */
  stop(signal?: NodeJS.Signals): Promise<Outcome>;
}

/** Settings of the product, of OpenTelemetry, of colours, and what npm and vitest tell their children. */
const NOT_INHERITED =
  /^(?:SYSTEMPROMPT_ANALYTICS_|OTEL_|OPENAI_|ANTHROPIC_|npm_(?:package|lifecycle|config_local_prefix)|VITEST|NODE_ENV$|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$|INIT_CWD$)/;

const living = new Set<ChildProcess>();
// Also what a test that failed lost sight of. Registered first, so it runs after the hooks of the test file.
afterAll(killPrograms);
process.once('exit', killPrograms);

function killPrograms(): void {
  for (const child of living) child.kill('SIGKILL');
}

/** Starts a program; what it writes is kept. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Program {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const child = spawn(options.program ?? process.execPath, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...Object.fromEntries(inherited), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      text[stream] += part;
      for (const watch of watchers) watch();
    });
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      living.delete(child);
      resolve({ code, signal, ...text });
    });
  });
  return {
    child,
    ended,
    seen: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const match = pattern.exec(text[stream]);
          if (match === null) return;
          watchers.delete(watch);
          resolve(match);
        };
        watchers.add(watch);
        watch();
        ended.then(({ code, signal, stdout, stderr }) => {
          watchers.delete(watch);
          reject(new Error(`${args.join(' ')} ended (${signal ?? code}) without ${pattern}:\n${stdout}${stderr}`));
        }, reject);
      }),
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs a program to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  return startProgram(args, options).ended;
}

/** Runs a program that has to succeed. */
export async function runSuccessfully(args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  const outcome = await runProgram(args, options);
  if (outcome.code !== 0) throw new Error(`${args.join(' ')} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

/** The tests run what was built, so that it has to be there. */
export function requireBuild(): void {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first.`);
}
