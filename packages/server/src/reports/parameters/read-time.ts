import { AnalyticsError } from '@systemprompt-analytics/core';
import { instantOf } from './zoned-time.js';

const SPAN = /^(\d{1,7})(m|h|d|w)$/;
const SPAN_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;
/** 1970 to 2100: the times events may have. */
const TIME_MS_MAX = 4_102_444_800_000;

/** What a time in a parameter means depends on. */
export interface TimeContext {
  /** What a span such as `24h` lies before. */
  readonly anchorMs: number;
  /** Zone of times that name none. */
  readonly timeZone: string;
}

/**
 * Reads a time: a span before the anchor (`30m`, `24h`, `7d`, `2w`), or ISO 8601. Without an offset it is a time in the
 * project's time zone, a date alone its midnight there, as the buckets are.
 *
 * @throws AnalyticsError `invalid_parameter`; what cannot be read never becomes another range
 */
export function readTime(name: string, text: string, context: TimeContext): number {
  const [, count, unit = ''] = SPAN.exec(text) ?? [];
  const spanMs = SPAN_MS[unit];
  const timeMs = count !== undefined && spanMs !== undefined ? context.anchorMs - Number(count) * spanMs : readIso(text, context.timeZone);
  if (timeMs === undefined || timeMs < 0 || timeMs > TIME_MS_MAX) {
    throw new AnalyticsError(
      'invalid_parameter',
      `${name} is ${JSON.stringify(text.slice(0, 80))}; allowed: a span such as 30m, 24h, 7d or 2w, or an ISO 8601 time between 1970 and 2100 such as 2026-03-01 or 2026-03-01T12:30:00Z.`,
      { path: name },
    );
  }
  return timeMs;
}

function readIso(text: string, timeZone: string): number | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const whole = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(whole);
  // Date.UTC carries 30 February over into March; here it is a mistake.
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists) return undefined;
  const clockMs = whole + Math.trunc(Number(`0.${match[7] ?? '0'}`) * 1000);
  const offset = match[8];
  return offset === undefined ? instantOf(whole, timeZone) + (clockMs - whole) : clockMs - offsetMs(offset);
}

function offsetMs(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0;
  const digits = offset.slice(1).replace(':', '');
  const milliseconds = (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
  return offset.startsWith('-') ? -milliseconds : milliseconds;
}
