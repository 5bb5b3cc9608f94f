import { BUILT_IN_EVENT_TYPES, type FieldDefinition, fieldsOfType, isBuiltInEventType } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

// A commit holds the events of many requests. If the reader took a value that the engine refuses, one event would make
// everybody's commit fail: whatever is accepted must therefore be storable.

let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct();
});
afterAll(() => test.close());

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '\\', "'", '"', '\u0000', '\n\t\r', '{p0:String}', '\\N', '😀', '\u2028'),
);

/** A value that the contract allows for a field, the extreme ones above all. */
function allowedValue(field: FieldDefinition): fc.Arbitrary<unknown> {
  const maximum = field.maximum ?? Number.MAX_SAFE_INTEGER;
  switch (field.kind) {
    case 'name':
      return field.requiredFor === undefined && field.name !== 'id' ? text : text.filter((value) => value !== '');
    case 'text':
      return text;
    case 'url':
      return fc.oneof(
        fc.webUrl({ withFragments: true, withQueryParameters: true }),
        fc.constantFrom('http://a', 'https://bücher.example/ä'),
      );
    case 'ip':
      return fc.oneof(fc.ipV6(), fc.constantFrom('192.0.2.1', '::', '::ffff:192.0.2.1', 'fe80::1%eth0', ''));
    case 'choice':
      return fc.constantFrom(...(field.values ?? ['']));
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.oneof(
        fc.constantFrom(0, 1, '1970-01-01', '2026-02-28T23:59:59.999999Z'),
        fc.integer({ min: 0, max: Date.UTC(2026, 0, 1) }),
      );
    case 'decimal':
      return fc.constantFrom('0', '-99999999999999999999.999999999999', '99999999999999999999.999999999999', 1e-7, -3.5);
    case 'count':
      return fc.oneof(fc.constantFrom(0, maximum), fc.integer({ min: 0, max: maximum }));
    default:
      return fc.oneof(fc.constantFrom(0, 5e-324, maximum), fc.double({ min: 0, max: maximum, noNaN: true }));
  }
}

const USAGE = /_tokens$|^web_searches$|_includes_/;

const event = fc.constantFrom(...BUILT_IN_EVENT_TYPES, 'checkout.started').chain((type) => {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const required: string[] = ['type'];
  for (const field of fieldsOfType(type).values()) {
    // Counts have rules among each other; one of them at a time keeps them.
    if (USAGE.test(field.name) && field.name !== 'input_tokens') continue;
    fields[field.name] = allowedValue(field);
    if (isBuiltInEventType(type) && field.requiredFor?.includes(type) === true) required.push(field.name);
  }
  const properties = fc.dictionary(
    text.filter((name) => name !== ''),
    fc.oneof(text, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    { maxKeys: 5 },
  );
  return fc.record({ type: fc.constant(type), properties, ...fields }, { requiredKeys: required as never[] });
});

it('whatever the contract takes, the engine stores', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), async (events) => {
      const { accepted, duplicates, rejected } = await test.send(events);
      expect(rejected).toEqual([]);
      expect(accepted + duplicates).toBe(events.length);
    }),
    { numRuns: 40 },
  );
});
