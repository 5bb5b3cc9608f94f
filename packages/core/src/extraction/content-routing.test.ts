import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ContentPatterns, defaultContentRouting, requestKindOf } from './content-routing.js';

describe('what a path was asked for', () => {
  it.each([
    [
      'page',
      '/ /about /about/ /blog/hello-world /index.html /a.htm /shop.php /x.aspx /x.jsp /user/jane.doe /v1.2/ /v1.2 /feedback /rssbook /a.b/c /images /images/ /images/2026/ /image/cats.html /imagery/a /blog/images/a /sizes/10x4 /a/1920x1080/buy',
    ],
    [
      'asset',
      '/a.css /js/app.MJS /x/y.js.map /f.woff2 /logo.svg /favicon.ico /feed.xsl /intro.swf /browserconfig.xml /app/manifest.json /p.jpeg /p.avif /v.mp4 /s.mp3 /site.webmanifest /m.wasm /image/60844/product/200x200 /Images/7 /img/logo /thumbs/a/b /thumbnail/9 /avatar/jane.doe /_next/image /product/7/200x200 /photo/1920x1080',
    ],
    [
      'other',
      '/robots.txt /sitemap.xml /sitemap.xml.gz /feed /blog/feed/ /rss /atom /index.rdf /api/x.json /paper.pdf /a.zip /.env /.well-known/security',
    ],
  ])('%s', (kind, paths) => {
    expect(paths.split(' ').filter((path) => requestKindOf(path) !== kind)).toEqual([]);
  });
});

describe('a query', () => {
  it.each([
    ['/blog', 'flav=rss20', 'other'],
    ['/blog/', 'page=2&format=ATOM', 'other'],
    ['/blog', 'feed=rss2', 'other'],
    ['/blog', 'page=2', 'page'],
    ['/search', 'q=rss', 'page'],
    ['/blog', 'format=rssbook', 'page'],
    ['/a.css', 'flav=rss20', 'asset'],
  ])('of %s?%s makes it %s', (path, query, kind) => {
    expect(requestKindOf(path, query)).toBe(kind);
    expect(defaultContentRouting().isPage(path, query)).toBe(kind === 'page');
  });

  it('does not matter to a path that is a page by a pattern', () => {
    expect(defaultContentRouting({ pages: ['/blog'] }).isPage('/blog', 'flav=rss20')).toBe(true);
  });
});

describe('routing by patterns', () => {
  const isPage = (patterns: ContentPatterns, path: string): boolean => defaultContentRouting(patterns).isPage(path, '');

  it.each<[ContentPatterns, string, boolean]>([
    [{}, '/a', true],
    [{}, '/a.css', false],
    [{}, '/a.pdf', false],
    [{ pages: ['/papers/*.pdf'] }, '/papers/a.pdf', true],
    [{ pages: ['/papers/*.pdf'] }, '/papers/2026/a.pdf', false],
    [{ pages: ['/papers/**'] }, '/papers/2026/a.pdf', true],
    [{ notPages: ['/api/**'] }, '/api/v1/users', false],
    [{ notPages: ['/api/**'] }, '/apis', true],
    [{ notPages: ['/health'] }, '/health/', false],
    [{ notPages: ['/health'] }, '/healthy', true],
    [{ pages: ['/x/**'], notPages: ['/x/y'] }, '/x/y', false],
    [{ notPages: ['/a.b(c)+[d]'] }, '/a.b(c)+[d]', false],
    [{ notPages: ['/a.b'] }, '/axb', true],
  ])('%j: %s is a page: %s', (patterns, path, expected) => {
    expect(isPage(patterns, path)).toBe(expected);
  });

  it.each([
    ['/blog/*', '/blog/hello', 'hello'],
    ['/blog/*', '/blog/hello/', 'hello'],
    ['/blog/*', '/blog/2026/hello', undefined],
    ['/blog/*', '/blog', undefined],
    ['/docs/**', '/docs/guide/start', 'guide/start'],
    ['/*/blog/*', '/de/blog/hallo', 'de/hallo'],
    ['/articles/*.html', '/articles/7.html', '7'],
    ['/pricing', '/pricing', '/pricing'],
    ['/blog/*', '/other', undefined],
  ])('%s on %s shows %s', (pattern, path, expected) => {
    expect(defaultContentRouting({ content: [pattern] }).contentIdOf(path)).toBe(expected);
  });

  it('takes the first pattern that matches', () => {
    expect(defaultContentRouting({ content: ['/blog/index', '/blog/*'] }).contentIdOf('/blog/index')).toBe('/blog/index');
  });

  it.each([
    [{ pages: ['blog/*'] }, 'The list "pages" of content patterns is not valid: "blog/*" must be a path'],
    [{ content: ['/a b'] }, '"/a b" must be a path'],
    [{ content: ['/a?b'] }, '"/a?b" must be a path'],
    [{ notPages: [`/${'a'.repeat(256)}`] }, 'at most 256 characters'],
    [{ content: ['/a/*x*'] }, '"*x*" in "/a/*x*" may hold one "*", or be "**"'],
    [{ content: ['/a/**b'] }, '"**b" in "/a/**b" may hold one "*"'],
    [{ content: ['/**/x/**'] }, '"/**/x/**" may hold one "**"'],
    [{ pages: new Array<string>(201).fill('/a') }, '201 patterns are more than the 200 allowed'],
  ])('refuses %j', (patterns, message) => {
    expect(() => defaultContentRouting(patterns)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(message) }),
    );
  });

  it('matches a segment as a star does, for any text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '(', '$', '-'), maxLength: 4 });
    fc.assert(
      fc.property(text, text, text, (before, after, part) => {
        const routing = defaultContentRouting({ content: [`/${before}*${after}`] });
        fc.pre(part !== '' && before + after !== '');
        expect(routing.contentIdOf(`/${before}${part}${after}`)).toBe(part);
        expect(routing.contentIdOf(`/${before}${part}${after}/x`)).toBeUndefined();
      }),
    );
  });
});
