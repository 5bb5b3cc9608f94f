import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjustScore,
  applyActivity,
  clearReputation,
  type FingerprintActivity,
  type FingerprintReputation,
  flagReputation,
  isHighRisk,
  newReputation,
  recordIncident,
  reputationAt,
  scoreAt,
} from './fingerprint-reputation.js';

const T0 = Date.UTC(2026, 9, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FRESH = newReputation('fp', T0);

/** The activity of a visitor that made so many requests in each minute from T0 on, one session unless said otherwise. */
function activityOf(requestsByMinute: readonly number[], more: Partial<FingerprintActivity> = {}): FingerprintActivity {
  const minutes = requestsByMinute
    .map((requests, index) => ({ minute: T0 / MINUTE + index, requests }))
    .filter(({ requests }) => requests > 0);
  return {
    firstSeenMs: T0,
    lastSeenMs: (minutes.at(-1)?.minute ?? T0 / MINUTE) * MINUTE + 30_000,
    totalSessions: 1,
    activeSessions: 1,
    sessionsLastDay: 1,
    totalRequests: requestsByMinute.reduce((sum, requests) => sum + requests, 0),
    peakRequestsPerMinute: Math.max(0, ...requestsByMinute),
    lastIp: '192.0.2.0',
    lastUserAgent: 'agent',
    userIds: ['u1'],
    minutes,
    ...more,
  };
}

describe('applyActivity', () => {
  it('takes the counters over as they are', () => {
    const reputation = applyActivity(undefined, 'fp', activityOf([3, 0, 7]));
    expect(reputation).toEqual({
      ...FRESH,
      lastSeenMs: T0 + 2 * MINUTE + 30_000,
      totalSessions: 1,
      activeSessions: 1,
      totalRequests: 10,
      requestsLastHour: 10,
      peakRequestsPerMinute: 7,
      lastIp: '192.0.2.0',
      lastUserAgent: 'agent',
      associatedUserIds: ['u1'],
    });
    const busy = applyActivity(reputation, 'fp', activityOf([3, 0, 17, 11, 12, 4]));
    expect(busy).toMatchObject({ totalRequests: 47, peakRequestsPerMinute: 17, sustainedHighVelocityMinutes: 3 });
  });

  it.each([
    ['100 requests in an hour', [50, 50], {}, false, ''],
    ['101 requests in an hour', [50, 51], {}, true, 'request_count'],
    ['101 requests in an hour and a minute', [50, ...Array(59).fill(0), 51], {}, false, ''],
    ['9 requests a minute for 11 minutes', Array(11).fill(9), {}, false, ''],
    ['10 sessions in a day', [10], { totalSessions: 500, sessionsLastDay: 10 }, false, ''],
    ['11 sessions in a day', [11], { totalSessions: 11, sessionsLastDay: 11 }, true, 'session_count'],
  ])('%s: flagged is decided', (_name, requests, more, isFlagged, flagReason) => {
    const reputation = applyActivity(undefined, 'fp', activityOf(requests, more));
    expect(reputation).toMatchObject({ isFlagged, flagReason, abuseIncidents: isFlagged ? 1 : 0 });
    expect(reputation.reputationScore).toBe(isFlagged ? 40 : 50);
  });

  it('flags 10 requests a minute once they were kept up for an hour', () => {
    // The limit of requests in an hour would be broken long before.
    const rules = {
      requestsPerHourOver: 100_000,
      velocityRequestsPerMinute: 10,
      velocityMinutes: 60,
      sessionsPerDayOver: 10,
      flagScoreBelow: 20,
      highRiskScoreBelow: 30,
      highRiskIncidents: 3,
      incidentPenalty: 10,
      scoreDriftPerDay: 5,
    };
    const after = (requests: readonly number[]): FingerprintReputation => applyActivity(undefined, 'fp', activityOf(requests), rules);
    expect(after(Array(59).fill(10))).toMatchObject({ isFlagged: false, sustainedHighVelocityMinutes: 59 });
    expect(after([...Array(59).fill(10), 9, 10])).toMatchObject({ isFlagged: false, sustainedHighVelocityMinutes: 59 });
    expect(after(Array(60).fill(10))).toMatchObject({
      isFlagged: true,
      flagReason: 'sustained_velocity',
      flaggedAtMs: T0 + 59 * MINUTE,
      sustainedHighVelocityMinutes: 60,
    });
    expect(after(Array(500).fill(10)).sustainedHighVelocityMinutes).toBe(60);
  });

  it('counts abuse that goes on once an hour, and takes score for each', () => {
    const reputation = applyActivity(undefined, 'fp', activityOf(Array(240).fill(30)));
    expect(reputation).toMatchObject({ abuseIncidents: 4, isFlagged: true, flagReason: 'request_count', flaggedAtMs: T0 + 3 * MINUTE });
    expect(reputation.reputationScore).toBeCloseTo(10 + (5 * 3) / 24, 10);
    expect(isHighRisk(reputation, T0 + DAY)).toBe(true);
  });

  it('makes the same of an activity however it is portioned', () => {
    const anyRequests = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 60 })), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(anyRequests, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }), (requests, portions) => {
        const whole = activityOf(requests);
        if (whole.minutes.length === 0) return;
        let portioned: FingerprintReputation | undefined;
        let done = 0;
        for (let index = 0; done < requests.length; index++) {
          const from = done;
          done += portions[index % portions.length] ?? 1;
          const soFar = activityOf(requests.slice(0, done));
          if (soFar.minutes.length === 0) continue;
          // Only what the repository hands over: the hours touched, and one before and after each.
          const oldest = Math.floor(from / 60) * 60 - 60;
          const minutes = soFar.minutes.filter(({ minute }) => minute - T0 / MINUTE >= oldest);
          portioned = applyActivity(portioned, 'fp', { ...soFar, minutes });
          // Applied again it is nothing new.
          expect(applyActivity(portioned, 'fp', { ...soFar, minutes })).toEqual(portioned);
        }
        const atOnce = applyActivity(undefined, 'fp', whole);
        expect({ ...portioned, reputationScore: 0, requestsLastHour: 0 }).toEqual({ ...atOnce, reputationScore: 0, requestsLastHour: 0 });
        expect(portioned?.reputationScore).toBeCloseTo(atOnce.reputationScore, 9);
      }),
    );
  });

  it('keeps a flag and its reason until it is cleared, and counts incidents meanwhile', () => {
    const flagged = flagReputation(FRESH, 'spam in the forum', T0);
    const later = applyActivity(flagged, 'fp', activityOf([200]));
    expect(later).toMatchObject({ flagReason: 'manual', flagNote: 'spam in the forum', abuseIncidents: 1 });
    const quiet = applyActivity(later, 'fp', activityOf([200, ...Array(100).fill(0), 1]));
    expect(quiet).toMatchObject({ isFlagged: true, abuseIncidents: 1, requestsLastHour: 1 });
  });

  it('does not flag for what was settled by clearing', () => {
    const flagged = applyActivity(undefined, 'fp', activityOf([150]));
    const cleared = clearReputation(flagged, T0 + MINUTE);
    expect(cleared).toMatchObject({ isFlagged: false, flagReason: '', flaggedAtMs: undefined, abuseIncidents: 0, reputationScore: 50 });
    expect(applyActivity(cleared, 'fp', activityOf([150, 5])).isFlagged).toBe(false);
    expect(applyActivity(cleared, 'fp', activityOf([150, 5, ...Array(80).fill(2)])).isFlagged).toBe(true);
  });
});

