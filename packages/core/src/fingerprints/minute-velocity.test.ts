import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MinuteRequests, measureVelocity } from './minute-velocity.js';

const anyMinutes = fc
  .array(fc.tuple(fc.nat({ max: 200 }), fc.integer({ min: 1, max: 30 })), { maxLength: 150 })
  .map((entries): MinuteRequests[] =>
    [...new Map(entries)].sort(([a], [b]) => a - b).map(([minute, requests]) => ({ minute: 29_000_000 + minute, requests })),
  );

describe('measureVelocity', () => {
  it('is what counting by hand gives', () => {
    fc.assert(
      fc.property(anyMinutes, fc.integer({ min: 1, max: 20 }), (minutes, requestsMin) => {
        const countOf = new Map(minutes.map(({ minute, requests }) => [minute, requests]));
        const expected = minutes.map(({ minute }) => {
          let requestsInHour = 0;
          for (let each = minute - 59; each <= minute; each++) requestsInHour += countOf.get(each) ?? 0;
          let minutesInRow = 0;
          while ((countOf.get(minute - minutesInRow) ?? 0) >= requestsMin) minutesInRow++;
          return { minute, requestsInHour, minutesInRow };
        });
        expect(measureVelocity(minutes, requestsMin)).toEqual(expected);
      }),
    );
  });

  it('has nothing to say of nothing', () => {
    expect(measureVelocity([], 10)).toEqual([]);
  });

  it.each([[[5, 4]], [[5, 5]]])('refuses minutes in the order %j', (minutes) => {
    expect(() =>
      measureVelocity(
        minutes.map((minute) => ({ minute, requests: 1 })),
        10,
      ),
    ).toThrow('ascending');
  });
});
