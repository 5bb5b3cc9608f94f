import { parseIPv4, parseIpAddress } from './ip-address.js';

/** A client or proxy that a forwarding header names: its address, or `unknown` for one that is hidden or not readable. */
export type ForwardedNode = { readonly kind: 'address'; readonly address: string } | { readonly kind: 'unknown' };

const UNKNOWN: ForwardedNode = { kind: 'unknown' };

/**
 * The nodes of a `Forwarded` header (RFC 7239), the first client first: the `for` of each element. An element without one,
 * and an identifier that hides the address (`unknown`, `_name`), is an unknown node. Of a malformed header nothing is
 * believed, since an unclosed quote of a client would swallow what a proxy wrote after it.
 */
export function readForwarded(header: string): ForwardedNode[] {
  const nodes: ForwardedNode[] = [];
  const pair = /[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([^\s",;=]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*(;|,|$)/y;
  let node: ForwardedNode | undefined;
  let pairs = 0;
  for (;;) {
    const [whole, name, token, quoted, end] = pair.exec(header) ?? [];
    if (whole === undefined) return [UNKNOWN];
    if (name !== undefined) pairs++;
    if (name?.toLowerCase() === 'for') {
      if (node !== undefined) return [UNKNOWN];
      node = readNode(token ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
    }
    if (end === ';') continue;
    if (pairs > 0) nodes.push(node ?? UNKNOWN);
    if (end === '') return nodes;
    node = undefined;
    pairs = 0;
  }
}

/** The nodes of an `X-Forwarded-For` header, the first client first. */
export function readForwardedFor(header: string): ForwardedNode[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(readNode);
}

/** Reads `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `[2001:db8::1]` and, as `X-Forwarded-For` has it, `2001:db8::1`. */
export function readNode(text: string): ForwardedNode {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::[\w.-]+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return addressNode(bracketed.includes(':') ? bracketed : '');
  const colon = text.indexOf(':');
  const isFourWithPort = colon > 0 && /^[\w.-]+$/.test(text.slice(colon + 1)) && parseIPv4(text.slice(0, colon)) >= 0;
  return addressNode(isFourWithPort ? text.slice(0, colon) : text);
}

function addressNode(address: string): ForwardedNode {
  return parseIpAddress(address) === undefined ? UNKNOWN : { kind: 'address', address };
}
