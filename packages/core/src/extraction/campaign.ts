import { CLICK_IDS } from './click-ids.js';
import { parseQuery, type WebQuery } from './web-platform.js';

/** What an address says of the campaign that led to it. Absent texts are empty. */
export interface Campaign {
  /** `utm_source` and so on, as they were written, without spaces around them. */
  readonly source: string;
  readonly medium: string;
  readonly campaign: string;
  readonly term: string;
  readonly content: string;
  /** Name of the click id that the address carries, such as `gclid`. */
  readonly clickId: string;
  /** Its value, which tells one click of one person from all others: for library callers, never stored. */
  readonly clickIdValue: string;
}

/** No campaign. */
export const NO_CAMPAIGN: Campaign = { source: '', medium: '', campaign: '', term: '', content: '', clickId: '', clickIdValue: '' };

/**
 * Reads the UTM parameters and the click id of an address. Of a name that occurs twice the first value counts, of several
 * click ids the first in the order of {@link CLICK_IDS}.
 */
export function readCampaign(address: string): Campaign {
  const query = queryOf(address);
  if (query === '') return NO_CAMPAIGN;
  const parameters = parseQuery(query);
  const value = (name: string): string => (parameters.get(name) ?? '').trim();
  const [clickId, clickIdValue] = readClickId(parameters);
  return {
    source: value('utm_source'),
    medium: value('utm_medium'),
    campaign: value('utm_campaign'),
    term: value('utm_term'),
    content: value('utm_content'),
    clickId,
    clickIdValue,
  };
}

function queryOf(address: string): string {
  const start = address.indexOf('?');
  if (start < 0) return '';
  const hash = address.indexOf('#');
  if (hash >= 0 && hash < start) return '';
  return address.slice(start + 1, hash < 0 ? undefined : hash);
}

function readClickId(parameters: WebQuery): readonly [name: string, value: string] {
  const present = new Map<string, string>();
  for (const [name, value] of parameters) {
    const known = CLICK_IDS.has(name) ? name : name.toLowerCase();
    if (value !== '' && CLICK_IDS.has(known) && !present.has(known)) present.set(known, value);
  }
  if (present.size === 0) return ['', ''];
  for (const name of CLICK_IDS.keys()) {
    const value = present.get(name);
    if (value !== undefined) return [name, value];
  }
  return ['', ''];
}
