import { DistinctWindow } from './distinct-window.js';
import type { Series } from './series.js';
import { SlidingMinute } from './sliding-minute.js';

/** What one visitor, known by the fingerprint, did of late. */
export class VisitorActivity implements Series {
  readonly projectId: string;
  readonly dimension = 'fingerprint';
  readonly dimensionValue: string;
  readonly requests = new SlidingMinute();
  readonly sessions = new DistinctWindow();
  readonly addresses = new DistinctWindow();
  /** Did something happen since it was judged last? */
  touched = false;

  constructor(projectId: string, visitorId: string) {
    this.projectId = projectId;
    this.dimensionValue = visitorId;
  }
}

/** An address of before a restart, as precise as it is stored; it is told from a whole one that happens to read the same. */
export function storedAddress(stored: string): string {
  return `stored ${countedAddress(stored)}`;
}

/**
 * What counts as one address: an IPv4 address, or the /64 network of an IPv6 one, whose lower half a single machine
 * changes every day (RFC 8981).
 */
export function countedAddress(ip: string): string {
  const plain = ip.toLowerCase().replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const mapped = /(?:^|:)ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...new Array<string>(gap).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::`;
}
