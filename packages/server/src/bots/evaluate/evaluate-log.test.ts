import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseAccessLogLine } from '@systemprompt-analytics/core';
import { afterAll, describe, expect, it } from 'vitest';
import { type LogEvaluation, LogEvaluator, type LogEvaluatorOptions } from './evaluate-log.js';
import { readLabels } from './read-labels.js';
import { DECLARED_LABELS } from './session-labels.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const OLD_FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:40.0) Gecko/20100101 Firefox/40.0';
const CURL = 'curl/8.5.0';

const folder = mkdtempSync(join(tmpdir(), 'evaluate-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS: LogEvaluatorOptions = {
  labels: DECLARED_LABELS,
  rulesFile: '',
  asnDatabase: '',
  contentPatterns: {},
  sessionGapMs: 30 * 60_000,
  site: 'http://example.com',
};

async function evaluate(lines: readonly string[], options: Partial<LogEvaluatorOptions> = {}, rounds = 0): Promise<LogEvaluation> {
  const evaluator = await LogEvaluator.open({ ...OPTIONS, ...options });
  for (const line of lines) {
    const outcome = parseAccessLogLine(line, 'combined');
    if (outcome.ok) evaluator.add(outcome.entry);
  }
  return evaluator.finish({ rounds, seed: 1 });
}

function line(ip: string, minute: number, request: string, status: number, userAgent: string, referrer = '-'): string {
  const time = `01/Mar/2026:${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00 +0000`;
  return `${ip} - - [${time}] "${request} HTTP/1.1" ${status} 10 "${referrer}" "${userAgent}"`;
}

/** Two people who read, a program that says so, one that probes behind a browser's name, and a browser that is not told from others. */
const SMALL_LOG = [
  ...['192.0.2.1', '192.0.2.2'].flatMap((ip) => [
    line(ip, 0, 'GET /', 200, FIREFOX),
    line(ip, 0, 'GET /style.css', 200, FIREFOX, 'http://example.com/'),
    line(ip, 2, 'GET /about', 200, FIREFOX, 'http://example.com/'),
  ]),
  ...['/robots.txt', '/e', '/b', '/d'].map((path, minute) => line('192.0.2.3', minute, `GET ${path}`, 200, CURL)),
  line('192.0.2.4', 9, 'GET /.env', 404, OLD_FIREFOX),
  line('192.0.2.5', 9, 'GET /', 200, 'ELinks (0.4.3; NetBSD sparc64; 141x19)'),
];

describe('an evaluation of a log', () => {
  it('takes clients at their word, without what reads their word', async () => {
    const found = await evaluate(SMALL_LOG);
    expect(found).toMatchObject({ sessions: 5, bots: 1, people: 3, unlabelled: 1, unusedLabels: 0, outOfOrder: 0, unreadable: 0 });
    expect([found.firstMs, found.lastMs]).toEqual([Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 1, 0, 9)]);
    expect(found.withoutLayers).toEqual(['declared', 'ai_crawler', 'browser_age']);
    expect(found.withoutSignals).toEqual(['outdated_browser']);
    // The program is found by what it does; the scanner counts as a person here, and is the one who is called a bot.
    expect(found.layered.confusion).toEqual({ truePositives: 1, falsePositives: 1, falseNegatives: 0, trueNegatives: 2 });
    // Four requests are not enough for the seven signals.
    expect(found.classic.confusion).toEqual({ truePositives: 0, falsePositives: 0, falseNegatives: 1, trueNegatives: 3 });
  });

  it('takes the word of a person, and all layers then', async () => {
    const rows = ['ip,label', '192.0.2.1,human', '192.0.2.2,human', '192.0.2.3,bot', '192.0.2.4,bot', '192.0.2.77,bot'];
    const labels = readLabels(
      rows.map((text, index) => ({ number: index + 1, text })),
      'labels.csv',
    );
    const found = await evaluate(SMALL_LOG, { labels });
    expect(found).toMatchObject({ sessions: 5, bots: 2, people: 2, unlabelled: 1, unusedLabels: 1, withoutLayers: [], withoutSignals: [] });
    expect(found.layered.confusion).toEqual({ truePositives: 2, falsePositives: 0, falseNegatives: 0, trueNegatives: 2 });
    expect(found.layered.auc).toBe(1);
    // Only the outdated browser tells the classic profile anything: one of two bots is ahead, the other is equal.
    expect(found.classic.auc).toBe(0.75);
  });

  it('uses the rules of a file, and its networks', async () => {
    const rulesFile = join(folder, 'rules.json');
    writeFileSync(rulesFile, JSON.stringify({ classic: { threshold: 5 }, layered: { threshold: 99.9, without: ['scanner'] } }));
    const strict = await evaluate(SMALL_LOG, { rulesFile });
    expect([strict.classic.threshold, strict.layered.threshold]).toEqual([5, 99.9]);
    expect(strict.withoutLayers).toEqual(['scanner', 'declared', 'ai_crawler', 'browser_age']);
    expect(strict.layered.confusion).toMatchObject({ truePositives: 0, falsePositives: 0 });

    const asnDatabase = join(folder, 'asn.csv');
    writeFileSync(asnDatabase, '192.0.2.5,192.0.2.5,24940,Hetzner Online GmbH\n');
    const byLabel = (asn: string) =>
      evaluate([line('192.0.2.5', 0, 'GET /feed', 200, FIREFOX)], { asnDatabase: asn }).then(
        ({ layered }) => layered.confusion.falsePositives,
      );
    expect(await byLabel(asnDatabase)).toBe(1);
    writeFileSync(join(folder, 'other.csv'), '192.0.2.5,192.0.2.5,64500,Example Broadband\n');
    expect(await byLabel(join(folder, 'other.csv'))).toBe(0);
  });

  it('refuses rules that are none before anything is read', async () => {
    const rulesFile = join(folder, 'faulty.json');
    writeFileSync(rulesFile, '{"layered":{"threshold":0}}');
    await expect(LogEvaluator.open({ ...OPTIONS, rulesFile })).rejects.toThrow(
      'layered.threshold is 0; it must be a number from 0.001 to 100.',
    );
  });

  it('says null of a log without requests', async () => {
    const found = await evaluate([], {}, 10);
    expect(found).toMatchObject({ sessions: 0, bots: 0, people: 0, firstMs: undefined, lastMs: undefined });
    for (const { precision, recall, falsePositiveRate, auc, intervals } of [found.classic, found.layered]) {
      expect([precision, recall, falsePositiveRate, auc, intervals.auc]).toEqual([null, null, null, null, null]);
    }
  });
});

describe('the sample log', () => {
  const lines = gunzipSync(readFileSync(new URL('../../../fixtures/logs/apache-combined.log.gz', import.meta.url)))
    .toString('utf8')
    .split('\n');

  it('has bots that the layered profile tells from people, better than the classic one', async () => {
    const found = await evaluate(lines, {}, 200);
    expect([found.sessions, found.bots + found.people + found.unlabelled]).toEqual([3224, 3224]);
    const [layered, classic] = [found.layered.auc ?? 0, found.classic.auc ?? 1];
    expect(layered).toBeGreaterThanOrEqual(0.85);
    expect(layered).toBeGreaterThan(classic + 0.15);
    const [lower, upper] = found.layered.intervals.auc ?? [1, 0];
    expect(lower).toBeGreaterThan(found.classic.intervals.auc?.[1] ?? 1);
    expect(lower).toBeLessThan(layered);
    expect(upper).toBeGreaterThan(layered);
    // Nearly all of them are programs that pose as a browser: their label is wrong, not the verdict.
    expect(found.layered.falsePositiveRate).toBeLessThan(0.07);
    expect(found.classic.falsePositiveRate).toBeLessThan(0.01);
  });
});
