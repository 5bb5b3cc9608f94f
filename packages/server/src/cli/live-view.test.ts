import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LoopbackServer, startLoopbackServer, type TestAnswer } from './testing/loopback-server.js';
import { BREAKDOWN_ANSWER, runCli } from './testing/run-cli.js';

let server: LoopbackServer;
let answers: TestAnswer[];
beforeEach(async () => {
  answers = [];
  server = await startLoopbackServer(() => answers.shift() ?? { body: BREAKDOWN_ANSWER });
});
afterEach(() => server.close());

/** A keyboard that remembers its mode. */
function keyboard() {
  const modes: boolean[] = [];
  return Object.assign(new PassThrough(), { isTTY: true, modes, setRawMode: (raw: boolean) => modes.push(raw) });
}

/** Watches until the given refresh, then presses the key; `wait` yields once so that the key is delivered. */
async function watch(key: string, refreshes: number, rows = 24) {
  const stdin = keyboard();
  const onWait = (count: number): void => {
    if (count === refreshes) stdin.emit('data', Buffer.from(key));
  };
  const argv = ['sessions', 'live', '--interval', '1', '--url', server.url];
  const outcome = await runCli(argv, { stdin, onWait, terminal: { columns: 80, rows } });
  return { ...outcome, modes: stdin.modes, frames: outcome.stdout.split('\u001b[H').slice(1) };
}

it.each(['q', 'Q', '\u0003'])('refreshes in place until %j and leaves the terminal as it was', async (key) => {
  const { code, frames, modes, waits, stdout } = await watch(key, 3);
  expect(code).toBe(0);
  expect(frames).toHaveLength(3);
  expect(waits).toEqual([1000, 1000, 1000]);
  expect(frames[0]).toContain('small        12      $1.5\u001b[K\n');
  expect(frames[0]).toContain('refreshed every 1 s · q quits');
  expect(modes).toEqual([true, false]);
  expect(stdout.endsWith('\u001b[?25h')).toBe(true);
});

it('shows a failure below the last view and goes on', async () => {
  answers = [{}, { status: 500, body: { title: 'The server failed', detail: 'disk' } }];
  answers[0] = { body: BREAKDOWN_ANSWER };
  const { code, frames } = await watch('q', 3);
  expect(code).toBe(0);
  expect(frames[1]).toContain('small');
  expect(frames[1]).toContain('The server failed: disk Trying again; q quits.');
  expect(frames[2]).not.toContain('failed');
});

it('fails when the first answer is a failure', async () => {
  answers = [{ status: 401, body: { title: 'A key is needed', code: 'unauthorized' } }];
  const { code, frames, stderr } = await watch('q', 1);
  expect([code, frames.length]).toEqual([1, 0]);
  expect(stderr).toContain('unauthorized');
});

it('never scrolls the screen', async () => {
  const rows = Array.from({ length: 50 }, (_, index) => ({ model: `m${index}`, requests: 1, cost_usd: '1' }));
  answers = [{ body: { ...BREAKDOWN_ANSWER, rows } }];
  const { frames } = await watch('q', 1, 12);
  expect(frames[0]?.split('\n').length).toBeLessThanOrEqual(12);
  expect(frames[0]).toContain('more lines');
  expect(frames[0]).toContain('q quits');
});
