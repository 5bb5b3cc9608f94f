import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  AnalyticsError,
  createPriceBook,
  type PriceBook,
  type PriceBookData,
  type PriceOverrides,
  parsePriceFile,
  reasonOf,
} from '@systemprompt-analytics/core';

/**
 * The built-in price book, under the user's own prices where there are some.
 *
 * @param priceFile path of a price file as docs/prices.md describes it, or empty
 * @throws AnalyticsError `invalid_configuration` with every fault of the file
 */
export function loadPriceBook(priceFile: string): PriceBook {
  // Not an import: importing JSON prints a warning on the oldest Node that is supported.
  const data = createRequire(import.meta.url)('@systemprompt-analytics/core/price-book.json') as PriceBookData;
  return createPriceBook(data, priceFile === '' ? [] : [readPriceFile(priceFile)]);
}

function readPriceFile(path: string): PriceOverrides {
  const parsed = parsePriceFile(readJson(path));
  if (parsed.ok) return parsed.overrides;
  const faults = parsed.errors.map((fault) => `${fault.path}: ${fault.message}`).join(' ');
  throw new AnalyticsError('invalid_configuration', `The price file ${path} is not valid. ${faults}`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new AnalyticsError('invalid_configuration', `The price file ${path} cannot be read: ${reason}`, { cause });
  }
}
