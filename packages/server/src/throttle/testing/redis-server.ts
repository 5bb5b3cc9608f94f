import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis server of a test's own. */
export interface TestRedis {
  readonly url: string;
  /** Stops it, as when it goes away; what it knew is gone. */
  stop(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

const PROGRAM = 'redis-server';
const START_MS_MAX = 20_000;

/**
 * Starts Debian's redis-server on a free port of the loopback address, with a folder of its own and nothing kept on disk. Where
 * it is not installed it is installed, as root; else this fails: a test that needs Redis says so and is not left out.
 */
export async function startRedisServer(): Promise<TestRedis> {
  ensureInstalled();
  const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-redis-'));
  const port = await findFreePort();
  let running = await run(port, folder);
  const stop = async (): Promise<void> => {
    if (running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    stop,
    start: async () => {
      running = await run(port, folder);
    },
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(port: number, folder: string): Promise<ChildProcess> {
  const child = spawn(
    PROGRAM,
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${PROGRAM} on port ${port} ${why}:\n${output}`));
    const timeout = setTimeout(() => fail(`was not ready after ${START_MS_MAX} ms`), START_MS_MAX);
    const read = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (!output.includes('Ready to accept connections')) return;
      clearTimeout(timeout);
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`ended with ${String(code)}`));
  });
  child.removeAllListeners('exit');
  return child;
}

function ensureInstalled(): void {
  if (isInstalled()) return;
  if (process.getuid?.() !== 0) throw new Error(`${PROGRAM} is not installed; install it with: apt-get install -y redis-server`);
  // Debian starts what it installs; a test wants no second server beside its own.
  const settings = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  execFileSync('env', [...settings, 'apt-get', 'install', '-y', '--no-install-recommends', PROGRAM], { stdio: 'pipe' });
  if (!isInstalled()) throw new Error(`${PROGRAM} is not there after its installation.`);
}

function isInstalled(): boolean {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
