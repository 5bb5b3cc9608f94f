import { parseAddress } from './web-platform.js';

const HOST_LENGTH_MAX = 253;
const PLAIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/\\?#@]*@)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d*)?(?:[/?#]|$)/i;

/**
 * The host of an absolute address in lower case, without port: `www.example.org`; of an address that names an app
 * (`android-app://com.google.android.gm/`) the app. Empty when there is none.
 */
export function hostOf(address: string): string {
  const plain = PLAIN.exec(address)?.[1];
  if (plain !== undefined) return shortened(plain.toLowerCase());
  // Names outside ASCII, which are rare, are written as the URL standard writes them.
  return address.includes('://') ? shortened(parseAddress(address)?.hostname.toLowerCase() ?? '') : '';
}

/** A host as it is stored and compared: without the dot of the root; empty when it is longer than a name may be. */
function shortened(host: string): string {
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  return bare.length > HOST_LENGTH_MAX ? '' : bare;
}

/** A host without a leading `www.`, as people name a site. */
export function withoutWww(host: string): string {
  return host.startsWith('www.') ? host.slice(4) : host;
}
