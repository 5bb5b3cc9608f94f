import { DEFAULT_INGEST_LIMITS } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DECISIONS_MAX, type DecisionItem, readDecisionRequests } from './read-decision-requests.js';

const NOW = Date.UTC(2026, 9, 1, 12);
const CONTEXT = { nowMs: NOW, limits: DEFAULT_INGEST_LIMITS };
const read = (value: unknown): DecisionItem[] => readDecisionRequests(Buffer.from(JSON.stringify(value)), CONTEXT);
const readOne = (request: unknown): DecisionItem | undefined => read([request])[0];
const PLAIN = { ip: '192.0.2.1', path: '/' };

describe('a request', () => {
  it('is read with all its fields', () => {
    const request = {
      ip: '2001:db8::1',
      user_agent: 'Mozilla/5.0',
      url: 'https://example.org/a/b?c=d#e',
      method: 'post',
      status_code: 404,
      session_id: 's',
      fingerprint: 'f',
      referrer: 'https://example.com/',
      timestamp: '2026-10-01T13:59:00+02:00',
    };
    expect(readOne(request)).toEqual({
      ok: true,
      description: {
        ip: '2001:db8::1',
        userAgent: 'Mozilla/5.0',
        url: 'https://example.org/a/b?c=d#e',
        path: '/a/b',
        method: 'POST',
        statusCode: 404,
        sessionId: 's',
        fingerprint: 'f',
        referrer: 'https://example.com/',
        timestampMs: NOW - 60_000,
      },
    });
  });

  it('has defaults for what is left out or null', () => {
    const description = {
      ip: '192.0.2.1',
      userAgent: '',
      url: '',
      path: '/',
      method: 'GET',
      statusCode: undefined,
      sessionId: '',
      fingerprint: '',
      referrer: '',
      timestampMs: NOW,
    };
    expect(readOne(PLAIN)).toEqual({ ok: true, description });
    const nothing = { user_agent: null, url: null, method: null, status_code: null, session_id: null, fingerprint: null, timestamp: null };
    expect(readOne({ ...PLAIN, ...nothing })).toEqual({ ok: true, description });
  });

  it.each([
    ['/a?b=c', '/a'],
    ['/a#b', '/a'],
    ['/a\n?b', '/a\n'],
    ['//a//', '//a//'],
  ])('has of the path %j the path %j', (path, expected) => {
    expect(readOne({ ip: '192.0.2.1', path })).toMatchObject({ ok: true, description: { path: expected } });
  });

  it.each([
    [{ session_id: 's', path: '/' }],
    [{ fingerprint: 'f', path: '/' }],
    [{ ...PLAIN, timestamp: NOW + 300_000 }],
    [{ ...PLAIN, timestamp: '2024-02-29T00:00Z' }],
    [{ ...PLAIN, status_code: 100 }],
    [{ ...PLAIN, user_agent: '' }],
  ])('%j is taken', (request) => {
    expect(readOne(request)).toMatchObject({ ok: true });
  });

  it.each([
    [null, 'invalid_type', ''],
    ['x', 'invalid_type', ''],
    [[], 'invalid_type', ''],
    [{}, 'missing_field', 'ip'],
    [{ path: '/' }, 'missing_field', 'ip'],
    [{ ip: '192.0.2.1' }, 'missing_field', 'path'],
    [{ ...PLAIN, ip: 'localhost' }, 'invalid_value', 'ip'],
    [{ ...PLAIN, ip: '192.0.2.1, 192.0.2.2' }, 'invalid_value', 'ip'],
    [{ ...PLAIN, ip: 7 }, 'invalid_type', 'ip'],
    [{ ...PLAIN, path: 'a' }, 'invalid_value', 'path'],
    [{ ...PLAIN, url: 'https://example.org/' }, 'invalid_value', 'path'],
    [{ ip: '192.0.2.1', url: '/a' }, 'invalid_value', 'url'],
    [{ ip: '192.0.2.1', url: 'javascript:alert(1)' }, 'invalid_value', 'url'],
    [{ ip: '192.0.2.1', url: 'https://' }, 'invalid_value', 'url'],
    [{ ...PLAIN, method: 'GET /' }, 'invalid_value', 'method'],
    [{ ...PLAIN, status_code: '200' }, 'invalid_type', 'status_code'],
    [{ ...PLAIN, status_code: 99 }, 'invalid_value', 'status_code'],
    [{ ...PLAIN, status_code: 200.5 }, 'invalid_value', 'status_code'],
    [{ ...PLAIN, timestamp: 'yesterday' }, 'invalid_value', 'timestamp'],
    [{ ...PLAIN, timestamp: '2026-10-01T12:00:00' }, 'invalid_value', 'timestamp'],
    [{ ...PLAIN, timestamp: '2026-02-30T12:00:00Z' }, 'invalid_value', 'timestamp'],
    [{ ...PLAIN, timestamp: 1.5 }, 'invalid_value', 'timestamp'],
    [{ ...PLAIN, timestamp: -1 }, 'invalid_value', 'timestamp'],
    [{ ...PLAIN, timestamp: true }, 'invalid_type', 'timestamp'],
    [{ ...PLAIN, timestamp: NOW + 300_001 }, 'timestamp_in_future', 'timestamp'],
    [{ ...PLAIN, session_id: 's'.repeat(257) }, 'too_long', 'session_id'],
    [{ ...PLAIN, user_agent: 'u'.repeat(4097) }, 'too_long', 'user_agent'],
    [{ ...PLAIN, fingerprint: '\ud800' }, 'invalid_value', 'fingerprint'],
    [{ ...PLAIN, useragent: 'x' }, 'unknown_field', 'useragent'],
    [JSON.parse('{"ip":"192.0.2.1","path":"/","__proto__":{}}'), 'unknown_field', '__proto__'],
  ])('%j is refused', (request, code, path) => {
    const item = readOne(request);
    expect(item).toEqual({ ok: false, fault: { code, path, message: expect.stringMatching(/\S/) } });
  });

  it('is refused alone: its neighbours are read', () => {
    const items = read({ requests: [PLAIN, { path: '/' }, PLAIN] });
    expect(items.map((item) => item.ok)).toEqual([true, false, true]);
  });

  it('is read or refused with a message, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.jsonValue(), fc.record({ ip: fc.ipV4(), path: fc.webPath(), method: fc.string() })), { minLength: 1 }),
        (values) => {
          const items = read(values);
          expect(items).toHaveLength(values.length);
          for (const item of items) if (!item.ok) expect(item.fault.message).toMatch(/\S/);
        },
      ),
    );
  });
});

describe('a body', () => {
  it('may hold as many requests as are allowed', () => {
    expect(read(Array(DECISIONS_MAX).fill(PLAIN))).toHaveLength(1000);
    expect(() => read(Array(DECISIONS_MAX + 1).fill(PLAIN))).toThrow(expect.objectContaining({ code: 'batch_too_long' }));
  });

  it.each([
    ['', 'invalid_json'],
    ['{', 'invalid_json'],
    ['null', 'invalid_json'],
    ['7', 'invalid_json'],
    ['[]', 'empty_body'],
    ['{"requests":[]}', 'empty_body'],
    ['{}', 'missing_field'],
    ['{"requests":{}}', 'invalid_json'],
    ['{"requests":[{}],"more":1}', 'unknown_field'],
    ['{"ip":"192.0.2.1","path":"/"}', 'unknown_field'],
  ])('%s is refused', (text, code) => {
    expect(() => readDecisionRequests(Buffer.from(text), CONTEXT)).toThrow(expect.objectContaining({ code }));
  });
});
