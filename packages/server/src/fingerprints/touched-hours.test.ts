import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hourOf, TouchedHours, type TouchedWork } from './touched-hours.js';

const pairsOf = ({ hours }: TouchedWork): string[] =>
  [...hours].flatMap(([project, visitors]) =>
    [...visitors].flatMap(([visitor, set]) => [...set].map((hour) => `${project} ${visitor} ${hour}`)),
  );

describe('TouchedHours', () => {
  const anyEvent = fc.record({
    project: fc.constantFrom('a', 'b'),
    visitor: fc.constantFrom('x', 'y', 'z'),
    hour: fc.nat({ max: 5 }),
    receivedMs: fc.nat({ max: 1000 }),
  });

  it('covers every event: by its hour, or by the time it arrived at', () => {
    const anyStep = fc.oneof(
      { weight: 8, arbitrary: fc.record({ event: anyEvent }) },
      { weight: 1, arbitrary: fc.record({ since: fc.nat({ max: 1000 }) }) },
      { weight: 1, arbitrary: fc.constant({ failing: true }) },
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (steps, pairsMax) => {
        const touched = new TouchedHours(pairsMax);
        const events: { project: string; visitor: string; hour: number; receivedMs: number }[] = [];
        let sinceMs = Number.POSITIVE_INFINITY;
        for (const step of steps) {
          if ('event' in step) {
            const { project, visitor, hour, receivedMs } = step.event;
            touched.add(project, visitor, hour, receivedMs);
            events.push(step.event);
          } else if ('since' in step) {
            touched.addSince(step.since);
            sinceMs = Math.min(sinceMs, step.since);
          } else touched.putBack(touched.take());
        }
        expect(touched.isEmpty).toBe(events.length === 0 && sinceMs === Number.POSITIVE_INFINITY);
        const work = touched.take();
        const pairs = pairsOf(work);
        expect(pairs.length).toBeLessThanOrEqual(pairsMax);
        for (const { project, visitor, hour, receivedMs } of events) {
          const covered = work.receivedSinceMs !== undefined && work.receivedSinceMs <= receivedMs;
          expect(covered || pairs.includes(`${project} ${visitor} ${hour}`)).toBe(true);
        }
        if (sinceMs < Number.POSITIVE_INFINITY) expect(work.receivedSinceMs).toBeLessThanOrEqual(sinceMs);
        expect(touched.isEmpty).toBe(true);
      }),
    );
  });

  it('names hours one by one as long as they are few', () => {
    const touched = new TouchedHours(3);
    for (const hour of [7, 8, 7]) touched.add('p', 'v', hour, 500);
    expect(touched.take()).toEqual({
      hours: new Map([['p', new Map([['v', new Set([7, 8])]])]]),
      oldestReceivedMs: 500,
      receivedSinceMs: undefined,
    });
  });

  it.each([
    [0, 0],
    [3_599_999, 0],
    [3_600_000, 1],
  ])('%i ms are in hour %i', (timestampMs, hour) => {
    expect(hourOf(timestampMs)).toBe(hour);
  });
});
