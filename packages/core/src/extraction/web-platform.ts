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

/** An absolute address taken apart; undefined when it is none. */
export function parseAddress(address: string): WebUrl | undefined {
  return URL.canParse(address) ? new URL(address) : undefined;
}

/** A query string taken apart, without its `?`. */
export function parseQuery(query: string): WebQuery {
  return new URLSearchParams(query);
}
