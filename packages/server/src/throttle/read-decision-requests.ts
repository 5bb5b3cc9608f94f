import { isIP } from 'node:net';
import {
  AnalyticsError,
  describe,
  type EventFault,
  EventFaultError,
  type IngestLimits,
  isAddress,
  reasonOf,
} from '@systemprompt-analytics/core';
import type { RequestDescription } from './decision-maker.js';

/** One request of a body, or why it could not be read. */
export type DecisionItem =
  | { readonly ok: true; readonly description: RequestDescription }
  | { readonly ok: false; readonly fault: EventFault };

/** Requests that may be decided about at once. */
export const DECISIONS_MAX = 1000;

const FIELDS = ['ip', 'user_agent', 'url', 'path', 'method', 'status_code', 'session_id', 'fingerprint', 'referrer', 'timestamp'] as const;
const METHOD = /^[A-Za-z]{1,32}$/;
const ISO_8601 = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

export interface DecisionContext {
  /** The server's clock, UTC milliseconds. */
  readonly nowMs: number;
  readonly limits: Pick<IngestLimits, 'nameLengthMax' | 'textLengthMax' | 'futureSkewMsMax'>;
}

/**
 * Reads the body of `POST /v1/decisions`: `{"requests": [...]}` or the array itself. A fault in a request refuses that one only.
 *
 * @throws AnalyticsError `invalid_json`, `unknown_field`, `missing_field`, `empty_body` or `batch_too_long`
 */
export function readDecisionRequests(body: Buffer, context: DecisionContext): DecisionItem[] {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AnalyticsError('invalid_json', `The body is not JSON: ${reasonOf(cause)}.`, { cause });
  }
  const requests = listOf(value);
  if (requests.length === 0) throw new AnalyticsError('empty_body', 'The body holds no request.', { path: 'requests' });
  if (requests.length > DECISIONS_MAX) {
    throw new AnalyticsError('batch_too_long', `The body holds ${requests.length} requests; at most ${DECISIONS_MAX} are allowed.`);
  }
  return requests.map((request) => readItem(request, context));
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) {
    throw new AnalyticsError('invalid_json', `The body is an array of requests, or an object with "requests", not ${describe(value)}.`);
  }
  const stray = Object.keys(value).find((name) => name !== 'requests');
  if (stray !== undefined) {
    throw new AnalyticsError('unknown_field', `${JSON.stringify(stray.slice(0, 80))} is not a field here; there is "requests".`, {
      path: stray.slice(0, 80),
    });
  }
  const { requests } = value;
  if (requests === undefined) throw new AnalyticsError('missing_field', 'requests is needed.', { path: 'requests' });
  if (!Array.isArray(requests)) throw new AnalyticsError('invalid_json', '"requests" is not an array.', { path: 'requests' });
  return requests;
}

function readItem(request: unknown, context: DecisionContext): DecisionItem {
  try {
    return { ok: true, description: readDescription(request, context) };
  } catch (error) {
    if (error instanceof EventFaultError) return { ok: false, fault: error.fault };
    throw error;
  }
}

function readDescription(request: unknown, context: DecisionContext): RequestDescription {
  if (!isRecord(request)) throw new EventFaultError('invalid_type', '', `A request is an object, not ${describe(request)}.`);
  for (const name of Object.keys(request)) {
    if (!FIELDS.some((field) => field === name)) {
      const stray = name.slice(0, 80);
      throw new EventFaultError(
        'unknown_field',
        stray,
        `${JSON.stringify(stray)} is not a field of a request; there are ${FIELDS.join(', ')}.`,
      );
    }
  }
  const { nameLengthMax, textLengthMax } = context.limits;
  const text = (name: string, lengthMax: number): string => readText(request, name, lengthMax);
  const sessionId = text('session_id', nameLengthMax);
  const fingerprint = text('fingerprint', nameLengthMax);
  const ip = text('ip', nameLengthMax);
  if (ip !== '' && isIP(ip) === 0)
    throw new EventFaultError('invalid_value', 'ip', `ip is ${describe(ip)}; it is an IPv4 or IPv6 address.`);
  if (ip === '' && sessionId === '' && fingerprint === '') {
    throw new EventFaultError('missing_field', 'ip', 'ip is needed where neither session_id nor fingerprint says who is asking.');
  }
  return {
    ip,
    userAgent: text('user_agent', textLengthMax),
    ...readTarget(text('url', textLengthMax), text('path', textLengthMax)),
    method: readMethod(text('method', nameLengthMax)),
    statusCode: readStatusCode(request['status_code']),
    sessionId,
    fingerprint,
    referrer: text('referrer', textLengthMax),
    timestampMs: readTime(request['timestamp'], context),
  };
}

function readTarget(url: string, path: string): Pick<RequestDescription, 'url' | 'path'> {
  if (url === '' && path === '') throw new EventFaultError('missing_field', 'path', 'path or url is needed.');
  if (url !== '' && path !== '')
    throw new EventFaultError('invalid_value', 'path', 'path and url are both given; one of them says it all.');
  if (url === '') {
    if (!path.startsWith('/')) throw new EventFaultError('invalid_value', 'path', `path is ${describe(path)}; it starts with "/".`);
    return { url, path: path.replace(/[?#].*$/s, '') };
  }
  if (!/^https?:\/\//i.test(url) || !isAddress(url)) {
    throw new EventFaultError('invalid_value', 'url', `url is ${describe(url)}; it is an absolute http or https address.`);
  }
  return { url, path: new URL(url).pathname };
}

function readMethod(method: string): string {
  if (method === '') return 'GET';
  if (!METHOD.test(method))
    throw new EventFaultError('invalid_value', 'method', `method is ${describe(method)}; it is GET, HEAD, POST, ...`);
  return method.toUpperCase();
}

function readStatusCode(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') {
    throw new EventFaultError('invalid_type', 'status_code', `status_code is a number, not ${describe(value)}.`);
  }
  if (!Number.isInteger(value) || value < 100 || value > 999) {
    throw new EventFaultError('invalid_value', 'status_code', `status_code is ${value}; allowed: a whole number from 100 to 999.`);
  }
  return value;
}

function readTime(value: unknown, { nowMs, limits }: DecisionContext): number {
  if (value === undefined || value === null) return nowMs;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new EventFaultError('invalid_type', 'timestamp', `timestamp is an ISO 8601 string or UTC milliseconds, not ${describe(value)}.`);
  }
  const timestampMs = typeof value === 'number' ? value : ISO_8601.test(value) && isCalendarDay(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0) {
    throw new EventFaultError(
      'invalid_value',
      'timestamp',
      `timestamp is ${describe(value)}; it is an ISO 8601 time with its zone, or UTC milliseconds.`,
    );
  }
  if (timestampMs > nowMs + limits.futureSkewMsMax) {
    throw new EventFaultError(
      'timestamp_in_future',
      'timestamp',
      `timestamp is ${describe(value)}, more than ${limits.futureSkewMsMax} ms after the server's clock.`,
    );
  }
  return timestampMs;
}

/** `Date.parse` takes 30 February for 2 March. */
function isCalendarDay(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function readText(request: Readonly<Record<string, unknown>>, name: string, lengthMax: number): string {
  const value = request[name];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new EventFaultError('invalid_type', name, `${name} is a string, not ${describe(value)}.`);
  if (value.length > lengthMax) {
    throw new EventFaultError('too_long', name, `${name} has ${value.length} characters; at most ${lengthMax} are allowed.`);
  }
  if (!value.isWellFormed()) {
    throw new EventFaultError('invalid_value', name, `${name} holds half of a surrogate pair, which is not Unicode text.`);
  }
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
