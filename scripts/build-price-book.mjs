// Builds packages/core/data/price-book.json from the data of @pydantic/genai-prices (MIT).
//   node scripts/build-price-book.mjs           write the file
//   node scripts/build-price-book.mjs --check   exit 1 when the committed file differs from what the installed data gives
// Only the data is taken: that library calculates in floats, this book stores picodollars per unit as exact decimals.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { waitForUpdate } from '@pydantic/genai-prices';

const target = new URL('../packages/core/data/price-book.json', import.meta.url);
const MAX_BYTES = 700_000;

// Price key suffix -> how many powers of ten turn "USD per that many units" into picodollars per unit.
const UNITS = [
  ['_mtok', 6],
  ['_kcount', 9],
  ['_kpages', 9],
  ['_hours', 12],
];
const RENAMED = { output_reasoning: 'reasoning' };

/** The kind keeps `hours` in its name because its unit is not a token. */
function kindOf(priceKey) {
  for (const [suffix, power] of UNITS) {
    if (!priceKey.endsWith(suffix)) continue;
    const stem = suffix === '_hours' ? priceKey : priceKey.slice(0, -suffix.length);
    return { kind: RENAMED[stem] ?? stem, power };
  }
  throw new Error(`unknown price key ${priceKey}`);
}

/** USD per 10^6, 10^3 or 1 units as picodollars per unit: a decimal string, a whole number for all but a few prices. */
function picodollarsPerUnit(price, power) {
  if (typeof price !== 'number' || !Number.isFinite(price) || price < 0) throw new Error(`bad price ${price}`);
  // 12 significant digits drop float residue such as 0.18000000000000002 and keep every price an author typed.
  const [mantissa, exponent = '0'] = String(Number(price.toPrecision(12))).split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const shift = power + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return (digits * 10n ** BigInt(shift)).toString();
  const padded = digits.toString().padStart(1 - shift, '0');
  return `${padded.slice(0, shift)}.${padded.slice(shift)}`.replace(/\.?0+$/, '');
}

function convertRates(prices) {
  const rates = {};
  for (const key of Object.keys(prices).sort()) {
    const price = prices[key];
    if (price === undefined) continue;
    const { kind, power } = kindOf(key);
    if (typeof price === 'number') {
      rates[kind] = { base: picodollarsPerUnit(price, power) };
      continue;
    }
    const tiers = price.tiers
      .map((tier) => ({ aboveInputTokens: tier.start, rate: picodollarsPerUnit(tier.price, power) }))
      .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens);
    rates[kind] = { base: picodollarsPerUnit(price.base, power), tiers };
  }
  return rates;
}

function convertTime(text) {
  const match = /^(\d{2}:\d{2}:\d{2})Z$/.exec(text);
  if (match === null) throw new Error(`time of day ${text} is not UTC hh:mm:ssZ`);
  return match[1];
}

/** The last entry that applies wins. The first has no condition, so there always is one. */
function convertPrices(prices, where) {
  if (!Array.isArray(prices)) return [{ rates: convertRates(prices) }];
  let from;
  return prices.map(({ constraint, prices: entry }, index) => {
    if ((constraint === undefined) !== (index === 0)) throw new Error(`${where}: only the first price may be without condition`);
    if (constraint === undefined) return { rates: convertRates(entry) };
    if (constraint.type === 'start_date') {
      from = constraint.start_date;
      return { from, rates: convertRates(entry) };
    }
    if (constraint.type !== 'time_of_date') throw new Error(`${where}: unknown condition ${constraint.type}`);
    // The source can say a date or a daily window, not both; its own note on the DeepSeek V4 models says that the windows
    // listed after a start date are that date's price list. Without the date they would reprice the months before it.
    const timeOfDay = { start: convertTime(constraint.start_time), end: convertTime(constraint.end_time) };
    return { ...(from === undefined ? {} : { from }), timeOfDay, rates: convertRates(entry) };
  });
}

const byId = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function convertProvider(provider) {
  return {
    id: provider.id,
    name: provider.name,
    ...(provider.fallback_model_providers === undefined ? {} : { fallback: provider.fallback_model_providers }),
    models: provider.models
      .map((model) => ({ id: model.id, match: model.match, prices: convertPrices(model.prices, `${provider.id} ${model.id}`) }))
      .sort(byId),
  };
}

async function build() {
  const manifestUrl = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'));
  const { version } = JSON.parse(readFileSync(manifestUrl, 'utf8'));
  // Nothing was fetched: without an update source this resolves to the data bundled in the package.
  const source = await waitForUpdate();
  const providers = source.map(convertProvider).sort(byId);
  const hash = createHash('sha256').update(JSON.stringify(providers)).digest('hex').slice(0, 8);
  const book = {
    version: `genai-prices-${version}+${hash}`,
    source: { package: '@pydantic/genai-prices', version, license: 'MIT', url: 'https://github.com/pydantic/genai-prices' },
    providers,
  };
  return `${JSON.stringify(book)}\n`;
}

const text = await build();
if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`price book is ${Buffer.byteLength(text)} bytes, at most ${MAX_BYTES}`);
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error(
      'packages/core/data/price-book.json differs from the installed @pydantic/genai-prices: run node scripts/build-price-book.mjs',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
  console.log(`${fileURLToPath(target)}: ${JSON.parse(text).version}, ${Buffer.byteLength(text)} bytes`);
}
