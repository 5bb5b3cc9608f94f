import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReports, sendAll, type TestReports } from './testing/open-reports.js';

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;

let reports: TestReports;
/** Times of page-free events, one every 25 minutes, so that some lie on every side of every change of the clocks. */
const times: number[] = [];
beforeAll(async () => {
  reports = await openReports();
  const periods = [
    ['2026-03-26T00:00:00Z', '2026-04-01T00:00:00Z'],
    ['2025-10-23T00:00:00Z', '2025-10-29T00:00:00Z'],
    ['2018-11-02T00:00:00Z', '2018-11-07T00:00:00Z'],
    ['2018-02-16T00:00:00Z', '2018-02-20T00:00:00Z'],
  ];
  for (const [since = '', until = ''] of periods) {
    for (let ms = Date.parse(since); ms < Date.parse(until); ms += 25 * 60_000) times.push(ms);
  }
  const events = times.map((timestamp, index) => ({
    id: `call-${index}`,
    type: 'ai_request',
    provider: 'openai',
    model: 'gpt-4o-mini',
    input_tokens: 1,
    timestamp,
  }));
  await sendAll(reports, events, 5000);
});
afterAll(() => reports.close());

type BucketName = 'hour' | 'day' | 'week';

/**
 * What a calendar on the wall says, from Intl and the definition alone: quarters of an hour that show the same hour, day
 * or week belong together. An hour that occurs twice is told apart by its offset.
 */
