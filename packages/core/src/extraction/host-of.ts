import { parseAddress } from './web-platform.js';

const HOST_LENGTH_MAX = 253;
const PLAIN = /^(?!file:)[a-z][a-z0-9+.-]*:\/\/(?:[^/\\?#@]*@)?([a-z0-9._-]+)(?::\d{0,4})?(?:[/?#]|$)/i;
/** What the URL standard reads as something else or as nothing: a last label that is a number, a name in Punycode. */
const NOT_AS_WRITTEN = /xn--|(?:^|\.)\d[^.]*\.?$/;
const NAME = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;

/**
 * The host of an absolute address in lower case, without port, as the URL standard reads it: `www.example.org`; of an address
 * that names an app (`android-app://com.google.android.gm/`) the app. Empty when there is none, or none that can be one
 * (`300.1.1.1`, a port of six digits, bytes in no encoding).
 */
export function hostOf(address: string): string {
  const plain = PLAIN.exec(address)?.[1]?.toLowerCase();
  if (plain !== undefined && !NOT_AS_WRITTEN.test(plain)) return checked(plain);
  if (address === '') return '';
  // Of a referrer that is no address only this part is stored, so that no more of it may decide.
  const beforeQuery = address.split(/[?#]/, 1)[0] ?? '';
  return checked(parseAddress(beforeQuery)?.hostname.toLowerCase() ?? '');
}

/** A host as it is stored and compared: without the dot of the root; empty when it is no name that may be and no address. */
function checked(host: string): string {
  if (host.startsWith('[')) return host;
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  return bare.length <= HOST_LENGTH_MAX && NAME.test(bare) ? bare : '';
}

/** A host without a leading `www.`, as people name a site. */
export function withoutWww(host: string): string {
  return host.startsWith('www.') ? host.slice(4) : host;
}