describe('the score', () => {
  const anyReputation = fc
    .record({ score: fc.double({ min: 0, max: 100, noNaN: true }), at: fc.nat({ max: 10 * DAY }) })
    .map(({ score, at }): FingerprintReputation => ({ ...FRESH, reputationScore: score, scoreUpdatedAtMs: T0 + at }));

  it.each([
    [20, 0, 20],
    [20, 1, 25],
    [20, 6, 50],
    [20, 60, 50],
    [90, 2, 80],
    [90, 8, 50],
    [90, 80, 50],
    [50, 3, 50],
    [20, -3, 20],
  ])('%d is after %d days %d', (reputationScore, days, expected) => {
    expect(scoreAt({ ...FRESH, reputationScore }, T0 + days * DAY)).toBe(expected);
  });

  it('drifts to 50 and not beyond, the same in one look and in two', () => {
    fc.assert(
      fc.property(anyReputation, fc.nat({ max: 20 * DAY }), fc.nat({ max: 20 * DAY }), (reputation, first, second) => {
        const start = reputation.scoreUpdatedAtMs;
        const before = Math.abs(reputation.reputationScore - 50);
        const middle = reputationAt(reputation, start + first);
        expect(Math.abs(middle.reputationScore - 50)).toBeLessThanOrEqual(before);
        expect((middle.reputationScore - 50) * (reputation.reputationScore - 50)).toBeGreaterThanOrEqual(0);
        expect(scoreAt(middle, start + first + second)).toBeCloseTo(scoreAt(reputation, start + first + second), 9);
      }),
    );
  });

  it('stays within 0 and 100 whatever is added', () => {
    fc.assert(
      fc.property(anyReputation, fc.double({ min: -100, max: 100, noNaN: true }), (reputation, points) => {
        const adjusted = adjustScore(reputation, points, reputation.scoreUpdatedAtMs);
        expect(adjusted.reputationScore).toBe(Math.min(100, Math.max(0, reputation.reputationScore + points)));
        expect(adjusted.isFlagged).toBe(adjusted.reputationScore < 20);
        expect(adjusted.flagReason).toBe(adjusted.isFlagged ? 'low_reputation' : '');
      }),
    );
  });

  it.each([101, -101, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d points', (points) => {
    expect(() => adjustScore(FRESH, points, T0)).toThrow(expect.objectContaining({ code: 'invalid_value', path: 'points' }));
  });

  it('leaves the reason of a flag that is there', () => {
    expect(adjustScore(flagReputation(FRESH, '', T0), -45, T0).flagReason).toBe('manual');
  });
});

