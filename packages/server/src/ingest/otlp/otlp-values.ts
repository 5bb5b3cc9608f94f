import { isMappedAttribute } from './attribute-precedence.js';

/**
 * The value of an attribute. An integer beyond 2^53 is its decimal text, so that no digit is lost; bytes are base64;
 * a key-value list is a map.
 */
export type AttributeValue = string | number | boolean | readonly AttributeValue[] | AttributeMap;

/** Attributes by name. */
export type AttributeMap = ReadonlyMap<string, AttributeValue>;

/** A part of the request that cannot be what the schema says. */
export class OtlpValueFault extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/** A decoded 64-bit integer of protobufjs: two 32-bit halves. */
interface Int64Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

/** Deeper values than this are no metadata; they are left out. */
const VALUE_DEPTH_MAX = 16;
const INTEGER = /^-?\d{1,20}$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** An object of the request: a JSON object or a decoded message. Absent is empty. */
export function readFields(value: unknown, name: string): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new OtlpValueFault(`${name} is not an object`);
  return value as Fields;
}

/** A repeated field. Absent is empty. */
export function readList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new OtlpValueFault(`${name} is not an array`);
  return value;
}

/** A string field. Absent is empty. */
export function readString(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new OtlpValueFault(`${name} is not a string`);
  return value;
}

/** An enum: its number, or leniently its name in JSON. What is not known is 0, the unspecified value. */
export function readEnum(value: unknown, numberByName: Readonly<Record<string, number>>): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value !== 'string') return 0;
  return Object.hasOwn(numberByName, value) ? (numberByName[value] ?? 0) : INTEGER.test(value) ? Number(value) : 0;
}

/**
 * An id as lower-case hex: bytes in protobuf, hex of either case in JSON. Absent or all zero, which the protocol calls
 * invalid, is the empty string.
 */
export function readId(value: unknown, bytes: number, name: string): string {
  if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) return '';
  let hex: string;
  if (value instanceof Uint8Array) hex = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  else if (typeof value === 'string' && /^[0-9a-f]+$/i.test(value)) hex = value.toLowerCase();
  else throw new OtlpValueFault(`${name} is not hex`);
  if (hex === '') return '';
  if (hex.length !== bytes * 2) throw new OtlpValueFault(`${name} has ${hex.length / 2} bytes, not ${bytes}`);
  return /^0+$/.test(hex) ? '' : hex;
}

/** A fixed64 of nanoseconds, without ever becoming an inexact number. Absent is 0. */
export function readNanoseconds(value: unknown, name: string): bigint {
  if (value === undefined || value === null || value === '') return 0n;
  const nanoseconds = toInt64(value);
  if (nanoseconds === undefined || nanoseconds < 0n || nanoseconds > UINT64_MAX)
    throw new OtlpValueFault(`${name} is not a time in nanoseconds`);
  return nanoseconds;
}

/** Attributes read from a list, and how many of the list were left out. */
export interface ReadAttributes {
  readonly attributes: AttributeMap;
  readonly dropped: number;
}

/**
 * A list of attributes. Those after the first `attributesMax` are left out and counted, unless the mapping reads them:
 * instrumentations that write whole conversations into attributes write the token counts last.
 */
export function readAttributes(value: unknown, name: string, attributesMax: number): ReadAttributes {
  const attributes = new Map<string, AttributeValue>();
  let dropped = 0;
  for (const entry of readList(value, name)) {
    const fields = readFields(entry, name);
    const key = readString(fields['key'], `${name} key`);
    if (key === '') continue;
    if (attributes.size >= attributesMax && !isMappedAttribute(key)) {
      dropped += 1;
      continue;
    }
    const read = readAnyValue(fields['value'], key, 0);
    if (read !== undefined) attributes.set(key, read);
  }
  return { attributes, dropped };
}

/** A value without content, or nested too deeply, is `undefined`. */
function readAnyValue(value: unknown, key: string, depth: number): AttributeValue | undefined {
  if (depth > VALUE_DEPTH_MAX) return undefined;
  const fields = readFields(value, `the value of ${key}`);
  if (isSet(fields, 'stringValue')) return readString(fields['stringValue'], `stringValue of ${key}`);
  if (isSet(fields, 'intValue')) return readInteger(fields['intValue'], key);
  if (isSet(fields, 'doubleValue')) return readDouble(fields['doubleValue'], key);
  if (isSet(fields, 'boolValue')) {
    if (typeof fields['boolValue'] !== 'boolean') throw new OtlpValueFault(`boolValue of ${key} is not a boolean`);
    return fields['boolValue'];
  }
  if (isSet(fields, 'arrayValue')) {
    const values = readList(readFields(fields['arrayValue'], `arrayValue of ${key}`)['values'], `arrayValue of ${key}`);
    return values.map((entry) => readAnyValue(entry, key, depth + 1)).filter((entry) => entry !== undefined);
  }
  if (isSet(fields, 'kvlistValue')) {
    const map = new Map<string, AttributeValue>();
    for (const entry of readList(readFields(fields['kvlistValue'], `kvlistValue of ${key}`)['values'], `kvlistValue of ${key}`)) {
      const pair = readFields(entry, `kvlistValue of ${key}`);
      const read = readAnyValue(pair['value'], key, depth + 1);
      if (read !== undefined) map.set(readString(pair['key'], `kvlistValue key of ${key}`), read);
    }
    return map;
  }
  return isSet(fields, 'bytesValue') ? readBytes(fields['bytesValue'], key) : undefined;
}

/** Decoded messages have every member of the oneof as a default on their prototype; only own members were sent. */
function isSet(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] !== null && fields[name] !== undefined;
}

function readInteger(value: unknown, key: string): number | string {
  if (Number.isSafeInteger(value)) return value as number;
  const integer = toInt64(value);
  if (integer === undefined || integer > INT64_MAX || integer < -INT64_MAX - 1n)
    throw new OtlpValueFault(`intValue of ${key} is not a 64-bit integer`);
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : String(integer);
}

/** `undefined` for what is no integer. */
function toInt64(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value === 'string') return INTEGER.test(value) ? BigInt(value) : undefined;
  if (!isInt64Halves(value)) return undefined;
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}

function isInt64Halves(value: unknown): value is Int64Halves {
  return (
    typeof value === 'object' &&
    value !== null &&
    'low' in value &&
    'high' in value &&
    typeof value.low === 'number' &&
    typeof value.high === 'number'
  );
}

function readDouble(value: unknown, key: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    if (DECIMAL.test(value)) return Number(value);
    const special = NOT_FINITE.get(value);
    if (special !== undefined) return special;
  }
  throw new OtlpValueFault(`doubleValue of ${key} is not a number`);
}

function readBytes(value: unknown, key: string): string {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value) && value.length === 0) return '';
  return Buffer.from(readString(value, `bytesValue of ${key}`), 'base64').toString('base64');
}
