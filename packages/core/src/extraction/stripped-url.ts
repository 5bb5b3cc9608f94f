import { CLICK_IDS } from './click-ids.js';
import { parseAddress } from './web-platform.js';

/** Query parameters that are stored unless the configuration says otherwise. `*` at the end stands for any ending. */
export const DEFAULT_QUERY_PARAMETERS: readonly string[] = ['utm_*'];

/**
 * An address as it may be stored: without user and password, without its fragment, and with the allowed query parameters
 * only, as they were written and in their order. Click ids tell one person from another; a `*` never lets them through.
 *
 * @param address an absolute address
 * @param allowed names of parameters; with a `*` at its end, every name that starts so
 * @returns the address in the spelling of the URL standard; empty when it is none
 */
export function strippedUrl(address: string, allowed: readonly string[] = DEFAULT_QUERY_PARAMETERS): string {
  const url = parseAddress(address);
  if (url === undefined) return '';
  if (url.hash !== '' || address.includes('#')) url.hash = '';
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  if (url.search !== '') {
    url.search = url.search
      .slice(1)
      .split('&')
      .filter((part) => part !== '' && isAllowed(nameOf(part), allowed))
      .join('&');
  } else if (address.includes('?')) {
    url.search = '';
  }
  return url.href;
}

function isAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) => {
    if (!pattern.endsWith('*')) return name === pattern;
    return name.startsWith(pattern.slice(0, -1)) && !CLICK_IDS.has(name);
  });
}

function nameOf(part: string): string {
  const equals = part.indexOf('=');
  const name = (equals < 0 ? part : part.slice(0, equals)).replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
