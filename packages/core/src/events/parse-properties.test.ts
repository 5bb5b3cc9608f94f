import { describe, expect, it } from 'vitest';
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from './ingest-limits.js';
import { parseEvent } from './parse-event.js';

const LIMITS = DEFAULT_INGEST_LIMITS;

function read(properties: unknown, limits: IngestLimits = LIMITS): ReturnType<typeof parseEvent> {
  return parseEvent({ type: 'signup', properties }, { nowMs: Date.UTC(2026, 10, 1), limits, trusted: false });
}

function taken(properties: unknown, limits: IngestLimits = LIMITS): [string, string][] {
  const outcome = read(properties, limits);
  if (!outcome.ok) throw new Error(`refused: ${outcome.fault.message}`);
  return Object.entries(outcome.event.properties);
}

function refusal(properties: unknown, limits: IngestLimits = LIMITS): string {
  const outcome = read(properties, limits);
  return outcome.ok ? 'accepted' : `${outcome.fault.code} ${outcome.fault.path}`;
}

const many = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));
const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe('properties', () => {
  it('hold strings, and numbers and booleans in their JSON spelling', () => {
    const properties = { team: 'search', empty: '', count: 3, share: 0.25, large: 1e21, small: 1e-7, negative: -2, yes: true, no: false };
    expect(taken(properties)).toEqual([
      ['team', 'search'],
      ['empty', ''],
      ['count', '3'],
      ['share', '0.25'],
      ['large', '1e+21'],
      ['small', '1e-7'],
      ['negative', '-2'],
      ['yes', 'true'],
      ['no', 'false'],
    ]);
  });

  it('may be absent, empty or null, and so may each of them', () => {
    expect(taken(undefined)).toEqual([]);
    expect(taken(null)).toEqual([]);
    expect(taken({})).toEqual([]);
    expect(taken({ a: null, b: 'x' })).toEqual([['b', 'x']]);
  });

  it.each([[[]], ['team=search'], [7], [true]])('%j is no object', (properties) => {
    expect(refusal(properties)).toBe('invalid_type properties');
  });

  it.each([
    ['an object', {}],
    ['an array', ['a']],
    ['no finite number', Number.POSITIVE_INFINITY],
    ['not a number', Number.NaN],
    ['undefined', undefined],
  ])('refuse a value that is %s', (_what, value) => {
    expect(refusal({ ok: 'x', team: value })).toBe('invalid_type properties.team');
  });

  it('take names that objects have by nature as plain names', () => {
    const properties: unknown = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":1,"type":"d","a.b":"e"}');
    expect(taken(properties)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
      ['hasOwnProperty', '1'],
      ['type', 'd'],
      ['a.b', 'e'],
    ]);
    expect(refusal(JSON.parse('{"__proto__":{"polluted":true}}'))).toBe('invalid_type properties.__proto__');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('have none that nobody sent', () => {
    const outcome = read({});
    expect(outcome.ok && outcome.event.properties['constructor']).toBeUndefined();
  });
});

describe('the limits of properties', () => {
  it('number', () => {
    expect(taken(many(LIMITS.propertiesMax))).toHaveLength(LIMITS.propertiesMax);
    expect(refusal(many(LIMITS.propertiesMax + 1))).toBe('too_many_properties properties');
    expect(refusal(many(1), { ...LIMITS, propertiesMax: 0 })).toBe('too_many_properties properties');
  });

  it('length of a name', () => {
    const name = 'n'.repeat(LIMITS.nameLengthMax);
    expect(taken({ [name]: 'x' })).toEqual([[name, 'x']]);
    expect(refusal({ [`${name}n`]: 'x' })).toBe(`too_long properties.${name}n`);
    expect(refusal({ '': 'x' })).toBe('invalid_value properties.');
  });

  it('length of a value', () => {
    expect(taken({ a: 'x'.repeat(LIMITS.textLengthMax) })).toHaveLength(1);
    expect(refusal({ a: 'x'.repeat(LIMITS.textLengthMax + 1) })).toBe('too_long properties.a');
  });

  it('depth, of which the properties are the first level', () => {
    expect(refusal({ a: nested(LIMITS.nestingMax - 1) })).toBe('invalid_type properties.a');
    expect(refusal({ a: nested(LIMITS.nestingMax) })).toBe('too_deep properties.a');
    expect(refusal({ a: nested(30_000) })).toBe('too_deep properties.a');
    expect(refusal({ a: { b: { c: 1 } } }, { ...LIMITS, nestingMax: 2 })).toBe('too_deep properties.a');
  });

  it('Unicode text, in names too: two broken names would be stored as one', () => {
    expect(taken({ 'größe 👍': '👍' })).toEqual([['größe 👍', '👍']]);
    expect(refusal({ a: '\ud83d' })).toBe('invalid_value properties.a');
    expect(refusal({ '\ud83d': 'x' })).toBe('invalid_value properties.\ud83d');
    expect(refusal({ '\ud83d': null })).toBe('invalid_value properties.\ud83d');
  });
});
