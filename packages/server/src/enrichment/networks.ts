import { open } from 'node:fs/promises';
import { AnalyticsError, type IpAddress, reasonOf } from '@systemprompt-analytics/core';
import { AsnTable, type AutonomousSystem } from './asn-table.js';
import type { ClientFacts } from './client-facts.js';
import { numberAt, openDatabase, textAt } from './geo.js';
import { isHostingNetwork } from './hosting-networks.js';
import { findInstalledFile } from './installed-data.js';

/** Whose network an address is in. */
export type NetworkFacts = Pick<ClientFacts, 'asn' | 'network' | 'hosting'>;

/** Nothing is known of a network. */
export const NO_NETWORK: NetworkFacts = { asn: 0, network: '', hosting: false };

/** The tables that are used when none is configured and the optional package is installed. */
const INSTALLED_TABLES = ['@ip-location-db/asn/asn-ipv4-num.csv', '@ip-location-db/asn/asn-ipv6.csv'];

/** A part of a file that takes some milliseconds to read, so that requests are answered in between. */
const CHUNK_BYTES = 256 * 1024;

type FindSystem = (address: IpAddress, text: string) => AutonomousSystem | undefined;

/** Tells whose network an address is in. */
export class NetworkReader {
  readonly #open: () => Promise<FindSystem>;
  #find: FindSystem | undefined;
  #loading: Promise<void> | undefined;

  /** @param open reads the table, once it is needed */
  constructor(open: () => Promise<FindSystem>) {
    this.#open = open;
  }

  get loaded(): boolean {
    return this.#find !== undefined;
  }

  /**
   * Reads the table, which takes some hundred milliseconds in which other work goes on. Several calls read it once.
   *
   * @throws AnalyticsError `invalid_configuration` when it cannot be read; no network is known then
   */
  load(): Promise<void> {
    this.#loading ??= this.#open().then((find) => {
      this.#find = find;
    });
    return this.#loading;
  }

  /** The network of an address; of none before the table is read. */
  lookup(address: IpAddress, text: string): NetworkFacts {
    const system = this.#find?.(address, text);
    if (system === undefined || system.asn === 0) return NO_NETWORK;
    return { asn: system.asn, network: system.organisation, hosting: isHostingNetwork(system.asn, system.organisation) };
  }
}

/**
 * Opens what tells whose network an address is in: the configured database, or else the one that is installed, or else none.
 * A configured one is read at once, so that a faulty file stops the start and not the night; the installed one when it is
 * asked to {@link NetworkReader.load}.
 *
 * @param path of a MaxMind database (.mmdb) with `autonomous_system_number`, or of a CSV as {@link AsnTable} reads it; or undefined
 * @throws AnalyticsError `invalid_configuration`
 */
export async function openNetworkReader(path: string | undefined): Promise<NetworkReader> {
  const reader = new NetworkReader(openerOf(path));
  if (path !== undefined) await reader.load();
  return reader;
}

function openerOf(path: string | undefined): () => Promise<FindSystem> {
  if (path?.endsWith('.mmdb')) return () => openSystemDatabase(path);
  const files = path === undefined ? INSTALLED_TABLES.flatMap((specifier) => findInstalledFile(specifier) ?? []) : [path];
  return async () => {
    const table = await readAsnTable(files);
    return (address) => table.find(address);
  };
}

async function openSystemDatabase(file: string): Promise<FindSystem> {
  const get = await openDatabase(file, 'ASN');
  return (_, text) => {
    const record = get(text);
    return { asn: numberAt(record, 'autonomous_system_number'), organisation: textAt(record, 'autonomous_system_organization') };
  };
}

/**
 * Reads tables of autonomous systems part by part.
 *
 * @throws AnalyticsError `invalid_configuration` that names the file and the line
 */
export async function readAsnTable(files: readonly string[]): Promise<AsnTable> {
  const table = new AsnTable();
  for (const file of files) {
    try {
      await readParts(file, (part) => table.add(part));
      table.endFile();
    } catch (cause) {
      const reason = reasonOf(cause);
      throw new AnalyticsError('invalid_configuration', `The ASN database ${file} cannot be read: ${reason}`, { cause });
    }
  }
  table.finish();
  return table;
}

/** Reads a file into one small buffer again and again: a stream's buffers would stay in the process long after the file. */
async function readParts(file: string, take: (part: Buffer) => void): Promise<void> {
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      take(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
