import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { render, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { dayOf, VisitorSalts } from './visitor-salts.js';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 5, 10, 12);
const TODAY = dayOf(NOON);

let test: TestProduct;
let nowMs = NOON;
const salts = (): VisitorSalts => new VisitorSalts(test.product.store, () => nowMs);
const storedDays = async (): Promise<number[]> => {
  const rows = await test.product.store.query<{ number: number }>(
    render(sql`SELECT toUInt32(toRelativeDayNum(day)) AS number FROM visitor_salts FINAL ORDER BY day`),
  );
  return rows.map((row) => Number(row.number));
};

beforeAll(async () => {
  test = await openTestProduct({ nowMs: NOON });
});
afterAll(() => test.close());
beforeEach(() => {
  nowMs = NOON;
});

describe('a cookieless visitor', () => {
  it('is the same for the same address, user agent, project and day, also for another process', async () => {
    const [one, other] = [salts(), salts()];
    await one.ensure(new Set([TODAY]));
    await other.ensure(new Set([TODAY]));
    const id = one.visitorId(TODAY, 'p', '192.0.2.1', 'Firefox');
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(other.visitorId(TODAY, 'p', '192.0.2.1', 'Firefox')).toBe(id);
  });

  it.each([
    ['address', 'p', '192.0.2.2', 'Firefox'],
    ['user agent', 'p', '192.0.2.1', 'Chrome'],
    ['project', 'q', '192.0.2.1', 'Firefox'],
    ['split between them', 'p', '192.0.2.1F', 'irefox'],
  ])('is another one with another %s', async (_name, project, ip, userAgent) => {
    const one = salts();
    await one.ensure(new Set([TODAY]));
    expect(one.visitorId(TODAY, project, ip, userAgent)).not.toBe(one.visitorId(TODAY, 'p', '192.0.2.1', 'Firefox'));
  });

  it('is another one on another day', async () => {
    const one = salts();
    await one.ensure(new Set([TODAY, TODAY - 1]));
    expect(one.visitorId(TODAY - 1, 'p', '192.0.2.1', 'Firefox')).not.toBe(one.visitorId(TODAY, 'p', '192.0.2.1', 'Firefox'));
  });

  it('cannot be made without the salt of its day', () => {
    expect(() => salts().visitorId(TODAY, 'p', '192.0.2.1', 'Firefox')).toThrow(TypeError);
  });
});

describe('a salt', () => {
  it('is destroyed when its day and the bridge over midnight are over, and nothing of it is left', async () => {
    const one = salts();
    await one.ensure(new Set([TODAY, TODAY - 400]));
    const before = one.visitorId(TODAY, 'p', '192.0.2.1', 'Firefox');
    nowMs = NOON + DAY_MS;
    await one.destroyOld();
    // Tomorrow the salt of today still serves sessions that began before midnight, and an import that goes on.
    expect(await storedDays()).toEqual(expect.arrayContaining([TODAY, TODAY - 400]));
    nowMs = NOON + 3 * DAY_MS;
    await one.destroyOld();
    expect(await storedDays()).toEqual([]);
    const parts = await test.product.store.query<{ rows: string }>(
      render(sql`SELECT sum(rows) AS rows FROM system.parts WHERE table = 'visitor_salts' AND active`),
    );
    expect(Number(parts[0]?.rows)).toBe(0);
    await one.ensure(new Set([TODAY]));
    expect(one.visitorId(TODAY, 'p', '192.0.2.1', 'Firefox')).not.toBe(before);
  });
});

describe('a salt that is asked for', () => {
  it('is there for whoever asked, also while old ones are destroyed for somebody else', async () => {
    const shared = salts();
    const old = TODAY - 30;
    await shared.ensure(new Set([old]));
    nowMs += 3_600_001;
    await Promise.all([shared.ensure(new Set([TODAY])), shared.ensure(new Set([old]))]);
    expect(shared.visitorId(old, 'p', '192.0.2.1', 'Firefox')).toMatch(/^[\w-]{22}$/);
  });
});
