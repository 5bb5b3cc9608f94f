import { parseDecimal } from '../money/picodollars.js';
import type { ModelData, PriceEntry, RateData } from './price-book-data.js';

/**
 * Rates are integers of 10^-12 picodollar, because a few resellers publish prices such as 1/12 USD per million tokens that
 * are no whole number of picodollars per token. Amounts are divided by this once, at the end.
 */
export const RATE_SCALE = 1_000_000_000_000n;

const RATE_DECIMALS = 12;
const DAY_MS = 86_400_000;

export interface Rate {
  /** 10^-12 picodollar per unit. */
  readonly base: bigint;
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rate: bigint }[];
}

/** One price list of a model with its conditions, ready to calculate with. */
export interface PriceList {
  /** Milliseconds since the epoch, or -Infinity. */
  readonly fromMs: number;
  /** Milliseconds since UTC midnight. */
  readonly window: { readonly startMs: number; readonly endMs: number } | null;
  readonly rates: ReadonlyMap<string, Rate>;
}

/** @throws RangeError when a rate, date or time of the data is malformed. */
export function parsePriceLists(model: Pick<ModelData, 'prices'>): readonly PriceList[] {
  return model.prices.map(parsePriceList);
}

function parsePriceList(entry: PriceEntry): PriceList {
  const fromMs = entry.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(entry.from);
  if (Number.isNaN(fromMs)) throw new RangeError(`price starts at ${entry.from}, expected an ISO date`);
  const window =
    entry.timeOfDay === undefined ? null : { startMs: parseTimeOfDay(entry.timeOfDay.start), endMs: parseTimeOfDay(entry.timeOfDay.end) };
  const rates = new Map(Object.entries(entry.rates).map(([kind, rate]) => [kind, parseRate(rate)]));
  return { fromMs, window, rates };
}

function parseRate(data: RateData): Rate {
  const tiers = (data.tiers ?? []).map((tier) => ({
    aboveInputTokens: tier.aboveInputTokens,
    rate: parseDecimal(tier.rate, RATE_DECIMALS),
  }));
  tiers.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens);
  return { base: parseDecimal(data.base, RATE_DECIMALS), tiers };
}

function parseTimeOfDay(text: string): number {
  const ms = /^\d{2}:\d{2}:\d{2}$/.test(text) ? Date.parse(`1970-01-01T${text}Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new RangeError(`time of day ${text} is not hh:mm:ss`);
  return ms;
}

/** The last list in force at the time of the request, by its date and by its daily window in UTC. */
export function listInForce(lists: readonly PriceList[], timestampMs: number): PriceList | null {
  const timeOfDayMs = ((timestampMs % DAY_MS) + DAY_MS) % DAY_MS;
  for (let index = lists.length - 1; index >= 0; index -= 1) {
    const list = lists[index];
    if (list !== undefined && timestampMs >= list.fromMs && inWindow(list.window, timeOfDayMs)) return list;
  }
  return null;
}

function inWindow(window: PriceList['window'], timeOfDayMs: number): boolean {
  if (window === null) return true;
  const { startMs, endMs } = window;
  if (endMs < startMs) return timeOfDayMs >= startMs || timeOfDayMs < endMs;
  return timeOfDayMs >= startMs && timeOfDayMs < endMs;
}

/** The rate for a request of this total input, in 10^-12 picodollar per unit. Thresholds are exclusive: exactly 200,000 is still the base. */
export function rateAt(rate: Rate, totalInputTokens: number): bigint {
  let chosen = rate.base;
  for (const tier of rate.tiers) {
    if (totalInputTokens > tier.aboveInputTokens) chosen = tier.rate;
  }
  return chosen;
}
