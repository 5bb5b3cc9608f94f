import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIpAddress } from '@systemprompt-analytics/core';
import { afterAll, describe, expect, it } from 'vitest';
import { isHostingNetwork } from './hosting-networks.js';
import { findInstalledFile } from './installed-data.js';
import { type NetworkFacts, type NetworkReader, NO_NETWORK, openNetworkReader } from './networks.js';
import { writeMmdb } from './testing/write-mmdb.js';

const folder = mkdtempSync(join(tmpdir(), 'networks-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

function lookup(reader: NetworkReader, text: string): NetworkFacts {
  const address = parseIpAddress(text);
  if (address === undefined) throw new TypeError(`${text} is no address`);
  return reader.lookup(address, text);
}

const csv = written(
  'asn.csv',
  '192.0.2.0,192.0.2.255,24940,Hetzner Online GmbH\n198.51.100.0,198.51.100.255,0,Not routed\n2001:db8::,2001:db8::ff,8412,T-Mobile\n',
);
const mmdb = written(
  'asn.mmdb',
  writeMmdb([
    { network: '192.0.2.0/24', record: { autonomous_system_number: 24940, autonomous_system_organization: 'Hetzner Online GmbH' } },
    { network: '2001:db8::/120', record: { autonomous_system_number: 8412, autonomous_system_organization: 'T-Mobile' } },
  ]),
);

describe('the network of an address', () => {
  it.each([csv, mmdb])('%#', async (file) => {
    const reader = await openNetworkReader(file);
    expect(reader.loaded).toBe(true);
    expect(lookup(reader, '192.0.2.5')).toEqual({ asn: 24940, network: 'Hetzner Online GmbH', hosting: true });
    expect(lookup(reader, '2001:db8::5')).toEqual({ asn: 8412, network: 'T-Mobile', hosting: false });
    expect(lookup(reader, '198.51.100.5')).toEqual(NO_NETWORK);
    expect(lookup(reader, '203.0.113.1')).toEqual(NO_NETWORK);
  });

  it('is not known before the installed table is read, and known of all addresses after', async () => {
    const reader = await openNetworkReader(undefined);
    expect([reader.loaded, lookup(reader, '8.8.8.8')]).toEqual([false, NO_NETWORK]);
    await Promise.all([reader.load(), reader.load()]);
    expect(reader.loaded).toBe(true);
    if (findInstalledFile('@ip-location-db/asn/asn-ipv6.csv') === undefined) {
      expect(lookup(reader, '8.8.8.8')).toEqual(NO_NETWORK);
      return;
    }
    expect(lookup(reader, '8.8.8.8').asn).toBe(15169);
    expect(lookup(reader, '2001:4860:4860::8888').asn).toBe(15169);
    expect(lookup(reader, '95.217.1.1')).toMatchObject({ asn: 24940, hosting: true });
    expect(lookup(reader, '1.1.1.1')).toMatchObject({ asn: 13335, hosting: false });
    expect(lookup(reader, '10.0.0.1')).toEqual(NO_NETWORK);
  });

  it.each([
    ['missing.csv', undefined, 'there is no such file or folder'],
    ['faulty.csv', '192.0.2.0,192.0.2.255,x,y\n', 'Line 1 of the ASN database'],
    ['faulty.mmdb', 'no database', ''],
  ])('is refused of the file %s', async (name, content, reason) => {
    const file = content === undefined ? join(folder, name) : written(name, content);
    await expect(openNetworkReader(file)).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringMatching(new RegExp(`^The ASN database ${file} cannot be read: .*${reason}`)),
    });
  });
});

describe('hosting', () => {
  it.each([
    [16509, 'Amazon.com, Inc.'],
    [396982, 'Google LLC'],
    [8075, 'Microsoft Corporation'],
    [16276, 'OVH SAS'],
    [24940, 'Hetzner Online GmbH'],
    [14061, 'DigitalOcean, LLC'],
    [63949, 'Akamai Technologies, Inc.'],
    [20473, 'The Constant Company, LLC'],
    [51167, 'Contabo GmbH'],
    [12876, 'Scaleway SAS'],
    [60781, 'LeaseWeb Netherlands B.V.'],
    [31898, 'Oracle Corporation'],
    [37963, 'Hangzhou Alibaba Advertising Co.,Ltd.'],
    [45090, 'Shenzhen Tencent Computer Systems Company Limited'],
    [64496, 'Example Hosting Ltd'],
    [64497, 'Some Cloud Services GmbH'],
    [64498, 'Dedicated Servers Inc'],
    [64499, 'Warsaw Data Center Sp. z o.o.'],
    [64500, 'Berlin Datacenter AG'],
    [64501, 'VPS House'],
    [64502, 'Colocation America Corporation'],
  ])('%i %s', (asn, organisation) => {
    expect(isHostingNetwork(asn, organisation)).toBe(true);
  });

  it.each([
    [0, 'Anything Hosting'],
    [16591, 'Google Fiber Inc.'],
    [13335, 'Cloudflare, Inc.'],
    [54113, 'Fastly, Inc.'],
    [20940, 'Akamai International B.V.'],
    [36183, 'Akamai Technologies, Inc.'],
    [22616, 'ZSCALER, INC.'],
    [41012, 'The Cloud Networks Limited'],
    [3320, 'Deutsche Telekom AG'],
    [8412, 'T-Mobile Austria GmbH'],
    [7922, 'Comcast Cable Communications, LLC'],
    [8881, '1&1 Versatel GmbH'],
    [64496, 'Cloudberry Mobile'],
    [64497, 'Colombia Telecomunicaciones'],
    [64498, 'Observers Union'],
    [64499, 'Ghostwriters Ltd'],
    [64500, ''],
  ])('is not %i %s', (asn, organisation) => {
    expect(isHostingNetwork(asn, organisation)).toBe(false);
  });
});
