import { visibleText } from './terminal.js';

/** Finest part of a time worth showing. */
export type TimePrecision = 'day' | 'minute' | 'second';

/** What is known about a value when it is shown. */
export interface ValueFormat {
  /** `string`, `integer`, `number`, `ratio`, `timestamp`, `usd`, `microdollars`, `boolean`, `list`. */
  readonly type: string;
  readonly unit: string | null;
  /** IANA name; times are shown in it. */
  readonly timeZone: string;
  /** @default 'second' */
  readonly precision?: TimePrecision;
}

/** Shown where there is no value. Never 0: an unpriced request has no cost, not a cost of nothing. */
export const NO_VALUE = '-';

/** Formats one value of an answer for a person. */
export function formatValue(value: unknown, format: ValueFormat): string {
  if (value === null || value === undefined || value === '') return NO_VALUE;
  switch (format.type) {
    case 'integer':
    case 'microdollars':
      return formatInteger(value);
    case 'usd':
      return formatUsd(String(value));
    case 'ratio':
      return formatRatio(Number(value));
    case 'number':
      return formatNumber(Number(value), format.unit);
    case 'timestamp':
      return formatTime(value, format.timeZone, format.precision);
    case 'boolean':
      return typeof value === 'boolean' ? (value ? 'yes' : 'no') : visibleText(String(value));
    default:
      return formatText(value);
  }
}

/** `18446744073709551615` becomes `18,446,744,073,709,551,615`: digits are grouped as text, so that 64 bits stay exact. */
export function formatInteger(value: unknown): string {
  const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : String(value);
  return /^-?\d+$/.test(text) ? groupDigits(text) : visibleText(text);
}

/** An exact amount: every digit the server sent, with `$` and grouped thousands. */
export function formatUsd(text: string): string {
  const parts = /^(-?)(\d+)(\.\d+)?$/.exec(text);
  if (parts === null) return visibleText(text);
  return `${parts[1] ?? ''}$${groupDigits(parts[2] ?? '')}${parts[3] ?? ''}`;
}

/**
 * A ratio as per cent with one decimal. What is not quite nothing or not quite everything says so: 1 failure in 5,000
 * shown as `0.0 %` would read as none.
 */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return NO_VALUE;
  if (ratio > 0 && ratio < 0.001) return '<0.1 %';
  if (ratio < 1 && ratio > 0.999) return '>99.9 %';
  return `${decimals(ratio * 100, 1)} %`;
}

/** Milliseconds and per cent with one decimal, other numbers with two; smaller ones with two significant digits. */
export function formatNumber(value: number, unit: string | null): string {
  if (!Number.isFinite(value)) return NO_VALUE;
  if (value !== 0 && Math.abs(value) < 0.01) return value.toPrecision(2);
  if (unit === 'percent') return `${decimals(value, 1)} %`;
  return decimals(value, unit === 'ms' ? 1 : 2);
}

/** A change against before: `▲ 12 %`, `▼ 3.5 %`, `= 0 %`. Whether up is good only the reader knows. */
export function formatChange(ratio: number): string {
  if (!Number.isFinite(ratio)) return NO_VALUE;
  const percent = Math.abs(ratio) * 100;
  if (percent === 0) return '= 0 %';
  const shown = percent < 0.1 ? '<0.1' : percent < 10 ? decimals(percent, 1).replace(/\.0$/, '') : decimals(percent, 0);
  return `${ratio > 0 ? '▲' : '▼'} ${shown} %`;
}

/** A time in a time zone, `2026-03-01 12:30:05`. Text that is no time is shown as it is. */
export function formatTime(value: unknown, timeZone: string, precision: TimePrecision = 'second'): string {
  const parts = timeParts(value, timeZone);
  if (parts === undefined) return visibleText(String(value));
  if (precision === 'day') return parts.day;
  return `${parts.day} ${precision === 'minute' ? parts.clock.slice(0, 5) : parts.clock}`;
}

/** The coarsest precision that loses nothing of these times (fractions of seconds aside). */
export function precisionOf(values: readonly unknown[], timeZone: string): TimePrecision {
  const clocks = values.map((value) => timeParts(value, timeZone)?.clock).filter((clock) => clock !== undefined);
  if (clocks.some((clock) => !clock.endsWith(':00'))) return 'second';
  return clocks.some((clock) => clock !== '00:00:00') ? 'minute' : 'day';
}

/** A span of time for a person: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${decimals(milliseconds / 1000, 1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const [large, small, size, per] =
    seconds < 3600 ? ['min', 's', 60, 1] : seconds < 86_400 ? ['h', 'min', 3600, 60] : ['d', 'h', 86_400, 3600];
  return `${Math.floor(seconds / size)} ${large} ${Math.floor((seconds % size) / per)} ${small}`;
}

function formatText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? NO_VALUE : value.map(formatText).join(', ');
  if (typeof value === 'object' && value !== null) return Object.values(value).map(formatText).join(' ');
  if (typeof value === 'number') return Number.isInteger(value) ? formatInteger(value) : formatNumber(value, null);
  return value === null || value === undefined ? NO_VALUE : visibleText(String(value));
}

function groupDigits(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

function decimals(value: number, count: number): string {
  const [whole = '', fraction] = value.toFixed(count).split('.');
  return fraction === undefined ? groupDigits(whole) : `${groupDigits(whole)}.${fraction}`;
}

/** `2026-03-01 12:30:05.123` without a zone is how the store writes UTC; JavaScript would read it as local time. */
function readTime(value: unknown): Date | undefined {
  const given = typeof value === 'string' && /^\d{4}-\d{2}-\d{2} [\d:.]+$/.test(value) ? `${value.replace(' ', 'T')}Z` : value;
  if (typeof given !== 'string' && typeof given !== 'number') return undefined;
  const time = new Date(given);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** One formatter per zone: making one takes longer than formatting a thousand times with it. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const style = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  const made = new Intl.DateTimeFormat('en-US', { ...style, hourCycle: 'h23', timeZone });
  formatters.set(timeZone, made);
  return made;
}

function timeParts(value: unknown, timeZone: string): { readonly day: string; readonly clock: string } | undefined {
  const time = readTime(value);
  if (time === undefined) return undefined;
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(time)
      .map((part) => [part.type, part.value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  return { day: `${part('year')}-${part('month')}-${part('day')}`, clock: `${part('hour')}:${part('minute')}:${part('second')}` };
}
