import { ModelMatcher } from './match-model.js';
import type { ModelData, PriceBookData, ProviderData } from './price-book-data.js';
import type { OverridePrice, PriceOverrides } from './price-overrides.js';
import { canonicalProviderName } from './provider-names.js';
import { listInForce, type PriceList, parsePriceLists } from './rates.js';

/** Where a price was found. */
export interface FoundPrice {
  readonly found: true;
  /** The provider whose price list it is: another than the requested one when a reseller charges list prices. */
  readonly provider: string;
  readonly model: string;
  readonly rates: PriceList['rates'];
}

export interface PriceNotFound {
  readonly found: false;
  readonly reason: 'unknown_provider' | 'unknown_model';
}

interface Provider {
  readonly matcher: ModelMatcher;
  readonly fallback: readonly string[];
}

/** Prices of every known provider and model over time, with the user's own prices before them. Immutable. */
export class PriceBook {
  /** Data version, followed by `+override-<version>-<hash>` for each own price file. Stored beside every cost. */
  readonly version: string;
  readonly #providers = new Map<string, Provider>();
  readonly #overrides = new Map<string, PriceList[]>();
  readonly #overrideProviders = new Set<string>();
  readonly #lists = new WeakMap<ModelData, readonly PriceList[]>();

  constructor(data: PriceBookData, overrides: readonly PriceOverrides[] = []) {
    this.version = [data.version, ...overrides.map((file) => `override-${file.version}-${file.hash}`)].join('+');
    for (const provider of data.providers) this.#addProvider(provider);
    // Later files win over earlier ones on the same date, as the search goes backwards over a stable sort.
    for (const price of overrides.flatMap((file) => file.prices)) this.#addOverride(price);
    for (const lists of this.#overrides.values()) lists.sort(byStart);
  }

  /**
   * The price list of a provider's model at the time of a request. An own price wins from its date on; before that the
   * book applies.
   *
   * @param provider any name known to `provider-names.ts`, or a provider of the own prices
   * @param timestampMs the time of the request, not of the calculation
   */
  find(provider: string, model: string, timestampMs: number): FoundPrice | PriceNotFound {
    const id = canonicalProviderName(provider);
    const override = this.#overrides.get(overrideKey(id, model));
    const own = override === undefined ? null : listInForce(override, timestampMs);
    if (own !== null) return { found: true, provider: id, model: model.trim().toLowerCase(), rates: own.rates };

    const known = this.#providers.get(id);
    if (known === undefined) return { found: false, reason: this.#overrideProviders.has(id) ? 'unknown_model' : 'unknown_provider' };
    for (const source of [id, ...known.fallback]) {
      const match = this.#providers.get(source)?.matcher.find(model) ?? null;
      const list = match === null ? null : listInForce(this.#listsOf(match), timestampMs);
      if (match !== null && list !== null) return { found: true, provider: source, model: match.id, rates: list.rates };
    }
    return { found: false, reason: 'unknown_model' };
  }

  #addProvider(provider: ProviderData): void {
    this.#providers.set(provider.id, { matcher: new ModelMatcher(provider), fallback: provider.fallback ?? [] });
  }

  #addOverride(price: OverridePrice): void {
    const key = overrideKey(price.provider, price.model);
    const lists = this.#overrides.get(key) ?? [];
    lists.push({ fromMs: price.effectiveFromMs, window: null, rates: price.rates });
    this.#overrides.set(key, lists);
    this.#overrideProviders.add(price.provider);
  }

  // Parsed on first use: a process prices a few of the 1,700 models.
  #listsOf(model: ModelData): readonly PriceList[] {
    let lists = this.#lists.get(model);
    if (lists === undefined) {
      lists = parsePriceLists(model);
      this.#lists.set(model, lists);
    }
    return lists;
  }
}

/** Builds a book from the parsed `price-book.json` and any number of own price files, later ones winning. */
export function createPriceBook(data: PriceBookData, overrides: readonly PriceOverrides[] = []): PriceBook {
  return new PriceBook(data, overrides);
}

function byStart(a: PriceList, b: PriceList): number {
  if (a.fromMs === b.fromMs) return 0;
  return a.fromMs < b.fromMs ? -1 : 1;
}

function overrideKey(provider: string, model: string): string {
  return `${canonicalProviderName(provider)}\n${model.trim().toLowerCase()}`;
}
