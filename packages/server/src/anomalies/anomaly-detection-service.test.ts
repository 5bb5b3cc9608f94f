import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../live/observed-event.js';
import { observed, observedPage } from '../live/testing/observed.js';
import { OPEN_PER_PROJECT_MAX } from './open-anomalies.js';
import { openDetection, type TestDetection } from './testing/open-detection.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

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

describe('an anomaly', () => {
  it('opens once, gets worse, lasts, and resolves once', async () => {
    const projectId = freshProject();
    const view = (): ObservedEvent => observedPage({ projectId, timestampMs: now(), visitorId: 'fp-1' });
    const openedMs = now();
    repeat(15, view);
    await test.pass(1);
    expect(await test.stored(projectId)).toEqual([
      {
        anomaly_id: expect.stringMatching(/^ano_[\w-]{12}$/),
        project_id: projectId,
        metric: 'requests_per_minute',
        dimension: 'fingerprint',
        dimension_value: 'fp-1',
        method: 'threshold',
        level: 'warning',
        value: 15,
        expected: 15,
        opened_at: new Date(openedMs + MINUTE_MS).toISOString(),
        last_seen_at: new Date(openedMs + MINUTE_MS).toISOString(),
        resolved_at: null,
        message: 'requests_per_minute of fingerprint "fp-1" is 15 requests, at or above the limit of 15 requests.',
      },
    ]);
    repeat(31, view);
    await test.pass(1);
    repeat(20, view);
    await test.pass(1);
    const seenMs = now();
    expect(await test.stored(projectId)).toMatchObject([
      { level: 'critical', value: 31, last_seen_at: new Date(seenMs).toISOString(), resolved_at: null },
    ]);
    await test.pass(9);
    expect(await test.service.list(projectId)).toHaveLength(1);
    await test.pass(1);
    expect(await test.service.list(projectId)).toEqual([]);
    expect(await test.stored(projectId)).toMatchObject([
      { level: 'critical', last_seen_at: new Date(seenMs).toISOString(), resolved_at: new Date(now()).toISOString() },
    ]);
    await test.pass(30);
    const told = test.changes.filter(({ anomaly }) => anomaly.project_id === projectId);
    expect(told.map(({ change, anomaly }) => [change, anomaly.level])).toEqual([
      ['opened', 'warning'],
      ['updated', 'critical'],
      ['resolved', 'critical'],
    ]);
    expect(new Set(told.map(({ anomaly }) => anomaly.anomaly_id)).size).toBe(1);
  });

  it('of the same thing later is another one', async () => {
    const projectId = freshProject();
    for (let time = 0; time < 2; time++) {
      repeat(15, () => observedPage({ projectId, timestampMs: now() }));
      await test.pass(12);
    }
    const ids = (await test.stored(projectId)).map((each) => each.anomaly_id);
    expect(new Set(ids).size).toBe(2);
  });

  it('is judged by the first event of the next minute where no timer does it', async () => {
    const projectId = freshProject();
    repeat(15, () => observedPage({ projectId, timestampMs: now() }));
    test.time.advance(MINUTE_MS);
    expect(await test.stored(projectId)).toEqual([]);
    test.service.observe([observed({ projectId: 'elsewhere', timestampMs: now() })]);
    expect(await test.stored(projectId)).toHaveLength(1);
  });

  it('is not seen from another project', async () => {
    const [projectId, other] = [freshProject(), freshProject()];
    repeat(30, (index) => observedPage({ projectId: index % 2 === 0 ? projectId : other, timestampMs: now() }));
    repeat(10, () => observedPage({ projectId, timestampMs: now() }));
    await test.pass(1);
    const [own] = await test.stored(projectId);
    const [theirs] = await test.stored(other);
    expect([own?.value, theirs?.value]).toEqual([25, 15]);
    expect(await test.service.find(other, own?.anomaly_id ?? '')).toBeUndefined();
    expect(await test.service.find(projectId, own?.anomaly_id ?? '')).toEqual(own);
  });

  it('of more than a thousand visitors at once is not opened for each, and that is counted', async () => {
    const projectId = freshProject();
    for (let visitor = 0; visitor < OPEN_PER_PROJECT_MAX + 5; visitor++) {
      repeat(15, () => observedPage({ projectId, timestampMs: now(), visitorId: `many-${visitor}` }));
    }
    await test.pass(1);
    expect(await test.service.list(projectId, { limit: 2000 })).toHaveLength(OPEN_PER_PROJECT_MAX);
    expect(test.service.suppressed(projectId)).toBe(5);
    await test.pass(11);
    expect(await test.service.list(projectId)).toEqual([]);
  });
});

describe('what happened long ago', () => {
  it.each([
    ['an hour', HOUR_MS],
    ['six minutes', 6 * MINUTE_MS],
    ['a year', 366 * 24 * HOUR_MS],
    ['and will happen in six minutes', -6 * MINUTE_MS],
  ])('%s raises nothing when it arrives', async (_name, ageMs) => {
    const projectId = freshProject();
    const timestampMs = now() - ageMs;
    repeat(200, (index) => observedPage({ projectId, timestampMs, sessionId: `s${index}`, ip: `192.0.2.${index}` }));
    repeat(200, () =>
      observed({ projectId, timestampMs, receivedMs: now(), failed: true, agent: 'a', costPicodollars: 10n ** 15n, tokens: 1e6 }),
    );
    await test.pass(3);
    expect(await test.stored(projectId)).toEqual([]);
  });
});

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

