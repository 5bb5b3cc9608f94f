import { parseIpAddress } from '@systemprompt-analytics/core';

/** A value as the MaxMind DB format knows it; numbers are written as unsigned 32 bit integers. */
export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

/** What is said of a network. */
export interface MmdbNetwork {
  /** `192.0.2.0/24`, `2001:db8::/32`; networks must not lie in one another. */
  readonly network: string;
  readonly record: MmdbValue;
}

/** A record of a node: nothing yet, the node with this number, or the data at this offset. */
type Branch = undefined | { readonly node: number } | { readonly data: number };

const STRING = 2;
const UINT16 = 5;
const UINT32 = 6;
const MAP = 7;
const UINT64 = 9;
const ARRAY = 11;
const BOOLEAN = 14;
const SEPARATOR_BYTES = 16;
const METADATA_MARKER = Buffer.from([0xab, 0xcd, 0xef, ...Buffer.from('MaxMind.com')]);

/**
 * Writes a database in the MaxMind DB format 2.0 (https://maxmind.github.io/MaxMind-DB/): a binary search tree over the bits of
 * addresses with records of 32 bits, the data, and the metadata. A tree of version 6 holds IPv4 networks under `::/96`.
 */
export function writeMmdb(networks: readonly MmdbNetwork[], ipVersion: 4 | 6 = 6): Buffer {
  const nodes: [Branch, Branch][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const { network, record } of networks) {
    const encoded = encode(record);
    insert(nodes, bitsOf(network, ipVersion), { data: dataBytes });
    data.push(encoded);
    dataBytes += encoded.length;
  }
  const tree = Buffer.alloc(nodes.length * 8);
  for (const [at, branches] of nodes.entries()) {
    for (const [side, branch] of branches.entries()) tree.writeUInt32BE(recordValue(branch, nodes.length), at * 8 + side * 4);
  }
  const metadata = Buffer.concat([
    control(MAP, 9),
    ...Object.entries({
      binary_format_major_version: unsigned(UINT16, 2),
      binary_format_minor_version: unsigned(UINT16, 0),
      build_epoch: unsigned(UINT64, 1_700_000_000),
      database_type: encode('Test'),
      description: encode({ en: 'Test' }),
      ip_version: unsigned(UINT16, ipVersion),
      languages: encode(['en']),
      node_count: unsigned(UINT32, nodes.length),
      record_size: unsigned(UINT16, 32),
    }).flatMap(([key, value]) => [encode(key), value]),
  ]);
  return Buffer.concat([tree, Buffer.alloc(SEPARATOR_BYTES), ...data, METADATA_MARKER, metadata]);
}

function bitsOf(network: string, ipVersion: 4 | 6): string {
  const [base = '', length = ''] = network.split('/');
  const address = parseIpAddress(base);
  if (address === undefined) throw new TypeError(`${network} is no network`);
  const bits = address.words.map((word) => word.toString(2).padStart(32, '0')).join('');
  const prefix = bits.slice(0, Number(length));
  return ipVersion === 6 && address.version === 4 ? '0'.repeat(96) + prefix : prefix;
}

function insert(nodes: [Branch, Branch][], bits: string, leaf: Branch): void {
  let at = 0;
  for (const [depth, bit] of [...bits].entries()) {
    const node = nodes[at];
    if (node === undefined) throw new RangeError(`node ${at} does not exist`);
    const side = bit === '1' ? 1 : 0;
    if (depth === bits.length - 1) {
      node[side] = leaf;
      return;
    }
    const next = node[side];
    if (next !== undefined && 'data' in next) throw new TypeError('networks must not lie in one another');
    at = next?.node ?? nodes.push([undefined, undefined]) - 1;
    node[side] = { node: at };
  }
}

function recordValue(branch: Branch, nodeCount: number): number {
  if (branch === undefined) return nodeCount;
  return 'node' in branch ? branch.node : nodeCount + SEPARATOR_BYTES + branch.data;
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(STRING, text.length), text]);
  }
  if (typeof value === 'number') return unsigned(UINT32, value);
  if (typeof value === 'boolean') return control(BOOLEAN, value ? 1 : 0);
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(MAP, entries.length), ...entries.flatMap(([key, each]) => [encode(key), encode(each)])]);
}

function unsigned(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  return Buffer.concat([control(type, short.length), short]);
}

/** The byte with type and size; types above 7 take a second one, sizes from 29 on another. */
function control(type: number, size: number): Buffer {
  if (size >= 29 + 256) throw new RangeError(`a size of ${size} is not written here`);
  const sizeBits = Math.min(size, 29);
  const head = type <= 7 ? [(type << 5) | sizeBits] : [sizeBits, type - 7];
  return Buffer.from(size < 29 ? head : [...head, size - 29]);
}
