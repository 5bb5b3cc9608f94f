const BARS = '▁▂▃▄▅▆▇█';

/**
 * Draws numbers as bars from their smallest to their largest value; `null` leaves a gap. More numbers than `widthMax`
 * are grouped and each group shows its largest one, so that no peak disappears.
 */
export function sparkLine(values: readonly (number | null)[], widthMax = Number.POSITIVE_INFINITY): string {
  const drawn = values.length > widthMax ? groupLargest(values, Math.max(1, Math.floor(widthMax))) : values;
  const known = drawn.filter((value) => value !== null);
  const smallest = known.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const largest = known.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const bar = (value: number): string => {
    // A constant series has no range: nothing at all lies at the bottom, anything else in the middle.
    if (smallest === largest) return BARS.charAt(value === 0 ? 0 : 3);
    return BARS.charAt(Math.round(((value - smallest) / (largest - smallest)) * (BARS.length - 1)));
  };
  return drawn.map((value) => (value === null ? ' ' : bar(value))).join('');
}

function groupLargest(values: readonly (number | null)[], groups: number): (number | null)[] {
  return Array.from({ length: groups }, (_, group) => {
    const start = Math.floor((group * values.length) / groups);
    const end = Math.floor(((group + 1) * values.length) / groups);
    return values.slice(start, end).reduce<number | null>((high, value) => {
      if (value === null) return high;
      return high === null ? value : Math.max(high, value);
    }, null);
  });
}
