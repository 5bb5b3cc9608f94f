import { describe, expect, it } from 'vitest';
import { type ReferrerSourceData, ReferrerSources } from './referrer-sources.js';

const none = { search: {}, social: {}, video: {}, shopping: {}, email: {}, ai: {} };
const data: ReferrerSourceData = {
  sources: {
    ...none,
    search: { Google: '=google.* com.google.android.googlequicksearchbox', 'Yahoo!': 'search.yahoo.*' },
    ai: { Gemini: 'gemini.google.com' },
    social: { X: 'x.com t.co', Pinterest: 'pinterest.*' },
  },
  aliases: { twitter: 'X', adwords: 'Google' },
};
const sources = new ReferrerSources(data);

describe('the source of a host', () => {
  it.each([
    ['google.com', 'Google'],
    ['www.google.com', 'Google'],
    ['www.google.de', 'Google'],
    ['www.google.co.uk', 'Google'],
    ['google.com.tr', 'Google'],
    ['news.google.co.jp', undefined],
    ['docs.google.com', undefined],
    ['com.google.android.googlequicksearchbox', 'Google'],
    ['gemini.google.com', 'Gemini'],
    ['de.search.yahoo.com', 'Yahoo!'],
    ['search.yahoo.co.jp', 'Yahoo!'],
    ['t.co', 'X'],
    ['mobile.x.com', 'X'],
    ['www.pinterest.co.uk', 'Pinterest'],
    ['de.pinterest.com', 'Pinterest'],
    ['www.www.google.com', undefined],
    ['google.evil.com', undefined],
    ['google.com.evil.io', undefined],
    ['google.info', undefined],
    ['google.xy.uk', undefined],
    ['notgoogle.com', undefined],
    ['notx.com', undefined],
    ['netflix.com', undefined],
    ['yahoo.com', undefined],
    ['co', undefined],
    ['google', undefined],
    ['', undefined],
    ['.', undefined],
    [`${'a.'.repeat(200)}x.com`, undefined],
  ])('%s', (host, name) => {
    expect(sources.find(host)?.name).toBe(name);
  });
});

describe('the source that a utm_source names', () => {
  it.each([
    ['google', 'Google', 'search'],
    [' Google ', 'Google', 'search'],
    ['adwords', 'Google', 'search'],
    ['yahoo!', 'Yahoo!', 'search'],
    ['twitter', 'X', 'social'],
    ['t.co', 'X', 'social'],
    ['gemini.google.com', 'Gemini', 'ai'],
    ['newsletter', undefined, undefined],
    ['', undefined, undefined],
  ])('%j', (word, name, kind) => {
    expect(sources.findNamed(word)).toEqual(name === undefined ? undefined : { name, kind });
  });
});

describe('contradictions in the data', () => {
  it.each([
    [
      'a host of two sources',
      { sources: { ...none, search: { A: 'a.example' }, social: { B: 'b.example a.example' } }, aliases: {} },
      'belongs to "A" and "B"',
    ],
    ['a source twice', { sources: { ...none, search: { A: 'a.example' }, social: { a: 'b.example' } }, aliases: {} }, '"a" occurs twice'],
    ['an alias of nothing', { sources: none, aliases: { b: 'B' } }, 'which does not exist'],
    [
      'an alias that is a name',
      { sources: { ...none, search: { A: 'a.example', B: 'b.example' } }, aliases: { a: 'B' } },
      'name of a source already',
    ],
  ])('%s', (_, faulty, message) => {
    expect(() => new ReferrerSources(faulty)).toThrow(message);
  });

  it('is no contradiction to know nothing', () => {
    expect(ReferrerSources.NONE.find('google.com')).toBeUndefined();
    expect(ReferrerSources.NONE.findNamed('google')).toBeUndefined();
  });
});
