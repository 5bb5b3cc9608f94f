import { parseIpAddress } from '../extraction/ip-address.js';
import { isAddress } from '../extraction/web-platform.js';
import type { TokenUsage } from '../tokens/token-usage.js';
import { type EventFault, EventFaultError, type FieldValue } from './event-fault.js';
import { type FieldDefinition, fieldsOfType, requiredFieldsOf } from './event-fields.js';
import type { EventTable } from './event-types.js';
import { tableOf } from './event-types.js';
import type { IngestLimits } from './ingest-limits.js';
import { readUsage, USAGE_FIELDS } from './read-usage.js';

/** One event of the contract, read and found valid. */
export interface ParsedEvent {
  /** The sender's id; absent when the server has to make one. */
  readonly id: string | undefined;
  readonly type: string;
  readonly table: EventTable;
  /** UTC milliseconds. */
  readonly timestampMs: number;
  /** The fields of the contract by their wire name, but `id`, `type`, `timestamp` and the token counts. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Metadata of the sender's own; numbers and booleans in their JSON spelling. */
  readonly properties: Readonly<Record<string, string>>;
  /** Token counts of a model call; absent when it reported none. */
  readonly usage: TokenUsage | undefined;
  /** What had to be assumed about the counts. */
  readonly usageFlags: readonly string[];
  /** The provider's own usage object as JSON text, or an empty string. */
  readonly rawUsage: string;
}

export type ParseOutcome = { readonly ok: true; readonly event: ParsedEvent } | { readonly ok: false; readonly fault: EventFault };

/** What decides over an event besides its content. */
export interface ParseContext {
  /** The server's clock, UTC milliseconds. */
  readonly nowMs: number;
  readonly limits: IngestLimits;
  /** May the sender speak for its end users and back-fill (secret key, keyless loopback)? */
  readonly trusted: boolean;
}

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
/** As the URL standard reads it, which skips spaces before the scheme. */
const WEB_SCHEME = /^[\s\0]*https?:/i;
const PLAIN_NAME = /^[a-z][a-z0-9_.:-]{0,63}$/i;
const DECIMAL = /^-?\d{1,20}(?:\.\d{1,12})?$/;
/** 1970 to 2100: what a DateTime64 column and a sane clock have in common. */
const TIMESTAMP_MS_MAX = 4_102_444_800_000;

/**
 * Reads one event of the contract. The first fault decides: the event is refused as a whole, its neighbours are
 * not touched. Nothing is clamped, truncated or dropped.
 */
export function parseEvent(input: unknown, context: ParseContext): ParseOutcome {
  try {
    return { ok: true, event: readEvent(input, context) };
  } catch (error) {
    if (error instanceof EventFaultError) return { ok: false, fault: error.fault };
    throw error;
  }
}

function readEvent(input: unknown, context: ParseContext): ParsedEvent {
  if (!isRecord(input)) throw new EventFaultError('invalid_event', '', `An event is a JSON object, not ${describe(input)}.`);
  const type = readType(input['type']);
  const definitions = fieldsOfType(type);
  const fields: Record<string, FieldValue> = {};
  // Kept apart from the start: deleting them from `fields` later would make every use of it ten times slower.
  const usageFields: Record<string, FieldValue> = {};
  let id: FieldValue | undefined;
  let timestamp: FieldValue | undefined;
  let properties: Readonly<Record<string, string>> = {};
  for (const name in input) {
    const value = input[name];
    if (name === 'type' || value === null || value === undefined) continue;
    if (name === 'properties') {
      properties = readProperties(value, context.limits);
      continue;
    }
    if (name === 'usage' && type === 'ai_request') continue;
    const definition = definitions.get(name);
    if (definition === undefined) {
      const depth = depthOf(value, 1, context.limits.nestingMax);
      if (depth > context.limits.nestingMax) {
        throw new EventFaultError('too_deep', name, `${name} is nested more than ${context.limits.nestingMax} levels deep.`);
      }
      throw new EventFaultError('unknown_field', name, `${name} is not a field of ${type} events; metadata belongs under "properties".`);
    }
    if (definition.trustedOnly === true && !context.trusted) {
      throw new EventFaultError(
        'not_allowed_with_key',
        name,
        `${name} comes from the request itself with a write key; send it with a secret key.`,
      );
    }
    const read = readField(definition, value, context.limits);
    if (name === 'id') id = read;
    else if (name === 'timestamp') timestamp = read;
    else if (USAGE_FIELDS.has(name)) usageFields[name] = read;
    else fields[name] = read;
  }
  if (id === '') throw new EventFaultError('invalid_value', 'id', 'id must not be empty.');
  for (const definition of requiredFieldsOf(type)) requireField(type, definition, fields[definition.name]);
  const timestampMs = readEventTime(timestamp, context);
  const usage = type === 'ai_request' ? readUsage(usageFields, readRawUsage(input['usage'], context.limits)) : undefined;
  return {
    id: typeof id === 'string' ? id : undefined,
    type,
    table: tableOf(type),
    timestampMs,
    fields,
    properties,
    usage: usage?.usage,
    usageFlags: usage?.flags ?? [],
    rawUsage: usage?.raw ?? '',
  };
}

