import { expect, it } from 'vitest';
import { ABSENT_LOGS_MAX, KnownLogs } from './known-logs.js';

it('knows what it was told, the latest last', () => {
  const known = new KnownLogs(['a', 'b']);
  known.add('c');
  known.add('a');
  expect(known.list()).toEqual(['b', 'c', 'a']);
  expect(['a', 'd'].map((head) => known.has(head))).toEqual([true, false]);
});

it('forgets those that are gone for long, and none that is there', () => {
  const heads = Array.from({ length: ABSENT_LOGS_MAX + 3 }, (_, index) => `h${index}`);
  const known = new KnownLogs(heads);
  known.forget(new Set(['h0', 'h2']));
  expect(known.list()).toEqual(heads.filter((head) => head !== 'h1'));
  known.forget(new Set());
  expect(known.list()).toEqual(heads.slice(3));
});
