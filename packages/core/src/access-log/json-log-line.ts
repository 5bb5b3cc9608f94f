import { type AccessLogEntry, type AccessLogOutcome, notALogLine, quotePart } from './access-log-entry.js';
import { type LogHost, readLogClient, readLogHost } from './log-client.js';
import { readJsonTime } from './log-time.js';
import { encodeTarget, isMethod, type LogRequest, readRequestLine } from './request-target.js';
import { decodeEscapedBytes } from './text-log-line.js';

/**
 * The names under which JSON logs say what is read of them, the first that is there counts. A dot leads into an object,
 * or is part of the name; of a list the first value is taken. The names are those of nginx variables, of Caddy, Traefik and the
 * Elastic Common Schema, and what people call them who write a `log_format` of their own.
 */
export const ACCESS_LOG_JSON_FIELDS = {
  /** ISO 8601, `17/May/2015:10:05:03 +0000`, or a number since 1970. The finer and the earlier comes first. */
  time: ['msec', 'StartUTC', 'time_iso8601', 'time_local', '@timestamp', 'timestamp', 'ts', 'time', 'StartLocal', 'datetime'],
  client: [
    'remote_addr',
    'client_ip',
    'request.client_ip',
    'request.remote_ip',
    'remote_ip',
    'ClientHost',
    'ClientAddr',
    'client.ip',
    'source.ip',
    'client.address',
    'source.address',
    'ip',
    'clientip',
    'remote_host',
    'request.remote_addr',
    'remoteAddr',
    'remote',
  ],
  /** The whole request line, `GET / HTTP/1.1`. */
  request: ['request', 'request_line'],
  method: ['request_method', 'request.method', 'RequestMethod', 'http.request.method', 'method', 'verb'],
  target: ['request_uri', 'request.uri', 'RequestPath', 'url.original', 'uri', 'request_url', 'url', 'path', 'url.path', 'document_uri'],
  /** Added to a target that has no query of its own. */
  query: ['args', 'query_string', 'query', 'url.query'],
  status: ['status', 'status_code', 'DownstreamStatus', 'http.response.status_code', 'response_status', 'statusCode'],
  bytes: [
    'body_bytes_sent',
    'bytes_sent',
    'size',
    'DownstreamContentSize',
    'http.response.body.bytes',
    'http.response.bytes',
    'bytes',
    'response_size',
    'response_bytes',
  ],
  referrer: ['http_referer', 'http_referrer', 'referer', 'referrer', 'request.headers.Referer', 'request_Referer', 'http.request.referrer'],
  userAgent: [
    'http_user_agent',
    'user_agent',
    'request.headers.User-Agent',
    'request_User-Agent',
    'user_agent.original',
    'userAgent',
    'useragent',
    'agent',
  ],
  host: ['host', 'http_host', 'request.host', 'RequestHost', 'server_name', 'vhost', 'virtual_host', 'url.domain'],
  scheme: ['scheme', 'RequestScheme', 'url.scheme'],
} as const satisfies Record<string, readonly string[]>;

/** Names of durations, with the milliseconds that one of their units is: nginx and Caddy count seconds, Traefik nanoseconds. */
export const ACCESS_LOG_JSON_DURATIONS = {
  request_time: 1000,
  duration: 1000,
  Duration: 1e-6,
  'event.duration': 1e-6,
  duration_ms: 1,
  latency_ms: 1,
  response_time_ms: 1,
  request_time_ms: 1,
} as const satisfies Record<string, number>;

type Path = readonly string[];
const pathsOf = (names: readonly string[]): readonly Path[] =>
  names.map((name) => (name.includes('.') ? [name, ...name.split('.')] : [name]));
const PATHS = {
  time: pathsOf(ACCESS_LOG_JSON_FIELDS.time),
  client: pathsOf(ACCESS_LOG_JSON_FIELDS.client),
  request: pathsOf(ACCESS_LOG_JSON_FIELDS.request),
  method: pathsOf(ACCESS_LOG_JSON_FIELDS.method),
  target: pathsOf(ACCESS_LOG_JSON_FIELDS.target),
  query: pathsOf(ACCESS_LOG_JSON_FIELDS.query),
  status: pathsOf(ACCESS_LOG_JSON_FIELDS.status),
  bytes: pathsOf(ACCESS_LOG_JSON_FIELDS.bytes),
  referrer: pathsOf(ACCESS_LOG_JSON_FIELDS.referrer),
  userAgent: pathsOf(ACCESS_LOG_JSON_FIELDS.userAgent),
  host: pathsOf(ACCESS_LOG_JSON_FIELDS.host),
  scheme: pathsOf(ACCESS_LOG_JSON_FIELDS.scheme),
};
const TLS_PATH: readonly Path[] = [['request.tls', 'request', 'tls']];
const DURATION_PATHS = Object.entries(ACCESS_LOG_JSON_DURATIONS).map(([name, milliseconds]) => [pathsOf([name]), milliseconds] as const);

type JsonRecord = Readonly<Record<string, unknown>>;
/** A text or a number of the line; an object under a known name is something else. */
type Scalar = string | number;

