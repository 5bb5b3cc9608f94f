import { AnalyticsError, type IpAddress, parseIpAddress } from '@systemprompt-analytics/core';

/** An autonomous system: its number and the organisation that runs it. */
export interface AutonomousSystem {
  readonly asn: number;
  readonly organisation: string;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const QUOTE = 34;
const COMMA = 44;
const DIGIT_0 = 48;
const RANGES_AT_FIRST = 1 << 16;

/** Ranges of one version, sorted: `words` 32 bit words for each start and end, and the index of the system. */
class RangeTable {
  readonly words: 1 | 4;
  #starts: Uint32Array<ArrayBuffer>;
  #ends: Uint32Array<ArrayBuffer>;
  #systems: Uint32Array<ArrayBuffer>;
  #count = 0;

  constructor(words: 1 | 4) {
    this.words = words;
    this.#starts = new Uint32Array(RANGES_AT_FIRST * words);
    this.#ends = new Uint32Array(RANGES_AT_FIRST * words);
    this.#systems = new Uint32Array(RANGES_AT_FIRST);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#starts.byteLength + this.#ends.byteLength + this.#systems.byteLength;
  }

  /**
   * Adds a range that starts behind the one before. Where that one reaches into it, which published tables have now and then,
   * it ends before it, since what starts later is the narrower statement.
   *
   * @returns false when the range does not start behind the one before, or ends before it starts
   */
  add(start: readonly number[], end: readonly number[], system: number): boolean {
    if (this.#count === this.#systems.length) this.#resize(this.#count * 2);
    const at = this.#count;
    if (at > 0 && this.#compare(this.#starts, at - 1, start) >= 0) return false;
    this.#set(this.#starts, at, start);
    this.#set(this.#ends, at, end);
    if (this.#compare(this.#starts, at, end) > 0) return false;
    if (at > 0 && this.#compare(this.#ends, at - 1, start) >= 0) this.#set(this.#ends, at - 1, before(start));
    this.#systems[at] = system;
    this.#count++;
    return true;
  }

  /** Gives back the memory that growing took ahead. */
  finish(): void {
    this.#resize(this.#count);
  }

  /** Index of the system of an address, or -1. */
  find(address: readonly number[]): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#starts, middle, address) > 0) high = middle - 1;
      else if (this.#compare(this.#ends, middle, address) < 0) low = middle + 1;
      else return this.#systems[middle] ?? -1;
    }
    return -1;
  }

  #set(bounds: Uint32Array, at: number, address: readonly number[]): void {
    for (let word = 0; word < this.words; word++) bounds[at * this.words + word] = address[word] ?? 0;
  }

  #compare(bounds: Uint32Array, at: number, address: readonly number[]): number {
    for (let word = 0; word < this.words; word++) {
      const difference = (bounds[at * this.words + word] ?? 0) - (address[word] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #resize(count: number): void {
    const resized = (old: Uint32Array, length: number): Uint32Array<ArrayBuffer> => {
      const next = new Uint32Array(length);
      next.set(old.subarray(0, Math.min(old.length, length)));
      return next;
    };
    this.#starts = resized(this.#starts, count * this.words);
    this.#ends = resized(this.#ends, count * this.words);
    this.#systems = resized(this.#systems, count);
  }
}

/** The address before another, which is not the first of all. */
function before(address: readonly number[]): number[] {
  const words = [...address];
  let word = words.length - 1;
  while (words[word] === 0) words[word--] = 0xffffffff;
  words[word] = (words[word] ?? 0) - 1;
  return words;
}

/**
 * Which autonomous system an address belongs to, from lines `start,end,number,organisation` sorted by start, as ip-location-db
 * has them: addresses as they are written or, of IPv4, as numbers. Kept as sorted arrays of numbers and one buffer of names.
 */
export class AsnTable {
  readonly #four = new RangeTable(1);
  readonly #six = new RangeTable(4);
  readonly #numbers: number[] = [];
  #names: Buffer = Buffer.allocUnsafe(1 << 16);
  #namesEnd = 0;
  readonly #nameEnds: number[] = [];
  #indexByAsn = new Map<number, number>();
  #rest: Buffer = Buffer.alloc(0);
  #lines = 0;

  /**
   * Takes the next part of a file; lines may be cut anywhere.
   *
   * @throws AnalyticsError `invalid_configuration` that names the line
   */
  add(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(LINE_FEED); end >= 0; end = data.indexOf(LINE_FEED, start)) {
      this.#addLine(data, start, end);
      start = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(start));
  }

  /** Ends a file: what is left is its last line. */
  endFile(): void {
    if (this.#rest.length > 0) this.#addLine(this.#rest, 0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
    this.#lines = 0;
  }

  /** Ends the table: nothing is added any more. */
  finish(): void {
    this.#four.finish();
    this.#six.finish();
    this.#names = Buffer.from(this.#names.subarray(0, this.#namesEnd));
    this.#indexByAsn = new Map();
  }

  get rangeCount(): number {
    return this.#four.count + this.#six.count;
  }

  get systemCount(): number {
    return this.#numbers.length;
  }

  /** Memory that the table takes, nearly. */
  get bytes(): number {
    return this.#four.bytes + this.#six.bytes + this.#names.length + (this.#numbers.length + this.#nameEnds.length) * 8;
  }

  /** The system of an address; undefined when none is known. */
  find({ version, words }: IpAddress): AutonomousSystem | undefined {
    const index = (version === 4 ? this.#four : this.#six).find(words);
    const asn = this.#numbers[index];
    if (asn === undefined) return undefined;
    return { asn, organisation: this.#names.toString('utf8', this.#nameEnds[index - 1] ?? 0, this.#nameEnds[index]) };
  }

  #addLine(data: Buffer, start: number, lineEnd: number): void {
    this.#lines++;
    const end = data[lineEnd - 1] === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    if (end <= start) return;
    const first = commaAfter(data, start, end);
    const second = commaAfter(data, first + 1, end);
    const third = commaAfter(data, second + 1, end);
    if (third >= end) throw this.#fault('must be start,end,number,organisation');
    const from = readBound(data, start, first);
    const to = readBound(data, first + 1, second);
    const asn = readNumber(data, second + 1, third);
    if (from === undefined || to === undefined || from.version !== to.version)
      throw this.#fault('must begin with two addresses of one kind');
    if (!(asn <= 0xffffffff)) throw this.#fault('must have a 32 bit number as its third value');
    const table = from.version === 4 ? this.#four : this.#six;
    if (!table.add(from.words, to.words, this.#indexOf(asn, data, third + 1, end))) {
      throw this.#fault('must start behind the range before it, and not end before it starts');
    }
  }

  #indexOf(asn: number, data: Buffer, start: number, end: number): number {
    const known = this.#indexByAsn.get(asn);
    if (known !== undefined) return known;
    const quoted = data[start] === QUOTE && data[end - 1] === QUOTE && end - start >= 2;
    const name = quoted ? Buffer.from(data.toString('utf8', start + 1, end - 1).replaceAll('""', '"')) : data.subarray(start, end);
    if (this.#namesEnd + name.length > this.#names.length) {
      this.#names = Buffer.concat([this.#names], Math.max(this.#names.length * 2, this.#namesEnd + name.length));
    }
    name.copy(this.#names, this.#namesEnd);
    this.#namesEnd += name.length;
    const index = this.#numbers.push(asn) - 1;
    this.#nameEnds.push(this.#namesEnd);
    this.#indexByAsn.set(asn, index);
    return index;
  }

  #fault(reason: string): AnalyticsError {
    return new AnalyticsError('invalid_configuration', `Line ${this.#lines} of the ASN database ${reason}.`);
  }
}

/** Where the next comma is; `end` when there is none. A loop, since a call into the engine for each takes four times as long. */
function commaAfter(data: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && data[at] !== COMMA) at++;
  return at;
}

/** An address as text, or an IPv4 address as its number. */
function readBound(data: Buffer, start: number, end: number): IpAddress | undefined {
  const number = readNumber(data, start, end);
  if (number <= 0xffffffff) return { version: 4, words: [number] };
  return parseIpAddress(data.toString('latin1', start, end));
}

/** A decimal number of at most 15 digits; NaN when it is none. */
function readNumber(data: Buffer, start: number, end: number): number {
  if (end === start || end - start > 15) return Number.NaN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (data[at] ?? 0) - DIGIT_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
