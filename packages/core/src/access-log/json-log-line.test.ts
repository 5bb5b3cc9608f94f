import { describe, expect, it } from 'vitest';
import type { AccessLogEntry } from './access-log-entry.js';
import { parseAccessLogLine } from './parse-access-log.js';

function read(line: object | string): AccessLogEntry {
  const outcome = parseAccessLogLine(typeof line === 'string' ? line : JSON.stringify(line), 'json');
  if (!outcome.ok) throw new Error(`${outcome.fault.path}: ${outcome.fault.message}`);
  return outcome.entry;
}

const SECOND = Date.UTC(2022, 2, 9, 21, 30, 1);
const MINIMUM = { ts: SECOND / 1000, remote_addr: '1.2.3.4', uri: '/', status: 200 };

describe('a JSON line', () => {
  it('is read as nginx writes it', () => {
    const entry = read({
      time_iso8601: '2022-03-09T22:30:01+01:00',
      msec: '1646861401.524',
      remote_addr: '2001:db8::1',
      remote_user: '',
      request: 'GET /a?b=1 HTTP/2.0',
      status: '200',
      body_bytes_sent: '1234',
      http_referer: '',
      http_user_agent: 'Mozilla/5.0',
      host: 'example.com',
      scheme: 'https',
      request_time: '0.012',
      http_x_forwarded_for: '9.9.9.9',
    });
    expect(entry).toEqual({
      timestampMs: SECOND + 524,
      ip: '2001:db8::1',
      clientName: undefined,
      method: 'GET',
      target: '/a?b=1',
      statusCode: 200,
      responseBytes: 1234,
      referrer: '',
      userAgent: 'Mozilla/5.0',
      host: 'example.com',
      scheme: 'https',
      durationMs: 12,
    });
  });

  it('is read as Caddy writes it', () => {
    const line = {
      level: 'info',
      ts: 1646861401.524,
      logger: 'http.log.access',
      msg: 'handled request',
      request: {
        remote_ip: '10.0.0.1',
        remote_port: '41342',
        client_ip: '1.2.3.4',
        proto: 'HTTP/2.0',
        method: 'POST',
        host: 'example.com',
        uri: '/form?x',
        headers: { 'User-Agent': ['curl/7.82.0'], Accept: ['*/*'] },
        tls: { resumed: false },
      },
      duration: 0.5,
      size: 10_900,
      status: 201,
    };
    expect(read(line)).toMatchObject({
      timestampMs: SECOND + 524,
      ip: '1.2.3.4',
      method: 'POST',
      target: '/form?x',
      statusCode: 201,
      responseBytes: 10_900,
      referrer: '',
      userAgent: 'curl/7.82.0',
      host: 'example.com',
      scheme: 'https',
      durationMs: 500,
    });
  });

  it('is read as Traefik writes it', () => {
    const line = {
      ClientAddr: '1.2.3.4:5678',
      ClientHost: '1.2.3.4',
      DownstreamContentSize: 12,
      DownstreamStatus: 404,
      Duration: 1_500_000,
      OriginStatus: 404,
      RequestHost: 'example.com',
      RequestMethod: 'HEAD',
      RequestPath: '/x',
      RequestScheme: 'https',
      StartUTC: '2022-03-09T21:30:01.524123456Z',
      time: '2022-03-09T21:30:02Z',
      'request_User-Agent': 'Mozilla/5.0',
    };
    expect(read(line)).toMatchObject({
      timestampMs: SECOND + 524,
      ip: '1.2.3.4',
      method: 'HEAD',
      target: '/x',
      statusCode: 404,
      responseBytes: 12,
      referrer: undefined,
      userAgent: 'Mozilla/5.0',
      host: 'example.com',
      scheme: 'https',
      durationMs: 1.5,
    });
  });

  it.each([
    [
      'nested',
      { client: { ip: '1.2.3.4' }, http: { request: { method: 'GET' }, response: { status_code: 200 } }, url: { original: '/e?f' } },
    ],
    ['dotted', { 'client.ip': '1.2.3.4', 'http.request.method': 'GET', 'http.response.status_code': 200, 'url.original': '/e?f' }],
  ])('is read by the Elastic Common Schema, %s', (_, fields) => {
    expect(read({ '@timestamp': '2022-03-09T21:30:01Z', ...fields, user_agent: { original: 'x' }, host: { name: 'web-1' } })).toMatchObject(
      {
        timestampMs: SECOND,
        ip: '1.2.3.4',
        method: 'GET',
        target: '/e?f',
        statusCode: 200,
        host: undefined,
      },
    );
  });

  it.each([
    ['a query beside the path', { ...MINIMUM, args: 'b=1' }, { target: '/?b=1' }],
    ['a query in both', { ...MINIMUM, uri: '/?b=1', args: 'b=1' }, { target: '/?b=1' }],
    ['no method', MINIMUM, { method: '-' }],
    ['the method in the request line', { ...MINIMUM, request: 'PUT / HTTP/1.1' }, { method: 'PUT' }],
    ['a method that is none', { ...MINIMUM, request_method: '\u0016\u0003' }, { method: '-' }],
    ['bytes as the request', { ...MINIMUM, uri: undefined, request: '\u0016\u0003' }, { method: '-', target: '%16%03' }],
    ['half a character', { ...MINIMUM, uri: '/\ud800', agent: 'x\udfff' }, { target: '/%EF%BF%BD', userAgent: 'x\ufffd' }],
    ['no user agent', { ...MINIMUM, http_user_agent: '-' }, { userAgent: '' }],
    ['an unknown user agent', MINIMUM, { userAgent: undefined, referrer: undefined }],
    ['a host that is none', { ...MINIMUM, host: 'a/b?c' }, { host: undefined }],
    ['an unknown duration', { ...MINIMUM, duration: '12.5ms' }, { durationMs: undefined }],
    ['bytes that are no number', { ...MINIMUM, size: '12 kB' }, { responseBytes: undefined }],
    ['a status of an aborted request', { ...MINIMUM, status: 0 }, { statusCode: 0 }],
  ])('may have %s', (_, line, expected) => {
    expect(read(line)).toMatchObject(expected);
  });

  it('is repaired where nginx did not escape for JSON', () => {
    const line = String.raw`{"ts":1646861401,"remote_addr":"1.2.3.4","request":"\x16\x03 \x22","status":400,"http_user_agent":"a\\x41 \"q\" \xC3\xA9"}`;
    expect(read(line)).toMatchObject({ method: '-', target: '%16%03%20%22', userAgent: 'a\\x41 "q" é' });
  });

  it('makes no host of bytes that are no text', () => {
    const headers = String.raw`"http_referer":"http:\/\/\xe4.example\/\xe4","http_user_agent":"\xe4"`;
    const line = `{"ts":1646861401,"remote_addr":"1.2.3.4","request":"GET / HTTP/1.1","status":200,${headers}}`;
    expect(read(line)).toMatchObject({ referrer: 'http://\ufffd.example/ä', userAgent: 'ä' });
  });
});

it.each([
  ['no JSON', '{"a":', '', /no JSON object/],
  ['an array', '[1]', '', /no JSON object/],
  ['a broken escape', String.raw`{"a":"\x1"}`, '', /no JSON object/],
  ['no time', { ...MINIMUM, ts: undefined }, 'timestamp', /no time under a known name: msec/],
  ['a bad time', { ...MINIMUM, ts: 'now' }, 'timestamp', /The time is "now"/],
  ['no client', { ...MINIMUM, remote_addr: '-' }, 'ip', /no client address/],
  ['a bad client', { ...MINIMUM, remote_addr: 'a b' }, 'ip', /The client address is "a b"/],
  ['no status', { ...MINIMUM, status: undefined }, 'status_code', /no status/],
  ['a bad status', { ...MINIMUM, status: 1000 }, 'status_code', /The status is "1000"/],
  ['no request', { ...MINIMUM, uri: undefined }, 'page_url', /no request or target/],
])('rejects %s', (_, line, path, message) => {
  const outcome = parseAccessLogLine(typeof line === 'string' ? line : JSON.stringify(line), 'json');
  expect(outcome).toMatchObject({ ok: false, fault: { path, message: expect.stringMatching(message) } });
});
