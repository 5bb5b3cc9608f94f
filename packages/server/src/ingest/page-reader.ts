import { type ContentRouting, isAddress, PATH_LENGTH_MAX, requestKindOf, roleOfQuery, strippedUrl } from '@systemprompt-analytics/core';
import type { RequestKind } from '../live/observed-event.js';
import type { Value } from './event-rows.js';

/** A page's address as it is stored. */
export interface StoredPage {
  /** Without user, fragment and all of the query that is not allowed. */
  readonly url: string | undefined;
  readonly path: string;
  readonly host: string;
  /** What the query, which is not stored, says of who asks; undefined when it says nothing. */
  readonly queryRole: 'probe' | 'feed' | undefined;
}

const NO_PAGE: StoredPage = { url: undefined, path: '', host: '', queryRole: undefined };

/** Statuses with which a server answers that a page is shown: from its body, or from the browser's cache. */
function isShown(statusCode: number): boolean {
  return (statusCode >= 200 && statusCode < 300) || statusCode === 304;
}

function queryRoleOf(search: string): StoredPage['queryRole'] {
  const role = search === '' ? 'plain' : roleOfQuery(search.slice(1, 1 + PATH_LENGTH_MAX));
  return role === 'plain' ? undefined : role;
}

/** Reads addresses of pages as they may be stored: no parameter that is not on the list, no user, no fragment. */
export class PageReader {
  readonly #routing: ContentRouting;
  readonly #queryParameters: readonly string[];

  /**
   * @param routing which paths are pages, and which content they show
   * @param queryParameters names of query parameters that are kept; `utm_*` keeps all that start so
   */
  constructor(routing: ContentRouting, queryParameters: readonly string[]) {
    this.#routing = routing;
    this.#queryParameters = queryParameters;
  }

  /** The page that an address names. */
  read(address: Value): StoredPage {
    if (typeof address !== 'string' || address === '') return NO_PAGE;
    const { pathname, host, search } = new URL(address);
    return { url: strippedUrl(address, this.#queryParameters), path: pathname, host, queryRole: queryRoleOf(search) };
  }

  /** Where a visitor came from or went to, as it may be stored; of what is no address everything from its query on is cut off. */
  linked(address: Value): Value {
    if (typeof address !== 'string') return address;
    // Not the address of a page, but it may have a query all the same.
    if (!isAddress(address)) return address.replace(/[?#].*$/s, '');
    return strippedUrl(address, this.#queryParameters);
  }

  /** What a request for this path was for. A page that was not shown is `other`. */
  kindOf(path: string): RequestKind {
    const kind = requestKindOf(path);
    return kind === 'page' ? 'other' : kind;
  }

  /** Is a request of this address with this outcome a view of a page? */
  isPageView(address: Value, method: Value, statusCode: Value): boolean {
    if ((method ?? 'GET') !== 'GET' || typeof statusCode !== 'number' || !isShown(statusCode)) return false;
    if (typeof address !== 'string' || address === '') return this.#routing.isPage('', '');
    const { pathname, search } = new URL(address);
    return this.#routing.isPage(pathname, search.slice(1));
  }

  /** The content that a path shows. */
  contentIdOf(path: string): string | undefined {
    return path === '' ? undefined : this.#routing.contentIdOf(path);
  }
}
