import { AnalyticsError } from '../errors/analytics-error.js';
import { formatIpAddress, type IpAddress, parseIpAddress } from './ip-address.js';

/** More would make each request slow, since networks are compared one after the other. */
export const NETWORKS_MAX = 1_000;

interface IpNetwork {
  readonly version: 4 | 6;
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

/** A list of IPv4 and IPv6 networks, such as those of trusted proxies. */
export class IpNetworks {
  readonly #networks: readonly IpNetwork[];

  private constructor(networks: readonly IpNetwork[]) {
    this.#networks = networks;
  }

  /** A list that no address is in. */
  static readonly NONE: IpNetworks = new IpNetworks([]);

  /**
   * Reads networks in CIDR form and single addresses, separated by commas or white space: `10.0.0.0/8, ::1`.
   *
   * @param what names the list in messages: `trusted proxies`
   * @throws AnalyticsError `invalid_configuration` that names the entry and what is allowed
   */
  static parse(text: string, what: string): IpNetworks {
    const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
    if (entries.length > NETWORKS_MAX) throw fault(what, `${entries.length} entries are more than the ${NETWORKS_MAX} allowed.`);
    return new IpNetworks(entries.map((entry) => parseNetwork(entry, what)));
  }

  get size(): number {
    return this.#networks.length;
  }

  /** Is the address in one of the networks? */
  includes({ version, words }: IpAddress): boolean {
    return this.#networks.some(
      (network) =>
        network.version === version &&
        network.words.every((word, index) => ((word ^ (words[index] ?? 0)) & (network.masks[index] ?? 0)) === 0),
    );
  }
}

/**
 * The proxies whose word on a client's address is taken.
 *
 * @param text networks in CIDR form and single addresses, separated by commas or white space; empty for none
 * @throws AnalyticsError `invalid_configuration` that names the entry and what is allowed
 */
export function readTrustedProxies(text: string): IpNetworks {
  return text.trim() === '' ? IpNetworks.NONE : IpNetworks.parse(text, 'trusted proxies');
}

function parseNetwork(entry: string, what: string): IpNetwork {
  const slash = entry.indexOf('/');
  const base = slash < 0 ? entry : entry.slice(0, slash);
  const address = base.includes('%') ? undefined : parseIpAddress(base);
  if (address === undefined)
    throw fault(what, `"${entry}" is not an IPv4 or IPv6 address or network, such as 10.0.0.0/8 or 2001:db8::/32.`);
  if (slash >= 0 && address.version === 4 && base.includes(':')) throw fault(what, `"${entry}" has to be written as an IPv4 network.`);
  const bits = address.version === 4 ? 32 : 128;
  const prefix = slash < 0 ? String(bits) : entry.slice(slash + 1);
  const length = /^(0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (!(length <= bits)) throw fault(what, `the prefix length of "${entry}" must be a whole number from 0 to ${bits}.`);
  const masks = address.words.map((_, index) => maskOf(length - index * 32));
  const words = address.words.map((word, index) => (word & (masks[index] ?? 0)) >>> 0);
  if (words.some((word, index) => word !== address.words[index])) {
    const network = formatIpAddress({ version: address.version, words });
    throw fault(what, `"${entry}" has bits after its prefix; the network is ${network}/${length}.`);
  }
  return { version: address.version, words, masks };
}

function maskOf(bits: number): number {
  if (bits >= 32) return 0xffffffff;
  return bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

function fault(what: string, reason: string): AnalyticsError {
  return new AnalyticsError('invalid_configuration', `The list of ${what} is not valid: ${reason}`);
}