/** An empty name says nothing, so a needed one is refused. */
function requireField(type: string, { name, kind }: FieldDefinition, value: FieldValue | undefined): void {
  if (value === undefined) throw new EventFaultError('missing_field', name, `${type} events need ${name}.`);
  if (kind === 'name' && value === '') throw new EventFaultError('invalid_value', name, `${name} must not be empty.`);
}

/** The provider's object is kept as it came, so its depth is bounded here: writing it as text costs stack per level. */
function readRawUsage(value: unknown, limits: IngestLimits): unknown {
  if (depthOf(value, 1, limits.nestingMax) > limits.nestingMax) {
    throw new EventFaultError('too_deep', 'usage', `usage is nested more than ${limits.nestingMax} levels deep.`);
  }
  return value;
}

function readType(value: unknown): string {
  if (value === undefined || value === null) throw new EventFaultError('missing_field', 'type', 'Every event needs a type.');
  if (typeof value !== 'string') throw new EventFaultError('invalid_type', 'type', `type is a string, not ${describe(value)}.`);
  if (!PLAIN_NAME.test(value)) {
    throw new EventFaultError(
      'invalid_value',
      'type',
      `type is ${quote(value)}; it starts with a letter and has at most 64 letters, digits, "_", ".", ":" or "-".`,
    );
  }
  return value;
}

function readField(definition: FieldDefinition, value: unknown, limits: IngestLimits): FieldValue {
  const { name } = definition;
  switch (definition.kind) {
    case 'name':
      return readText(name, value, limits.nameLengthMax);
    case 'text':
      return readText(name, value, limits.textLengthMax);
    case 'url': {
      const text = readText(name, value, limits.textLengthMax);
      if (!WEB_SCHEME.test(text) || !isAddress(text))
        throw new EventFaultError('invalid_value', name, `${name} is ${quote(text)}; it is an absolute http or https address.`);
      return text;
    }
    case 'ip': {
      const text = readText(name, value, limits.nameLengthMax);
      if (text !== '' && parseIpAddress(text) === undefined)
        throw new EventFaultError('invalid_value', name, `${name} is ${quote(text)}; it is an IPv4 or IPv6 address.`);
      return text;
    }
    case 'choice':
      if (typeof value !== 'string' || definition.values?.includes(value) !== true) {
        throw new EventFaultError('invalid_value', name, `${name} is ${describe(value)}; allowed: ${definition.values?.join(', ')}.`);
      }
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw new EventFaultError('invalid_type', name, `${name} is true or false, not ${describe(value)}.`);
      return value;
    case 'timestamp':
      return readTimestamp(name, value);
    case 'decimal': {
      const text = typeof value === 'number' ? decimalText(value) : value;
      if (typeof text !== 'string' || !DECIMAL.test(text)) {
        throw new EventFaultError(
          'invalid_value',
          name,
          `${name} is ${describe(value)}; it is a decimal with at most 20 digits and 12 decimals.`,
        );
      }
      return text;
    }
    default:
      return readNumber(definition, value);
  }
}

/** Small numbers are written out where that is exact: JavaScript spells 0.0000001 as 1e-7, which is no plain decimal. */
function decimalText(value: number): string {
  const text = String(value);
  if (!text.includes('e-')) return text;
  const writtenOut = value.toFixed(12);
  return Number(writtenOut) === value ? writtenOut : text;
}

function readText(name: string, value: unknown, lengthMax: number): string {
  if (typeof value !== 'string') throw new EventFaultError('invalid_type', name, `${name} is a string, not ${describe(value)}.`);
  if (value.length > lengthMax)
    throw new EventFaultError('too_long', name, `${name} has ${value.length} characters; at most ${lengthMax} are allowed.`);
  if (!value.isWellFormed())
    throw new EventFaultError('invalid_value', name, `${name} holds half of a surrogate pair, which is not Unicode text.`);
  return value;
}

function readNumber(definition: FieldDefinition, value: unknown): number {
  const { name, kind, maximum = Number.MAX_SAFE_INTEGER } = definition;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new EventFaultError('invalid_type', name, `${name} is a number, not ${describe(value)}.`);
  }
  if (kind === 'count' && !Number.isInteger(value))
    throw new EventFaultError('invalid_value', name, `${name} is ${value}; it is a whole number.`);
  if (value < 0 || value > maximum) {
    throw new EventFaultError('invalid_value', name, `${name} is ${value}; allowed: 0 to ${maximum}.`);
  }
  return value;
}

