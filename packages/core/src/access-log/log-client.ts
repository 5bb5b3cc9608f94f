import { readNode } from '../extraction/forwarded.js';
import { formatIpAddress, parseIPv4, parseIpAddress } from '../extraction/ip-address.js';
import { parseAddress } from '../extraction/web-platform.js';

const CLIENT_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;
const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/;

/** Who made a request: an address, or where the server looked names up, a name. */
export type LogClient = { readonly ip: string; readonly clientName: undefined } | { readonly ip: undefined; readonly clientName: string };

/**
 * Reads the column of the client: an address, with a port or a zone too, the first of a list, or a host name.
 *
 * @returns undefined when it is neither an address nor a name
 */
export function readLogClient(text: string): LogClient | undefined {
  if (parseIPv4(text) >= 0) return { ip: text, clientName: undefined };
  const comma = text.indexOf(',');
  const first = comma === -1 ? text : text.slice(0, comma);
  const node = readNode(first);
  const address = node.kind === 'address' ? parseIpAddress(node.address) : undefined;
  if (address !== undefined) return { ip: formatIpAddress(address), clientName: undefined };
  return CLIENT_NAME.test(first) ? { ip: undefined, clientName: first.toLowerCase() } : undefined;
}

/** The host of a request, with what its port says of the scheme. */
export interface LogHost {
  readonly host: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
}

const NO_HOST: LogHost = { host: undefined, scheme: undefined };

/**
 * Reads the host a request was for. It is whatever the client claimed, so what could not be the host of an address is
 * left out.
 */
export function readLogHost(text: string): LogHost {
  if (!HOST.test(text) || text === '_') return NO_HOST;
  const host = text.toLowerCase();
  const scheme = host.endsWith(':443') ? 'https' : host.endsWith(':80') ? 'http' : undefined;
  const plain = scheme === undefined ? host : host.slice(0, host.lastIndexOf(':'));
  return parseAddress(`http://${plain}/`) !== undefined ? { host: plain, scheme } : NO_HOST;
}
