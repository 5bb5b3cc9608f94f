import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeSession, scoreSession } from './judge-session.js';
import { LAYERS } from './layered-rules.js';
import { PathTable } from './path-table.js';
import { SessionBehavior } from './session-behavior.js';
import type { DeclaredBot, Measurement, SessionContext } from './session-context.js';
import type { SessionRequest } from './session-request.js';

const NOBODY: DeclaredBot = { declared: false, name: '', category: '', vendor: '', purpose: '' };
const PERSON: SessionContext = {
  sitePages: 30,
  fingerprintSessions: 1,
  browser: 'Chrome',
  browserMajor: 140,
  newestBrowserMajor: 141,
  hasUserAgent: true,
  bot: NOBODY,
  hosting: false,
  network: '',
  measuredBy: 'both',
  recentPages: 0,
};

type Ask = Omit<SessionRequest, 'timestampMs'> & { readonly afterMs: number };

function behaviorOf(asks: readonly Ask[], beacons: readonly boolean[]): SessionBehavior {
  const behavior = new SessionBehavior(new PathTable());
  let timestampMs = 0;
  for (const { afterMs, ...ask } of asks) {
    timestampMs += afterMs;
    behavior.observe({ timestampMs, ...ask });
  }
  for (const interacted of beacons) behavior.beacon(interacted);
  return behavior;
}

describe('scoreSession', () => {
  const anyCase = fc.record({
    asks: fc.array(
      fc.record({
        path: fc.constantFrom('/', '/a', '/b', '/c', '/d', '/.env', '/robots.txt', '/feed', '/wp-login.php'),
        kind: fc.constantFrom('page' as const, 'asset' as const, 'other' as const),
        method: fc.constantFrom('GET', 'HEAD', 'POST', 'TRACE'),
        statusCode: fc.constantFrom(200, 404, undefined),
        hasReferrer: fc.boolean(),
        afterMs: fc.nat(200_000),
      }),
      { maxLength: 40 },
    ),
    beacons: fc.array(fc.boolean(), { maxLength: 5 }),
    hosting: fc.boolean(),
    measuredBy: fc.constantFrom<Measurement>('tracker', 'server_log', 'both', 'unknown'),
    recentPages: fc.constantFrom(0, 1),
    fingerprintSessions: fc.nat(40),
    browserMajor: fc.option(fc.nat(150)),
    isDeclared: fc.boolean(),
  });

  it('says the same as the verdict, which adds up its findings in the order of the layers', () => {
    fc.assert(
      fc.property(anyCase, ({ asks, beacons, isDeclared, ...changes }) => {
        const context = { ...PERSON, ...changes, bot: { ...NOBODY, declared: isDeclared } };
        const behavior = behaviorOf(asks, beacons);
        const { findings, classic, ...scores } = judgeSession(behavior, context);
        expect(scoreSession(behavior, context)).toEqual(scores);
        expect(classic.score).toBe(scores.classicScore);
        const sum = findings.reduce((points, finding) => points + finding.points, 0);
        expect(scores.score).toBeCloseTo(100 / (1 + Math.exp((50 - sum) / 15)), 8);
        const order = findings.map(({ layer }) => LAYERS.indexOf(layer));
        expect(order).toEqual(order.toSorted((one, other) => one - other));
        expect(scores.isLayeredBot).toBe(scores.score >= 50);
      }),
      { numRuns: 300 },
    );
  });

  it('is a number from 0 to 100, and grows with each sign of a program', () => {
    fc.assert(
      fc.property(anyCase, ({ asks, beacons, isDeclared, ...changes }) => {
        const context = { ...PERSON, ...changes, hosting: false, fingerprintSessions: 1 };
        const behavior = behaviorOf(asks, beacons);
        const { score } = scoreSession(behavior, context);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
        for (const worse of [
          { hosting: true },
          { fingerprintSessions: 30 },
          { hasUserAgent: false },
          { bot: { ...NOBODY, declared: true } },
        ]) {
          expect(scoreSession(behavior, { ...context, ...worse }).score).toBeGreaterThan(score);
        }
      }),
      { numRuns: 200 },
    );
  });
});
