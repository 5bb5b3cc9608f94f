import { parseIpAddress } from '../extraction/ip-address.js';
import { type AccessLogOutcome, notALogLine, quotePart } from './access-log-entry.js';
import { type LogHost, readLogClient, readLogHost } from './log-client.js';
import { readLogTime } from './log-time.js';
import { encodeTarget, readRequestLine } from './request-target.js';

/** Longest text between the brackets that may be a time. */
const TIME_LENGTH_MAX = 40;
const NAME_AND_PORT = /^(?:[^:[\]]+|\[[^\]]*\]):\d{1,5}$/;
const STATUS_AND_BYTES = /^ (\d{3})(?: (\d{1,16}|-))?(?= |$)/;
const UNUSED_HOST: LogHost = { host: undefined, scheme: undefined };

/**
 * Reads a line of the common log format, `host ident user [time] "request" status bytes`, or of the combined one, which
 * adds `"referrer" "user agent"`. Columns that a server adds behind are not read, but for the duration that Traefik ends
 * its lines with (`12ms`).
 */
export function parseTextLine(line: string, combined: boolean): AccessLogOutcome {
  const time = findTime(line);
  if (time === undefined) return notALogLine('timestamp', 'The line has no time in brackets, such as [17/May/2015:10:05:03 +0000].');
  const { client, host } = readPrefix(line.slice(0, time.start));
  if (client === undefined) return notALogLine('ip', `The line begins with ${quotePart(line)}, which is no address or host name.`);
  if (!line.startsWith('] "', time.end)) return notALogLine('method', 'The time is not followed by the request in quotation marks.');

  const request = readQuoted(line, time.end + 3, (end) => STATUS_AND_BYTES.test(line.slice(end, end + 24)));
  const answer = request === undefined ? null : STATUS_AND_BYTES.exec(line.slice(request.end, request.end + 24));
  if (request === undefined || answer === null) {
    return notALogLine('status_code', 'The request in quotation marks is not followed by a status of three digits.');
  }
  const [columns, status = '', bytes = '-'] = answer;
  const responseBytes = bytes === '-' ? undefined : Number(bytes);
  if (responseBytes !== undefined && !Number.isSafeInteger(responseBytes)) {
    return notALogLine('response_bytes', `The answer has ${bytes} bytes, more than there can be.`);
  }

  const headers = combined ? readHeaders(line, request.end + columns.length) : NO_HEADERS;
  const { method, target } = readRequestLine(request.text);
  return {
    ok: true,
    entry: {
      timestampMs: time.timestampMs,
      ip: client.ip,
      clientName: client.clientName,
      method,
      target: encodeTarget(unescapeTarget(target)),
      statusCode: Number(status),
      responseBytes,
      referrer: headers.referrer,
      userAgent: headers.userAgent,
      host: host.host,
      scheme: host.scheme,
      durationMs: combined && line.endsWith('ms') ? readTrailingMilliseconds(line) : undefined,
    },
  };
}

interface Headers {
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
}

const NO_HEADERS: Headers = { referrer: undefined, userAgent: undefined };

/**
 * The two columns that the combined format adds. A line without them, or cut off within them, is of a request all the
 * same: it has a client, a time and a status.
 */
function readHeaders(line: string, start: number): Headers {
  const first = line.startsWith(' "', start) ? readQuoted(line, start + 2, (end) => line.startsWith(' "', end)) : undefined;
  if (first === undefined) return NO_HEADERS;
  const second = readQuoted(line, first.end + 2, (end) => end === line.length || line.startsWith(' ', end));
  return { referrer: headerOf(first.text), userAgent: headerOf(second?.text ?? line.slice(first.end + 2)) };
}

function headerOf(text: string): string {
  return text === '-' ? '' : unescapeText(text);
}

interface FoundTime {
  /** Index of the bracket's preceding space, and of the closing bracket. */
  readonly start: number;
  readonly end: number;
  readonly timestampMs: number;
}

