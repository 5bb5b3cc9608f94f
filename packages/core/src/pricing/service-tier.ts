/** An exact factor on token rates. */
export interface Discount {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const STANDARD: Discount = { numerator: 1n, denominator: 1n };
const HALF: Discount = { numerator: 1n, denominator: 2n };

const STANDARD_NAMES: ReadonlySet<string> = new Set(['', 'standard', 'default', 'auto', 'on_demand']);

// Published as "50 % off input and output" by each of these. Other providers' batch prices vary by model.
const HALF_PRICE: Readonly<Record<string, ReadonlySet<string>>> = {
  batch: new Set(['openai', 'anthropic', 'google', 'azure']),
  flex: new Set(['openai']),
};

/**
 * The factor of a provider's service tier on its token rates, or `null` when it is not known (`priority`, for example,
 * costs more by an amount that depends on the model).
 *
 * @param providerId canonical provider name
 */
export function discountOf(providerId: string, serviceTier: string | undefined): Discount | null {
  const tier = (serviceTier ?? '').trim().toLowerCase();
  if (STANDARD_NAMES.has(tier)) return STANDARD;
  const providers = Object.hasOwn(HALF_PRICE, tier) ? HALF_PRICE[tier] : undefined;
  return providers?.has(providerId) === true ? HALF : null;
}
