import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveSession, LiveVisitor } from './live-sessions.js';

const MINUTE = 60_000;
const PAUSE = 30 * MINUTE;

const found = (firstMinute: number, lastMinute: number): LiveSession => {
  const session = new LiveSession(`v_${firstMinute}`, 'visitor', false, firstMinute * MINUTE, 0);
  session.lastMs = lastMinute * MINUTE;
  return session;
};
const named = (firstMinute: number): LiveSession => new LiveSession(`s${firstMinute}`, 'visitor', true, firstMinute * MINUTE, 0);

/** Sessions of one visitor that do not overlap, in any order, and some that a sender named. */
const anySessions = fc
  .record({ lengths: fc.array(fc.nat(50), { maxLength: 12 }), names: fc.array(fc.nat(1000), { maxLength: 8 }), seed: fc.nat() })
  .map(({ lengths, names, seed }) => {
    let minute = 0;
    const sessions = lengths.map((length) => {
      minute += 61;
      const session = found(minute, minute + length);
      minute += length;
      return session;
    });
    const all = [...sessions, ...names.map(named)];
    return all.sort((one, other) => ((one.firstMs + seed) % 7) - ((other.firstMs + seed) % 7));
  });

describe('a visitor', () => {
  it('has the sessions that a walk over all of them finds', () => {
    fc.assert(
      fc.property(anySessions, fc.nat(1500), fc.integer({ min: 1, max: 20 }), (sessions, minute, max) => {
        const visitor = new LiveVisitor();
        for (const session of sessions) visitor.add(session);
        for (const session of sessions) visitor.add(session);
        const atMs = minute * MINUTE;
        const near = sessions.filter(({ given, firstMs, lastMs }) => !given && atMs >= firstMs - PAUSE && atMs <= lastMs + PAUSE);
        expect(new Set(visitor.near(atMs, PAUSE))).toEqual(new Set(near));
        expect(new Set(visitor.sessions)).toEqual(new Set(sessions));
        const within = sessions.filter(({ firstMs }) => firstMs > atMs - 500 * MINUTE && firstMs <= atMs).length;
        expect(visitor.startedWithin(atMs - 500 * MINUTE, atMs, max)).toBe(Math.min(max, within));
      }),
    );
  });

  it('is empty when all of them are gone', () => {
    fc.assert(
      fc.property(anySessions, (sessions) => {
        const visitor = new LiveVisitor();
        for (const session of sessions) visitor.add(session);
        for (const [index, session] of sessions.entries()) {
          expect(visitor.isEmpty).toBe(false);
          expect(visitor.remove(session)).toBe(true);
          expect(visitor.remove(session)).toBe(false);
          expect(visitor.sessions).toHaveLength(sessions.length - index - 1);
        }
        expect(visitor.isEmpty).toBe(true);
      }),
    );
  });

  it('is in the session that was seen last', () => {
    const visitor = new LiveVisitor();
    visitor.add(found(100, 120));
    visitor.add(found(300, 320));
    visitor.add(named(310));
    expect(visitor.latest?.sessionId).toBe('v_300');
    visitor.add(named(400));
    expect(visitor.latest?.sessionId).toBe('s400');
  });
});
