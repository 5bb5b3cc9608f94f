import { parseDecimal } from '../money/picodollars.js';
import { MODEL_NAME_MAX } from './match-model.js';
import { canonicalProviderName } from './provider-names.js';
import type { Rate } from './rates.js';

/** One own price of a provider's model from a moment on. */
export interface OverridePrice {
  /** Canonical provider name. */
  readonly provider: string;
  /** Compared whole (without regard to case): a version suffix is another model here. */
  readonly model: string;
  /** -Infinity when always. */
  readonly effectiveFromMs: number;
  readonly rates: ReadonlyMap<string, Rate>;
}

/** A parsed price file. */
export interface PriceOverrides {
  /** The file's own label. */
  readonly version: string;
  /** 8 hex of its content: a file edited without a new label is still another price version. */
  readonly hash: string;
  readonly prices: readonly OverridePrice[];
}

export interface PriceFileFault {
  /** For example `prices[2].usd_per_million.input`. */
  readonly path: string;
  readonly message: string;
}

export type ParsedPriceFile =
  | { readonly ok: true; readonly overrides: PriceOverrides }
  | { readonly ok: false; readonly errors: readonly PriceFileFault[] };

const TOKEN_KINDS = [
  'input',
  'output',
  'cache_read',
  'cache_write',
  'cache_write_1h',
  'reasoning',
  'input_audio',
  'input_image',
  'cache_audio_read',
  'output_audio',
  'output_image',
];
const ITEM_KINDS = ['web_searches', 'requests'];

const PRICES_MAX = 10_000;
const TIERS_MAX = 16;
const VERSION_PATTERN = /^[A-Za-z0-9._-]{1,40}$/;
const TIME_PATTERN = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
// A rate counts 10^-24 USD per unit (see `rates.ts`), so USD per 10^6 units has 18 decimals and USD per 10^3 has 21.
const PER_MILLION_DECIMALS = 18;
const PER_THOUSAND_DECIMALS = 21;

/**
 * Reads an own price file:
 *
 * ```json
 * { "version": "2026-11", "prices": [{ "provider": "openai", "model": "my-model", "effective_from": "2026-01-01T00:00:00Z",
 *   "usd_per_million": { "input": "3", "output": "15", "cache_read": "0.3" }, "usd_per_thousand": { "web_searches": "10" },
 *   "tiers": [{ "above_input_tokens": 200000, "usd_per_million": { "input": "6", "output": "22.5" } }] }] }
 * ```
 *
 * Prices are decimal strings, as a JSON number is a float. Kinds that are not listed have no rate: the file replaces the
 * book's price of that model, it is not merged with it. All faults are reported together.
 */
export function parsePriceFile(json: unknown): ParsedPriceFile {
  const reader = new PriceFileReader();
  const overrides = reader.read(json);
  return reader.errors.length > 0 ? { ok: false, errors: reader.errors } : { ok: true, overrides };
}

type Fields = Readonly<Record<string, unknown>>;

class PriceFileReader {
  readonly errors: PriceFileFault[] = [];

