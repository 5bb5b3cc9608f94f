import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineWindow, WINDOW_LINES_MAX, WINDOW_MS } from './line-window.js';

const START = Date.UTC(2026, 0, 1);

describe('LineWindow', () => {
  it('numbers equal lines', () => {
    const window = new LineWindow();
    expect(['a', 'b', 'a', 'a'].map((key) => window.next(key, START))).toEqual([0, 0, 1, 2]);
    expect([window.peek('a'), window.peek('a'), window.peek('c')]).toEqual([3, 3, 0]);
    window.clear();
    expect(window.next('a', START)).toBe(0);
  });

  it('knows a line again as long as the log has not moved on by the window', () => {
    const window = new LineWindow();
    window.next('a', START);
    window.next('b', START + WINDOW_MS);
    expect(window.next('a', START)).toBe(1);
    window.next('c', START + 2 * WINDOW_MS + 1);
    expect(window.next('a', START)).toBe(0);
  });

  it('holds a line that was written late as long as any other', () => {
    const window = new LineWindow();
    window.next('now', START + 10 * WINDOW_MS);
    expect([window.next('late', START), window.next('late', START)]).toEqual([0, 1]);
  });

  it('does not grow beyond its bound', () => {
    const window = new LineWindow();
    for (let index = 0; index < WINDOW_LINES_MAX + 10; index += 1) window.next(String(index), START);
    expect(window.snapshot()).toHaveLength(WINDOW_LINES_MAX);
    expect([window.peek('0'), window.peek(String(WINDOW_LINES_MAX))]).toEqual([0, 1]);
  });

  it('gives the same numbers when it goes on from a snapshot', () => {
    const line = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 3 * WINDOW_MS }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.nat(40), (lines, cut) => {
        const whole = new LineWindow();
        const expected = lines.map(([key, offset]) => whole.next(key, START + offset));
        const first = new LineWindow();
        const before = lines.slice(0, cut).map(([key, offset]) => first.next(key, START + offset));
        const second = new LineWindow(JSON.parse(JSON.stringify(first.snapshot())));
        const after = lines.slice(cut).map(([key, offset]) => second.next(key, START + offset));
        expect([...before, ...after]).toEqual(expected);
      }),
    );
  });
});
