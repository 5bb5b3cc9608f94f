import type { SourceKind } from './referrer-sources.js';

/** What the presence of a click id says of a visit that is not tagged otherwise. */
export interface ClickId {
  /** Name of the source as the referrer map has it. */
  readonly source: string;
  readonly kind: SourceKind | '';
  /** The medium it stands for; empty where free links carry it too. */
  readonly medium: '' | 'cpc' | 'display' | 'email' | 'affiliate' | 'organic';
}

const ad = (source: string, kind: SourceKind | ''): ClickId => ({ source, kind, medium: 'cpc' });

/**
 * Query parameters with which ad networks and mail services tell one click from another, by name. Only their names are
 * stored. Facebook adds `fbclid` to every link that leaves it, and Google `srsltid` to free product listings: they name
 * the source without saying that the visit was paid for.
 */
export const CLICK_IDS: ReadonlyMap<string, ClickId> = new Map<string, ClickId>([
  ['gclid', ad('Google', 'search')],
  ['gbraid', ad('Google', 'search')],
  ['wbraid', ad('Google', 'search')],
  ['gclsrc', ad('Google', 'search')],
  ['gad_source', ad('Google', 'search')],
  ['dclid', { source: 'Google', kind: '', medium: 'display' }],
  ['srsltid', { source: 'Google Shopping', kind: 'shopping', medium: 'organic' }],
  ['msclkid', ad('Bing', 'search')],
  ['yclid', ad('Yandex', 'search')],
  ['ysclid', { source: 'Yandex', kind: 'search', medium: 'organic' }],
  ['fbclid', { source: 'Facebook', kind: 'social', medium: '' }],
  ['igshid', { source: 'Instagram', kind: 'social', medium: '' }],
  ['igsh', { source: 'Instagram', kind: 'social', medium: '' }],
  ['ttclid', ad('TikTok', 'social')],
  ['twclid', ad('X', 'social')],
  ['li_fat_id', ad('LinkedIn', 'social')],
  ['rdt_cid', ad('Reddit', 'social')],
  ['sccid', ad('Snapchat', 'social')],
  ['epik', ad('Pinterest', 'social')],
  ['qclid', ad('Quora', 'social')],
  ['vmcid', ad('Yahoo', 'search')],
  ['obclid', ad('Outbrain', '')],
  ['tblci', ad('Taboola', '')],
  ['irclickid', { source: 'Impact', kind: '', medium: 'affiliate' }],
  ['cjevent', { source: 'CJ Affiliate', kind: '', medium: 'affiliate' }],
  ['awc', { source: 'Awin', kind: '', medium: 'affiliate' }],
  ['mc_eid', { source: 'Mailchimp', kind: 'email', medium: 'email' }],
  ['_hsenc', { source: 'HubSpot', kind: 'email', medium: 'email' }],
  ['vero_id', { source: 'Vero', kind: 'email', medium: 'email' }],
]);
