import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../errors/analytics-error.js';
import { findUsageFault } from '../tokens/token-usage.js';
import { EVENT_FIELDS, type FieldDefinition, fieldsOfType } from './event-fields.js';
import { BUILT_IN_EVENT_TYPES } from './event-types.js';
import { DEFAULT_INGEST_LIMITS } from './ingest-limits.js';
import { type ParseContext, type ParseOutcome, parseEvent } from './parse-event.js';

const NOW_MS = Date.UTC(2026, 10, 1, 12);
// Small limits, so that arbitrary values reach them.
const LIMITS = { ...DEFAULT_INGEST_LIMITS, nestingMax: 2, nameLengthMax: 8, textLengthMax: 16, propertiesMax: 3 };

const context = fc.record<ParseContext>({
  nowMs: fc.constant(NOW_MS),
  limits: fc.constantFrom(LIMITS, DEFAULT_INGEST_LIMITS),
  trusted: fc.boolean(),
});

/** What came over the wire: JSON text, read again. `__proto__` is then a key like any other. */
function overTheWire(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

const jsonValue = fc.oneof(
  fc.jsonValue(),
  fc.jsonValue({ stringUnit: 'binary' }),
  fc.anything({ withNullPrototype: true }).map(overTheWire),
);
const hostileName = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '', 'a.b', '\ud800');
const value = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    1,
    -1,
    0.5,
    7,
    NOW_MS,
    '',
    'x',
    'success',
    'running',
    'user',
    'https://a.example/',
    '2026-10-31',
    '\ud800',
  ),
  fc.string({ maxLength: 20 }),
  fc.integer(),
  fc.double(),
  jsonValue,
);
const properties = fc.oneof(fc.dictionary(fc.oneof(fc.string({ maxLength: 10 }), hostileName), value, { maxKeys: 5 }), jsonValue);
const usage = fc.oneof(
  fc.dictionary(fc.constantFrom('input_tokens', 'output_tokens', 'prompt_tokens', 'promptTokenCount', 'input_tokens_details'), value),
  jsonValue,
);

/** A value that mostly suits the field. */
function suits({ kind, values = [] }: FieldDefinition): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'choice':
      return fc.constantFrom(...values);
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.constantFrom(NOW_MS, NOW_MS - 1, '2026-10-31', '2026-10-31T12:00:00.5+01:00', '1999-01-01', '2027-01-01');
    case 'url':
      return fc.constantFrom('a:b', 'https://a.example/', 'https://bücher.example/');
    case 'ip':
      return fc.constantFrom('192.0.2.1', '2001:db8::1', '', '300.1.1.1', 'a.example');
    case 'decimal':
      return fc.oneof(fc.constantFrom('1.50', '-0'), fc.double({ noNaN: true }), fc.integer());
    case 'name':
    case 'text':
      return fc.string({ maxLength: 8 });
    default:
      return fc.nat(100);
  }
}

/** Events of one type that are right but for one thing or two, so that the reader gets far into them. */
const nearlyAnEvent = fc.constantFrom(...BUILT_IN_EVENT_TYPES, 'signup', 'toString').chain((type) => {
  const own = [...fieldsOfType(type).values()];
  const required = own.filter(({ requiredFor }) => requiredFor?.some((needing) => needing === type)).map(({ name }) => name);
  const optional = fc.record(Object.fromEntries(own.map((field) => [field.name, suits(field)])), { requiredKeys: required });
  const kept = fc.uniqueArray(fc.constantFrom(...own.map(({ name }) => name)), { maxLength: 6 });
  const anyName = fc.oneof(fc.constantFrom(...EVENT_FIELDS.map(({ name }) => name), 'type', 'status', 'usage', 'properties'), hostileName);
  const wrong = fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, fc.dictionary(anyName, value, { minKeys: 1, maxKeys: 2 }));
  const rest = fc.oneof(fc.constant({}), fc.record({ properties }), fc.record({ usage }));
  return fc.tuple(optional, kept, rest, wrong).map(([fields, names, more, faults]) => {
    const few = Object.entries(fields).filter(([name]) => required.includes(name) || names.includes(name));
    return overTheWire({ type, ...Object.fromEntries(few), ...more, ...faults });
  });
});

/** Does the path lead into the input, to the input itself, or to what it should have had? */
function leadsSomewhere(input: unknown, outcome: Extract<ParseOutcome, { ok: false }>): boolean {
  const { code, path } = outcome.fault;
  if (path === '' || code === 'missing_field') return true;
  return Object.keys(input as object).some((key) => path === key || path.startsWith(`${key}.`));
}

function checkOutcome(input: unknown, given: ParseContext): void {
  const before = JSON.stringify(input);
  const outcome = parseEvent(input, given);
  expect(JSON.stringify(input)).toBe(before);
  expect(parseEvent(input, given)).toEqual(outcome);
  if (!outcome.ok) {
    expect(Object.hasOwn(ERROR_CODES, outcome.fault.code)).toBe(true);
    expect(outcome.fault.message).not.toBe('');
    expect([outcome.fault, leadsSomewhere(input, outcome)]).toEqual([outcome.fault, true]);
    return;
  }
  const { event } = outcome;
  const known = fieldsOfType(event.type);
  for (const [name, field] of Object.entries(event.fields)) {
    expect(known.has(name)).toBe(true);
    expect(typeof field === 'number' ? Number.isFinite(field) : ['string', 'boolean'].includes(typeof field)).toBe(true);
  }
  for (const [name, property] of Object.entries(event.properties)) {
    expect(name.isWellFormed() && property.isWellFormed()).toBe(true);
  }
  expect(Number.isInteger(event.timestampMs)).toBe(true);
  expect(event.id).not.toBe('');
  if (event.usage !== undefined) expect(findUsageFault(event.usage)).toBeNull();
}

describe('parseEvent answers whatever it is given', () => {
  it('any JSON value', () => {
    fc.assert(fc.property(jsonValue, context, checkOutcome), { numRuns: 1_000 });
  });

  it('any object that says it is an event', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), hostileName), value),
        fc.oneof(fc.constantFrom(...BUILT_IN_EVENT_TYPES), value),
        context,
        (fields, type, given) => {
          checkOutcome(overTheWire({ ...fields, type }), given);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('anything that is nearly an event', () => {
    let accepted = 0;
    fc.assert(
      fc.property(nearlyAnEvent, context, (input, given) => {
        checkOutcome(input, given);
        if (parseEvent(input, given).ok) accepted++;
      }),
      { numRuns: 3_000 },
    );
    // A generator whose events are all refused would prove little.
    expect(accepted).toBeGreaterThan(300);
  });
});
