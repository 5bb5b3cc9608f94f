import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CutLine, LineCutter } from './cut-lines.js';

function cut(parts: readonly Buffer[], lineBytesMax = 1000): CutLine[] {
  const cutter = new LineCutter(lineBytesMax);
  const lines = parts.flatMap((part) => cutter.push(part));
  const last = cutter.end();
  return last === undefined ? lines : [...lines, last];
}

const shown = (lines: readonly CutLine[]) => lines.map(({ number, text, next }) => [number, text?.toString(), next.offset, next.line]);

describe('LineCutter', () => {
  it('tells where each line ends, in bytes and as an editor counts', () => {
    expect(shown(cut([Buffer.from('a\r\n\n  \né\nlast')]))).toEqual([
      [1, 'a', 3, 2],
      [4, 'é', 10, 5],
      [5, 'last', 14, 6],
    ]);
  });

  it('tells of a line that is too long without holding it', () => {
    expect(shown(cut([Buffer.from('aaaa'), Buffer.from('aaaa\nbb\ncccccc')], 4))).toEqual([
      [1, undefined, 9, 2],
      [2, 'bb', 12, 3],
      [3, undefined, 18, 4],
    ]);
  });

  it('goes on where it is told to', () => {
    const cutter = new LineCutter(100, { offset: 50, line: 7 });
    expect(shown(cutter.push(Buffer.from('x\ny')))).toEqual([[7, 'x', 52, 8]]);
    expect([cutter.next, cutter.unfinishedBytes]).toEqual([{ offset: 52, line: 8 }, 1]);
  });

  it('cuts the same lines however the bytes come, and from any line on', () => {
    const part = fc.constantFrom('a', 'bc', '\n', '\r\n', ' ', 'é', '');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(40)), (texts, cuts) => {
        const bytes = Buffer.from(texts.join(''));
        const borders = [0, ...cuts.map((at) => Math.min(at, bytes.length)).sort((left, right) => left - right), bytes.length];
        const whole = cut([bytes], 4);
        const pieces = borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
        expect(shown(cut(pieces, 4))).toEqual(shown(whole));
        for (const [index, { next }] of whole.entries()) {
          const cutter = new LineCutter(4, next);
          const rest = cutter.push(bytes.subarray(next.offset));
          const last = cutter.end();
          expect(shown(last === undefined ? rest : [...rest, last])).toEqual(shown(whole.slice(index + 1)));
        }
      }),
    );
  });
});
