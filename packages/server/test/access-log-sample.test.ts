import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, runSuccessfully } from './harness/program.js';
import { comparable, countsBy, type Report, type Row, readReport, total } from './harness/reports.js';
import { newFolder, readServerFile, removeFolders, runCli, type ServerProgram, serve } from './harness/server-program.js';

// A real access log, imported by the command line and asked for over HTTP, against a script that shares no code with the
// product and counts the same log by the written rules. What scores decide (scanners, behavioural bots) is not counted there.

/** What the script answers; the names of its tables are what is counted, `-` for none. */
interface Counted {
  readonly lines: number;
  readonly unreadable: number;
  readonly damaged: number;
  readonly first: string;
  readonly last: string;
  readonly totals: CountedTotals;
  readonly undeclared: CountedTotals;
  readonly bots: CountedTotals;
  readonly aiCrawlers: CountedTotals;
  /** Sessions that began on another day than they ended on. */
  readonly overMidnight: number;
  readonly days: readonly ({ readonly day: string } & CountedTotals)[];
  readonly pages: readonly CountedPage[];
  readonly sources: Readonly<Record<string, number>>;
  readonly hosts: Readonly<Record<string, number>>;
  readonly browsers: Readonly<Record<string, number>>;
  readonly countries: Readonly<Record<string, number>>;
  readonly programs: Readonly<Record<string, number>>;
}

interface CountedPage {
  readonly page: string;
  readonly pageViews: number;
  readonly sessions: number;
  readonly visitors: number;
  readonly entries: number;
  readonly exits: number;
}

interface CountedTotals {
  readonly sessions: number;
  readonly visitors: number;
  readonly pageViews: number;
  readonly otherRequests: number;
  readonly failedRequests: number;
  readonly sessionsWithPageView: number;
  readonly ghosts: number;
  readonly bounces: number;
  readonly durationMs: number;
}

/** The packed log in the repository, and the same log as a file that an import can go on with. */
const PACKED = `${ROOT}packages/server/fixtures/logs/apache-combined.log.gz`;
const ALL_ROWS = { limit: '10000' };
const EVERYONE = { include: 'all' };
const LINES = 10_000;

const folder = newFolder();
const logs = newFolder();
let server: ServerProgram;
const counted = new Map<string, Counted>();
/** What the import of a project's log wrote. */
const imported = new Map<string, string>();

const logOf = (project: string): string => join(logs, `${project}.log`);

/** The script's answer for the log of a project. */
function countsOf(project: string): Counted {
  const found = counted.get(project);
  if (found === undefined) throw new TypeError(`the log of ${project} was not counted`);
  return found;
}

/**
 * The lines at equal distances over the three and a half days that they are of: the log's own times, all of them at minute
 * :05 of their hour, let no session last for long, and none over midnight. Written in a zone that has half an hour in it.
 */
function spreadOut(lines: readonly string[]): string[] {
  const startMs = Date.UTC(2015, 4, 17, 10, 5);
  const zoneMs = 5.5 * 3_600_000;
  return lines.map((line, index) => {
    const local = new Date(startMs + index * 30_240 + zoneMs).toUTCString();
    const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/.exec(local) ?? [];
    return line.replace(/\[[^\]]*\]/, `[${day}/${month}/${year}:${time} +0530]`);
  });
}

