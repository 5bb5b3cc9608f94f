import { isIPv4, isIPv6 } from 'node:net';
import type { IpPrivacy } from '../configuration.js';

/**
 * A client's address as it may be stored: nothing, its network (IPv4 /24, IPv6 /48), or all of it. What is not an
 * address is not stored.
 */
export function storedIp(address: string, privacy: IpPrivacy): string {
  if (privacy === 'none' || address === '') return '';
  const plain = isIPv4(address) ? address : plainIPv6(address);
  if (privacy === 'full' || plain === '') return plain;
  return isIPv4(plain) ? plain.replace(/\.\d+$/, '.0') : networkOf(plain);
}

/** The one spelling of an IPv6 address (RFC 5952), without its zone; of an IPv4 address inside one, that address. */
function plainIPv6(address: string): string {
  if (!isIPv6(address)) return '';
  const plain = canonical(address.replace(/%.*$/, ''));
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high === undefined || low === undefined) return plain;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]).join('.');
}

function networkOf(plain: string): string {
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return canonical(`${groups.slice(0, 3).join(':')}::`);
}

/** The URL standard writes addresses as RFC 5952 does. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