/** Reads a line of a JSON log: one object with the time, client and status of a request under names that are known. */
export function parseJsonLine(line: string): AccessLogOutcome {
  const record = readObject(line);
  if (record === undefined) return notALogLine('', `The line is no JSON object; it begins with ${quotePart(line)}.`);
  const time = find(record, PATHS.time);
  const timestampMs = readJsonTime(time);
  if (timestampMs === undefined) return missing('timestamp', 'time', time, ACCESS_LOG_JSON_FIELDS.time);
  const clientText = find(record, PATHS.client);
  const client = clientText === undefined ? undefined : readLogClient(String(clientText));
  if (client === undefined) return missing('ip', 'client address', clientText, ACCESS_LOG_JSON_FIELDS.client);
  const status = find(record, PATHS.status);
  const statusCode = countOf(status);
  if (statusCode === undefined || statusCode > 999) return missing('status_code', 'status', status, ACCESS_LOG_JSON_FIELDS.status);
  const request = readRequest(record);
  if (request === undefined) return missing('page_url', 'request or target', undefined, ACCESS_LOG_JSON_FIELDS.target);
  return { ok: true, entry: { timestampMs, ...client, ...request, statusCode, ...readAnswer(record), ...readHeaders(record) } };
}

function readAnswer(record: JsonRecord): Pick<AccessLogEntry, 'responseBytes' | 'durationMs'> {
  return { responseBytes: countOf(find(record, PATHS.bytes)), durationMs: readDuration(record) };
}

function readHeaders(record: JsonRecord): Pick<AccessLogEntry, 'referrer' | 'userAgent' | 'host' | 'scheme'> {
  const { host, scheme } = readHost(record);
  return { referrer: readHeader(record, PATHS.referrer), userAgent: readHeader(record, PATHS.userAgent), host, scheme };
}

function readObject(line: string): JsonRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = line.includes('\\x') ? parseWithByteEscapes(line) : undefined;
  }
  return isRecord(value) ? value : undefined;
}

/**
 * nginx without `escape=json` writes `\x22` into its lines, which JSON does not know. Such lines are mostly those of
 * scanners, the very ones that should not be lost.
 */
function parseWithByteEscapes(line: string): unknown {
  const repaired = line.replace(/((?:\\x[0-9a-fA-F]{2})+)|\\./gs, (whole: string, bytes: string | undefined, at: number) =>
    bytes === undefined ? whole : JSON.stringify(decodeEscapedBytes(bytes, line, at)).slice(1, -1),
  );
  try {
    return JSON.parse(repaired);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function find(record: JsonRecord, paths: readonly Path[]): Scalar | undefined {
  for (const path of paths) {
    const value = valueAt(record, path);
    if (typeof value === 'number' || (typeof value === 'string' && value !== '' && value !== '-')) return value;
  }
  return undefined;
}

/** The name as a whole first, then object by object. */
function valueAt(record: JsonRecord, [whole = '', ...steps]: Path): unknown {
  if (Object.hasOwn(record, whole)) return firstOf(record[whole]);
  let value: unknown = steps.length === 0 ? undefined : record;
  for (const step of steps) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return firstOf(value);
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

function missing(path: string, what: string, found: unknown, names: readonly string[]): AccessLogOutcome {
  if (found === undefined) return notALogLine(path, `The line has no ${what} under a known name: ${names.join(', ')}.`);
  return notALogLine(path, `The ${what} is ${quotePart(String(found))}, which cannot be read.`);
}

function countOf(value: Scalar | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function readRequest(record: JsonRecord): LogRequest | undefined {
  const method = find(record, PATHS.method);
  const target = find(record, PATHS.target);
  const line = find(record, PATHS.request);
  if (target === undefined) {
    if (line === undefined) return undefined;
    const request = readRequestLine(String(line));
    return { method: request.method, target: encodeTarget(request.target) };
  }
  const query = find(record, PATHS.query);
  const text = String(target);
  const whole = query === undefined || text.includes('?') ? text : `${text}?${query}`;
  const named = method === undefined && line !== undefined ? readRequestLine(String(line)).method : String(method ?? '-');
  return { method: isMethod(named) ? named : '-', target: encodeTarget(whole) };
}

/** A header that the line has a name for and no value was not sent; one without a name is not known. */
function readHeader(record: JsonRecord, paths: readonly Path[]): string | undefined {
  const value = find(record, paths);
  if (value !== undefined) return String(value).toWellFormed();
  const named = paths.some((path) => typeof valueAt(record, path) === 'string');
  // Caddy writes the headers that were sent, and no others.
  return named || isRecord(valueAt(record, HEADERS_PATH)) ? '' : undefined;
}

const HEADERS_PATH: Path = ['request.headers', 'request', 'headers'];

function readHost(record: JsonRecord): LogHost {
  const host = find(record, PATHS.host);
  const known = readLogHost(String(host ?? ''));
  const scheme = String(find(record, PATHS.scheme) ?? '').toLowerCase();
  if (scheme === 'http' || scheme === 'https') return { host: known.host, scheme };
  const encrypted = TLS_PATH.some((path) => isRecord(valueAt(record, path)));
  return encrypted ? { host: known.host, scheme: 'https' } : known;
}

/** A duration in another form (`12.5ms` as text) is not known. */
function readDuration(record: JsonRecord): number | undefined {
  for (const [paths, milliseconds] of DURATION_PATHS) {
    const value = find(record, paths);
    const number = typeof value === 'string' && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number * milliseconds;
  }
  return undefined;
}
