import { describe, expect, it } from 'vitest';
import { loadReferrerSources, NO_REFERRER, ReferrerReader } from './referrers.js';

const reader = new ReferrerReader(loadReferrerSources());

describe('where a visitor came from', () => {
  it.each([
    ['https://www.google.de/', 'www.google.de', 'Google', 'search'],
    ['https://t.co/abc', 't.co', 'X', 'social'],
    ['https://chatgpt.com/', 'chatgpt.com', 'ChatGPT', 'ai'],
    ['https://gemini.google.com/app', 'gemini.google.com', 'Gemini', 'ai'],
    ['https://m.youtube.com/watch?v=1', 'm.youtube.com', 'YouTube', 'video'],
    ['https://mail.google.com/', 'mail.google.com', 'Gmail', 'email'],
    ['android-app://com.google.android.gm/', 'com.google.android.gm', 'Gmail', 'email'],
    ['https://www.blog.example.org/post', 'www.blog.example.org', 'blog.example.org', ''],
    ['http://192.0.2.1:8080/', '192.0.2.1', '192.0.2.1', ''],
    ['https://foo.github.io/', 'foo.github.io', 'foo.github.io', ''],
  ])('%s', (referrer, host, source, kind) => {
    expect(reader.referrerOf(referrer, 'www.shop.example', [])).toEqual({ host, source, kind });
  });

  it.each([
    ['nothing', '', 'www.example.co.uk', []],
    ['the page itself', 'https://www.example.co.uk/a', 'www.example.co.uk', []],
    ['a sister domain', 'https://blog.example.co.uk/', 'shop.example.co.uk', []],
    ['the bare domain', 'https://example.co.uk/', 'www.example.co.uk', []],
    ['a host that is named', 'https://checkout.other.example/', 'www.example.co.uk', ['www.other.example']],
    ['a host that is named with its port', 'http://localhost:3000/', 'example.org', ['localhost:8080']],
    ['localhost', 'http://localhost:3000/', 'localhost', []],
    ['an address', 'http://192.0.2.1/', '192.0.2.1', []],
    ['what is no address', 'not an address', 'example.org', []],
  ])('is not another site: %s', (_, referrer, pageHost, ownHosts) => {
    expect(reader.referrerOf(referrer, pageHost, ownHosts)).toBe(NO_REFERRER);
  });

  it.each([
    ['https://b.github.io/', 'a.github.io'],
    ['https://other.co.uk/', 'example.co.uk'],
    ['http://192.0.2.2/', '192.0.2.1'],
    ['https://notexample.org/', 'example.org'],
    ['https://example.org/', ''],
  ])('is another site: %s for %s', (referrer, pageHost) => {
    expect(reader.referrerOf(referrer, pageHost, [])).not.toBe(NO_REFERRER);
  });
});
