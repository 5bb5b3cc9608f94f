import { isIPv4, isIPv6 } from 'node:net';
import type { IpPrivacy } from '../configuration.js';

/**
 * A client's address as it may be stored: nothing, its network (IPv4 /24, IPv6 /48), or all of it. What is not an
 * address is not stored.
 */
export function storedIp(address: string, privacy: IpPrivacy): string {
  if (privacy === 'none' || address === '') return '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  const plain = mapped?.[1] ?? address;
  if (isIPv4(plain)) return privacy === 'full' ? plain : plain.replace(/\.\d+$/, '.0');
  if (!isIPv6(plain)) return '';
  return privacy === 'full' ? plain : truncatedIPv6(plain);
}

function truncatedIPv6(address: string): string {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? left : [...left, ...new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${groups.slice(0, 3).join(':')}::`;
}
