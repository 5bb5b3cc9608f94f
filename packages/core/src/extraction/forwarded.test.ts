import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ForwardedNode, readForwarded, readForwardedFor } from './forwarded.js';

const textOf = (nodes: readonly ForwardedNode[]): string[] => nodes.map((node) => (node.kind === 'address' ? node.address : 'unknown'));

describe('Forwarded (RFC 7239)', () => {
  it.each([
    ['for=192.0.2.43', ['192.0.2.43']],
    ['For=192.0.2.43, FOR=198.51.100.17', ['192.0.2.43', '198.51.100.17']],
    ['for="192.0.2.43:47011"', ['192.0.2.43']],
    ['for="[2001:db8:cafe::17]:4711"', ['2001:db8:cafe::17']],
    ['for="[2001:db8:cafe::17]"', ['2001:db8:cafe::17']],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', ['192.0.2.60']],
    ['by=203.0.113.43 ; proto="https" ; for="192.0.2.60"', ['192.0.2.60']],
    ['for=192.0.2.43,for="[2001:db8::9]";host="a,b;c", for=198.51.100.17', ['192.0.2.43', '2001:db8::9', '198.51.100.17']],
    ['for="192\\.0.2.43"', ['192.0.2.43']],
    ['for=_gazonk', ['unknown']],
    ['for=_SEVKISEK, for=198.51.100.17', ['unknown', '198.51.100.17']],
    ['for=unknown', ['unknown']],
    ['for="192.0.2.43:_port"', ['192.0.2.43']],
    ['proto=https', ['unknown']],
    ['for=192.0.2.43,, for=198.51.100.17,', ['192.0.2.43', '198.51.100.17']],
    ['', []],
    [' , ', []],
  ])('%j', (header, expected) => {
    expect(textOf(readForwarded(header))).toEqual(expected);
  });

  it.each([
    ['a quote that a client left open takes in what the proxy wrote', 'for="x, for=198.51.100.17'],
    ['a quote closed by the one of the proxy', 'for="203.0.113.9, for="[2001:db8::9]"'],
    ['two addresses in one element', 'for=203.0.113.9;for=198.51.100.17'],
    ['text without a name', '203.0.113.9'],
    ['text behind a quote', 'for="203.0.113.9"x'],
    ['spaces in a value', 'for=203.0.113.9 198.51.100.17'],
  ])('believes nothing of a malformed header: %s', (_, header) => {
    expect(textOf(readForwarded(header))).toEqual(['unknown']);
  });

  it('reads back any list that is written as the standard says', () => {
    const node = fc.oneof(
      fc.ipV4().map((address) => ({ text: address, expected: address })),
      fc.ipV4().map((address) => ({ text: `"${address}:8080"`, expected: address })),
      fc.ipV6().map((address) => ({ text: `"[${address}]"`, expected: address })),
      fc.ipV6().map((address) => ({ text: `"[${address}]:_p1"`, expected: address })),
      fc.constantFrom('unknown', '_hidden', '"_a.b-c"').map((text) => ({ text, expected: 'unknown' })),
    );
    const before = fc.constantFrom('', 'proto=https;', 'host="a.example:1;x=\\"y\\",z"; ', 'by=_p ;');
    const element = fc.record({ before, node });
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 8 }), fc.constantFrom(',', ', ', ' ,\t'), (elements, comma) => {
        const header = elements.map((each) => `${each.before}for=${each.node.text}`).join(comma);
        expect(textOf(readForwarded(header))).toEqual(elements.map((each) => each.node.expected));
      }),
    );
  });

  it('reads any text in time and without failing', () => {
    const text = fc.string({ unit: fc.constantFrom('for=', '"', '\\', ';', ',', ' ', '[', ']', ':', '1', 'a'), maxLength: 400 });
    fc.assert(
      fc.property(text, (header) => {
        expect(readForwarded(header).length).toBeLessThanOrEqual(header.length + 1);
      }),
    );
  });
});

describe('X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7', ['203.0.113.7']],
    ['203.0.113.7, 198.51.100.17', ['203.0.113.7', '198.51.100.17']],
    [' 203.0.113.7 ,,198.51.100.17:443 ', ['203.0.113.7', '198.51.100.17']],
    ['2001:db8::7, [2001:db8::8], [2001:db8::9]:443', ['2001:db8::7', '2001:db8::8', '2001:db8::9']],
    ['::ffff:203.0.113.7', ['::ffff:203.0.113.7']],
    ["<script>, ' OR 1=1, unknown, 10.0.0.1", ['unknown', 'unknown', 'unknown', '10.0.0.1']],
    ['[203.0.113.7]', ['unknown']],
    ['203.0.113.7:', ['unknown']],
    ['', []],
  ])('%j', (header, expected) => {
    expect(textOf(readForwardedFor(header))).toEqual(expected);
  });
});
