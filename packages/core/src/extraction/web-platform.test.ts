import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isAddress, parseAddress } from './web-platform.js';

/** By the constructor alone, which is the standard's own word on what an address is. */
function read(address: string): string | undefined {
  try {
    return new URL(address).href;
  } catch {
    return undefined;
  }
}

// A long-running server has read many addresses before the odd one comes: only then does the engine take its short cuts.
beforeAll(() => {
  for (let count = 0; count < 50_000; count++) {
    parseAddress(`https://shop.example/${count}`);
    isAddress(`https://shop.example/${count}`);
  }
});

describe('an address, after many others', () => {
  it.each([
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://user:secret@bücher.example/ä', 'https://user:secret@xn--bcher-kva.example/%C3%A4'],
    ['https://shop.example/ä', 'https://shop.example/%C3%A4'],
    ['https://漢字.example/', 'https://xn--p8s937b.example/'],
    // Letters of Latin-1 whose bytes are those of another name in UTF-8.
    ['http://Ã¨.example/', undefined],
    ['http://Ã¼.example/', 'http://xn--14-ria7423a.example/'],
    ['http://\ufffd\ufffd.example/', undefined],
    ['http://\xa0/', undefined],
    ['http://300.1.1.1/', undefined],
    ['bücher.example', undefined],
    ['', undefined],
  ])('%s', (address, expected) => {
    expect(parseAddress(address)?.href).toBe(expected);
    expect(isAddress(address)).toBe(expected !== undefined);
  });

  it('is the one that the URL standard reads, of whatever letters it consists', () => {
    const letter = fc.constantFrom(...'abz09.-_:/@?#%[]\\ \t', ...'äßÃ¨¼ÿ\xad\xa0', 'ü', 'ô', '漢', '\ufffd', '\ud800', 'xn--');
    const odd = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(fc.constantFrom('http://', 'https://', 'HTTP:', 'android-app://', 'file://', 'a:', ''), odd, (scheme, rest) => {
        expect(parseAddress(scheme + rest)?.href).toBe(read(scheme + rest));
        expect(isAddress(scheme + rest)).toBe(read(scheme + rest) !== undefined);
      }),
      { numRuns: 3_000 },
    );
  });
});
