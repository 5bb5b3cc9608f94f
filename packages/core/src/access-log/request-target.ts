import type { AccessLogEntry } from './access-log-entry.js';

/** Method and target of a request line. */
export interface LogRequest {
  /** `-` when the line was no request. */
  readonly method: string;
  readonly target: string;
}

/** A method is a token (RFC 9110, 5.6.2); none in use is longer. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;
const PROTOCOL = /^HTTP\/\d/;

/**
 * Takes a request line apart. What is no request line (bytes of TLS on a plain port, other protocols) has the method `-`
 * and is its target as a whole; a connection that said nothing, logged as `-`, has an empty target.
 */
export function readRequestLine(line: string): LogRequest {
  const space = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const method = line.slice(0, Math.max(0, space));
  if (METHOD.test(method)) {
    if (last > space && PROTOCOL.test(line.slice(last + 1))) return { method, target: line.slice(space + 1, last) };
    // HTTP/0.9 names no protocol; only what could not be anything else is taken for it.
    if (line.startsWith('/', space + 1) || /^https?:\/\//i.test(line.slice(space + 1, space + 9)))
      return { method, target: line.slice(space + 1) };
  }
  return { method: '-', target: line === '-' ? '' : line };
}

/** Is this what a client may ask with? */
export function isMethod(text: string): boolean {
  return METHOD.test(text);
}

const NOT_IN_TARGET = /[^!$%&'()*+,\-./0-9:;=?@A-Z[\]^_`a-z{|}~]/;
const NOT_IN_TARGET_ALL = /[^!$%&'()*+,\-./0-9:;=?@A-Z[\]^_`a-z{|}~]/gu;
const NOT_IN_SEGMENT = /[^%\-.0-9A-Z_a-z~*]/g;

/** Percent-encodes what may not stand in an address: spaces, quotes, backslashes, `#`, control characters, other scripts. */
export function encodeTarget(target: string): string {
  return NOT_IN_TARGET.test(target) ? target.toWellFormed().replace(NOT_IN_TARGET_ALL, percentEncode) : target;
}

/** `encodeURIComponent` leaves `'` and a few more alone, none of which is asked for here. */
function percentEncode(character: string): string {
  return character === '#' ? '%23' : encodeURIComponent(character);
}

function encodeSegment(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/**
 * The address that a request was for. Its host is the one the line names, else the site's; its scheme the one the line
 * names, else the site's. A target that is no path of this host (another host's address, `*`, bytes that are no HTTP)
 * becomes one segment of a path with all of it percent-encoded, so that it is not taken for a page.
 *
 * @param site origin of the site, `https://example.com`
 */
export function accessLogUrl(entry: AccessLogEntry, site: string): string {
  const origin = originOf(entry, site);
  const { target } = entry;
  if (target.startsWith('/') && entry.method !== '-') return origin + target;
  return origin + (pathOnOwnHost(target, origin) ?? `/${target.replace(NOT_IN_SEGMENT, encodeSegment)}`);
}

function originOf({ host, scheme }: AccessLogEntry, site: string): string {
  const [siteScheme = 'http', siteHost = ''] = site.split('://', 2);
  return `${scheme ?? siteScheme}://${host ?? siteHost}`;
}

/** `GET http://example.com/path` is how proxies are asked; on the site's own host it is the path. */
function pathOnOwnHost(target: string, origin: string): string | undefined {
  const [, host, path = ''] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? [];
  if (host === undefined || host.toLowerCase().replace(/:(?:80|443)$/, '') !== origin.slice(origin.indexOf('://') + 3)) return undefined;
  return path.startsWith('/') ? path : `/${path}`;
}