function calendarBuckets(sinceMs: number, untilMs: number, bucket: BucketName, timeZone: string): Map<number, number> {
  const style = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZone,
    timeZoneName: 'longOffset',
  } as const;
  const format = new Intl.DateTimeFormat('en-CA', style);
  const labelOf = (ms: number): string => {
    const parts = new Map(format.formatToParts(ms).map((part) => [part.type, part.value]));
    const day = `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
    if (bucket === 'hour') return `${day} ${parts.get('hour')} ${parts.get('timeZoneName')}`;
    if (bucket === 'day') return day;
    const date = new Date(`${day}T00:00:00Z`);
    return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * 24 * HOUR).toISOString();
  };
  const buckets = new Map<number, number>();
  const starts = new Map<string, number>();
  const add = (ms: number, count: number): void => {
    const label = labelOf(ms);
    const start = starts.get(label) ?? ms;
    starts.set(label, start);
    buckets.set(start, (buckets.get(start) ?? 0) + count);
  };
  for (let ms = Math.floor(sinceMs / QUARTER) * QUARTER; ms < untilMs; ms += QUARTER) add(Math.max(ms, sinceMs), 0);
  for (const ms of times) if (ms >= sinceMs && ms < untilMs) add(ms, 1);
  return buckets;
}

async function trend(since: string, until: string, bucket: BucketName, timeZone: string): Promise<[number, number][]> {
  const { rows } = await reports.report('requests.trends', { since, until, group_by: bucket }, { timeZone });
  return rows.map((row) => [Date.parse(String(row['bucket'])), Number(row['requests'])]);
}

describe.each([
  ['Europe/Berlin', '2026-03-27T09:17:03Z', '2026-03-31T09:17:03Z'],
  ['Europe/Berlin', '2025-10-24T09:17:03Z', '2025-10-28T21:00:00Z'],
  ['America/Sao_Paulo', '2018-11-02T12:00:00Z', '2018-11-06T12:00:00Z'],
  ['America/Sao_Paulo', '2018-02-16T12:00:00Z', '2018-02-19T12:34:56.789Z'],
  ['Asia/Kolkata', '2026-03-27T00:00:00Z', '2026-03-31T00:10:00Z'],
  ['Asia/Kathmandu', '2026-03-27T00:00:00Z', '2026-03-29T00:10:00Z'],
  ['Australia/Lord_Howe', '2025-10-24T00:00:00Z', '2025-10-28T00:00:00Z'],
  ['America/New_York', '2025-10-24T00:00:00Z', '2025-10-28T00:00:00Z'],
  ['Pacific/Auckland', '2026-03-27T00:00:00Z', '2026-03-31T00:00:00Z'],
  ['UTC', '2026-03-27T00:00:00Z', '2026-03-31T00:00:00Z'],
])('in %s from %s to %s', (timeZone, since, until) => {
  it.each(['hour', 'day', 'week'] as const)('every %s is there once and holds what the calendar says', async (bucket) => {
    const expected = [...calendarBuckets(Date.parse(since), Date.parse(until), bucket, timeZone)].sort(([left], [right]) => left - right);
    expect(await trend(since, until, bucket, timeZone)).toEqual(expected);
  });
});

describe('days on which the clocks change', () => {
  const dayLengths = async (since: string, until: string, timeZone: string): Promise<number[]> => {
    const starts = (await trend(since, until, 'day', timeZone)).map(([start]) => start);
    return starts.slice(1).map((start, index) => (start - (starts[index] ?? 0)) / HOUR);
  };

  it.each([
    ['Europe/Berlin', '2026-03-28', '2026-03-31', [24, 23]],
    ['Europe/Berlin', '2025-10-25', '2025-10-28', [24, 25]],
    // Midnight itself is skipped there: the day begins at 01:00.
    ['America/Sao_Paulo', '2018-11-03', '2018-11-06', [24, 23]],
    ['America/Sao_Paulo', '2018-02-17', '2018-02-20', [25, 24]],
  ])('%s from %s', async (timeZone, since, until, hours) => {
    expect(await dayLengths(since, until, timeZone)).toEqual(hours);
  });

  it('a week begins on Monday and is clipped at the range', async () => {
    const starts = (await trend('2026-03-25', '2026-04-01', 'week', 'Europe/Berlin')).map(([start]) => new Date(start).toISOString());
    expect(starts).toEqual(['2026-03-24T23:00:00.000Z', '2026-03-29T22:00:00.000Z']);
  });

  it('an hour in Kolkata begins at half past in UTC', async () => {
    const [, second] = await trend('2026-03-27T00:00:00Z', '2026-03-27T03:00:00Z', 'hour', 'Asia/Kolkata');
    expect(new Date(second?.[0] ?? 0).toISOString()).toBe('2026-03-27T00:30:00.000Z');
  });
});

describe('a trend', () => {
  it('has empty buckets, which count 0 and claim nothing', async () => {
    const { rows, parameters } = await reports.report('requests.trends', { since: '2024-01-01', until: '2024-01-02' });
    expect(parameters).toEqual({ group_by: 'hour' });
    expect(rows.length).toBe(24);
    expect(rows[5]).toMatchObject({
      bucket: '2024-01-01T05:00:00.000Z',
      requests: 0,
      cost_microdollars: 0,
      cost_usd: '0',
      total_tokens: 0,
    });
    expect(rows[5]).toMatchObject({ error_rate: null, cache_hit_rate: null, average_latency_ms: null, p95_latency_ms: null });
  });

  it.each([
    ['49h', 'day'],
    ['48h', 'hour'],
    ['30m', 'hour'],
  ])('of %s has buckets of a %s', async (since, bucket) => {
    expect((await reports.report('costs.trends', { since })).parameters['group_by']).toBe(bucket);
  });

  it('is of the last seven days unless told otherwise', async () => {
    const { since, until, rows } = await reports.report('sessions.trends');
    expect(Date.parse(until) - Date.parse(since)).toBe(7 * 24 * HOUR);
    expect(rows.length).toBe(8);
  });

  it('adds up to the record of the same range', async () => {
    const range = { since: '2026-03-26T07:11:00Z', until: '2026-03-30T17:01:00Z' };
    const summary = (await reports.report('costs.summary', range)).rows[0];
    for (const bucket of ['hour', 'day', 'week']) {
      const { rows } = await reports.report('costs.trends', { ...range, group_by: bucket }, { timeZone: 'Europe/Berlin' });
      const picodollars = rows.reduce((sum, row) => sum + BigInt(Math.round(Number(row['cost_usd']) * 1e12)), 0n);
      expect(picodollars).toBe(BigInt(Math.round(Number(summary?.['cost_usd']) * 1e12)));
      expect(rows.reduce((sum, row) => sum + Number(row['requests']), 0)).toBe(summary?.['requests']);
    }
  });
});
