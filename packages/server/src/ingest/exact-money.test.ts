import { EMPTY_USAGE, type PriceBook, parseUsd, priceRequest, toDecimal12 } from '@systemprompt-analytics/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';

let test: TestProduct;
let prices: PriceBook;
beforeAll(async () => {
  test = await openTestProduct({ nowMs: Date.UTC(2026, 10, 24) });
  ({ prices } = test.product);
});
afterAll(() => test.close());

let projects = 0;
async function freshProject(): Promise<string> {
  const projectId = `p${++projects}`;
  await test.product.projects.create(projectId);
  return projectId;
}

/** Exact sums as the engine makes them, by a column. */
async function sumsBy(column: SqlFragment, projectId: string): Promise<Map<string, string>> {
  const rows = await test.product.store.query<{ name: string; cost: string }>(
    render(sql`SELECT toString(${column}) AS name, toString(sum(cost)) AS cost FROM ai_requests FINAL
      WHERE project_id = ${bind.string(projectId)} GROUP BY name SETTINGS output_format_decimal_trailing_zeros = 1`),
  );
  return new Map(rows.map(({ name, cost }) => [name, cost]));
}

/** Picodollars of a decimal that the engine wrote. */
function picodollars(usd: string): bigint {
  const [whole = '0', fraction = ''] = usd.split('.');
  return BigInt(whole) * 1_000_000_000_000n + BigInt(fraction.padEnd(12, '0'));
}

describe('calls that cost less than a microdollar', () => {
  it('a thousand of 0.14 microdollars cost 140, not 0', async () => {
    const projectId = await freshProject();
    const calls = Array.from({ length: 1000 }, (_, index) => ({
      id: `e${index}`,
      type: 'ai_request',
      timestamp: '2026-11-20T10:00:00Z',
      provider: 'openai',
      model: 'text-embedding-3-small',
      input_tokens: 7,
    }));
    await test.send(calls, { projectId });
    expect([...(await sumsBy(sql`'all'`, projectId)).values()].map(picodollars)).toEqual([140_000_000n]);
  });
});

describe('any calls', () => {
  const call = fc.record({
    provider: fc.constantFrom('openai', 'anthropic', 'google', 'nobody'),
    model: fc.constantFrom('gpt-4.1-mini', 'claude-sonnet-4-5', 'gemini-2.5-pro', 'text-embedding-3-small', 'unheard-of'),
    input_tokens: fc.nat(300_000),
    cache_read_tokens: fc.nat(10_000),
    output_tokens: fc.nat(5_000),
    agent: fc.constantFrom('a', 'b', ''),
    user_id: fc.constantFrom('u', 'v', ''),
    session_id: fc.constantFrom('s', 't', ''),
    batch: fc.nat(4),
    twice: fc.boolean(),
  });

  it('sum to the same, to the picodollar, however they are batched, ordered, repeated and divided', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 40 }), async (calls) => {
        const projectId = await freshProject();
        const timestampMs = Date.UTC(2026, 10, 20);
        let expected = 0n;
        let unpriced = 0;
        const batches = new Map<number, unknown[]>();
        calls.forEach(({ batch, twice, ...fields }, index) => {
          const event = { id: `e${index}`, type: 'ai_request', timestamp: timestampMs, ...fields };
          batches.set(batch, [...(batches.get(batch) ?? []), event]);
          if (twice) batches.set(batch + 1, [event, ...(batches.get(batch + 1) ?? [])]);
          const price = priceRequest(prices, {
            provider: fields.provider,
            model: fields.model,
            timestampMs,
            usage: {
              ...EMPTY_USAGE,
              inputTokens: fields.input_tokens,
              cacheReadTokens: fields.cache_read_tokens,
              outputTokens: fields.output_tokens,
            },
          });
          if (price.status === 'priced') expected += price.costPicodollars;
          else unpriced++;
        });
        await Promise.all([...batches.values()].map((batch) => test.send(batch, { projectId })));
        for (const column of [sql`'all'`, sql`model`, sql`agent`, sql`user_id`, sql`session_id`, sql`provider`]) {
          const sums = [...(await sumsBy(column, projectId)).values()];
          expect(sums.filter((sum) => sum !== null).reduce((sum, part) => sum + picodollars(part), 0n)).toBe(expected);
        }
        const [counted] = await test.product.store.query<{ unpriced: string; rows: string }>(
          render(
            sql`SELECT countIf(cost IS NULL) AS unpriced, count() AS rows FROM ai_requests FINAL WHERE project_id = ${bind.string(projectId)}`,
          ),
        );
        expect(counted).toEqual({ unpriced: String(unpriced), rows: String(calls.length) });
      }),
      { numRuns: 12 },
    );
  });
});

describe('what is not known', () => {
  const row = async (fields: Record<string, unknown>): Promise<unknown> => {
    const projectId = await freshProject();
    await test.send(
      [{ id: 'x', type: 'ai_request', timestamp: '2026-11-20T10:00:00Z', provider: 'openai', model: 'gpt-4.1-mini', ...fields }],
      { projectId },
    );
    const [stored] = await test.product.store.query(
      render(
        sql`SELECT cost, unpriced_reason, price_model, price_version != '' AS versioned FROM ai_requests FINAL WHERE project_id = ${bind.string(projectId)}`,
      ),
    );
    return stored;
  };
  const unpriced = (reason: string): unknown => ({ cost: null, unpriced_reason: reason, price_model: '', versioned: 1 });

  it.each([
    ['an unknown model', { model: 'gpt-99', input_tokens: 1 }, 'unknown_model'],
    ['an unknown provider', { provider: 'acme', input_tokens: 1 }, 'unknown_provider'],
    ['a kind of token without a rate', { input_tokens: 5, input_audio_tokens: 5 }, 'missing_rate'],
    ['an unknown tier', { input_tokens: 5, service_tier: 'galactic' }, 'unknown_service_tier'],
    ['a success that reports no usage', {}, 'no_usage'],
  ])('is unpriced, never free: %s', async (_, fields, reason) => {
    expect(await row(fields)).toEqual(unpriced(reason));
  });

  it('a call that failed without usage used nothing', async () => {
    expect(await row({ status: 'error' })).toEqual({
      cost: '0.000000000000',
      unpriced_reason: '',
      price_model: 'openai/gpt-4.1-mini',
      versioned: 1,
    });
  });

  it('writes exact dollars', () => {
    expect(toDecimal12(parseUsd('0.000000140001'))).toBe('0.000000140001');
  });
});