  read(json: unknown): PriceOverrides {
    const file = this.#fields(json, '', ['version', 'prices']);
    const version = file['version'];
    if (typeof version !== 'string' || !VERSION_PATTERN.test(version))
      this.#fail('version', 'must be 1 to 40 letters, digits, ".", "_" or "-"');
    const prices = this.#list(file['prices'], 'prices', PRICES_MAX).map((entry, index) => this.#price(entry, `prices[${index}]`));
    const seen = new Map<string, number>();
    prices.forEach((price, index) => {
      const key = `${price.provider}\n${price.model}\n${price.effectiveFromMs}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, index);
      else this.#fail(`prices[${index}]`, `has the provider, model and effective_from of prices[${first}]`);
    });
    return { version: String(version), hash: fnv1a(JSON.stringify(json) ?? ''), prices };
  }

  #price(value: unknown, path: string): OverridePrice {
    const entry = this.#fields(value, path, ['provider', 'model', 'effective_from', 'usd_per_million', 'usd_per_thousand', 'tiers']);
    const provider = this.#name(entry['provider'], `${path}.provider`);
    const model = this.#name(entry['model'], `${path}.model`).toLowerCase();
    const rates = new Map<string, Rate>();
    for (const [kind, base] of this.#rates(entry['usd_per_million'], `${path}.usd_per_million`, TOKEN_KINDS, PER_MILLION_DECIMALS)) {
      rates.set(kind, { base, tiers: [] });
    }
    const items = entry['usd_per_thousand'] ?? {};
    for (const [kind, base] of this.#rates(items, `${path}.usd_per_thousand`, ITEM_KINDS, PER_THOUSAND_DECIMALS)) {
      rates.set(kind, { base, tiers: [] });
    }
    if (rates.size === 0) this.#fail(`${path}.usd_per_million`, 'must have at least one price; a free model has "0"');
    this.#tiers(entry['tiers'] ?? [], `${path}.tiers`, rates);
    return {
      provider: canonicalProviderName(provider),
      model,
      effectiveFromMs: this.#time(entry['effective_from'], `${path}.effective_from`),
      rates,
    };
  }

  #tiers(value: unknown, path: string, rates: Map<string, Rate>): void {
    const tiers = this.#list(value, path, TIERS_MAX).map((item, index) => {
      const tierPath = `${path}[${index}]`;
      const tier = this.#fields(item, tierPath, ['above_input_tokens', 'usd_per_million']);
      const above = tier['above_input_tokens'];
      const valid = typeof above === 'number' && Number.isSafeInteger(above) && above >= 0;
      if (!valid) this.#fail(`${tierPath}.above_input_tokens`, 'must be a non-negative integer');
      const ratesPath = `${tierPath}.usd_per_million`;
      const tierRates = this.#rates(tier['usd_per_million'], ratesPath, TOKEN_KINDS, PER_MILLION_DECIMALS);
      return { above: valid ? above : 0, ratesPath, tierRates };
    });
    tiers.sort((a, b) => a.above - b.above);
    tiers.forEach(({ above, ratesPath, tierRates }, index) => {
      if (index > 0 && tiers[index - 1]?.above === above) this.#fail(path, `has above_input_tokens ${above} twice`);
      for (const [kind, rate] of tierRates) {
        const base = rates.get(kind);
        if (base === undefined) this.#fail(`${ratesPath}.${kind}`, 'has no base price in usd_per_million');
        else rates.set(kind, { base: base.base, tiers: [...base.tiers, { aboveInputTokens: above, rate }] });
      }
    });
  }

  #rates(value: unknown, path: string, kinds: readonly string[], decimals: number): [string, bigint][] {
    const rates: [string, bigint][] = [];
    for (const [kind, text] of Object.entries(this.#fields(value, path, kinds))) {
      const at = `${path}.${kind}`;
      if (typeof text === 'number') {
        this.#fail(at, `must be a decimal string such as "${text}": a JSON number is a float and not exact`);
      } else if (typeof text !== 'string' || text.startsWith('-')) {
        this.#fail(at, 'must be a decimal string of zero or more');
      } else {
        try {
          rates.push([kind, parseDecimal(text, decimals)]);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          this.#fail(at, error.message);
        }
      }
    }
    return rates;
  }

  #time(value: unknown, path: string): number {
    if (value === undefined) return Number.NEGATIVE_INFINITY;
    const ms = typeof value === 'string' && TIME_PATTERN.test(value) ? Date.parse(value) : Number.NaN;
    // Date.parse rolls 30 February over to March; a date that is not one must not become another.
    const day = typeof value === 'string' ? value.slice(0, 10) : '';
    const rolled = Number.isNaN(ms) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
    if (rolled) this.#fail(path, 'must be an ISO date or date-time with "Z" or an offset, for example "2026-01-01T00:00:00Z"');
    return rolled ? Number.NEGATIVE_INFINITY : ms;
  }

  #name(value: unknown, path: string): string {
    const name = typeof value === 'string' ? value.trim() : '';
    if (name === '' || name.length > MODEL_NAME_MAX || /\p{Cc}/u.test(name)) {
      this.#fail(path, `must be a string of 1 to ${MODEL_NAME_MAX} characters without control characters`);
    }
    return name;
  }

  #list(value: unknown, path: string, max: number): readonly unknown[] {
    if (Array.isArray(value) && value.length <= max) return value;
    this.#fail(path, `must be an array of at most ${max} entries`);
    return [];
  }

  #fields(value: unknown, path: string, allowed: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#fail(path, 'must be an object');
      return {};
    }
    const known: [string, unknown][] = [];
    for (const [key, entry] of Object.entries(value)) {
      if (allowed.includes(key)) known.push([key, entry]);
      else this.#fail(path === '' ? key : `${path}.${key}`, `is not known; known are ${allowed.join(', ')}`);
    }
    return Object.fromEntries(known);
  }

  #fail(path: string, message: string): void {
    this.errors.push({ path, message });
  }
}

/** FNV-1a, 32 bit, over UTF-16 code units: tells versions apart, protects nothing. Synchronous, unlike the browser's SHA-256. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
