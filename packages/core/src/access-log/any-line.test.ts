import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_INGEST_LIMITS } from '../events/ingest-limits.js';
import { type ParseContext, parseEvent } from '../events/parse-event.js';
import { ACCESS_LOG_FORMATS } from './access-log-entry.js';
import { detectAccessLogFormat, parseAccessLogLine } from './parse-access-log.js';
import { accessLogUrl } from './request-target.js';

const byteText = fc.uint8Array({ maxLength: 60 }).map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const UNPRINTED = /[^ -~]|["\\]/gu;
/** As Apache httpd writes a header into its log. */
const apacheEscape = (text: string): string =>
  text.replace(UNPRINTED, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return Array.from(new TextEncoder().encode(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  });
/** As nginx does. */
const nginxEscape = (text: string): string =>
  text.replace(UNPRINTED, (character) =>
    Array.from(new TextEncoder().encode(character), (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

const header = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => text !== '-');
const request = fc.record({
  second: fc.integer({ min: 0, max: 4_000_000_000 }),
  ip: fc.oneof(
    fc.ipV4().filter((ip) => !/\b0\d/.test(ip)),
    fc.constantFrom('2001:db8::1', '::1', 'fe80::2:3'),
  ),
  user: fc.constantFrom('-', 'frank', 'john doe'),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PROPFIND'),
  target: fc.webPath().map((path) => (path.startsWith('/') ? path : `/${path}`)),
  statusCode: fc.integer({ min: 100, max: 599 }),
  responseBytes: fc.option(fc.nat(), { nil: undefined }),
  referrer: header,
  userAgent: header,
});
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function clfTime(second: number): string {
  const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(new Date(second * 1000).toUTCString()) ?? [];
  expect(MONTHS).toContain(month);
  return `${day}/${month}/${year}:${clock} +0000`;
}

describe('any line', () => {
  it('is read or rejected, and never throws', () => {
    const pieces = fc.array(
      fc.oneof(
        byteText,
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          ' [17/May/2015:10:05:03 +0000] ',
          '"GET / HTTP/1.1"',
          ' 200 5',
          '"-" "UA"',
          '\\x',
          '\\"',
          '1.2.3.4 - -',
          '{"ts":1,',
          '}',
          '"status":200',
        ),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const line = parts.join('');
        for (const format of ACCESS_LOG_FORMATS) {
          const outcome = parseAccessLogLine(line, format);
          if (!outcome.ok) expect(outcome.fault.message).toMatch(/\.$|\?$/);
          else expect(new URL(accessLogUrl(outcome.entry, 'https://example.com')).protocol).toMatch(/^https?:$/);
        }
        detectAccessLogFormat([line]);
      }),
      { numRuns: 500 },
    );
  });

  it('that is read becomes an event that is taken, whoever asked and for whatever', () => {
    const client = fc.oneof(
      fc.constantFrom('client.example', '999.1.1.1', '192.0.2.01', 'fe80::1%eth0', '[2001:db8::1]:443', '192.0.2.1:80', '::ffff:192.0.2.1'),
      fc.constantFrom(
        'unknown',
        '_',
        '192.0.2.1,192.0.2.2',
        '-',
        'bücher.example',
        'a.example:80 192.0.2.1',
        '300.1.1.1:80 client.example',
      ),
    );
    const target = fc.oneof(fc.webPath(), byteText, fc.constantFrom('javascript:alert(1)', 'http://300.1.1.1/', '*', '//[', '\\xe4'));
    const context: ParseContext = { nowMs: Date.UTC(2026, 5, 1), limits: DEFAULT_INGEST_LIMITS, trusted: true };
    fc.assert(
      fc.property(client, target, (first, asked) => {
        const outcome = parseAccessLogLine(`${first} - - [17/May/2015:10:05:03 +0000] "GET ${asked} HTTP/1.1" 200 5 "-" "UA"`, 'combined');
        if (!outcome.ok) return;
        const { entry } = outcome;
        expect([entry.ip === undefined, entry.clientName === undefined]).toContain(true);
        const event = { type: 'http_request', status_code: 200, ip: entry.ip, page_url: accessLogUrl(entry, 'https://shop.example') };
        expect(parseEvent(event, context)).toMatchObject({ ok: true });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['client.example', undefined, 'client.example'],
    ['999.1.1.1', undefined, '999.1.1.1'],
    ['192.0.2.1', '192.0.2.1', undefined],
  ])('has an address or a name as its client: %s', (client, ip, clientName) => {
    const outcome = parseAccessLogLine(`${client} - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5`, 'common');
    expect(outcome).toMatchObject({ ok: true, entry: { ip, clientName } });
  });

  it('as a JSON value of any shape is read or rejected', () => {
    const names = fc.constantFrom(
      'ts',
      'time',
      'request',
      'status',
      'remote_addr',
      'uri',
      'host',
      'size',
      'duration',
      'user_agent',
      'http',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), (value) => {
        const outcome = parseAccessLogLine(JSON.stringify(value), 'json');
        if (outcome.ok) expect(outcome.entry.timestampMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it.each([
    ['Apache httpd', apacheEscape],
    ['nginx', nginxEscape],
  ])('of %s is read back as what it was written from', (_, escapeText) => {
    fc.assert(
      fc.property(request, (sent) => {
        const { second, ip, user, method, target, statusCode, responseBytes, referrer, userAgent } = sent;
        const common = `${ip} - ${user} [${clfTime(second)}] "${method} ${escapeText(target)} HTTP/1.1" ${statusCode} ${responseBytes ?? '-'}`;
        const expected = { timestampMs: second * 1000, ip, method, target, statusCode, responseBytes };
        expect(parseAccessLogLine(common, 'common')).toMatchObject({ ok: true, entry: expected });
        const combined = parseAccessLogLine(`${common} "${escapeText(referrer)}" "${escapeText(userAgent)}"`, 'combined');
        expect(combined).toMatchObject({ ok: true, entry: { ...expected, referrer, userAgent } });
      }),
    );
  });

  it('of JSON is read back as what it was written from', () => {
    fc.assert(
      fc.property(request, (sent) => {
        const { second, ip, method, target, statusCode, responseBytes, referrer, userAgent } = sent;
        const line = JSON.stringify({
          time: new Date(second * 1000).toISOString(),
          remote_addr: ip,
          request_method: method,
          request_uri: target,
          status: statusCode,
          bytes_sent: responseBytes,
          http_referer: referrer,
          http_user_agent: userAgent,
        });
        const expected = { timestampMs: second * 1000, ip, method, target, statusCode, responseBytes, referrer, userAgent };
        expect(parseAccessLogLine(line, 'json')).toMatchObject({ ok: true, entry: expected });
      }),
    );
  });
});

describe('detectAccessLogFormat', () => {
  const common = '1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5';
  const combined = `${common} "-" "UA"`;
  const json = '{"ts":1646861401,"remote_addr":"1.2.3.4","uri":"/","status":200}';
  it.each([
    [[], undefined],
    [['nothing', '{"level":"info"}'], undefined],
    [[common], 'common'],
    [['garbage', combined], 'combined'],
    [[combined, common, combined], 'combined'],
    [[common, common, combined], 'common'],
    [[json, 'x'], 'json'],
  ])('of %j is %s', (lines, format) => {
    expect(detectAccessLogFormat(lines)).toBe(format);
  });
});