async function importLog(project: string, file = logOf(project), cliFolder = folder, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(cliFolder, ['import', 'access-log', file, '--project', project, ...args]);
  if (code !== 0) throw new Error(`the import of ${file} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** A report of all that the log of a project covers. */
function ask(project: string, report: string, query: Readonly<Record<string, string>> = {}): Promise<Report> {
  const { first, last } = countsOf(project);
  const range = { since: first, until: new Date(Date.parse(last) + 1000).toISOString() };
  return readReport(server.url, report, { project_id: project, ...range, ...query }, readServerFile(folder).token);
}

beforeAll(async () => {
  const lines = gunzipSync(readFileSync(PACKED)).toString('latin1').split('\n').slice(0, -1);
  const variants = { default: lines, spread: spreadOut(lines), reversed: spreadOut(lines).reverse() };
  server = await serve(folder);
  for (const [project, own] of Object.entries(variants)) {
    writeFileSync(logOf(project), `${own.join('\n')}\n`, 'latin1');
    const { stdout } = await runSuccessfully(['packages/server/test/harness/count-access-log.mjs', logOf(project)]);
    counted.set(project, JSON.parse(stdout) as Counted);
    if (project !== 'default') expect(await runCli(folder, ['projects', 'create', project])).toMatchObject({ code: 0 });
    imported.set(project, await importLog(project));
  }
});

afterAll(async () => {
  await server?.program.stop();
  removeFolders();
});

describe('the script', () => {
  it('reads every line, also the one that is cut off within its user agent', () => {
    expect(countsOf('default')).toMatchObject({ lines: LINES, unreadable: 0, damaged: 1 });
  });

  it('finds what awk and sort find', () => {
    // With every line at minute :05 a session is an address, a user agent and an hour; a visitor is the same with a day.
    const { totals } = countsOf('default');
    expect(totals).toMatchObject({ sessions: 3224, visitors: 2144, pageViews: 2938, otherRequests: 7062 });
  });

  it('finds sessions that last, also over midnight, only in the log that is spread out', () => {
    const [log, spread] = [countsOf('default'), countsOf('spread')];
    expect(spread.totals).toMatchObject({ pageViews: 2938, otherRequests: 7062 });
    expect([log.overMidnight, spread.overMidnight > 10]).toEqual([0, true]);
    expect(log.totals.durationMs).toBeLessThan(log.totals.sessions * 60_000);
    expect(spread.totals.durationMs).toBeGreaterThan(spread.totals.sessions * 60_000);
  });
});

describe.each(['default', 'spread'])('the log of the project %s', (project) => {
  it('is taken line by line, also the damaged one', () => {
    expect(imported.get(project)).toContain('10,000 accepted, 0 duplicates, 0 rejected');
  });

  it('has as many sessions, visitors, page views, bounces and as much time as the script counts', async () => {
    const { totals } = countsOf(project);
    const sources = await ask(project, 'traffic/sources', EVERYONE);
    expect(sources.totals).toMatchObject({ sessions: totals.sessions, visitors: totals.visitors, page_views: totals.pageViews });
    expect(sources.totals?.['bounce_rate']).toBeCloseTo(totals.bounces / totals.sessionsWithPageView, 12);
    expect(sources.totals?.['average_duration_ms']).toBeCloseTo(totals.durationMs / totals.sessionsWithPageView, 6);
    const bots = await ask(project, 'traffic/bots');
    expect(bots.totals).toMatchObject({
      sessions: totals.sessions,
      visitors: totals.visitors,
      page_views: totals.pageViews,
      http_requests: totals.otherRequests,
      failed_http_requests: totals.failedRequests,
    });
    // A session is one with an event there, and a request of an image is none.
    const [overview] = (await ask(project, 'overview', EVERYONE)).rows;
    expect(overview).toMatchObject({ sessions: totals.sessionsWithPageView, page_views: totals.pageViews });
  });

  it('has the same days', async () => {
    const { rows } = await ask(project, 'traffic/trends', { ...EVERYONE, group_by: 'day' });
    expect(rows.map(dayOf)).toEqual(countsOf(project).days.map(countedDay));
  });

  it('has the same pages, each with its views, sessions and visitors', async () => {
    const { pages, totals } = countsOf(project);
    const report = await ask(project, 'traffic/pages', { ...ALL_ROWS, ...EVERYONE });
    // A page may be there for its errors alone.
    const seen = report.rows.filter((row) => row['page_views'] !== 0);
    expect(seen.slice(0, 20).map((row) => row['page_views'])).toEqual(pages.slice(0, 20).map(({ pageViews }) => pageViews));
    for (const measure of ['page_views', 'sessions', 'visitors'] as const) {
      const name = measure === 'page_views' ? 'pageViews' : measure;
      expect(countsBy({ ...report, rows: seen }, 'page', measure)).toEqual(
        Object.fromEntries(pages.map((page) => [page.page, page[name]])),
      );
    }
    expect(report.totals).toMatchObject({ page_views: totals.pageViews, sessions: totals.sessionsWithPageView });
  });

  it('has the same referrers, by what they are called and by host', async () => {
    const { sources, hosts } = countsOf(project);
    const called = await ask(project, 'traffic/sources', { ...ALL_ROWS, ...EVERYONE });
    expect(countsBy(called, 'source', 'sessions')).toEqual(sources);
    const byHost = await ask(project, 'traffic/sources', { ...ALL_ROWS, ...EVERYONE, by: 'host' });
    expect(countsBy(byHost, 'host', 'sessions')).toEqual(hosts);
    expect(byHost.rows).toHaveLength(Object.keys(hosts).length);
    expect(Object.keys(hosts).length).toBeGreaterThan(100);
  });

  it('has the same browsers', async () => {
    const { '-': others = 0, ...browsers } = countsOf(project).browsers;
    const report = await ask(project, 'traffic/devices', { ...ALL_ROWS, ...EVERYONE, by: 'browser' });
    const named = report.rows.filter(({ browser }) => Object.hasOwn(browsers, String(browser)));
    expect(countsBy({ ...report, rows: named }, 'browser', 'sessions')).toEqual(browsers);
    // Programs that are no browser: what they are called here is not the script's business.
    expect(total(report, 'sessions') - total({ ...report, rows: named }, 'sessions')).toBe(others);
    expect(Object.keys(browsers)).toEqual(expect.arrayContaining(['Firefox', 'Chrome', 'Internet Explorer', 'Safari', 'Opera']));
  });

  it('has the same countries', async () => {
    const { countries } = countsOf(project);
    const report = await ask(project, 'traffic/geo', { ...ALL_ROWS, ...EVERYONE });
    expect(countsBy(report, 'country', 'sessions')).toEqual(countries);
    expect(Object.keys(countries).length).toBeGreaterThan(80);
  });

  it('has the same declared programs, by name', async () => {
    const report = await ask(project, 'traffic/bots', { ...ALL_ROWS, by: 'name' });
    const rows = report.rows.filter((row) => row['class'] === 'bot').map((row) => ({ ...row, name: lowerCase(row['name']) }));
    expect(countsBy({ ...report, rows }, 'name', 'sessions')).toEqual(countsOf(project).programs);
    expect(rows).toHaveLength(Object.keys(countsOf(project).programs).length);
    expect(report.rows.filter((row) => row['class'] !== 'bot' && row['name'] !== null)).toEqual([]);
  });

  it('has the same classes, as far as no score decides', async () => {
    const { bots, aiCrawlers, undeclared } = countsOf(project);
    const report = await ask(project, 'traffic/bots');
    const classOf = (name: string): Row | undefined => report.rows.find((row) => row['class'] === name);
    expect(measuresOf(classOf('bot'))).toEqual(countedMeasures(bots));
    expect([aiCrawlers.sessions, Number(classOf('ai_crawler')?.['sessions'] ?? 0)]).toEqual([0, 0]);
    const others = report.rows.filter((row) => row['class'] !== 'bot');
    for (const [name, expected] of Object.entries(countedMeasures(undeclared))) {
      // A visitor is in more than one class when a session of his is that of a ghost and another one is not.
      if (name !== 'visitors') expect(total({ ...report, rows: others }, name)).toBe(expected);
    }
    // Scores make scanners and behavioural bots of the rest, which then are neither ghosts nor human.
    expect(Number(classOf('ghost')?.['sessions'])).toBeLessThanOrEqual(undeclared.ghosts);
    expect(classOf('ghost')).toMatchObject({ page_views: 0 });
    expect(Number(classOf('human')?.['sessions'])).toBeLessThanOrEqual(undeclared.sessionsWithPageView);
    const scored = total({ ...report, rows: others.filter(({ class: name }) => name !== 'ghost' && name !== 'human') }, 'sessions');
    expect(total({ ...report, rows: others }, 'sessions') - scored).toBe(sessionsOf(classOf('ghost')) + sessionsOf(classOf('human')));
  });
});

describe('the log that is spread out', () => {
  // In the log as it is fourteen sessions have two pages in their first or last second, which may come in either order.
  it('has the same entries and exits, since no two requests are of the same second', async () => {
    const { pages } = countsOf('spread');
    const report = await ask('spread', 'traffic/pages', { ...ALL_ROWS, ...EVERYONE });
    const seen = { ...report, rows: report.rows.filter((row) => row['page_views'] !== 0) };
    expect(countsBy(seen, 'page', 'entries')).toEqual(Object.fromEntries(pages.map(({ page, entries }) => [page, entries])));
    expect(countsBy(seen, 'page', 'exits')).toEqual(Object.fromEntries(pages.map(({ page, exits }) => [page, exits])));
  });

  // Not the same visitors: a session over midnight is the visitor's of the day of which the server hears first.
  it('has the same sessions when its last line comes first', async () => {
    const { totals, sources, hosts } = countsOf('spread');
    const called = await ask('reversed', 'traffic/sources', { ...ALL_ROWS, ...EVERYONE });
    expect(called.totals).toMatchObject({ sessions: totals.sessions, page_views: totals.pageViews });
    expect(called.totals?.['average_duration_ms']).toBeCloseTo(totals.durationMs / totals.sessionsWithPageView, 6);
    expect(countsBy(called, 'source', 'sessions')).toEqual(sources);
    expect(countsBy(await ask('reversed', 'traffic/sources', { ...ALL_ROWS, ...EVERYONE, by: 'host' }), 'host', 'sessions')).toEqual(hosts);
  });
});

describe('the same log again', () => {
  it('changes nothing, whether it is sent again or not', async () => {
    const before = await readEverything();
    expect(before.length).toBeGreaterThan(50);
    // The import noted how far it came.
    expect(await importLog('default')).toContain('0 accepted, 0 duplicates, 0 rejected (0 lines ');
    // From a place where nothing is noted, as another machine would send it, and packed.
    expect(await importLog('default', logOf('default'), newFolder(), '--url', server.url)).toContain(
      '0 accepted, 10,000 duplicates, 0 rejected',
    );
    expect(await importLog('default', PACKED)).toContain('0 accepted, 10,000 duplicates, 0 rejected');
    expect(await readEverything()).toEqual(before);
  });
});

/** Every report that needs no name of anything, by each of its dimensions and for each sort of visitors. */
async function readEverything(): Promise<Report[]> {
  interface Parameter {
    readonly name: string;
    readonly required?: boolean;
    readonly values?: readonly string[];
  }
  const response = await fetch(`${server.url}/v1/reports`);
  const { reports } = (await response.json()) as { reports: readonly { path: string; parameters: readonly Parameter[] }[] };
  const answers: Report[] = [];
  for (const { path, parameters } of reports) {
    const has = (name: string): boolean => parameters.some((each) => each.name === name);
    if (!has('since') || parameters.some(({ required }) => required === true)) continue;
    const choices = (name: string): Record<string, string>[] =>
      parameters.find((each) => each.name === name)?.values?.map((value) => ({ [name]: value })) ?? [{}];
    for (const by of choices('by')) {
      for (const include of choices('include')) {
        const query = { ...(has('limit') ? ALL_ROWS : {}), ...by, ...include };
        answers.push(comparable(await ask('default', path.replace('/v1/reports/', ''), query)));
      }
    }
  }
  return answers;
}

const sessionsOf = (row: Row | undefined): number => Number(row?.['sessions'] ?? 0);
const lowerCase = (name: unknown): string | null => (name === null ? null : String(name).toLowerCase());

function dayOf({ bucket, sessions, visitors, page_views, bounce_rate }: Row) {
  return { day: String(bucket).slice(0, 10), sessions, visitors, page_views, bounces: Number(bounce_rate).toPrecision(12) };
}

function countedDay({ day, sessions, visitors, pageViews, bounces, sessionsWithPageView }: Counted['days'][number]) {
  return { day, sessions, visitors, page_views: pageViews, bounces: (bounces / sessionsWithPageView).toPrecision(12) };
}

function countedMeasures({ sessions, visitors, pageViews, otherRequests, failedRequests }: CountedTotals) {
  return { sessions, visitors, page_views: pageViews, http_requests: otherRequests, failed_http_requests: failedRequests };
}

function measuresOf(row: Row | undefined) {
  const { sessions, visitors, page_views, http_requests, failed_http_requests } = row ?? {};
  return { sessions, visitors, page_views, http_requests, failed_http_requests };
}
