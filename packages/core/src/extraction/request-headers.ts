/** Headers of a request by lower-case name, as Node gives them. A list stands for several headers of the name, in order. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The value of a header; several of one name are one list (RFC 9110, 5.3). Empty when there is none. */
export function headerValue(headers: RequestHeaders, name: string): string {
  const value = headers[name];
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.join(', ');
}

/** Does the client ask not to be tracked: `DNT: 1`, or Global Privacy Control `Sec-GPC: 1`? */
export function asksNotToBeTracked(headers: RequestHeaders): boolean {
  return headerValue(headers, 'dnt') === '1' || headerValue(headers, 'sec-gpc') === '1';
}
