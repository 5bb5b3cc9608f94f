/** What is used of the URL standard. Browsers and Node bring it; the compiler is told here, since core is built for neither. */
export interface WebUrl {
  readonly href: string;
  readonly hostname: string;
  readonly pathname: string;
  username: string;
  password: string;
  search: string;
  hash: string;
}

/** Names and values of a query string, decoded. */
export interface WebQuery extends Iterable<[name: string, value: string]> {
  get(name: string): string | null;
}

declare const URL: { new (address: string): WebUrl; canParse(address: string): boolean };
declare const URLSearchParams: new (query: string) => WebQuery;

const NOT_ASCII = /[\u0080-\uffff]/;

/**
 * Is this an absolute address? Of texts outside ASCII `URL.canParse` is not asked: once it was called some thousand times,
 * versions of Node before 24 take Latin-1 for UTF-8 there and deny `https://bücher.example/` or allow what is no address.
 */
export function isAddress(address: string): boolean {
  return NOT_ASCII.test(address) ? parseAddress(address) !== undefined : URL.canParse(address);
}

/** An absolute address taken apart; undefined when it is none. */
export function parseAddress(address: string): WebUrl | undefined {
  if (!NOT_ASCII.test(address)) return URL.canParse(address) ? new URL(address) : undefined;
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

/** A query string taken apart, without its `?`. */
export function parseQuery(query: string): WebQuery {
  return new URLSearchParams(query);
}
