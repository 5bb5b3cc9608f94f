import { describe, expect, it } from 'vitest';
import { asksNotToBeTracked, headerValue } from './request-headers.js';

describe('headers', () => {
  it.each([
    [{}, ''],
    [{ a: 'x' }, 'x'],
    [{ a: ['x', 'y'] }, 'x, y'],
    [{ a: undefined }, ''],
  ])('%j', (headers, expected) => {
    expect(headerValue(headers, 'a')).toBe(expected);
  });

  it.each([
    [{ dnt: '1' }, true],
    [{ 'sec-gpc': '1' }, true],
    [{ dnt: '0' }, false],
    [{ dnt: 'unspecified', 'sec-gpc': '?1' }, false],
    [{}, false],
  ])('%j asks not to be tracked: %s', (headers, expected) => {
    expect(asksNotToBeTracked(headers)).toBe(expected);
  });
});
