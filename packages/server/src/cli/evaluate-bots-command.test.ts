import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliIo, createContext } from './cli-context.js';
import { addEvaluateBotsCommand } from './evaluate-bots-command.js';

const SAMPLE_LOG = fileURLToPath(new URL('../../fixtures/logs/apache-combined.log.gz', import.meta.url));
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const folder = mkdtempSync(join(tmpdir(), 'evaluate-bots-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bots evaluate` in this process. */
async function evaluate(argv: readonly string[], world: { readonly stdin?: string; readonly clockStepMs?: number } = {}): Promise<Outcome> {
  const text = { stdout: '', stderr: '' };
  let now = 0;
  const io: CliIo = {
    stdin: Readable.from(world.stdin === undefined ? [] : [Buffer.from(world.stdin)]),
    stdout: { write: (part: string) => (text.stdout += part) },
    stderr: { write: (part: string) => (text.stderr += part) },
    colour: { stdout: false, stderr: false },
    environment: { dataFolder: '/nonexistent' },
    clock: () => (now += world.clockStepMs ?? 0),
    wait: async () => undefined,
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: (part) => io.stderr.write(part) });
  const bots = program.command('bots');
  addEvaluateBotsCommand(bots, createContext(io));
  for (const command of bots.commands) command.copyInheritedSettings(program);
  await program.parseAsync(['bots', 'evaluate', ...argv], { from: 'user' });
  return text;
}

function line(ip: string, minute: number, path: string, userAgent: string, referrer = '-'): string {
  return `${ip} - - [01/Mar/2026:10:${String(minute).padStart(2, '0')}:00 +0000] "GET ${path} HTTP/1.1" 200 10 "${referrer}" "${userAgent}"`;
}

const SMALL_LOG = [
  line('192.0.2.1', 0, '/', FIREFOX),
  line('192.0.2.1', 0, '/style.css', FIREFOX, 'http://example.com/'),
  'not a line of a log',
  line('192.0.2.2', 1, '/about', FIREFOX, 'https://www.google.com/'),
  line('192.0.2.2', 1, '/style.css', FIREFOX, 'http://example.com/about'),
  ...['/robots.txt', '/a', '/b'].map((path, index) => line('192.0.2.3', 2 + index, path, 'curl/8.5.0')),
  line('192.0.2.4', 9, '/feed', 'Tiny Tiny RSS/1.11 (http://tt-rss.org/)', 'http://example.com/'),
  '',
].join('\n');
const log = join(folder, 'access.log');

beforeAll(() => {
  writeFileSync(log, SMALL_LOG);
  writeFileSync(`${log}.gz`, gzipSync(SMALL_LOG));
});

describe('bots evaluate', () => {
  it('prints what was found, for people', async () => {
    const { stdout } = await evaluate([log, '--labels', 'declared', '--rounds', '0']);
    expect(stdout).toBe(`${log}: 9 lines (combined), 1 of them unreadable and left out, 2026-03-01T10:00:00.000Z to 2026-03-01T10:09:00.000Z
4 sessions: 2 of bots, 2 of people, 0 without a label and left out
Labels: what each user agent declares
Left out: of layered the layers declared, ai_crawler, browser_age; of classic the signal outdated_browser, since they read what the labels are made of

                      classic  95 % interval  layered  95 % interval
threshold                  50                      50
bots called bots            0                       1
people called bots          0                       0
bots called people          2                       1
people called people        2                       2
precision                   -              -  100.0 %              -
recall                  0.0 %              -   50.0 %              -
false-positive rate     0.0 %              -    0.0 %              -
AUC                     0.500              -    1.000              -
`);
  });

  it('prints the same for programs', async () => {
    const { stdout } = await evaluate([log, '--labels', 'declared', '--json', '--rounds', '50', '--seed', '3']);
    expect(JSON.parse(stdout)).toEqual({
      log,
      format: 'combined',
      labels: 'declared',
      lines: 9,
      unreadable_lines: 1,
      out_of_order_lines: 0,
      first: '2026-03-01T10:00:00.000Z',
      last: '2026-03-01T10:09:00.000Z',
      sessions: 4,
      bots: 2,
      people: 2,
      unlabelled: 0,
      unused_labels: 0,
      without_layers: ['declared', 'ai_crawler', 'browser_age'],
      without_signals: ['outdated_browser'],
      rounds: 50,
      seed: 3,
      profiles: {
        classic: expect.objectContaining({
          threshold: 50,
          true_positives: 0,
          false_negatives: 2,
          true_negatives: 2,
          precision: null,
          auc: 0.5,
        }),
        layered: {
          threshold: 50,
          true_positives: 1,
          false_positives: 0,
          false_negatives: 1,
          true_negatives: 2,
          precision: 1,
          recall: 0.5,
          false_positive_rate: 0,
          auc: 1,
          intervals: { precision: [1, 1], recall: [0, 1], false_positive_rate: [0, 0], auc: [1, 1] },
        },
      },
    });
  });

  it('reads archives and standard input alike', async () => {
    const options = ['--labels', 'declared', '--json', '--rounds', '20'];
    const profilesOf = ({ stdout }: Outcome): unknown => (JSON.parse(stdout) as { profiles: unknown }).profiles;
    const plain = profilesOf(await evaluate([log, ...options]));
    expect(profilesOf(await evaluate([`${log}.gz`, ...options]))).toEqual(plain);
    expect(profilesOf(await evaluate(['-', ...options], { stdin: SMALL_LOG }))).toEqual(plain);
  });

  it('takes the labels of a file, and says which name nobody', async () => {
    const labels = join(folder, 'labels.csv');
    writeFileSync(labels, 'ip,user_agent,label\r\n192.0.2.1,,human\r\n\r\n192.0.2.3,curl/8.5.0,bot\r\n192.0.2.99,,bot\r\n');
    const { stdout } = await evaluate([log, '--labels', labels]);
    expect(stdout).toContain('4 sessions: 1 of bots, 1 of people, 2 without a label and left out\n');
    expect(stdout).toContain(`Labels: ${labels}; 1 of them name nobody in the log\n\n`);
    expect(stdout).toMatch(/^bots called bots +0 +1$/m);
  });

  it('uses the rules it is given', async () => {
    const rules = join(folder, 'rules.json');
    writeFileSync(rules, '{"layered":{"threshold":1,"without":["robots"]}}');
    const { stdout } = await evaluate([log, '--labels', 'declared', '--rules', rules]);
    expect(stdout).toContain('of layered the layers robots, declared, ai_crawler, browser_age;');
    expect(stdout).toMatch(/^people called people +2 +0$/m);
    writeFileSync(rules, '{"layered":{"midpoint":"high"}}');
    await expect(evaluate([log, '--labels', 'declared', '--rules', rules])).rejects.toThrow(
      'layered.midpoint is "high"; it must be a number',
    );
  });

  it('says what is wrong with the labels, before the log is read', async () => {
    const labels = join(folder, 'faulty.csv');
    writeFileSync(labels, 'ip,label\n192.0.2.1,spam\n');
    await expect(evaluate([log, '--labels', labels])).rejects.toThrow(`Line 2 of ${labels}: label is "spam"; allowed: bot, human.`);
    await expect(evaluate([log, '--labels', join(folder, 'none.csv')])).rejects.toThrow('no such file');
    await expect(evaluate(['-', '--labels', '-'])).rejects.toThrow('Standard input can be the log or the labels, and not both');
  });

  it('says when it is no log, or there is none', async () => {
    await expect(evaluate(['-', '--labels', 'declared'], { stdin: 'one\ntwo\n' })).rejects.toThrow(
      'None of the first 2 lines is a line of an access log.',
    );
    await expect(evaluate([join(folder, 'none.log'), '--labels', 'declared'])).rejects.toThrow('no such file');
  });

  it('evaluates an empty log as one without anybody', async () => {
    const { stdout } = await evaluate(['-', '--labels', 'declared'], { stdin: '' });
    expect(stdout).toContain('standard input: 0 lines (combined)\n0 sessions: 0 of bots, 0 of people, 0 without a label and left out\n');
    expect(stdout).toMatch(/^AUC +- +- +- +-$/m);
  });

  it.each([
    ['--rounds', '-1'],
    ['--rounds', '100001'],
    ['--seed', '1.5'],
    ['--format', 'csv'],
  ])('refuses %s %s', async (option, value) => {
    await expect(evaluate([log, '--labels', 'declared', `${option}=${value}`])).rejects.toThrow(CommanderError);
  });

  it('asks for labels', async () => {
    await expect(evaluate([log])).rejects.toThrow("required option '--labels <declared|file>' not specified");
  });

  it('tells of its progress where it takes long', async () => {
    const { stderr } = await evaluate([SAMPLE_LOG, '--labels', 'declared', '--rounds', '10'], { clockStepMs: 6000 });
    expect(stderr).toMatch(/^[\d,]+ lines, [\d,]+ lines\/s, \d+ %/m);
    expect(stderr).toMatch(/^\d+ rounds, [\d,]+ rounds\/s, \d+ %/m);
    const quick = await evaluate([log, '--labels', 'declared']);
    expect(quick.stderr).toBe('');
  });

  it('finds the bots of the sample log by what they do, better in layers than by the seven signals', async () => {
    const { stdout } = await evaluate([SAMPLE_LOG, '--labels', 'declared', '--json', '--rounds', '100']);
    const { profiles } = JSON.parse(stdout) as {
      profiles: Record<'classic' | 'layered', { auc: number; intervals: { auc: [number, number] } }>;
    };
    expect(profiles.layered.auc).toBeGreaterThanOrEqual(0.85);
    expect(profiles.layered.intervals.auc[0]).toBeGreaterThan(profiles.classic.intervals.auc[1]);
  });
});
