import { divideHalfEven } from '../money/picodollars.js';
import { findUsageFault, type TokenUsage, totalInputTokens } from '../tokens/token-usage.js';
import type { PriceBook } from './price-book.js';
import { canonicalProviderName } from './provider-names.js';
import { type PriceList, RATE_SCALE, rateAt } from './rates.js';
import { discountOf } from './service-tier.js';

export interface PriceableRequest {
  readonly provider: string;
  readonly model: string;
  /** When the request was made, milliseconds since the epoch: prices change by date and by hour. */
  readonly timestampMs: number;
  readonly usage: TokenUsage;
  /** @default standard */
  readonly serviceTier?: string | undefined;
}

export type UnpricedReason = 'unknown_provider' | 'unknown_model' | 'missing_rate' | 'unknown_service_tier';

export type PriceResult =
  | {
      readonly status: 'priced';
      readonly costPicodollars: bigint;
      readonly priceVersion: string;
      /** The provider whose price list was used. */
      readonly priceProvider: string;
      readonly priceModel: string;
    }
  | {
      readonly status: 'unpriced';
      readonly reason: UnpricedReason;
      /** For `missing_rate`: the kinds that were used or are billed and cannot be priced. */
      readonly missing: readonly string[];
      readonly priceVersion: string;
    };

/**
 * The exact cost of one model request, or why there is none. A kind of token that was used and has no rate makes the whole
 * request unpriced: it is never billed as another kind and never as zero.
 *
 * @throws RangeError when the usage contradicts itself (see `findUsageFault`) or the time is not finite.
 */
export function priceRequest(book: PriceBook, request: PriceableRequest): PriceResult {
  const { usage, timestampMs } = request;
  const fault = findUsageFault(usage);
  if (fault !== null) throw new RangeError(`usage is inconsistent: ${fault.message}`);
  if (!Number.isFinite(timestampMs)) throw new RangeError(`timestampMs is ${timestampMs}, expected a finite number`);

  const unpriced = (reason: UnpricedReason, missing: readonly string[] = []): PriceResult => ({
    status: 'unpriced',
    reason,
    missing,
    priceVersion: book.version,
  });
  const price = book.find(request.provider, request.model, timestampMs);
  if (!price.found) return unpriced(price.reason);
  const providerId = canonicalProviderName(request.provider);
  const discount = discountOf(providerId, request.serviceTier);
  if (discount === null) return unpriced('unknown_service_tier');

  const { rates } = price;
  const quantities = billedQuantities(usage, rates, price.provider);
  // A free variant says so in its name; any other model without a token rate is billed by something not measured here
  // (audio hours, pages) or not known, and its cost is not zero.
  const free = rates.size === 0 && price.model.endsWith(':free');
  const missing = free ? [] : missingKinds(quantities, rates);
  if (missing.length > 0) return unpriced('missing_rate', missing);

  const totalInput = totalInputTokens(usage);
  let tokens = 0n;
  let items = 0n;
  for (const { kind, count, perItem } of quantities) {
    const rate = rates.get(kind);
    if (rate === undefined) continue;
    const amount = BigInt(count) * rateAt(rate, totalInput);
    if (perItem) items += amount;
    else tokens += amount;
  }
  // Searches and request fees are not discounted by a service tier.
  const scaled = tokens * discount.numerator + items * discount.denominator;
  return {
    status: 'priced',
    costPicodollars: divideHalfEven(scaled, RATE_SCALE * discount.denominator),
    priceVersion: book.version,
    priceProvider: price.provider,
    priceModel: price.model,
  };
}

interface Quantity {
  readonly kind: string;
  readonly count: number;
  readonly perItem: boolean;
}

function billedQuantities(usage: TokenUsage, rates: PriceList['rates'], providerId: string): Quantity[] {
  // Google bills image input as text input ("text / image / video" is one price) unless it lists an own image rate.
  const imageKind = providerId === 'google' && !rates.has('input_image') ? 'input' : 'input_image';
  // Every provider bills reasoning as output; the few with an own rate say so.
  const reasoningKind = rates.has('reasoning') ? 'reasoning' : 'output';
  const inputText = usage.inputTokens - usage.inputAudioTokens - usage.inputImageTokens;
  const outputText = usage.outputTokens - usage.reasoningTokens - usage.outputAudioTokens - usage.outputImageTokens;
  const tokens: readonly (readonly [string, number])[] = [
    ['input', inputText],
    ['input_audio', usage.inputAudioTokens],
    [imageKind, usage.inputImageTokens],
    ['cache_read', usage.cacheReadTokens - usage.cacheReadAudioTokens],
    ['cache_audio_read', usage.cacheReadAudioTokens],
    ['cache_write', usage.cacheWriteTokens - usage.cacheWrite1hTokens],
    ['cache_write_1h', usage.cacheWrite1hTokens],
    ['output', outputText],
    [reasoningKind, usage.reasoningTokens],
    ['output_audio', usage.outputAudioTokens],
    ['output_image', usage.outputImageTokens],
  ];
  return [
    ...tokens.map(([kind, count]) => ({ kind, count, perItem: false })),
    { kind: 'web_searches', count: usage.webSearches, perItem: true },
    // Perplexity charges a fee per request beside its tokens.
    { kind: 'requests', count: rates.has('requests') ? 1 : 0, perItem: true },
  ];
}

function missingKinds(quantities: readonly Quantity[], rates: PriceList['rates']): string[] {
  const missing = new Set<string>();
  for (const { kind, count } of quantities) {
    if (count > 0 && !rates.has(kind)) missing.add(kind);
  }
  if (missing.size === 0 && !rates.has('input') && !rates.has('output')) {
    return rates.size === 0 ? ['input'] : [...rates.keys()];
  }
  return [...missing];
}
