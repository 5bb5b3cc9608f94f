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
