import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ESCALATION_CRITERIA, type EscalationCriteria } from './escalation-criteria.js';
import { THROTTLE_LEVELS, ThrottleLevel } from './throttle-level.js';
import {
  coolThrottleState,
  ESCALATION_CRITERIA,
  findEvidence,
  holdThrottleLevel,
  mergeThrottleStates,
  NORMAL_THROTTLE_STATE,
  nextStepDownMs,
  nextThrottleState,
  releaseThrottleLevel,
  type ThrottleObservation,
  type ThrottleState,
} from './throttle-state.js';

const CRITERIA = DEFAULT_ESCALATION_CRITERIA;
const T0 = Date.UTC(2026, 9, 1, 12);
const QUIET: ThrottleObservation = {
  timestampMs: T0,
  botScore: 0,
  requestsPerMinute: 1,
  requests: 1,
  failedRequests: 0,
  declaredSearchEngine: false,
  scanner: '',
  flagged: false,
};
const at = (timestampMs: number, more: Partial<ThrottleObservation> = {}): ThrottleObservation => ({ ...QUIET, timestampMs, ...more });
const bad = (timestampMs: number): ThrottleObservation => at(timestampMs, { botScore: 80 });
const run = (observations: readonly ThrottleObservation[], start = NORMAL_THROTTLE_STATE, criteria = CRITERIA): ThrottleState =>
  observations.reduce((state, observation) => nextThrottleState(state, observation, criteria), start);

describe('findEvidence', () => {
  it.each([
    ['nothing', {}, undefined],
    ['a score below the limit', { botScore: 49.9 }, undefined],
    ['a score at the limit', { botScore: 50 }, 'bot_score'],
    ['as many requests as are allowed', { requestsPerMinute: 30 }, undefined],
    ['one request more', { requestsPerMinute: 31 }, 'requests_per_minute'],
    ['failures of as many requests as say nothing', { requests: 20, failedRequests: 20 }, undefined],
    ['half of the requests failing', { requests: 22, failedRequests: 11 }, undefined],
    ['more than half of them', { requests: 21, failedRequests: 11 }, 'error_rate'],
    ['probing', { scanner: '3 probes' }, 'scanner'],
    ['a flag', { flagged: true }, 'flagged'],
    ['two criteria, the first of which is told', { botScore: 60, requestsPerMinute: 99 }, 'bot_score'],
    ["a search engine's speed and system", { declaredSearchEngine: true, botScore: 100, requestsPerMinute: 500 }, undefined],
    ["a search engine's failures", { declaredSearchEngine: true, requests: 30, failedRequests: 30 }, 'error_rate'],
    ['probing under the name of a search engine', { declaredSearchEngine: true, scanner: '3 probes' }, 'scanner'],
    ['a flagged search engine', { declaredSearchEngine: true, flagged: true }, 'flagged'],
  ] as const)('%s', (_name, more, criterion) => {
    expect(findEvidence(at(T0, more), CRITERIA)?.criterion).toBe(criterion);
  });

  it.each([
    [{ botScore: 65 }, 'The bot score is 65; from 50 on the level is raised.'],
    [{ requestsPerMinute: 42 }, '42 requests came in a minute; over 30 the level is raised.'],
    [{ requests: 40, failedRequests: 30 }, '30 of the last 40 requests failed; over 50 % of more than 20 the level is raised.'],
  ])('%j is told with its value', (more, reason) => {
    expect(findEvidence(at(T0, more), CRITERIA)?.reason).toBe(reason);
  });

  it('shows a share as it was set', () => {
    const criteria = { ...CRITERIA, errorRateOver: 0.29 };
    expect(findEvidence(at(T0, { requests: 40, failedRequests: 30 }), criteria)?.reason).toContain('over 29 %');
  });
});

