import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LIVE_SESSIONS = fileURLToPath(new URL('./live-sessions.mjs', import.meta.url));
// So few that the limiter never has more keys than it keeps: a minute of the traffic that a million sessions make has fewer.
const REQUESTS = 15_000;
const MICROSECONDS_MAX = 5;

/** Scoring and deciding for a request of a live session, and what live sessions take in memory. */
export function benchLive({ sessions, say }) {
  const rows = [];
  for (const [profile, count] of [
    ['classic', sessions],
    ['layered', sessions],
    ['classic', 10 * sessions],
  ]) {
    say(`${profile} profile, ${count} live sessions`);
    const { bytes, ...micros } = measure(count, profile);
    rows.push({
      what: `scoring and decision, ${profile} profile, ${count} live sessions, page views with two assets`,
      measured: microseconds(micros.bothWithAssetsMicroseconds),
      beside: `the limiter alone ${microseconds(micros.limiterAloneMicroseconds)}`,
      ratio: micros.bothWithAssetsMicroseconds / micros.limiterAloneMicroseconds,
      target: `<= ${MICROSECONDS_MAX} us a request`,
      detail: '',
    });
    rows.push({
      what: 'the same, page views only',
      measured: microseconds(micros.bothMicroseconds),
      beside: `the limiter alone ${microseconds(micros.limiterAloneMicroseconds)}`,
      ratio: micros.bothMicroseconds / micros.limiterAloneMicroseconds,
      target: `<= ${MICROSECONDS_MAX} us a request`,
      detail: `scoring ${microseconds(micros.scoringMicroseconds)}, decision ${microseconds(micros.decisionMicroseconds)}`,
    });
    // Of few sessions what a process has once would count as theirs.
    if (count === sessions) continue;
    rows.push({
      what: `${count} live sessions of five pages`,
      measured: `${(bytes / 2 ** 20).toFixed(0)} MiB`,
      beside: '',
      ratio: null,
      target: `<= ${((count / 1_000_000) * 1024).toFixed(0)} MiB`,
      detail: `${(bytes / count).toFixed(0)} bytes a session, with its visitor, client and counters`,
    });
  }
  return rows;
}

function measure(sessions, profile) {
  const args = ['--expose-gc', '--max-old-space-size=6000', LIVE_SESSIONS, String(sessions), String(REQUESTS), profile];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`live-sessions.mjs ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

function microseconds(value) {
  return `${value.toFixed(1)} us`;
}