function readTimestamp(name: string, value: unknown): number {
  let timestampMs = Number.NaN;
  // A fraction of a millisecond cannot be kept. In text it is only precision; as a number it is a sign of another unit.
  if (typeof value === 'number') timestampMs = Number.isInteger(value) ? value : Number.NaN;
  else if (typeof value === 'string' && ISO_8601.test(value) && isCalendarDay(value))
    timestampMs = Date.parse(hasZone(value) ? value : `${value.replace(' ', 'T')}Z`);
  else if (typeof value !== 'string')
    throw new EventFaultError('invalid_type', name, `${name} is an ISO 8601 string or UTC milliseconds, not ${describe(value)}.`);
  if (!Number.isFinite(timestampMs) || timestampMs < 0 || timestampMs > TIMESTAMP_MS_MAX) {
    throw new EventFaultError(
      'invalid_value',
      name,
      `${name} is ${describe(value)}; it is an ISO 8601 time or UTC milliseconds between 1970 and 2100.`,
    );
  }
  return timestampMs;
}

/** `Date.parse` takes 30 February for 2 March; the time that was meant is not known. Months end with the last valid day. */
function isCalendarDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (day <= 28) return true;
  const [year, month] = [Number(text.slice(0, 4)), Number(text.slice(5, 7))];
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** A date alone is UTC by the standard; a time without a zone would be the machine's local time, which is nobody's. */
function hasZone(text: string): boolean {
  return text.length === 10 || /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
}

function readEventTime(value: FieldValue | undefined, context: ParseContext): number {
  if (typeof value !== 'number') return context.nowMs;
  const { futureSkewMsMax, ageMsMax } = context.limits;
  if (value > context.nowMs + futureSkewMsMax) {
    throw new EventFaultError(
      'timestamp_in_future',
      'timestamp',
      `timestamp is ${iso(value)}, more than ${futureSkewMsMax} ms after the server's ${iso(context.nowMs)}.`,
    );
  }
  if (!context.trusted && value < context.nowMs - ageMsMax) {
    throw new EventFaultError(
      'timestamp_too_old',
      'timestamp',
      `timestamp is ${iso(value)}, more than ${ageMsMax} ms before the server's ${iso(context.nowMs)}; back-fill with a secret key.`,
    );
  }
  return value;
}

function readProperties(value: unknown, limits: IngestLimits): Record<string, string> {
  if (!isRecord(value)) throw new EventFaultError('invalid_type', 'properties', `properties is an object, not ${describe(value)}.`);
  const names = Object.keys(value);
  if (names.length > limits.propertiesMax) {
    throw new EventFaultError(
      'too_many_properties',
      'properties',
      `properties has ${names.length} entries; at most ${limits.propertiesMax} are allowed.`,
    );
  }
  const properties: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const name of names) {
    const path = `properties.${name}`;
    if (name === '') throw new EventFaultError('invalid_value', path, 'The name of a property must not be empty.');
    if (name.length > limits.nameLengthMax) {
      throw new EventFaultError(
        'too_long',
        path,
        `The name of a property has at most ${limits.nameLengthMax} characters, this one ${name.length}.`,
      );
    }
    if (!name.isWellFormed()) {
      throw new EventFaultError(
        'invalid_value',
        path,
        `The name of ${quote(path)} holds half of a surrogate pair, which is not Unicode text.`,
      );
    }
    const entry = value[name];
    if (entry === null) continue;
    if (typeof entry === 'string') properties[name] = readText(path, entry, limits.textLengthMax);
    else if (typeof entry === 'boolean' || (typeof entry === 'number' && Number.isFinite(entry))) properties[name] = String(entry);
    else {
      const tooDeep = depthOf(entry, 2, limits.nestingMax) > limits.nestingMax;
      throw new EventFaultError(
        tooDeep ? 'too_deep' : 'invalid_type',
        path,
        tooDeep
          ? `${path} is nested more than ${limits.nestingMax} levels deep.`
          : `${path} is a string, number or boolean, not ${describe(entry)}.`,
      );
    }
  }
  return properties;
}

/** Depth of nesting, counted no further than one beyond the limit, so that a hostile value costs no stack. */
function depthOf(value: unknown, depth: number, limit: number): number {
  if (typeof value !== 'object' || value === null) return depth - 1;
  if (depth > limit) return depth;
  let deepest = depth;
  for (const entry of Object.values(value)) {
    deepest = Math.max(deepest, depthOf(entry, depth + 1, limit));
    if (deepest > limit) break;
  }
  return deepest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A short description of a value for a message: what it is, never all of it. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return quote(value);
  return String(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function iso(timestampMs: number): string {
  return new Date(timestampMs).toISOString();
}
