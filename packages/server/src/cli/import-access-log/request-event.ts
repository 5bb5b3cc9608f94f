import { createHash } from 'node:crypto';
import { type AccessLogEntry, accessLogUrl } from '@systemprompt-analytics/core';

/**
 * What tells a line from every other: its text and the site it is of, unless the line itself names its host. Equal lines
 * have the same key.
 *
 * @param site origin of the site, for lines that name no host
 */
export function lineKey(text: Buffer, entry: AccessLogEntry, site: string): string {
  const scope = entry.host === undefined ? site : '';
  return createHash('sha256').update(`${scope}\n`).update(text).digest('hex').slice(0, 32);
}

/** The id of the event that a line becomes. @param ordinal how many equal lines came before it */
export function lineEventId(key: string, ordinal: number): string {
  return ordinal === 0 ? `log-${key}` : `log-${key}-${ordinal + 1}`;
}

/** The `http_request` event that a line of an access log becomes; what the log does not tell is undefined. */
export function requestEvent(entry: AccessLogEntry, site: string, id: string): Readonly<Record<string, string | number | undefined>> {
  return {
    type: 'http_request',
    id,
    timestamp: new Date(entry.timestampMs).toISOString(),
    method: entry.method,
    page_url: accessLogUrl(entry, site),
    status_code: entry.statusCode,
    response_bytes: entry.responseBytes,
    referrer: entry.referrer,
    ip: entry.ip,
    fingerprint: entry.clientName === undefined ? undefined : nameFingerprint(entry.clientName, entry.userAgent),
    user_agent: entry.userAgent,
    duration_ms: entry.durationMs,
  };
}

/**
 * A host name is no address, and without either every visitor with the same browser would be one. So name and user agent
 * stand for the visitor, hashed; who knows a name can recognise it, which truncated addresses do not allow.
 */
function nameFingerprint(clientName: string, userAgent: string | undefined): string {
  return `host:${createHash('sha256')
    .update(`${clientName}\n${userAgent ?? ''}`)
    .digest('hex')
    .slice(0, 16)}`;
}