describe('nextThrottleState', () => {
  it('slows down before it blocks: one level per interval, however many requests come', () => {
    let state: ThrottleState = NORMAL_THROTTLE_STATE;
    const levels: number[] = [];
    for (let second = 0; second <= 30; second++) {
      for (let request = 0; request < 5; request++) state = nextThrottleState(state, bad(T0 + second * 1000 + request), CRITERIA);
      levels.push(state.level);
    }
    expect(levels).toEqual([...Array(10).fill(1), ...Array(10).fill(2), ...Array(11).fill(3)]);
    expect(state).toMatchObject({ sinceMs: T0 + 20_000, lastEvidenceMs: T0 + 30_004, criterion: 'bot_score' });
  });

  it('remembers since when, why and by which criterion', () => {
    const state = nextThrottleState(NORMAL_THROTTLE_STATE, at(T0, { requestsPerMinute: 42 }), CRITERIA);
    expect(state).toEqual({
      level: ThrottleLevel.Warning,
      sinceMs: T0,
      lastEvidenceMs: T0,
      criterion: 'requests_per_minute',
      reason: '42 requests came in a minute; over 30 the level is raised.',
      byHandMs: 0,
    });
  });

  it('does not raise for the same evidence again', () => {
    const once = run([bad(T0)]);
    expect(run([bad(T0), bad(T0), bad(T0)], once)).toBe(once);
  });

  it('does not raise for requests from before the last change, which arrive late', () => {
    const severe = run([bad(T0), bad(T0 + 10_000)]);
    expect(run([bad(T0 + 5_000), bad(T0 - 60_000)], severe)).toEqual(severe);
  });

  it('cools down by one level per cooldown, and faster at no rate of requests', () => {
    const blocked = run([bad(T0), bad(T0 + 10_000), bad(T0 + 20_000)]);
    const start = T0 + 20_000;
    for (const [after, level] of [
      [299_999, 3],
      [300_000, 2],
      [599_999, 2],
      [600_000, 1],
      [900_000, 0],
      [9_000_000, 0],
    ] as const) {
      expect(coolThrottleState(blocked, start + after, CRITERIA).level, String(after)).toBe(level);
      const busy = Array.from({ length: 50 }, (_, index) => at(start + (after * index) / 49));
      expect(run(busy, blocked).level, `${after} with requests`).toBe(level);
    }
  });

  it('starts the cooldown anew when a criterion holds meanwhile', () => {
    const blocked = run([bad(T0), bad(T0 + 10_000), bad(T0 + 20_000), bad(T0 + 300_000)]);
    expect(coolThrottleState(blocked, T0 + 599_999, CRITERIA).level).toBe(3);
    expect(coolThrottleState(blocked, T0 + 600_000, CRITERIA).level).toBe(2);
  });

  it('leaves a level that a person set alone, and takes it up again after the release', () => {
    for (const { level } of THROTTLE_LEVELS) {
      const held = holdThrottleLevel(level, 'Our own monitor.', T0);
      expect(run([bad(T0 + 20_000), bad(T0 + 40_000)], held)).toBe(held);
      expect(coolThrottleState(held, T0 + 10 * 86_400_000, CRITERIA)).toBe(held);
      expect(nextStepDownMs(held, CRITERIA.cooldownMs)).toBeUndefined();
    }
    const released = releaseThrottleLevel(T0 + 50_000);
    expect(released.level).toBe(ThrottleLevel.Normal);
    expect(run([bad(T0 + 60_000)], released).level).toBe(ThrottleLevel.Warning);
  });
});

const smallCriteria: EscalationCriteria = { ...CRITERIA, escalationIntervalMs: 10, cooldownMs: 40 };
/** Requests in the order they happened, good and bad ones. */
const anyRun = fc.array(fc.record({ gap: fc.nat({ max: 60 }), isBad: fc.boolean() }), { maxLength: 60 }).map((steps) => {
  let time = 1000;
  return steps.map(({ gap, isBad }) => {
    time += gap;
    return isBad ? bad(time) : at(time);
  });
});

