import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliOutcome, runCli } from '../testing/run-cli.js';
import { type LogServer, logLine, pathsOf, startLogServer } from './testing/log-server.js';
import { type LogNaming, RotatingLog } from './testing/rotating-log.js';

let server: LogServer;
let folder: string;
let log: RotatingLog;
let dataFolder: string;
beforeEach(async () => {
  server = await startLogServer();
  folder = await mkdtemp(join(tmpdir(), 'follow-log-'));
  log = new RotatingLog(join(folder, 'access.log'));
  dataFolder = join(folder, 'data');
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const GIVEN = ['--site', 'https://example.com', '--format', 'combined'];
const run = (argv: readonly string[], onWait?: (count: number) => void): Promise<CliOutcome> =>
  runCli(['import', 'access-log', log.path, ...argv, '--url', server.url], {
    environment: { dataFolder: dataFolder },
    ...(onWait === undefined ? {} : { onWait }),
  });

/** Follows the log; each step happens between two looks at it, and after the last one Ctrl-C is pressed. */
const follow = (steps: readonly (() => void)[], argv: readonly string[] = GIVEN): Promise<CliOutcome> =>
  run(['--follow', ...argv], (count) => {
    const step = steps[count - 1];
    if (step === undefined) process.emit('SIGINT', 'SIGINT');
    else step();
  });

/** How far imports came, as their files say: a process that is killed leaves them as they were. */
type States = ReadonlyMap<string, Buffer>;
function readStates(): States {
  const imports = join(dataFolder, 'imports');
  return new Map(existsSync(imports) ? readdirSync(imports).map((name) => [join(imports, name), readFileSync(join(imports, name))]) : []);
}
function writeStates(states: States): void {
  rmSync(dataFolder, { recursive: true, force: true });
  mkdirSync(join(dataFolder, 'imports'), { recursive: true });
  for (const [path, bytes] of states) writeFileSync(path, bytes);
}
const nothing = (): void => undefined;

describe('--follow', () => {
  it('sends what is appended, line by whole line, and ends on Ctrl-C', async () => {
    log.append();
    const outcome = await follow([() => log.begin(), nothing, () => log.finish(), () => log.append(), () => log.repeat()]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('4 accepted, 0 duplicates, 0 rejected') });
    expect(outcome.stderr).toBe(`Following ${log.path}; Ctrl-C ends.\n`);
    expect(pathsOf(server.events)).toEqual(log.written);
    expect(new Set(outcome.waits)).toEqual(new Set([500]));
  });

  it('waits for the first line to know format and site', async () => {
    const outcome = await follow([nothing, () => log.append(), nothing], []);
    expect(outcome.stderr).toContain('Reading the lines as combined');
    expect(server.events).toHaveLength(1);
  });

  it('reads a renamed log to its end, also what is written to it late', async () => {
    log.append();
    const late = logLine(500, '/late');
    const steps = [
      () => log.append(),
      () => {
        log.append();
        log.rename();
      },
      () => appendFileSync(`${log.path}.1`, late.slice(0, 50)),
      () => log.append(),
      () => appendFileSync(`${log.path}.1`, late.slice(50)),
    ];
    const outcome = await follow(steps);
    expect(outcome.stderr).toContain(`${log.path} was rotated; reading the new file.`);
    expect(pathsOf(server.events)).toEqual([...log.written, '/late']);
  });

  it('leaves a renamed log when nothing was written to it for half a minute, its last line included', async () => {
    log.append();
    const rename = (): void => {
      log.rename();
      appendFileSync(`${log.path}.1`, logLine(500, '/last').trimEnd());
    };
    await follow([rename, ...new Array<() => void>(60).fill(nothing), () => appendFileSync(`${log.path}.1`, logLine(501, '/too-late'))]);
    expect(pathsOf(server.events)).toEqual(['/p1', '/last']);
  });

  it('waits while there is no file, between renaming and creating', async () => {
    log.append();
    const away = `${log.path}.1`;
    await follow([() => renameSync(log.path, away), nothing, () => writeFileSync(log.path, logLine(9, '/new')), nothing]);
    expect(pathsOf(server.events)).toEqual(['/p1', '/new']);
  });

  it('reads what was written before a log was copied and emptied', async () => {
    log.append();
    const rotate = (): void => {
      log.append();
      log.copyAndTruncate();
      for (let index = 0; index < 10; index += 1) log.append();
    };
    await follow([rotate, () => log.append(), nothing]);
    expect(pathsOf(server.events)).toEqual(log.written);
  });

  it('does not count the lines twice that an editor wrote once more', async () => {
    for (let index = 0; index < 3; index += 1) log.append();
    const edit = (): void => {
      writeFileSync(`${log.path}.new`, readFileSync(log.path));
      renameSync(`${log.path}.new`, log.path);
    };
    const outcome = await follow([edit, () => log.append(), nothing]);
    expect(outcome.stdout).toContain('4 accepted, 3 duplicates');
  });

  it('notes how far it came while it waits', async () => {
    log.append();
    const imports = join(dataFolder, 'imports');
    const isNoted = (): string =>
      readdirSync(imports)
        .map((name) => String(readFileSync(join(imports, name)).includes('"line":3')))
        .join();
    const seen: string[] = [];
    await follow([() => log.append(), ...new Array<() => void>(200).fill(() => seen.push(existsSync(imports) ? isNoted() : ''))]);
    expect(seen.at(-1)).toBe('true');
  });
});

describe('an import after a rotation', () => {
  it.each([
    ['renamed', () => log.rename()],
    ['copied', () => log.copyAndTruncate()],
  ])('finishes the %s logs first, packed ones too', async (_, rotate) => {
    log.append();
    await run(GIVEN);
    log.append();
    log.repeat();
    rotate();
    log.append();
    rotate();
    log.append();
    log.pack();
    const outcome = await run([]);
    expect(outcome.stderr).toContain(`Going on at line 2 of ${log.path}.2.gz`);
    expect(outcome.stdout).toContain('4 accepted, 0 duplicates');
    expect(pathsOf(server.events)).toEqual(log.written);
  });

  it('says so when the rest of the earlier log is gone', async () => {
    log.append();
    await run(GIVEN);
    log.append();
    writeFileSync(log.path, logLine(77, '/other'));
    const outcome = await run([]);
    expect(outcome.stderr).toContain('is not the file that an earlier import read, nor is that one beside it');
    expect(pathsOf(server.events)).toEqual(['/p1', '/other']);
  });
});

/** What happens to a log. */
type Operation =
  | readonly [name: 'append' | 'repeat' | 'begin' | 'pack']
  | readonly [name: 'rotate', copy: boolean, LogNaming]
  | readonly [name: 'keep', ofRotated: boolean];

it('loses and doubles no line, however a log is written, rotated, copied and followed', async () => {
  const naming = fc.constantFrom<LogNaming>('falling', 'rising', 'dated');
  const operation: fc.Arbitrary<Operation> = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Operation>(['append']) },
    { weight: 3, arbitrary: fc.constantFrom<Operation>(['repeat'], ['begin'], ['pack']) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('rotate' as const), fc.boolean(), naming) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('keep' as const), fc.boolean()) },
  );
  const step = fc.array(operation, { maxLength: 4 });
  const part = fc.record({ follow: fc.boolean(), steps: fc.array(step, { maxLength: 5 }), isKilled: fc.boolean(), afterwards: step });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 3 }), async (parts, concurrency) => {
      runs += 1;
      const before = server.events.length;
      log = new RotatingLog(join(folder, `model-${runs}.log`));
      dataFolder = join(folder, `data-${runs}`);
      const site = ['--site', `https://site-${runs}.example`, '--format', 'combined', '--batch', '2', '--concurrency', String(concurrency)];
      /** Was there a whole line in the log when it was looked at? Who copies and empties it before that is not noticed at once. */
      let wasSeen = false;
      const perform = (operations: readonly Operation[], isLookedAt: boolean): void => {
        for (const [name, flag, name2] of operations) {
          if (name === 'rotate') {
            if (log.isEmpty || (flag && isLookedAt && !wasSeen)) continue;
            if (flag) log.copyAndTruncate(name2);
            else log.rename(name2);
            wasSeen = false;
          } else if (name === 'keep') log.keepCopy(flag);
          else log[name]();
        }
        wasSeen ||= log.hasLine;
      };
      log.append();
      for (const { follow: isFollowing, steps, isKilled, afterwards } of parts) {
        const states = isKilled ? readStates() : undefined;
        const outcome = isFollowing
          ? await follow(
              steps.map((operations) => () => perform(operations, true)),
              site,
            )
          : await run(site);
        expect(outcome.code, outcome.stderr).toBe(0);
        if (states !== undefined && states.size > 0) writeStates(states);
        perform(afterwards, false);
        wasSeen = log.hasLine;
      }
      log.finish();
      expect((await run(site)).code).toBe(0);
      const sent = server.events.slice(before);
      if (concurrency === 1) expect(pathsOf(sent)).toEqual(log.written);
      else expect(pathsOf(sent).sort()).toEqual([...log.written].sort());
    }),
    { numRuns: 60 },
  );
}, 120_000);
