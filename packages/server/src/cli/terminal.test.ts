import { describe, expect, it } from 'vitest';
import { createPaint, displayWidth, supportsColour, truncateText, viewOf, visibleText } from './terminal.js';

const write = (): void => undefined;

describe('supportsColour', () => {
  it.each([
    [{ isTTY: true }, true],
    [{ isTTY: false }, false],
    [{ isTTY: true, noColor: '1' }, false],
    [{ isTTY: true, noColor: '' }, true],
    [{ isTTY: false, forceColor: '1' }, true],
    [{ isTTY: true, forceColor: '0' }, false],
    [{ isTTY: true, forceColor: 'false' }, false],
    [{ isTTY: false, noColor: '1', forceColor: '1' }, false],
  ])('%j: %s', (facts, expected) => {
    expect(supportsColour(facts)).toBe(expected);
  });
});

describe('text on a terminal', () => {
  it.each([
    ['plain', 5],
    ['模型', 4],
    ['e\u0301', 1],
    ['🤖', 2],
    ['', 0],
  ])('%s takes %d cells', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 4, 'abc…'],
    ['模型模型', 5, '模型…'],
    ['模型模型', 4, '模…'],
  ])('%s cut to %d is %s', (text, width, expected) => {
    expect(truncateText(text, width)).toBe(expected);
    expect(displayWidth(truncateText(text, width))).toBeLessThanOrEqual(width);
  });

  it('shows control characters instead of obeying them', () => {
    expect(visibleText('a\u001b[2Jb')).toBe('a␛[2Jb');
    expect(visibleText('a\nb\tc\rd')).toBe('a b c d');
    expect(visibleText('\u009b31m\u202Egnp.exe\u007f')).toBe('�31m�gnp.exe�');
  });

  it('marks text only with colours, and has a width only on a terminal', () => {
    expect(createPaint(true).bold('x')).toBe('\u001b[1mx\u001b[22m');
    expect(createPaint(true).bold('')).toBe('');
    expect(createPaint(false).bold('x')).toBe('x');
    expect(viewOf({ write, isTTY: true, columns: 120 }, true).columns).toBe(120);
    expect(viewOf({ write, isTTY: true }, true).columns).toBe(80);
    expect(viewOf({ write, isTTY: true, columns: 0 }, true).columns).toBe(80);
    expect(viewOf({ write, columns: 120 }, false).columns).toBeUndefined();
  });
});
