const LONG_INTEGER = /^-?\d{16,}$/;
const MAYBE_LONG_INTEGER = /[:[,]\s*-?\d{16}/;

/**
 * `JSON.parse` that keeps integers of 16 and more digits as strings. OTLP allows 64-bit integers as JSON numbers, and a
 * nanosecond timestamp as a double is off by up to 128 ns.
 *
 * @throws SyntaxError
 */
export function parseJsonKeepingIntegers(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  return MAYBE_LONG_INTEGER.test(text) ? JSON.parse(quoteLongIntegers(text)) : parsed;
}

/** Quotes the long integers of a valid JSON text. Strings are stepped over, so that digits inside them stay as they are. */
function quoteLongIntegers(text: string): string {
  const stringOrNumber = /"|-?\d[\d.eE+-]*/g;
  const parts: string[] = [];
  let copied = 0;
  for (let match = stringOrNumber.exec(text); match !== null; match = stringOrNumber.exec(text)) {
    const token = match[0];
    if (token === '"') {
      stringOrNumber.lastIndex = endOfString(text, match.index + 1);
    } else if (LONG_INTEGER.test(token)) {
      parts.push(text.slice(copied, match.index), '"', token, '"');
      copied = match.index + token.length;
    }
  }
  parts.push(text.slice(copied));
  return parts.join('');
}

/** Where the string ends whose content starts at `start`: after the first quote that is not escaped. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  while (quote !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}
