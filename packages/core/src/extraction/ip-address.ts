/** An IPv4 or IPv6 address as numbers. An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address. */
export interface IpAddress {
  readonly version: 4 | 6;
  /** Unsigned 32 bit words, highest first: one of IPv4, four of IPv6. */
  readonly words: readonly number[];
}

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DOT = 46;
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
  const groups = parseGroups(text);
  if (groups === undefined) return undefined;
  const words = [0, 2, 4, 6].map((at) => (groups[at] ?? 0) * 0x10000 + (groups[at + 1] ?? 0));
  const [first = 0, second = 0, third = 0, fourth = 0] = words;
  if (first === 0 && second === 0 && third === 0xffff) return { version: 4, words: [fourth] };
  return { version: 6, words };
}

/** The eight groups of an IPv6 address (RFC 4291, 2.2). */
function parseGroups(text: string): number[] | undefined {
  const zone = text.indexOf('%');
  const bare = zone > 0 ? text.slice(0, zone) : text;
  if (bare.length < 2 || bare.length > IPV6_TEXT_MAX || !bare.includes(':')) return undefined;
  const gap = bare.indexOf('::');
  if (gap < 0) {
    const groups = parseRun(bare, true);
    return groups?.length === 8 ? groups : undefined;
  }
  if (bare.includes('::', gap + 1)) return undefined;
  const left = parseRun(bare.slice(0, gap), false);
  const right = parseRun(bare.slice(gap + 2), true);
  if (left === undefined || right === undefined || left.length + right.length > 7) return undefined;
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** Groups between colons; the last may be a dotted IPv4 address, which makes two. */
function parseRun(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const four = last && index === parts.length - 1 ? parseIPv4(part) : NOT_IPV4;
    if (four === NOT_IPV4) return undefined;
    groups.push(four >>> 16, four & 0xffff);
  }
  return groups;
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
