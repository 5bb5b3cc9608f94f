import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { VisitorLookup } from './visitor-lookup.js';

let test: TestProduct;
beforeAll(async () => {
  test = await openTestProduct();
});
afterAll(() => test.close());

it('has the snapshots brought up to date when memory forgot sessions since, and again when that failed', async () => {
  let forgotten = 0;
  let failures = 1;
  let calls = 0;
  const catchUp = async (): Promise<void> => {
    calls++;
    if (failures-- > 0) throw new Error('the store is away');
  };
  const lookup = new VisitorLookup(test.product.store, catchUp, () => forgotten);
  const find = (): Promise<unknown> => lookup.find('default', ['nobody'], 0, 1);
  await expect(find()).rejects.toThrow('the store is away');
  expect([await find(), calls]).toEqual([[], 2]);
  expect([await find(), calls]).toEqual([[], 2]);
  forgotten = 1;
  expect([await find(), calls]).toEqual([[], 3]);
});
