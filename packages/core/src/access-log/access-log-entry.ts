import type { EventFault } from '../events/event-fault.js';

/**
 * How the lines of an access log are written: `combined` and `common` as Apache httpd, nginx and others write them, with
 * or without a leading `host:port` column; `json` with one object per line.
 */
export const ACCESS_LOG_FORMATS = ['combined', 'common', 'json'] as const;
export type AccessLogFormat = (typeof ACCESS_LOG_FORMATS)[number];

/** One request of an access log, its escapes resolved. */
export interface AccessLogEntry {
  /** UTC milliseconds. */
  readonly timestampMs: number;
  /** The client's IP address; undefined where the server logged a host name instead. */
  readonly ip: string | undefined;
  /** The client's host name in lower case, where the log has one instead of an address. */
  readonly clientName: string | undefined;
  /** `GET`, `HEAD`, ...; `-` when the request line was none. */
  readonly method: string;
  /**
   * What was asked for, percent-encoded where it has to be: mostly a path with its query, but what scanners send as well
   * (`*`, `http://elsewhere/`, bytes that are no HTTP at all). {@link accessLogUrl} makes an address of it.
   */
  readonly target: string;
  /** 0 to 999. */
  readonly statusCode: number;
  /** Bytes of the answer; undefined where the log has none. */
  readonly responseBytes: number | undefined;
  /** Empty when the client sent none, undefined when the log does not tell. */
  readonly referrer: string | undefined;
  /** Empty when the client sent none, undefined when the log does not tell. */
  readonly userAgent: string | undefined;
  /** Host the request was for, with its port where that is not the scheme's own; undefined when the log does not tell. */
  readonly host: string | undefined;
  /** Undefined when the log does not tell. */
  readonly scheme: 'http' | 'https' | undefined;
  /** How long the server took, in milliseconds; undefined when the log does not tell. */
  readonly durationMs: number | undefined;
}

/** A line read, or why it is no line of such a log. */
export type AccessLogOutcome = { readonly ok: true; readonly entry: AccessLogEntry } | { readonly ok: false; readonly fault: EventFault };

/** A line that is no log line, with the part that is at fault. */
export function notALogLine(path: string, message: string): AccessLogOutcome {
  return { ok: false, fault: { code: 'invalid_value', path, message } };
}

/** A part of a line for a message: never all of it. */
export function quotePart(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
