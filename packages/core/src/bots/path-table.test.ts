import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSamePage, PathTable } from './path-table.js';
import { PATH_LENGTH_MAX } from './session-request.js';

describe('PathTable', () => {
  it('holds a page once, whatever its query', () => {
    const paths = new PathTable();
    const page = paths.look('/docs');
    expect(page).toMatchObject({ path: '/docs', role: 'plain' });
    expect(paths.look('/docs?a=1')).toBe(page);
    expect(paths.look('/docs?')).toBe(page);
    expect(paths.look('/docs/')).not.toBe(page);
    expect(paths.size).toBe(2);
  });

  it('cuts what is longer than it looks at', () => {
    const paths = new PathTable();
    const long = `/${'a'.repeat(PATH_LENGTH_MAX * 3)}`;
    expect(paths.look(`${long}b`)).toBe(paths.look(`${long}c`));
    expect(paths.look(long).path).toHaveLength(PATH_LENGTH_MAX);
    expect(paths.look(`${long}?q=${long}`)).toBe(paths.look(long));
  });

  it('starts anew when it is full; pages known before are still the same', () => {
    const paths = new PathTable(3);
    const before = paths.look('/a');
    for (const path of ['/b', '/c', '/d', '/e']) paths.look(path);
    expect(paths.size).toBeLessThanOrEqual(3);
    const after = paths.look('/a');
    expect(after).not.toBe(before);
    expect(isSamePage(before, after)).toBe(true);
    expect(isSamePage(before, paths.look('/b'))).toBe(false);
  });

  it('tells pages apart exactly as their paths are', () => {
    const paths = new PathTable(50);
    const path = fc.oneof(
      fc.constantFrom('/', '/a', '/A', '/a/', '/ä', '/\u{1f600}', '/\ud83d'),
      fc.string({ maxLength: 30 }).map((text) => `/${text.replaceAll('?', '')}`),
    );
    fc.assert(
      fc.property(path, path, (one, other) => {
        const known = paths.look(one);
        expect(known.path).toBe(one);
        expect(known.hash).not.toBe(0);
        expect(isSamePage(known, paths.look(other))).toBe(one === other);
      }),
    );
  });
});
