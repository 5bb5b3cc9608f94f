import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventIdOf, type ImportLine, type OverlongLine, readImportLines, withEventId } from './import-lines.js';

async function* chunksOf(...texts: (string | Buffer)[]): AsyncGenerator<Buffer | string> {
  yield* texts;
}
async function read(chunks: AsyncIterable<Buffer | string>, lineBytesMax?: number): Promise<[number, string][]> {
  const lines: (ImportLine | OverlongLine)[] = [];
  for await (const line of readImportLines(chunks, lineBytesMax)) lines.push(line);
  return lines.map((line) => [line.number, 'overlong' in line ? 'overlong' : line.text.toString()]);
}

describe('readImportLines', () => {
  it('counts lines as an editor does and skips blank ones', async () => {
    expect(await read(chunksOf('\uFEFFa\r\n\n  \t\nb'))).toEqual([
      [1, 'a'],
      [4, 'b'],
    ]);
    expect(await read(chunksOf(''))).toEqual([]);
    expect(await read(chunksOf('a\n'))).toEqual([[1, 'a']]);
  });

  it('reads the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(50)), async (texts, cuts) => {
        const bytes = Buffer.from(texts.join('\n'));
        const borders = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((left, right) => left - right), bytes.length];
        const parts = borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
        expect(await read(chunksOf(...parts))).toEqual(await read(chunksOf(bytes)));
      }),
    );
  });

  it('tells of lines that are too long without holding them', async () => {
    expect(await read(chunksOf('aaaa', 'aaaa', 'aaaa\nbb\n', 'ccccccccc'), 8)).toEqual([
      [1, 'overlong'],
      [2, 'bb'],
      [3, 'overlong'],
    ]);
  });
});

describe('withEventId', () => {
  const id = eventIdOf(7, Buffer.from('{}'));
  const sent = (text: string): string => withEventId(7, Buffer.from(text)).toString();

  it('derives the same id from the same line, and another from any other', () => {
    expect(id).toBe(eventIdOf(7, Buffer.from('{}')));
    expect(id).toMatch(/^line-[0-9a-f]{32}$/);
    expect(id).not.toBe(eventIdOf(8, Buffer.from('{}')));
    expect(eventIdOf(1, Buffer.from('1{}'))).not.toBe(eventIdOf(11, Buffer.from('{}')));
  });

  it.each([
    ['{"id":"a","type":"x"}'],
    [' { "id" : "a" }'],
    ['{"type":"x","id":"a"}'],
    ['{"type":"x","\\u0069d":"a"}'],
    ['{"type":"x","id":5}'],
    ['{"type":'],
    ['nothing'],
    ['[{"type":"x"}]'],
    ['"id"'],
    ['null'],
  ])('leaves %s as it is', (text) => {
    expect(sent(text)).toBe(text);
  });

  it.each([
    ['{}', `{"id":"${id}"}`],
    ['{"type":"x"}', undefined],
    ['{"type":"x","properties":{"id":"nested"}} ', undefined],
    ['{"id":"","type":"x"}', undefined],
    ['{"id":null,"type":"x"}', undefined],
    ['{"type":"ai_request","input_tokens":18446744073709551615}', '{"type":"ai_request","input_tokens":18446744073709551615,"id":"'],
  ])('gives %s an id', (text, expected) => {
    const body = sent(text);
    expect(JSON.parse(body)).toEqual({ ...JSON.parse(text), id: eventIdOf(7, Buffer.from(text)) });
    if (expected !== undefined) expect(body).toContain(expected);
  });
});