/** The first bracket with a time in it: a user name before it may hold anything. */
function findTime(line: string): FoundTime | undefined {
  for (let start = line.indexOf(' ['); start !== -1; start = line.indexOf(' [', start + 1)) {
    const text = line.slice(start + 2, start + 2 + TIME_LENGTH_MAX);
    const length = text.indexOf(']');
    const timestampMs = length < 20 ? undefined : readLogTime(text.slice(0, length));
    if (timestampMs !== undefined) return { start, end: start + 2 + length, timestampMs };
  }
  return undefined;
}

/**
 * The columns before the time. Before the client there may be the host that was asked for, as Debian's `vhost_combined`
 * has it: a name with a port, or a name before an address.
 */
function readPrefix(prefix: string): { readonly client: ReturnType<typeof readLogClient>; readonly host: LogHost } {
  const end = prefix.indexOf(' ');
  const first = end === -1 ? prefix : prefix.slice(0, end);
  const second = end === -1 ? '' : prefix.slice(end + 1).split(' ', 1)[0];
  if (second === undefined || second === '' || second === '-' || parseIpAddress(first) !== undefined)
    return { client: readLogClient(first), host: UNUSED_HOST };
  const isHost = NAME_AND_PORT.test(first) || parseIpAddress(second) !== undefined;
  return isHost ? { client: readLogClient(second), host: readLogHost(first) } : { client: readLogClient(first), host: UNUSED_HOST };
}

interface Quoted {
  /** What stands between the quotation marks, escapes included. */
  readonly text: string;
  /** Index behind the closing quotation mark. */
  readonly end: number;
}

/**
 * Reads to the closing quotation mark. Servers that do not escape write quotation marks into the text, so only one that
 * is followed by what has to follow closes it.
 */
function readQuoted(line: string, start: number, closes: (end: number) => boolean): Quoted | undefined {
  for (let mark = line.indexOf('"', start); mark !== -1; mark = line.indexOf('"', mark + 1)) {
    let escapes = 0;
    while (mark - escapes > start && line.charCodeAt(mark - escapes - 1) === 0x5c) escapes += 1;
    if (escapes % 2 === 0 && closes(mark + 1)) return { text: line.slice(start, mark), end: mark + 1 };
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '"': '"', '\\': '\\' };
const ESCAPED_TEXT = /((?:\\x[0-9a-fA-F]{2})+)|\\(.)/gs;
const ESCAPED_BYTE = /\\x([0-9a-fA-F]{2})|\\(.)/gs;

/** Resolves the escapes of Apache httpd and nginx: `\"`, `\\`, `\n`, and `\xhh` for bytes. */
function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPED_TEXT, (whole: string, bytes: string | undefined, letter: string | undefined, at: number) =>
    bytes === undefined ? (ESCAPES[letter ?? ''] ?? whole) : decodeEscapedBytes(bytes, text, at),
  );
}

/** Bytes of a target stay bytes: which characters they are is not said. */
function unescapeTarget(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPED_BYTE, (whole: string, byte: string | undefined, letter: string | undefined) =>
    byte === undefined ? (ESCAPES[letter ?? ''] ?? whole) : `%${byte.toUpperCase()}`,
  );
}

/** As much of a text before some bytes as the name of a host, all of it escaped, can take. */
const HOST_ESCAPED_MAX = 4 * 253;
const WITHIN_HOST = /:\\?\/\\?\/[^/?#\s"]*$/;

/**
 * The text of escaped bytes: `\xc3\xa9` is `é`. Bytes that are not UTF-8 are taken for Latin-1, which header fields once were
 * (RFC 9110, 5.5), but within the host of an address: whatever they stand for, letters of Latin-1 would make a host of them
 * that nobody named. There each is U+FFFD, as it is where a server writes such bytes without an escape, and the address has no host.
 *
 * @param within the text, or the line, that the bytes are of
 * @param at where in it they begin
 */
export function decodeEscapedBytes(escaped: string, within: string, at: number): string {
  try {
    return decodeURIComponent(escaped.replaceAll('\\x', '%'));
  } catch {
    if (WITHIN_HOST.test(within.slice(Math.max(0, at - HOST_ESCAPED_MAX), at))) return '\ufffd'.repeat(escaped.length / 4);
    return escaped.replace(/\\x(..)/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)));
  }
}

function readTrailingMilliseconds(line: string): number | undefined {
  const digits = / (\d{1,11})ms$/.exec(line.slice(-14))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
