import { describe, expect, it } from 'vitest';
import { hostOf } from '../extraction/host-of.js';
import type { AccessLogEntry } from './access-log-entry.js';
import { parseAccessLogLine } from './parse-access-log.js';

function read(line: string, format: 'combined' | 'common' = 'combined'): AccessLogEntry {
  const outcome = parseAccessLogLine(line, format);
  if (!outcome.ok) throw new Error(`${outcome.fault.path}: ${outcome.fault.message}`);
  return outcome.entry;
}

const TIME = '[17/May/2015:10:05:03 +0000]';
const REST = '"GET /a HTTP/1.1" 200 5 "-" "UA"';

describe('a combined line', () => {
  it('is read whole', () => {
    expect(
      read(
        '83.149.9.49 - frank [17/May/2015:12:05:43 +0200] "GET /blog/?q=1 HTTP/1.1" 304 1717 "http://example.com/x" "Mozilla/5.0 (X11)"',
      ),
    ).toEqual({
      timestampMs: Date.UTC(2015, 4, 17, 10, 5, 43),
      ip: '83.149.9.49',
      clientName: undefined,
      method: 'GET',
      target: '/blog/?q=1',
      statusCode: 304,
      responseBytes: 1717,
      referrer: 'http://example.com/x',
      userAgent: 'Mozilla/5.0 (X11)',
      host: undefined,
      scheme: undefined,
      durationMs: undefined,
    });
  });

  it.each([
    ['no bytes', `::1 - - ${TIME} "GET / HTTP/1.1" 304 - "-" "-"`, { ip: '::1', responseBytes: undefined, referrer: '', userAgent: '' }],
    ['an empty referrer and user agent', `::1 - - ${TIME} "GET / HTTP/1.1" 200 0 "" ""`, { responseBytes: 0, referrer: '', userAgent: '' }],
    ['further columns', `1.2.3.4 - - ${TIME} ${REST} "10.0.0.1" 0.012`, { userAgent: 'UA', durationMs: undefined }],
    ["Traefik's columns", `1.2.3.4 - - ${TIME} ${REST} 7 "web@file" "http://10.0.0.2:80" 12ms`, { userAgent: 'UA', durationMs: 12 }],
    ['no headers at all', `1.2.3.4 - - ${TIME} "GET /a HTTP/1.1" 408 5`, { statusCode: 408, referrer: undefined, userAgent: undefined }],
    [
      'a user agent that is cut off',
      `1.2.3.4 - - ${TIME} "GET /a HTTP/1.1" 200 5 "-" "Mozilla/5.0 (comp`,
      { userAgent: 'Mozilla/5.0 (comp' },
    ],
    [
      'a referrer that is cut off',
      `1.2.3.4 - - ${TIME} "GET /a HTTP/1.1" 200 5 "http://exa`,
      { referrer: undefined, userAgent: undefined },
    ],
    ['a status alone', `1.2.3.4 - - ${TIME} "GET /a HTTP/1.1" 499`, { statusCode: 499, responseBytes: undefined }],
    ['a user name with spaces and brackets', `1.2.3.4 - john [x] doe ${TIME} ${REST}`, { ip: '1.2.3.4', userAgent: 'UA' }],
    ['only one column before the time', `1.2.3.4 ${TIME} ${REST}`, { ip: '1.2.3.4' }],
    ['a time in ISO 8601', `1.2.3.4 - - [2015-05-17T12:05:03+02:00] ${REST}`, { timestampMs: Date.UTC(2015, 4, 17, 10, 5, 3) }],
  ])('may have %s', (_, line, expected) => {
    expect(read(line)).toMatchObject(expected);
  });

  it.each([
    ['an IPv4 address', '1.2.3.4', { ip: '1.2.3.4' }],
    ['an IPv6 address', '2001:DB8::0:1', { ip: '2001:db8::1' }],
    ['an IPv6 address that ends like a port', '2001:db8::443', { ip: '2001:db8::443' }],
    ['an IPv4 address in IPv6', '::ffff:1.2.3.4', { ip: '1.2.3.4' }],
    ['a zone', 'fe80::1%eth0', { ip: 'fe80::1' }],
    ['a port', '1.2.3.4:5678', { ip: '1.2.3.4' }],
    ['brackets and a port', '[::1]:5678', { ip: '::1' }],
    ['a list', '1.2.3.4,5.6.7.8', { ip: '1.2.3.4' }],
    ['a host name', 'Crawl-66-249-66-1.Googlebot.com', { ip: undefined, clientName: 'crawl-66-249-66-1.googlebot.com' }],
    ['a number that is no address', '999.1.1.1', { ip: undefined, clientName: '999.1.1.1' }],
  ])('names its client by %s', (_, client, expected) => {
    expect(read(`${client} - - ${TIME} ${REST}`)).toMatchObject(expected);
  });

  it.each([
    ['example.com:443 1.2.3.4 - -', { host: 'example.com', scheme: 'https', ip: '1.2.3.4' }],
    ['Example.com:80 2001:db8::1 - -', { host: 'example.com', scheme: 'http', ip: '2001:db8::1' }],
    ['example.com:8080 host.example.net - -', { host: 'example.com:8080', scheme: undefined, clientName: 'host.example.net' }],
    ['[::1]:443 1.2.3.4 - -', { host: '[::1]', scheme: 'https', ip: '1.2.3.4' }],
    ['www.example.com 1.2.3.4 - -', { host: 'www.example.com', scheme: undefined, ip: '1.2.3.4' }],
    ['_ 1.2.3.4 - -', { host: undefined, ip: '1.2.3.4' }],
    ['host.example.com ident user', { host: undefined, clientName: 'host.example.com' }],
  ])('may begin with the host that was asked for: %s', (prefix, expected) => {
    expect(read(`${prefix} ${TIME} ${REST}`)).toMatchObject(expected);
  });

  it.each([
    ['GET /a%20b?c=%22 HTTP/2.0', 'GET', '/a%20b?c=%22'],
    ['GET /a b HTTP/1.1', 'GET', '/a%20b'],
    ['GET /\\"quoted\\" HTTP/1.1', 'GET', '/%22quoted%22'],
    ['GET /back\\\\slash HTTP/1.1', 'GET', '/back%5Cslash'],
    ['GET /\\xd0\\xb0 HTTP/1.1', 'GET', '/%D0%B0'],
    ['GET /é#part HTTP/1.1', 'GET', '/%C3%A9%23part'],
    ['GET  HTTP/1.1', 'GET', ''],
    ['GET /zero.nine', 'GET', '/zero.nine'],
    ['PROPFIND / HTTP/1.1', 'PROPFIND', '/'],
    ['OPTIONS * HTTP/1.0', 'OPTIONS', '*'],
    ['CONNECT example.org:443 HTTP/1.1', 'CONNECT', 'example.org:443'],
    ['GET http://example.org/x HTTP/1.1', 'GET', 'http://example.org/x'],
    ['\\x16\\x03\\x01\\x00\\xee', '-', '%16%03%01%00%EE'],
    ['\\x16\\x03 /x HTTP/1.1', '-', '%16%03%20/x%20HTTP/1.1'],
    ['hello world', '-', 'hello%20world'],
    ['SSH-2.0-Go', '-', 'SSH-2.0-Go'],
    ['-', '-', ''],
    ['', '-', ''],
  ])('counts whatever was asked for: %j', (request, method, target) => {
    expect(read(`1.2.3.4 - - ${TIME} "${request}" 400 5 "-" "UA"`)).toMatchObject({ method, target, statusCode: 400, userAgent: 'UA' });
  });

  it.each([
    ['say \\"hi\\" \\\\', 'say "hi" \\'],
    ['tab\\there\\n', 'tab\there\n'],
    ['caf\\xc3\\xa9 \\xe2\\x82\\xac', 'café €'],
    ['latin \\xe9', 'latin é'],
    ['\\\\x41', '\\x41'],
    ['odd \\q', 'odd \\q'],
  ])('resolves the escapes of %j', (logged, text) => {
    const line = `1.2.3.4 - - ${TIME} "GET / HTTP/1.1" 200 5 "${logged}" "${logged}"`;
    expect(read(line)).toMatchObject({ referrer: text, userAgent: text });
  });

  it.each([
    ['http://\\xc3\\xa4.example/', 'http://ä.example/', 'xn--4ca.example'],
    ['http://\\xe4.example/', 'http://\ufffd.example/', ''],
    ['http://\\xe4\\xe5-\\xec.\\xf0/\\xe4?\\xe4', 'http://\ufffd\ufffd-\ufffd.\ufffd/ä?ä', ''],
    ['http://a.example/\\xe4', 'http://a.example/ä', 'a.example'],
    ['android-app://\\xff/', 'android-app://\ufffd/', ''],
    ['\\xe4://a.example/', 'ä://a.example/', ''],
    ['-', '', ''],
  ])('makes no host of bytes that are no text: %j', (logged, referrer, host) => {
    const entry = read(`1.2.3.4 - - ${TIME} "GET / HTTP/1.1" 200 5 "${logged}" "UA"`);
    expect(entry).toMatchObject({ referrer });
    expect(hostOf(referrer)).toBe(host);
  });

  it('closes an unescaped quotation mark where the columns go on', () => {
    expect(read(`1.2.3.4 - - ${TIME} "GET /?q="x" 200 y HTTP/1.1" 404 5 "http://a/"b"" "UA"`)).toMatchObject({
      target: '/?q=%22x',
      statusCode: 200,
    });
    expect(read(`1.2.3.4 - - ${TIME} "GET /?q="x" HTTP/1.1" 404 5 "http://a/"b"" "UA"`)).toMatchObject({
      target: '/?q=%22x%22',
      statusCode: 404,
      referrer: 'http://a/"b"',
      userAgent: 'UA',
    });
  });
});

