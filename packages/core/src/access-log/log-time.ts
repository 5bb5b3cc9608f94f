const MONTHS: ReadonlyMap<string, number> = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, index) => [name, index]),
);
const CLF_TIME = /^(\d{2})\/([A-Za-z]{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;
const ISO_TIME = /^(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))? ?(?:Z|([+-])(\d{2}):?(\d{2}))?$/;
const DECIMAL = /^\d{1,20}(?:\.\d{1,9})?$/;

/**
 * Reads the time of a log line: `17/May/2015:10:05:03 +0200` or ISO 8601, which is UTC when it names no zone.
 *
 * @returns UTC milliseconds, or undefined when it is no such time
 */
export function readLogTime(text: string): number | undefined {
  const clf = CLF_TIME.exec(text);
  if (clf !== null) {
    const [, day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = clf;
    const monthIndex = MONTHS.get(month.toLowerCase());
    if (monthIndex === undefined) return undefined;
    return utcOf([year, monthIndex, day, hour, minute, second], undefined, sign, zoneHours, zoneMinutes);
  }
  const iso = ISO_TIME.exec(text);
  if (iso === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHours, zoneMinutes] = iso;
  return utcOf([year, Number(month) - 1, day, hour, minute, second], fraction, sign, zoneHours, zoneMinutes);
}

/** Reads the time of a JSON log: text as {@link readLogTime} does, or a number since 1970 in whatever unit fits this age. */
export function readJsonTime(value: unknown): number | undefined {
  if (typeof value === 'string') return DECIMAL.test(value) ? sinceEpoch(Number(value)) : readLogTime(value);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? sinceEpoch(value) : undefined;
}

/** Seconds until the year 5138, beyond that milliseconds, microseconds, nanoseconds: no log is that old or that new. */
function sinceEpoch(value: number): number {
  if (value < 1e11) return Math.round(value * 1000);
  if (value < 1e14) return Math.floor(value);
  return Math.floor(value / (value < 1e17 ? 1e3 : 1e6));
}

type Part = string | number | undefined;

function utcOf(
  parts: readonly [year: Part, month: number, day: Part, hour: Part, minute: Part, second: Part],
  fraction: string | undefined,
  sign: string | undefined,
  zoneHours: string | undefined,
  zoneMinutes: string | undefined,
): number | undefined {
  const [year, month, day, hour, minute, second] = [parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]].map(Number);
  if (year === undefined || month === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined)
    return undefined;
  const [offsetHours, offsetMinutes] = [Number(zoneHours ?? 0), Number(zoneMinutes ?? 0)];
  // Second 60 is a leap second, which UTC milliseconds do not have: it is the first of the next minute.
  if (month < 0 || month > 11 || hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  if (day < 1 || day > daysOf(year, month)) return undefined;
  const milliseconds = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000 * (sign === '-' ? -1 : 1);
  const timestampMs = Date.UTC(year, month, day, hour, minute, second, milliseconds) - offset;
  // Date.UTC takes the years 0 to 99 for those of the last century.
  return year >= 1970 && timestampMs >= 0 ? timestampMs : undefined;
}

function daysOf(year: number, month: number): number {
  if (month !== 1) return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
