import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../packages/server/bin/systemprompt-analytics.js', import.meta.url));
const BARE_SERVER = fileURLToPath(new URL('./bare-server.mjs', import.meta.url));

/** A folder that is removed when the callback is done. */
export async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The product on a data folder, as a process of its own. */
export async function withProduct(folder, work) {
  const start = performance.now();
  const child = spawn(process.execPath, [CLI, 'serve', '--data', folder, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = await firstOutput(child, 'listens on');
  const readyMs = performance.now() - start;
  const url = /http:\S+/.exec(output)[0];
  const { token } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
  try {
    return await work({ url, token, readyMs, residentMiB: () => residentMiB(child.pid), kill: () => child.kill('SIGKILL') });
  } finally {
    await end(child);
  }
}

/** A Fastify server with one route that parses what it gets and answers, as a process of its own. */
export async function withBareServer(work) {
  const child = spawn(process.execPath, [BARE_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = await firstOutput(child, 'http:');
  try {
    return await work({ url: output.trim() });
  } finally {
    await end(child);
  }
}

function firstOutput(child, marker) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
      if (text.includes(marker)) resolve(text);
    });
    child.on('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}

function end(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.removeAllListeners('exit');
    child.on('exit', resolve);
    child.kill('SIGTERM');
  });
}

/** Resident memory, which Linux tells in `/proc`; null elsewhere. */
function residentMiB(pid) {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024);
  } catch {
    return null;
  }
}