it('reads a common line, and leaves out what stands behind', () => {
  expect(read(`1.2.3.4 - - ${TIME} "GET /a HTTP/1.1" 200 5`, 'common')).toMatchObject({
    target: '/a',
    responseBytes: 5,
    userAgent: undefined,
  });
  expect(read(`1.2.3.4 - - ${TIME} ${REST} 12ms`, 'common')).toMatchObject({
    referrer: undefined,
    userAgent: undefined,
    durationMs: undefined,
  });
});

it.each([
  ['', 'timestamp'],
  ['#Software: Microsoft IIS', 'timestamp'],
  ['1.2.3.4 - - [17/Mai/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5', 'timestamp'],
  ['1.2.3.4 - - [31/Feb/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5', 'timestamp'],
  ['1.2.3.4 - - [17/May/2015:24:05:03 +0000] "GET / HTTP/1.1" 200 5', 'timestamp'],
  [`- - - ${TIME} ${REST}`, 'ip'],
  [`<script> - - ${TIME} ${REST}`, 'ip'],
  [`1.2.3.4 - - ${TIME} GET / 200 5`, 'method'],
  [`1.2.3.4 - - ${TIME} "GET / HTTP/1.1`, 'status_code'],
  [`1.2.3.4 - - ${TIME} "GET / HTTP/1.1" - 5`, 'status_code'],
  [`1.2.3.4 - - ${TIME} "GET / HTTP/1.1" 20 5`, 'status_code'],
  [`1.2.3.4 - - ${TIME} "GET / HTTP/1.1" 200 9999999999999999`, 'response_bytes'],
])('rejects %j for its %s', (line, path) => {
  const outcome = parseAccessLogLine(line, 'combined');
  expect(outcome).toMatchObject({ ok: false, fault: { code: 'invalid_value', path } });
});

it('takes time in proportion to the length of a hostile line', () => {
  const size = 60_000;
  const lines = [
    ' ['.repeat(size / 2),
    `1.2.3.4 - - ${TIME} "${'\\"'.repeat(size / 2)}`,
    `1.2.3.4 - - ${TIME} "${'" 20'.repeat(size / 4)}`,
    `1.2.3.4 - - ${TIME} "GET / HTTP/1.1" 200 5 "${'\\'.repeat(size)}`,
    `1.2.3.4 - - ${TIME} "GET ${'\\x16'.repeat(size / 4)} HTTP/1.1" 200 5`,
    `${':'.repeat(size)} - - ${TIME} ${REST}`,
    `${'1.'.repeat(size / 2)} ${'1:'.repeat(size / 2)} - - ${TIME} ${REST}`,
  ];
  const startedMs = performance.now();
  for (const line of lines) for (const format of ['combined', 'common', 'json'] as const) parseAccessLogLine(line, format);
  // Linear work on 60 kB takes a few milliseconds; quadratic work takes seconds.
  expect(performance.now() - startedMs).toBeLessThan(1000);
});
