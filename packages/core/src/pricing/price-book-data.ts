/** The JSON of `data/price-book.json`, written by `scripts/build-price-book.mjs`. */
export interface PriceBookData {
  /** `genai-prices-<package version>+<8 hex of the sha256 of the providers>`. */
  readonly version: string;
  readonly source: { readonly package: string; readonly version: string; readonly license: string; readonly url: string };
  readonly providers: readonly ProviderData[];
}

export interface ProviderData {
  readonly id: string;
  readonly name: string;
  /** Providers whose list prices this one resells unchanged, tried in order after its own models. */
  readonly fallback?: readonly string[];
  readonly models: readonly ModelData[];
}

export interface ModelData {
  readonly id: string;
  readonly match: MatchExpression;
  /** The last entry in force at the time of the request wins; the first has no condition. */
  readonly prices: readonly PriceEntry[];
}

/** Which names are this model. Text is compared without regard to case, expressions as they are. */
export type MatchExpression =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly MatchExpression[] }
  | { readonly and: readonly MatchExpression[] };

export interface PriceEntry {
  /** In force from this UTC date (`YYYY-MM-DD`) or instant on. @default always */
  readonly from?: string;
  /** In force from start (inclusive) to end (exclusive), UTC `hh:mm:ss`; may cross midnight. @default all day */
  readonly timeOfDay?: { readonly start: string; readonly end: string };
  readonly rates: Readonly<Record<string, RateData>>;
}

/** Picodollars per unit as a decimal string. The unit is a token, or one item for counts, pages and hours. */
export interface RateData {
  readonly base: string;
  /** Ascending. The last tier whose threshold is strictly below the request's total input prices all of its units. */
  readonly tiers?: readonly { readonly aboveInputTokens: number; readonly rate: string }[];
}