describe('any run of requests', () => {
  it('follows a clock that is looked at every millisecond', () => {
    fc.assert(
      fc.property(anyRun, fc.nat({ max: 200 }), (observations, rest) => {
        // The oracle: nothing but counters that tick.
        let level = 0;
        let sinceChange = Number.POSITIVE_INFINITY;
        let quiet = 0;
        const end = (observations.at(-1)?.timestampMs ?? 1000) + rest;
        for (let now = 1000; now <= end; now++) {
          if (level > 0 && quiet >= 40) {
            level--;
            quiet = 0;
            sinceChange = 0;
          }
          const hits = observations.filter(({ timestampMs, botScore }) => timestampMs === now && botScore > 0).length;
          for (let hit = 0; hit < hits; hit++) {
            quiet = 0;
            if (level < 3 && (level === 0 || sinceChange >= 10)) {
              level++;
              sinceChange = 0;
            }
          }
          sinceChange++;
          quiet++;
        }
        expect(coolThrottleState(run(observations, undefined, smallCriteria), end, smallCriteria).level).toBe(level);
      }),
    );
  });

  it('never leaves the levels, never goes up two steps at once, and its times only grow', () => {
    const observation = fc.record({
      timestampMs: fc.nat({ max: 3000 }),
      botScore: fc.nat({ max: 100 }),
      requestsPerMinute: fc.nat({ max: 60 }),
      requests: fc.nat({ max: 60 }),
      failedRequests: fc.nat({ max: 60 }),
      declaredSearchEngine: fc.boolean(),
      scanner: fc.constantFrom('', '3 probes'),
      flagged: fc.boolean(),
    });
    fc.assert(
      // In any order: late requests are among them.
      fc.property(fc.array(observation, { maxLength: 60 }), (observations) => {
        let state: ThrottleState = NORMAL_THROTTLE_STATE;
        for (const each of observations) {
          const next = nextThrottleState(state, each, smallCriteria);
          expect(next.level).toBeGreaterThanOrEqual(ThrottleLevel.Normal);
          expect(next.level).toBeLessThanOrEqual(ThrottleLevel.Blocked);
          expect(next.level - state.level).toBeLessThanOrEqual(1);
          if (next.level > state.level) {
            expect(findEvidence(each, smallCriteria)?.criterion).toBe(next.criterion);
            if (state.level > 0) expect(next.sinceMs - state.sinceMs).toBeGreaterThanOrEqual(smallCriteria.escalationIntervalMs);
          }
          expect(next.sinceMs).toBeGreaterThanOrEqual(state.sinceMs);
          expect(next.lastEvidenceMs).toBeGreaterThanOrEqual(state.lastEvidenceMs);
          expect(next.reason === '').toBe(next.level === 0);
          expect(next.criterion === 'none').toBe(next.level === 0);
          state = next;
        }
      }),
    );
  });

  it('never raises a search engine for its behaviour', () => {
    fc.assert(
      fc.property(anyRun, (observations) => {
        const crawler = observations.map((each) => ({ ...each, requestsPerMinute: 900, declaredSearchEngine: true }));
        expect(run(crawler, undefined, smallCriteria).level).toBe(ThrottleLevel.Normal);
      }),
    );
  });

  it('cools down to normal in the end', () => {
    fc.assert(
      fc.property(anyRun, (observations) => {
        const state = run(observations, undefined, smallCriteria);
        const end = Math.max(state.lastEvidenceMs, state.sinceMs) + state.level * 40;
        expect(coolThrottleState(state, end, smallCriteria)).toMatchObject({ level: 0, criterion: 'none', reason: '' });
      }),
    );
  });

  it('cools down alike in one look and in many', () => {
    fc.assert(
      fc.property(anyRun, fc.array(fc.nat({ max: 80 }), { maxLength: 8 }), (observations, pauses) => {
        const state = run(observations, undefined, smallCriteria);
        let now = 1000;
        let cooled = state;
        for (const pause of pauses) {
          now += pause;
          cooled = coolThrottleState(cooled, now, smallCriteria);
        }
        expect(cooled).toEqual(coolThrottleState(state, now, smallCriteria));
      }),
    );
  });
});

describe('mergeThrottleStates', () => {
  const anyState: fc.Arbitrary<ThrottleState> = fc.record({
    level: fc.constantFrom(...THROTTLE_LEVELS.map(({ level }) => level)),
    sinceMs: fc.nat({ max: 3 }),
    lastEvidenceMs: fc.nat({ max: 3 }),
    criterion: fc.constantFrom(...ESCALATION_CRITERIA),
    reason: fc.constantFrom('', 'a', 'b'),
    // One moment of a person's doing is one state: two servers do not know it differently.
    byHandMs: fc.constant(0),
  });

  it('is the same in any order, grouping and number', () => {
    fc.assert(
      fc.property(anyState, anyState, anyState, (a, b, c) => {
        expect(mergeThrottleStates(a, a)).toEqual(a);
        expect(mergeThrottleStates(a, b)).toEqual(mergeThrottleStates(b, a));
        expect(mergeThrottleStates(mergeThrottleStates(a, b), c)).toEqual(mergeThrottleStates(a, mergeThrottleStates(b, c)));
      }),
    );
  });

  it('is never lower than either, nor sooner cooled down', () => {
    fc.assert(
      fc.property(anyState, anyState, (a, b) => {
        const merged = mergeThrottleStates(a, b);
        expect(merged.level).toBe(Math.max(a.level, b.level));
        expect(merged.lastEvidenceMs).toBe(Math.max(a.lastEvidenceMs, b.lastEvidenceMs));
      }),
    );
  });

  it('lets what a person did last win', () => {
    const blocked = run([bad(T0), bad(T0 + 10_000), bad(T0 + 20_000)]);
    const held = holdThrottleLevel(ThrottleLevel.Normal, 'A test of ours.', T0 + 5000);
    const released = releaseThrottleLevel(T0 + 30_000);
    expect(mergeThrottleStates(blocked, held)).toBe(held);
    expect(mergeThrottleStates(released, held)).toBe(released);
  });
});
