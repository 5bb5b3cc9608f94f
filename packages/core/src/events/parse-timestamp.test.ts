import { describe, expect, it } from 'vitest';
import { DEFAULT_INGEST_LIMITS } from './ingest-limits.js';
import { type ParseContext, parseEvent } from './parse-event.js';

const NOW_MS = Date.UTC(2026, 10, 1, 12);
const LIMITS = DEFAULT_INGEST_LIMITS;
const TRUSTED: ParseContext = { nowMs: NOW_MS, limits: LIMITS, trusted: true };
const UNTRUSTED: ParseContext = { ...TRUSTED, trusted: false };
const LATEST = '2100-01-01T00:00:00.000Z';

/** The time an event of this timestamp gets, or the code it is refused with. */
function timeOf(timestamp: unknown, context: ParseContext = TRUSTED): string {
  const outcome = parseEvent({ type: 'signup', timestamp }, context);
  if (outcome.ok) return new Date(outcome.event.timestampMs).toISOString();
  expect(outcome.fault.path).toBe('timestamp');
  expect(outcome.fault.message).not.toBe('');
  return outcome.fault.code;
}

describe('a timestamp', () => {
  it.each([
    ['2026-10-31T12:00:00.123Z', '2026-10-31T12:00:00.123Z'],
    ['2026-10-31T12:00:00Z', '2026-10-31T12:00:00.000Z'],
    ['2026-10-31T12:00Z', '2026-10-31T12:00:00.000Z'],
    ['2026-10-31T12:00:00.1Z', '2026-10-31T12:00:00.100Z'],
    ['2026-10-31T12:00:00.123999999Z', '2026-10-31T12:00:00.123Z'],
    ['2026-10-31T12:00:00+02:00', '2026-10-31T10:00:00.000Z'],
    ['2026-10-31T12:00:00-0530', '2026-10-31T17:30:00.000Z'],
    ['2026-10-31 12:00:00.5', '2026-10-31T12:00:00.500Z'],
    ['2026-10-31 12:00:00+01:00', '2026-10-31T11:00:00.000Z'],
    ['2026-10-31T12:00', '2026-10-31T12:00:00.000Z'],
    ['2026-10-31', '2026-10-31T00:00:00.000Z'],
    ['2026-10-30T24:00Z', '2026-10-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T23:59:59.999-12:00', '2000-03-01T11:59:59.999Z'],
    ['1970-01-01', '1970-01-01T00:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [NOW_MS - 1, '2026-11-01T11:59:59.999Z'],
  ])('%s is %s', (timestamp, time) => {
    expect(timeOf(timestamp)).toBe(time);
  });

  it.each([
    '',
    ' ',
    'now',
    'yesterday',
    '2026',
    '2026-10',
    '20261031',
    '1793448000000',
    '2026-10-31T',
    '2026-10-31Z',
    '2026-10-31T12',
    '2026-10-31T12:00:00,5Z',
    '2026-10-31T12:00:00.Z',
    '2026-10-31T12:00:00.1234567890Z',
    '2026-10-31t12:00:00z',
    '2026-10-31T12:00:00 Z',
    '2026-10-31T12:00:00Z\n',
    ' 2026-10-31',
    '2026-10-31T12:00:00 Europe/Berlin',
    'Sat, 31 Oct 2026 12:00:00 GMT',
    '31.10.2026',
    '٢٠٢٦-١٠-٣١',
    '\ud800',
    // What the calendar or the clock does not have; `Date.parse` takes the first five for a day of the next month.
    '2026-02-30',
    '2026-02-29T12:00:00Z',
    '2100-02-29',
    '2026-04-31 12:00:00+02:00',
    '2026-11-31T00:00',
    '2026-02-32',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-10-31T24:01Z',
    '2026-10-31T25:00Z',
    '2026-10-31T12:60Z',
    '2026-10-31T12:00:60Z',
    '2026-10-31T12:00:00+24:00',
    '2026-10-31T12:00:00+01:60',
    // Outside 1970 to 2100.
    '0000-01-01',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00+00:01',
    '2100-01-01T00:00:00.001Z',
    '9999-12-31',
    -1,
    4_102_444_800_001,
    Number.MAX_SAFE_INTEGER,
    1_793_448_000_000_000,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    // As a number, a fraction is a sign of seconds and never a millisecond.
    1_793_448_000.123,
    NOW_MS - 0.5,
    0.1,
  ])('%j is refused', (timestamp) => {
    expect(timeOf(timestamp)).toBe('invalid_value');
  });

  it.each([true, false, {}, [], [NOW_MS], { ms: NOW_MS }])('%j has the wrong type', (timestamp) => {
    expect(timeOf(timestamp)).toBe('invalid_type');
  });

  it.each([null, undefined])('%j is the time of receipt', (timestamp) => {
    expect(timeOf(timestamp, UNTRUSTED)).toBe('2026-11-01T12:00:00.000Z');
  });

  it('does not depend on the time zone of the machine', () => {
    const zone = process.env['TZ'];
    try {
      for (const machine of ['UTC', 'America/New_York', 'Asia/Kolkata']) {
        process.env['TZ'] = machine;
        expect(timeOf('2026-10-31T12:00:00')).toBe('2026-10-31T12:00:00.000Z');
        expect(timeOf('2026-10-25 02:30')).toBe('2026-10-25T02:30:00.000Z');
        expect(timeOf('2026-10-31')).toBe('2026-10-31T00:00:00.000Z');
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});

describe('the window of time', () => {
  const ahead = NOW_MS + LIMITS.futureSkewMsMax;
  const back = NOW_MS - LIMITS.ageMsMax;

  it.each([
    ['a secret key', TRUSTED],
    ['a write key', UNTRUSTED],
  ])('ends at the allowed skew with %s', (_key, context) => {
    expect(timeOf(ahead, context)).toBe('2026-11-01T12:05:00.000Z');
    expect(timeOf(ahead + 1, context)).toBe('timestamp_in_future');
    expect(timeOf('2026-11-01T12:05:00.001Z', context)).toBe('timestamp_in_future');
    expect(timeOf(LATEST, context)).toBe('timestamp_in_future');
  });

  it('begins at the allowed age with a write key only', () => {
    expect(timeOf(back, UNTRUSTED)).toBe('2026-10-25T12:00:00.000Z');
    expect(timeOf(back - 1, UNTRUSTED)).toBe('timestamp_too_old');
    expect(timeOf(0, UNTRUSTED)).toBe('timestamp_too_old');
    expect(timeOf(back - 1, TRUSTED)).toBe('2026-10-25T11:59:59.999Z');
  });

  it('follows the limits it is given', () => {
    const narrow: ParseContext = { ...UNTRUSTED, limits: { ...LIMITS, futureSkewMsMax: 0, ageMsMax: 0 } };
    expect(timeOf(NOW_MS, narrow)).toBe('2026-11-01T12:00:00.000Z');
    expect(timeOf(NOW_MS + 1, narrow)).toBe('timestamp_in_future');
    expect(timeOf(NOW_MS - 1, narrow)).toBe('timestamp_too_old');
  });

  it('reaches to 2100, to the millisecond', () => {
    expect(timeOf(LATEST, { ...TRUSTED, nowMs: Date.parse(LATEST) })).toBe(LATEST);
  });

  it('does not bound the times of a task', () => {
    const outcome = parseEvent({ type: 'agent_task', task_id: 't', status: 'working', started_at: 0, completed_at: LATEST }, UNTRUSTED);
    expect(outcome).toMatchObject({ ok: true, event: { fields: { started_at: 0, completed_at: Date.parse(LATEST) } } });
  });
});
