import { type ContentRouting, requestKindOf, strippedUrl } from '@systemprompt-analytics/core';
import type { RequestKind } from '../live/observed-event.js';
import type { Value } from './event-rows.js';

/** A page's address as it is stored. */
export interface StoredPage {
  /** Without user, fragment and all of the query that is not allowed. */
  readonly url: string | undefined;
  readonly path: string;
  readonly host: string;
}

const NO_PAGE: StoredPage = { url: undefined, path: '', host: '' };

/** Statuses with which a server answers that a page is shown: from its body, or from the browser's cache. */
function isShown(statusCode: number): boolean {
  return (statusCode >= 200 && statusCode < 300) || statusCode === 304;
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
    const { pathname, host } = new URL(address);
    return { url: strippedUrl(address, this.#queryParameters), path: pathname, host };
  }

  /** Where a visitor came from, as it may be stored; what is no address is kept as it is. */
  referrer(address: Value): Value {
    if (typeof address !== 'string' || !URL.canParse(address)) return address;
    return strippedUrl(address, this.#queryParameters);
  }

  /** What a request for this path was for. A page that was not shown is `other`. */
  kindOf(path: string): RequestKind {
    const kind = requestKindOf(path);
    return kind === 'page' ? 'other' : kind;
  }

  /** Is a request with this outcome a view of a page? */
  isPageView(path: string, method: Value, statusCode: Value): boolean {
    return (method ?? 'GET') === 'GET' && typeof statusCode === 'number' && isShown(statusCode) && this.#routing.isPage(path);
  }

  /** The content that a path shows. */
  contentIdOf(path: string): string | undefined {
    return path === '' ? undefined : this.#routing.contentIdOf(path);
  }
}
