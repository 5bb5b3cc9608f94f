const formatters = new Map<string, Intl.DateTimeFormat>();

/** One formatter per zone: making one takes longer than formatting a thousand times with it. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const style = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
  const made = new Intl.DateTimeFormat('en-US', { ...style, hourCycle: 'h23', calendar: 'gregory', timeZone });
  formatters.set(timeZone, made);
  return made;
}

/** What a clock in the zone shows, as the UTC milliseconds of the same digits. Whole seconds. */
function clockOf(instantMs: number, timeZone: string): number {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(instantMs)
      .map((part) => [part.type, Number(part.value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** Offset of the zone from UTC at an instant, in milliseconds. */
function offsetAt(instantMs: number, timeZone: string): number {
  const whole = Math.floor(instantMs / 1000) * 1000;
  return clockOf(whole, timeZone) - whole;
}

/**
 * The instant at which a clock in the zone shows a time, given as the UTC milliseconds of the same digits. A time that
 * occurs twice is its first occurrence; one that is skipped is as much after the gap as it lies in it.
 */
export function instantOf(clockMs: number, timeZone: string): number {
  const day = 86_400_000;
  const before = offsetAt(clockMs - day, timeZone);
  const after = offsetAt(clockMs + day, timeZone);
  const candidates = [clockMs - before, clockMs - after].filter((instant) => instant + offsetAt(instant, timeZone) === clockMs);
  return candidates.length === 0 ? clockMs - before : Math.min(...candidates);
}