describe('isHighRisk', () => {
  const incidents = (count: number): FingerprintReputation => ({ ...FRESH, abuseIncidents: count });
  it.each([
    ['nobody knows', FRESH, false],
    ['is flagged', flagReputation(FRESH, '', T0), true],
    ['has a score of 30', { ...FRESH, reputationScore: 30 }, false],
    ['has less', { ...FRESH, reputationScore: 29.9 }, true],
    ['had 2 incidents', incidents(2), false],
    ['had 3 incidents', incidents(3), true],
  ])('a visitor that %s: decided', (_name, reputation, expected) => {
    expect(isHighRisk(reputation, T0)).toBe(expected);
  });

  it('ends when the score has recovered, and after clearing', () => {
    const low = { ...FRESH, reputationScore: 25 };
    expect([isHighRisk(low, T0), isHighRisk(low, T0 + DAY)]).toEqual([true, false]);
    const abusive = [1, 2, 3].reduce((reputation, hour) => recordIncident(reputation, 'request_count', T0 + hour * HOUR), FRESH);
    expect(isHighRisk(abusive, T0 + 100 * DAY)).toBe(true);
    expect(isHighRisk(clearReputation(abusive, T0 + DAY), T0 + DAY)).toBe(false);
  });
});

describe('reputationAt', () => {
  it('forgets the last hour and active sessions when they are over', () => {
    const { lastSeenMs, ...rest } = applyActivity(undefined, 'fp', activityOf([5]));
    const reputation = { lastSeenMs, ...rest };
    expect(reputationAt(reputation, lastSeenMs + 30 * MINUTE)).toMatchObject({ activeSessions: 1, requestsLastHour: 5 });
    expect(reputationAt(reputation, lastSeenMs + 30 * MINUTE + 1)).toMatchObject({ activeSessions: 0, requestsLastHour: 5 });
    expect(reputationAt(reputation, lastSeenMs + HOUR + 1)).toMatchObject({ activeSessions: 0, requestsLastHour: 0, totalRequests: 5 });
  });
});
