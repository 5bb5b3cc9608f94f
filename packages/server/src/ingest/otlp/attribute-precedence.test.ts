import { describe, expect, it } from 'vitest';
import {
  ATTRIBUTE_PRECEDENCE,
  findNumber,
  isMappedAttribute,
  PROPERTY_ATTRIBUTES,
  readBoolean,
  readNumber,
  readText,
} from './attribute-precedence.js';
import { mapSpan } from './map-span.js';
import { attributesOf, spanWith } from './testing/otlp-fixtures.js';

const NAMES = Object.entries(ATTRIBUTE_PRECEDENCE).flatMap(([field, names]) => names.map((name) => [field, name] as const));

/** Spans on which an attribute may make a difference: as own attribute, of the resource, and of an exception. */
function everythingMapped(attributes: Record<string, unknown>): string {
  const exception = { status: { code: 2 }, events: [{ name: 'exception', attributes: attributesOf(attributes) }] };
  const withCounts = { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.output_tokens': 50, 'gen_ai.usage.input_tokens': 50 };
  const spans = [
    spanWith(attributes),
    spanWith({ 'gen_ai.operation.name': 'chat', ...attributes }),
    spanWith({ 'gen_ai.operation.name': 'chat', ...attributes }, { status: { code: 2 } }),
    spanWith({ ...withCounts, ...attributes }),
    spanWith({ 'gen_ai.operation.name': 'execute_tool', ...attributes }),
    spanWith({ 'mcp.method.name': 'tools/call', ...attributes }),
    spanWith({ 'gen_ai.operation.name': 'chat' }, exception, { resource: attributes }),
  ];
  return JSON.stringify(spans.map((span) => mapSpan(span)));
}

describe('the precedence table', () => {
  it('has every attribute once', () => {
    const names = NAMES.map(([, name]) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(new Set(PROPERTY_ATTRIBUTES).size).toBe(PROPERTY_ATTRIBUTES.length);
  });

  it.each(NAMES)('uses %s from %s', (field, name) => {
    const value = field === 'operation' ? 'chat' : field === 'mcp_method' ? 'tools/call' : field === 'streaming' ? true : 7;
    expect(everythingMapped({ [name]: value })).not.toBe(everythingMapped({}));
  });

  it.each(Object.entries(ATTRIBUTE_PRECEDENCE).filter(([, names]) => names.length > 1))(
    'reads %s in the order of its names',
    (field, names) => {
      const attributes = new Map(names.map((name, index) => [name, index + 1]));
      for (const [index, name] of names.entries()) {
        expect(findNumber(attributes, field as keyof typeof ATTRIBUTE_PRECEDENCE)).toEqual({ name, value: index + 1 });
        attributes.delete(name);
      }
    },
  );

  it.each(PROPERTY_ATTRIBUTES)('keeps %s as a property, from the span before the resource', (name) => {
    const chat = { 'gen_ai.operation.name': 'chat' };
    const fromResource = mapSpan(spanWith(chat, {}, { resource: { [name]: 'resource' } }));
    const fromSpan = mapSpan(spanWith({ ...chat, [name]: 'span' }, {}, { resource: { [name]: 'resource' } }));
    expect(fromResource).toMatchObject({ mapped: { event: { properties: { [name]: 'resource' } } } });
    expect(fromSpan).toMatchObject({ mapped: { event: { properties: { [name]: 'span' } } } });
  });

  it('knows which attributes the mapping reads', () => {
    expect(isMappedAttribute('gen_ai.system')).toBe(true);
    expect(isMappedAttribute('metadata.team')).toBe(true);
    expect(isMappedAttribute('service.version')).toBe(true);
    expect(isMappedAttribute('gen_ai.input.messages')).toBe(false);
  });
});

describe('coercion', () => {
  it.each([
    [7, 7],
    [7.0, 7],
    ['7', 7],
    ['-7', -7],
    ['7.0', 7],
    ['1e3', 1000],
    ['9007199254740993', 9007199254740992],
    ['', undefined],
    [' 7', undefined],
    ['seven', undefined],
    ['0x10', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [true, undefined],
    [['7'], undefined],
  ])('reads %j as the number %s', (value, number) => {
    expect(readNumber(new Map([['gen_ai.usage.input_tokens', value]]), 'input_tokens')).toBe(number);
  });

  it.each([
    ['stop', 'stop'],
    ['', ''],
    [42, '42'],
    [true, ''],
    [['stop', 'length'], 'stop'],
    [[], ''],
    [[1], ''],
    [Number.NaN, ''],
    [new Map([['a', 'b']]), ''],
  ])('reads %j as the text %j', (value, text) => {
    expect(readText(new Map([['gen_ai.response.finish_reasons', value]]), 'finish_reason')).toBe(text);
  });

  it.each([
    [true, true],
    [false, false],
    ['true', true],
    ['false', false],
    ['yes', undefined],
    [1, undefined],
  ])('reads %j as the boolean %s', (value, boolean) => {
    expect(readBoolean(new Map([['gen_ai.request.stream', value]]), 'streaming')).toBe(boolean);
  });

  it('goes on to the next name when a value is of no use', () => {
    const attributes = new Map<string, string | number>([
      ['gen_ai.usage.input_tokens', 'NaN'],
      ['gen_ai.usage.prompt_tokens', '12'],
    ]);
    expect(readNumber(attributes, 'input_tokens')).toBe(12);
  });
});