describe('thresholds', () => {
  it('hold for the project that set them, at once and after a restart', async () => {
    const projectId = freshProject();
    const set = await test.service.updateThreshold('requests_per_minute', { warning: 3, critical: 4.5 }, projectId);
    expect(set).toMatchObject({ warning: 3, critical: 4.5, default_warning: 15, updated_at: new Date(now()).toISOString() });
    await test.restart();
    expect(test.service.thresholds(projectId).find((each) => each.metric === 'requests_per_minute')).toEqual(set);
    expect(test.service.checkAnomaly('requests_per_minute', 4, projectId).level).toBe('warning');
    expect(test.service.checkAnomaly('requests_per_minute', 4).level).toBe('normal');
    repeat(3, () => observedPage({ projectId, timestampMs: now() }));
    await test.pass(1);
    expect(await test.stored(projectId)).toMatchObject([{ value: 3, expected: 3 }]);
  });

  it('of a metric without a default can be set, changed within the same millisecond, and taken back', async () => {
    const projectId = freshProject();
    const costLimits = (): unknown => test.service.thresholds(projectId).find((each) => each.metric === 'cost_per_hour');
    const before = costLimits();
    expect(before).toMatchObject({ warning: null, critical: null, updated_at: null });
    await Promise.all([
      test.service.updateThreshold('cost_per_hour', { warning: 1, critical: 2 }, projectId),
      test.service.updateThreshold('cost_per_hour', { warning: 50, critical: 60 }, projectId),
    ]);
    await test.restart();
    expect(costLimits()).toMatchObject({ warning: 50, critical: 60 });
    test.service.observe([observed({ projectId, timestampMs: now(), agent: 'a', costPicodollars: 60_000_000n })]);
    await test.pass(1);
    expect((await test.stored(projectId)).map((each) => [each.dimension, each.method, each.level]).sort()).toEqual([
      ['agent', 'threshold', 'critical'],
      ['model', 'threshold', 'critical'],
      ['project', 'threshold', 'critical'],
    ]);
    await test.service.updateThreshold('cost_per_hour', undefined, projectId);
    await test.restart();
    expect(costLimits()).toEqual(before);
  });

  it('that cannot be stored do not hold', async () => {
    const projectId = freshProject();
    test.store.failNextInsert('anomaly_thresholds');
    await expect(test.service.updateThreshold('error_rate', { warning: 0.5, critical: 0.6 }, projectId)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(test.service.checkAnomaly('error_rate', 0.3, projectId).level).toBe('critical');
    await expect(test.service.updateThreshold('error_rate', { warning: 0.5, critical: 2 }, projectId)).rejects.toMatchObject({
      code: 'invalid_value',
      path: 'critical',
    });
  });
});

describe('values that a caller records', () => {
  it('open anomalies like any other, and are among the recent ones', async () => {
    const projectId = freshProject();
    const of = { dimension: 'agent', value: 'nightly' } as const;
    expect(test.service.recordEvent('error_rate', of, 0.05, now(), projectId).level).toBe('normal');
    expect(test.service.recordEvent('error_rate', of, 0.3, now() + 1, projectId).level).toBe('critical');
    expect(await test.stored(projectId)).toMatchObject([
      { metric: 'error_rate', dimension: 'agent', dimension_value: 'nightly', value: 0.3 },
    ]);
    expect(test.service.recentEvents(projectId).map(({ value, level }) => [value, level])).toEqual([
      [0.3, 'critical'],
      [0.05, 'normal'],
    ]);
    expect(test.service.recentEvents(projectId, 1)).toHaveLength(1);
    expect(test.service.recentEvents(freshProject())).toEqual([]);
  });

  it('have a trend within a window', () => {
    const projectId = freshProject();
    const of = { dimension: 'project' } as const;
    const record = (value: number, agoMs: number): void => {
      test.service.recordEvent('cost_per_hour', of, value, now() - agoMs, projectId);
    };
    record(1000, 2 * HOUR_MS);
    record(10, 30 * MINUTE_MS);
    record(10, 20 * MINUTE_MS);
    expect(test.service.checkTrendAnomaly('cost_per_hour', of, HOUR_MS, projectId).level).toBe('normal');
    record(31, 0);
    expect(test.service.checkTrendAnomaly('cost_per_hour', of, HOUR_MS, projectId)).toMatchObject({ level: 'critical', expected: 10 });
    expect(test.service.checkTrendAnomaly('cost_per_hour', of, 3 * HOUR_MS, projectId).level).toBe('normal');
    expect(test.service.checkTrendAnomaly('cost_per_hour', { dimension: 'agent', value: 'x' }, HOUR_MS, projectId).expected).toBeNull();
  });

  it('are finite', () => {
    expect(() => test.service.recordEvent('error_rate', { dimension: 'project' }, Number.NaN)).toThrow(RangeError);
    expect(() => test.service.checkAnomaly('cost_per_hour', Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});
