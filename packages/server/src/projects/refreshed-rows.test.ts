import { describe, expect, it } from 'vitest';
import { RefreshedRows } from './refreshed-rows.js';

interface Row {
  readonly name: string;
  readonly value: number;
}

/** A table that counts how often it is read, and a clock that the test moves. */
function openTable() {
  const table = { rows: [] as Row[], reads: 0, nowMs: 1_000_000, failing: false };
  const known = new RefreshedRows<Row>(
    () => {
      table.reads++;
      return table.failing ? Promise.reject(new Error('the table is away')) : Promise.resolve([...table.rows]);
    },
    (row) => row.name,
    () => table.nowMs,
  );
  return { table, known };
}

describe('RefreshedRows', () => {
  it('reads once for many lookups', async () => {
    const { table, known } = openTable();
    table.rows.push({ name: 'a', value: 1 });
    for (let lookup = 0; lookup < 5; lookup++) expect(await known.find('a')).toEqual({ name: 'a', value: 1 });
    expect(table.reads).toBe(1);
  });

  it('reads once for lookups at the same time', async () => {
    const { table, known } = openTable();
    table.rows.push({ name: 'a', value: 1 });
    await Promise.all(Array.from({ length: 20 }, () => known.find('a')));
    expect(table.reads).toBe(1);
  });

  it.each([
    [0, 1],
    [1999, 1],
    [2000, 1],
    [2001, 2],
  ])('a miss %i ms after a reading makes %i readings', async (laterMs, reads) => {
    const { table, known } = openTable();
    await known.find('missing');
    table.nowMs += laterMs;
    table.rows.push({ name: 'missing', value: 1 });
    expect(await known.find('missing')).toEqual(reads === 2 ? { name: 'missing', value: 1 } : undefined);
    expect(table.reads).toBe(reads);
  });

  it('does not read more than every two seconds while someone guesses', async () => {
    const { table, known } = openTable();
    for (let guess = 0; guess < 1000; guess++) {
      await known.find(`guess ${guess}`);
      table.nowMs += 10;
    }
    expect(table.reads).toBeLessThanOrEqual(6);
  });

  it.each([
    [30_000, 1],
    [30_001, 2],
  ])('believes a known row for %i ms, with %i readings', async (laterMs, value) => {
    const { table, known } = openTable();
    table.rows.push({ name: 'a', value: 1 });
    await known.find('a');
    table.rows = [{ name: 'a', value: 2 }];
    table.nowMs += laterMs;
    expect(await known.find('a')).toEqual({ name: 'a', value });
  });

  it('forgets rows that are gone', async () => {
    const { table, known } = openTable();
    table.rows.push({ name: 'a', value: 1 });
    await known.find('a');
    table.rows = [];
    await known.reload();
    expect(await known.find('a')).toBeUndefined();
  });

  it('shows a change after reload, also when a reading from before it is under way', async () => {
    const readings: ((rows: Row[]) => void)[] = [];
    const known = new RefreshedRows<Row>(
      () => new Promise((resolve) => readings.push(resolve)),
      (row) => row.name,
      () => 0,
    );
    const before = known.find('new');
    const reload = known.reload();
    readings[0]?.([]);
    expect(await before).toBeUndefined();
    // The reading that reload asks for starts after the one under way has ended.
    await new Promise(setImmediate);
    expect(readings).toHaveLength(2);
    readings[1]?.([{ name: 'new', value: 1 }]);
    await reload;
    expect(await known.find('new')).toEqual({ name: 'new', value: 1 });
  });

  it('fails while the table cannot be read, and recovers', async () => {
    const { table, known } = openTable();
    table.failing = true;
    await expect(known.find('a')).rejects.toThrow('the table is away');
    table.failing = false;
    table.rows.push({ name: 'a', value: 1 });
    expect(await known.find('a')).toEqual({ name: 'a', value: 1 });
  });
});
