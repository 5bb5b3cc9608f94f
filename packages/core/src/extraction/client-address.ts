import { type ForwardedNode, readForwarded, readForwardedFor, readNode } from './forwarded.js';
import { formatIpAddress, type IpAddress, parseIpAddress } from './ip-address.js';
import type { IpNetworks } from './ip-networks.js';
import { headerValue, type RequestHeaders } from './request-headers.js';

/** What is needed to tell whose request it is. */
export interface ClientAddressInput {
  /** The other end of the connection, as the socket names it. */
  readonly socketAddress: string;
  readonly headers: RequestHeaders;
  /** Only these may say that they speak for someone else. */
  readonly trustedProxies: IpNetworks;
}

/**
 * The address of the client that a request comes from: the socket's, or what a trusted proxy says in `X-Forwarded-For`,
 * else in `Forwarded`, else in `X-Real-IP`. The list is read from its end, where the nearest proxy wrote, past every
 * trusted proxy; what stands before the first other address was written by a stranger and is not looked at. The order of
 * the headers is that of what proxies set of themselves: nearly all write `X-Forwarded-For` and hand the others through
 * as the client sent them.
 *
 * @returns the address in its one spelling; empty when it is hidden, not readable or, for a local socket, missing
 */
export function clientAddressOf({ socketAddress, headers, trustedProxies }: ClientAddressInput): string {
  const socket = parseIpAddress(socketAddress);
  if (socket === undefined) return '';
  if (trustedProxies.size === 0 || !trustedProxies.includes(socket)) return formatIpAddress(socket);
  let nearest: IpAddress = socket;
  for (const node of readNodes(headers).reverse()) {
    const address = node.kind === 'address' ? parseIpAddress(node.address) : undefined;
    if (address === undefined) return '';
    nearest = address;
    if (!trustedProxies.includes(address)) break;
  }
  return formatIpAddress(nearest);
}

function readNodes(headers: RequestHeaders): ForwardedNode[] {
  const forwardedFor = headerValue(headers, 'x-forwarded-for');
  if (forwardedFor !== '') return readForwardedFor(forwardedFor);
  const forwarded = headerValue(headers, 'forwarded');
  if (forwarded !== '') return readForwarded(forwarded);
  const realIp = headerValue(headers, 'x-real-ip').trim();
  return realIp === '' ? [] : [readNode(realIp)];
}
