import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NewestBrowsers } from './newest-browsers.js';

interface Sighting {
  readonly browser: string;
  readonly major: number;
  readonly visitor: string;
}

const SIGHTINGS = fc.array(
  fc.record({
    browser: fc.constantFrom('Chrome', 'Firefox'),
    major: fc.integer({ min: 1, max: 12 }),
    visitor: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  }),
  { maxLength: 40 },
);

/** By its meaning: the highest version that so many visitors showed, or a later one. */
function newestBySearch(sightings: readonly Sighting[], browser: string): number | null {
  const own = sightings.filter((sighting) => sighting.browser === browser);
  for (let major = 12; major > 0; major--) {
    if (new Set(own.filter((sighting) => sighting.major >= major).map(({ visitor }) => visitor)).size >= 3) return major;
  }
  return null;
}

function newestAfter(sightings: readonly Sighting[]): NewestBrowsers {
  const newest = new NewestBrowsers();
  for (const { browser, major, visitor } of sightings) newest.note(browser, major, visitor);
  return newest;
}

describe('the newest version of a browser', () => {
  it('is the highest that three visitors have shown, or a later one', () => {
    fc.assert(
      fc.property(SIGHTINGS, (sightings) => {
        const newest = newestAfter(sightings);
        for (const browser of ['Chrome', 'Firefox']) expect(newest.newestOf(browser)).toBe(newestBySearch(sightings, browser));
      }),
    );
  });

  it('never falls', () => {
    fc.assert(
      fc.property(SIGHTINGS, (sightings) => {
        const newest = new NewestBrowsers();
        let before = 0;
        for (const { browser, major, visitor } of sightings) {
          newest.note(browser, major, visitor);
          const now = newest.newestOf('Chrome') ?? 0;
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });

  it('is not moved by a forged user agent, however often it comes', () => {
    const newest = newestAfter(['a', 'b', 'c', 'd'].map((visitor) => ({ browser: 'Chrome', major: 141, visitor })));
    for (let time = 0; time < 100; time++) newest.note('Chrome', 999 + time, 'forger');
    expect(newest.newestOf('Chrome')).toBe(141);
    newest.note('Chrome', 999, 'another forger');
    expect(newest.newestOf('Chrome')).toBe(141);
  });

  it('is not known of a browser that nobody, or hardly anybody, used', () => {
    const newest = newestAfter(['a', 'b', 'b'].map((visitor) => ({ browser: 'Firefox', major: 140, visitor })));
    expect(newest.newestOf('Firefox')).toBeNull();
    expect(newest.newestOf('Chrome')).toBeNull();
  });

  it('leaves out what is not known', () => {
    const newest = new NewestBrowsers();
    for (const visitor of ['a', 'b', 'c']) {
      newest.note('', 10, visitor);
      newest.note('Chrome', null, visitor);
      newest.note('Chrome', Number.NaN, visitor);
      newest.note('Chrome', Number.POSITIVE_INFINITY, visitor);
    }
    expect([newest.newestOf(''), newest.newestOf('Chrome')]).toEqual([null, null]);
  });

  it('is known of a browser after any number of made-up names', () => {
    const newest = new NewestBrowsers();
    for (let name = 0; name < 5000; name++) newest.note(`Made up ${name}`, 7, 'forger');
    for (const visitor of ['a', 'b', 'c']) newest.note('Chrome', 141, visitor);
    expect(newest.newestOf('Chrome')).toBe(141);
  });

  it('keeps the browsers it knows when there are too many names', () => {
    const newest = new NewestBrowsers();
    for (let name = 0; name < 1000; name++) for (const visitor of ['a', 'b', 'c']) newest.note(`Browser ${name}`, 7, visitor);
    for (const visitor of ['a', 'b', 'c']) newest.note('Browser 0', 8, visitor);
    expect([newest.newestOf('Browser 0'), newest.newestOf('Browser 499'), newest.newestOf('Browser 500')]).toEqual([8, 7, null]);
  });
});
