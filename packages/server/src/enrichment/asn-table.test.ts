import { formatIpAddress, parseIpAddress } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsnTable } from './asn-table.js';

function tableOf(...files: string[]): AsnTable {
  const table = new AsnTable();
  for (const file of files) {
    table.add(Buffer.from(file));
    table.endFile();
  }
  table.finish();
  return table;
}

function find(table: AsnTable, text: string): string | undefined {
  const address = parseIpAddress(text);
  if (address === undefined) throw new TypeError(`${text} is no address`);
  const system = table.find(address);
  return system === undefined ? undefined : `${system.asn} ${system.organisation}`;
}

describe('a table of autonomous systems', () => {
  const table = tableOf(
    '16777216,16777471,13335,"Cloudflare, Inc."\r\n16778240,16779263,38803,Gtelecom Pty Ltd\n\n192.0.2.0,192.0.2.255,64496,"Bücher ""GmbH"""\n',
    '2001:db8::,2001:db8::ffff,64497,Six\n2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,13335,Another spelling',
  );

  it.each([
    ['1.0.0.0', '13335 Cloudflare, Inc.'],
    ['1.0.0.255', '13335 Cloudflare, Inc.'],
    ['1.0.1.0', undefined],
    ['1.0.4.1', '38803 Gtelecom Pty Ltd'],
    ['0.255.255.255', undefined],
    ['192.0.2.77', '64496 Bücher "GmbH"'],
    ['255.255.255.255', undefined],
    ['2001:db8::1', '64497 Six'],
    ['2001:db8::1:0', undefined],
    ['2001:db8:1:2::', '13335 Cloudflare, Inc.'],
    ['::ffff:192.0.2.1', '64496 Bücher "GmbH"'],
    ['::1', undefined],
  ])('%s belongs to %s', (address, expected) => {
    expect(find(table, address)).toBe(expected);
  });

  it('counts what it holds', () => {
    expect([table.rangeCount, table.systemCount]).toEqual([5, 4]);
    expect(tableOf('').rangeCount).toBe(0);
    expect(find(tableOf(''), '192.0.2.1')).toBeUndefined();
  });

  it('ends a range where the next begins', () => {
    const overlapping = tableOf(
      '10.0.0.0,10.0.255.255,1,A\n10.0.128.0,10.1.0.255,2,B\n',
      '2001:db8::,2001:db9::,3,C\n2001:db8:1::,2001:db8:1::5,4,D\n',
    );
    expect(
      ['10.0.127.255', '10.0.128.0', '10.1.0.255', '10.1.1.0', '2001:db8:0:ffff:ffff:ffff:ffff:ffff', '2001:db8:1::', '2001:db8:1::6'].map(
        (address) => find(overlapping, address),
      ),
    ).toEqual(['1 A', '2 B', '2 B', undefined, '3 C', '4 D', undefined]);
  });

  it.each([
    ['1.0.0.0,1.0.0.255,1', 'Line 1 of the ASN database must be start,end,number,organisation'],
    ['1.0.0.0,1.0.0.255,1,A\nx,1.0.0.255,1,A', 'Line 2 of the ASN database must begin with two addresses of one kind'],
    ['1.0.0.0,2001:db8::,1,A', 'Line 1 of the ASN database must begin with two addresses of one kind'],
    ['1.0.0.0,1.0.0.255,AS1,A', 'Line 1 of the ASN database must have a 32 bit number as its third value'],
    ['1.0.0.0,1.0.0.255,4294967296,A', 'must have a 32 bit number as its third value'],
    ['2.0.0.0,2.0.0.255,1,A\n1.0.0.0,1.0.0.255,1,A', 'Line 2 of the ASN database must start behind the range before it'],
    ['1.0.0.255,1.0.0.0,1,A', 'Line 1 of the ASN database must start behind the range before it, and not end before it starts'],
  ])('refuses %j', (file, message) => {
    expect(() => tableOf(file)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(message) }),
    );
  });
});

describe('any table', () => {
  // Ranges as distances from the one before, so that any list is sorted; the space is small, so that addresses hit.
  const ranges = fc.array(fc.record({ gap: fc.nat(5), length: fc.integer({ min: 1, max: 6 }), asn: fc.integer({ min: 1, max: 5 }) }), {
    maxLength: 40,
  });
  const four = (at: number): string => formatIpAddress({ version: 4, words: [at] });
  const six = (at: number): string => formatIpAddress({ version: 6, words: [0x20010db8, 0, Math.floor(at / 8), (at % 8) * 0x20000000] });

  it.each([
    ['IPv4', four],
    ['IPv4 as numbers', String],
    ['IPv6', six],
  ])('%s answers as a list that is searched from its start, however the file is cut', (kind, write) => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: 40 }), (list, chunkBytes) => {
        let at = 0;
        const rows = list.map(({ gap, length, asn }) => {
          const start = at + gap;
          at = start + length;
          return { start, end: at - 1, asn };
        });
        const file = Buffer.from(
          rows.map(({ start, end, asn }) => `${write(start)},${write(end)},${asn},"Organisation, ${asn}"`).join('\n'),
        );
        const table = new AsnTable();
        for (let from = 0; from < file.length; from += chunkBytes) table.add(file.subarray(from, from + chunkBytes));
        table.endFile();
        table.finish();
        for (let address = 0; address <= at + 1; address++) {
          const row = rows.find(({ start, end }) => start <= address && address <= end);
          const text = kind === 'IPv6' ? six(address) : four(address);
          expect(find(table, text)).toBe(row === undefined ? undefined : `${row.asn} Organisation, ${row.asn}`);
        }
      }),
    );
  });
});
