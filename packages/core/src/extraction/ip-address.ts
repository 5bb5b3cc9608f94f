/** An IPv4 or IPv6 address as numbers. An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address. */
export interface IpAddress {
  readonly version: 4 | 6;
  /** Unsigned 32 bit words, highest first: one of IPv4, four of IPv6. */
  readonly words: readonly number[];
}

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DOT = 46;
const COLON = 58;
const LETTER_A = 97;
const LETTER_F = 102;
const NOT_IPV4 = -1;
const IPV6_TEXT_MAX = 45;

/**
 * The number of a dotted IPv4 address, or -1. Four decimal numbers without leading zeros, which some programs read as octal.
 */
export function parseIPv4(text: string): number {
  const { length } = text;
  if (length < 7 || length > 15) return NOT_IPV4;
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return NOT_IPV4;
      value = value * 256 + part;
      part = 0;
      digits = 0;
    } else {
      if (code < DIGIT_0 || code > DIGIT_9 || (digits > 0 && part === 0)) return NOT_IPV4;
      part = part * 10 + code - DIGIT_0;
      digits++;
      if (part > 255) return NOT_IPV4;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : NOT_IPV4;
}

/** Reads an address without brackets and port; the zone of a link-local one (`%eth0`) is left out. Undefined when it is none. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const four = parseIPv4(text);
  if (four !== NOT_IPV4) return { version: 4, words: [four] };
  const zone = text.indexOf('%');
  const groups = parseGroups(zone > 0 ? text.slice(0, zone) : text);
  if (groups === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const last = g * 0x10000 + h;
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff) return { version: 4, words: [last] };
  return { version: 6, words: [a * 0x10000 + b, c * 0x10000 + d, e * 0x10000 + f, last] };
}

/** The eight groups of an IPv6 address (RFC 4291, 2.2). */
function parseGroups(text: string): number[] | undefined {
  const { length } = text;
  if (length < 2 || length > IPV6_TEXT_MAX) return undefined;
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  // A colon at the start is half of a gap; everywhere else one colon stands between two groups.
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    at = 2;
  }
  while (at < length) {
    const start = at;
    let group = 0;
    for (let digit = hexDigit(text, at); digit >= 0 && at - start < 4; digit = hexDigit(text, ++at)) group = group * 16 + digit;
    if (text.charCodeAt(at) === DOT) {
      const four = parseIPv4(text.slice(start));
      if (four === NOT_IPV4) return undefined;
      groups.push(four >>> 16, four & 0xffff);
      break;
    }
    if (at === start) return undefined;
    groups.push(group);
    if (at === length) break;
    if (text.charCodeAt(at) !== COLON || ++at === length) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at++;
    }
  }
  if (gap < 0) return groups.length === 8 ? groups : undefined;
  if (groups.length > 7) return undefined;
  return [...groups.slice(0, gap), ...new Array<number>(8 - groups.length).fill(0), ...groups.slice(gap)];
}

/** Value of a hexadecimal digit; -1 when it is none. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= DIGIT_0 && code <= DIGIT_9) return code - DIGIT_0;
  const letter = code | 0x20;
  return letter >= LETTER_A && letter <= LETTER_F ? letter - LETTER_A + 10 : -1;
}

/** The one spelling of an address: dotted decimal, or the form of RFC 5952. */
export function formatIpAddress(address: IpAddress): string {
  const [first = 0] = address.words;
  if (address.version === 4) return [first >>> 24, (first >>> 16) & 0xff, (first >>> 8) & 0xff, first & 0xff].join('.');
  const groups = address.words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
