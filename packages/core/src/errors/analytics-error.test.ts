import { describe, expect, it } from 'vitest';
import { AnalyticsError, ERROR_CODES, type ErrorCode } from './analytics-error.js';

const definitions = Object.entries(ERROR_CODES);

describe('ERROR_CODES', () => {
  it.each(definitions)('%s is answered with a failure, a title and a help', (code, { status, title, help }) => {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(Number.isInteger(status)).toBe(true);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThanOrEqual(599);
    expect(title).toMatch(/^[A-Z].*[^.\s]$/);
    expect(help).toMatch(/\S.*\.$/);
  });

  it('tells the codes apart by their titles', () => {
    expect(new Set(definitions.map(([, { title }]) => title)).size).toBe(definitions.length);
  });
});

describe('AnalyticsError', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s has the status of its code', (code) => {
    const error = new AnalyticsError(code, 'what happened');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'AnalyticsError', code, message: 'what happened', path: undefined, retryAfterSeconds: undefined });
    expect(error.status).toBe(ERROR_CODES[code].status);
  });

  it('carries the path, the time to wait and the cause', () => {
    const cause = new TypeError('inner');
    const error = new AnalyticsError('store_unavailable', 'no', { path: 'events[3].model', retryAfterSeconds: 0, cause });
    expect(error).toMatchObject({ path: 'events[3].model', retryAfterSeconds: 0, cause });
  });

  it('has no cause unless there was one', () => {
    expect(Object.hasOwn(new AnalyticsError('internal', 'no'), 'cause')).toBe(false);
    expect(new AnalyticsError('internal', 'no', { cause: null }).cause).toBeNull();
  });
});
