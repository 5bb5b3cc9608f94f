import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../live/observed-event.js';
import { observed, observedPage } from '../live/testing/observed.js';
import { openDetection, type TestDetection } from './testing/open-detection.js';

let test: TestDetection;
beforeAll(async () => {
  test = await openDetection(Date.UTC(2026, 9, 5, 12));
});
afterAll(() => test.remove());

let projects = 0;
/** A project of its own per test, so that each starts without anomalies. */
const freshProject = (): string => `p${++projects}`;
const now = (): number => test.time.nowMs;
const repeat = (count: number, make: (index: number) => ObservedEvent): void =>
  test.service.observe(Array.from({ length: count }, (_, index) => make(index)));

describe('a visitor', () => {
  it.each([
    ['four sessions are normal', 4, undefined],
    ['five are a warning', 5, 'warning'],
    ['ten are critical', 10, 'critical'],
  ])('of whom %s', async (_name, count, level) => {
    const projectId = freshProject();
    for (let index = 0; index < count; index++) {
      test.service.observe([observedPage({ projectId, timestampMs: now(), sessionId: `s${index}` })]);
      await test.pass(1);
    }
    const found = (await test.stored(projectId)).map((each) => [each.metric, each.level, each.value]);
    expect(found).toEqual(level === undefined ? [] : [['session_count_per_fingerprint', level, count]]);
  });

  it('with sessions over a threshold keeps the anomaly open until they are a day old', async () => {
    const projectId = freshProject();
    repeat(5, (index) => observedPage({ projectId, timestampMs: now(), sessionId: `s${index}` }));
    await test.pass(24 * 60 - 5, 5);
    expect(await test.service.list(projectId)).toHaveLength(1);
    await test.pass(20, 5);
    expect(await test.stored(projectId)).toMatchObject([{ resolved_at: expect.any(String) }]);
  });

  it.each([
    ['three addresses are a warning', ['192.0.2.1', '192.0.2.2', '198.51.100.1'], 3],
    ['one may read like the network that is stored', ['192.0.2.0', '192.0.2.1', '192.0.2.2'], 3],
    ['two are none', ['192.0.2.1', '192.0.2.2', '192.0.2.1'], undefined],
    ['addresses of one IPv6 network are one', ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3', '192.0.2.1'], undefined],
    ['an IPv4 address is the same inside an IPv6 one', ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'], undefined],
  ])('of whom %s', async (_name, addresses, value) => {
    const projectId = freshProject();
    test.service.observe(addresses.map((ip) => observedPage({ projectId, timestampMs: now(), ip })));
    await test.pass(1);
    const found = (await test.stored(projectId)).map((each) => [each.metric, each.value]);
    expect(found).toEqual(value === undefined ? [] : [['unique_ips_per_fingerprint', value]]);
  });

  it('that loads a page with a hundred assets is none', async () => {
    const projectId = freshProject();
    repeat(100, (index) =>
      observedPage({ projectId, timestampMs: now(), type: 'http_request', requestKind: 'asset', path: `/${index}.js` }),
    );
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
  });
});

describe('errors', () => {
  const call = (projectId: string, failed: boolean, more: Partial<ObservedEvent> = {}): ObservedEvent =>
    observed({ projectId, timestampMs: now(), failed, agent: 'billing', ...more });

  it.each([
    ['2 of 20', 2, 18, 'warning'],
    ['5 of 20', 5, 15, 'critical'],
    ['1 of 20', 1, 19, undefined],
    ['all of 19', 19, 0, undefined],
  ])('%s', async (_name, failed, fine, level) => {
    const projectId = freshProject();
    repeat(failed, () => call(projectId, true));
    repeat(fine, () => call(projectId, false));
    await test.pass(1);
    const found = await test.stored(projectId);
    expect(found.map((each) => [each.dimension, each.dimension_value]).sort()).toEqual(
      level === undefined
        ? []
        : [
            ['agent', 'billing'],
            ['model', 'small'],
            ['project', ''],
          ],
    );
    for (const each of found) expect(each).toMatchObject({ metric: 'error_rate', level, value: failed / (failed + fine) });
  });

  it('of a tool are those of its executions, over the last five minutes', async () => {
    const projectId = freshProject();
    for (let minute = 0; minute < 5; minute++) {
      repeat(4, (index) => call(projectId, index === 0, { type: 'tool_execution', tool: 'search', agent: '', model: '' }));
      await test.pass(1);
    }
    expect(await test.stored(projectId)).toMatchObject([
      {
        dimension: expect.stringMatching(/^(tool|project)$/),
        value: 0.25,
        message: expect.stringContaining('5 of 20 failed within 5 minutes'),
      },
      { dimension: expect.stringMatching(/^(tool|project)$/), value: 0.25 },
    ]);
  });

  it('of a client (4xx) are none of the project, those of the server are', async () => {
    const [projectId, other] = [freshProject(), freshProject()];
    const page = (of: string, statusCode: number): ObservedEvent =>
      observedPage({ projectId: of, timestampMs: now(), statusCode, failed: true, visitorId: '', requestKind: 'other' });
    repeat(25, () => page(projectId, 404));
    repeat(25, () => page(other, 503));
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
    expect(await test.stored(other)).toMatchObject([{ metric: 'error_rate', dimension: 'project', value: 1 }]);
  });
});

describe('response times', () => {
  it('far above those of the hour before are found by model, tool and path', async () => {
    const projectId = freshProject();
    const events = (durationMs: number): ObservedEvent[] => [
      observed({ projectId, timestampMs: now(), durationMs }),
      observed({ projectId, timestampMs: now(), type: 'tool_execution', model: '', tool: 'search', durationMs }),
      observedPage({ projectId, timestampMs: now(), path: '/shop', visitorId: '', durationMs }),
    ];
    for (let minute = 0; minute < 10; minute++) {
      for (let each = 0; each < 5; each++) test.service.observe(events(100 + each * 10));
      await test.pass(1);
    }
    expect(await test.stored(projectId)).toEqual([]);
    for (let each = 0; each < 5; each++) test.service.observe(events(300));
    await test.pass(1);
    const found = await test.stored(projectId);
    expect(found.map((each) => [each.dimension, each.dimension_value]).sort()).toEqual([
      ['model', 'small'],
      ['path', '/shop'],
      ['tool', 'search'],
    ]);
    // Mean 120, standard deviation sqrt(200) = 14.14.
    for (const each of found) {
      expect(each).toMatchObject({
        metric: 'avg_response_time_deviation',
        level: 'critical',
        value: expect.closeTo(180 / Math.sqrt(200), 6),
      });
      expect(each.message).toContain('300 ms on average, 120 ms in the hour before');
    }
  });
});

describe('a spike', () => {
  it('of calls of an agent is found against its minutes before', async () => {
    const projectId = freshProject();
    const calls = (count: number): void => repeat(count, () => observed({ projectId, timestampMs: now(), agent: 'loop', model: 'm' }));
    for (let minute = 0; minute < 10; minute++) {
      calls(20);
      await test.pass(1);
    }
    calls(61);
    await test.pass(1);
    const found = (await test.stored(projectId)).filter((each) => each.metric === 'requests_per_minute');
    expect(found.map(({ dimension, method, level, value, expected }) => [dimension, method, level, value, expected]).sort()).toEqual([
      ['agent', 'trend', 'critical', 61, 20],
      ['project', 'trend', 'critical', 61, 20],
    ]);
  });

  it('of costs is found by project, model, agent, user and tool, rounded once', async () => {
    const projectId = freshProject();
    const spend = (microdollars: bigint): void =>
      test.service.observe([
        observed({ projectId, timestampMs: now(), agent: 'a', userId: 'u', tool: 't', costPicodollars: microdollars * 1_000_000n + 1n }),
      ]);
    for (let hour = 0; hour < 3; hour++) {
      spend(100_000n);
      await test.pass(60);
    }
    spend(200_000n);
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([]);
    spend(50_000n);
    await test.pass(1);
    const found = await test.stored(projectId);
    expect(found.map((each) => `${each.metric} ${each.dimension} ${each.method} ${each.level}`).sort()).toEqual(
      ['agent', 'model', 'project', 'tool', 'user'].map((dimension) => `cost_per_hour ${dimension} trend warning`),
    );
    for (const each of found) expect(each).toMatchObject({ value: 250_000, expected: 100_000 });
    expect(found.find((each) => each.dimension === 'user')?.message).toBe(
      'cost_per_hour of user "u" is $0.25, 2.5 times the average of $0.1 before it.',
    );
    // The next hour begins at nothing; what is measured by the hour is over after an hour without it.
    await test.pass(61);
    expect(await test.service.list(projectId)).toHaveLength(5);
    await test.pass(10);
    expect(await test.service.list(projectId)).toEqual([]);
  });

  it('of a few cents is none', async () => {
    const projectId = freshProject();
    for (const cost of [10n, 10n, 10n, 90_000n]) {
      test.service.observe([observed({ projectId, timestampMs: now(), costPicodollars: cost * 1_000_000n })]);
      await test.pass(60);
    }
    expect(await test.stored(projectId)).toEqual([]);
  });
});
