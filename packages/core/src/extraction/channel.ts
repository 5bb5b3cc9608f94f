import type { Campaign } from './campaign.js';
import { CLICK_IDS } from './click-ids.js';
import type { SourceKind } from './referrer-sources.js';

/** The channels of the GA4 default channel group, in the order in which their rules are tried. */
export const CHANNELS = [
  'Direct',
  'Cross-network',
  'Paid Shopping',
  'Paid Search',
  'Paid Social',
  'Paid Video',
  'Display',
  'Paid Other',
  'Organic Shopping',
  'Organic Social',
  'Organic Video',
  'Organic Search',
  'AI Assistant',
  'Referral',
  'Email',
  'Affiliates',
  'Audio',
  'SMS',
  'Mobile Push Notifications',
  'Unassigned',
] as const;

export type Channel = (typeof CHANNELS)[number];

/** What the channel of a visit is told from. */
export interface ChannelInput {
  /** Host of another site that the visitor came from; empty for none and for the site itself. */
  readonly referrerHost: string;
  /** What kind of source that host is; empty when it is not known. */
  readonly referrerKind: SourceKind | '';
  readonly campaign: Campaign;
  /** What kind of source `utm_source` names; empty when it names none that is known. */
  readonly campaignKind: SourceKind | '';
}

/** Source and medium of a visit, in lower case, as GA4 has them. */
interface TrafficSource {
  readonly source: string;
  readonly medium: string;
  readonly campaign: string;
  readonly kind: SourceKind | '';
}

const DIRECT = '(direct)';
const NOT_SET = '(not set)';
const NONE = '(none)';

/** Mediums that GA4 gives to visits that are not tagged, by the kind of the referrer. */
const MEDIUM_BY_KIND: Readonly<Record<SourceKind | '', string>> = {
  search: 'organic',
  ai: 'ai-assistant',
  email: 'email',
  social: 'referral',
  video: 'referral',
  shopping: 'referral',
  '': 'referral',
};

const DISPLAY = new Set(['display', 'banner', 'expandable', 'interstitial', 'cpm']);
const SOCIAL = new Set(['social', 'social-network', 'social-media', 'sm', 'social network', 'social media']);
const REFERRAL = new Set(['referral', 'app', 'link']);
const EMAIL = new Set(['email', 'e-mail', 'e_mail', 'e mail']);
const SHOPPING = /(?:[^a-df-z]|^)shop|shopping/;

/**
 * The channel of a visit, by the rules that Google publishes for manually tagged traffic in the GA4 default channel group
 * (support.google.com/analytics/answer/9756891), first match first, without regard to case. Where those rules need what only
 * Google's ad accounts know, the click id decides. Added to them: a source that is known as an AI assistant or as a mail
 * program is of that channel with any medium that is not paid.
 */
export function channelOf(input: ChannelInput): Channel {
  const { source, medium, campaign, kind } = trafficSourceOf(input);
  const paid = isPaid(medium);
  const shopping = kind === 'shopping' || SHOPPING.test(campaign);
  if (source === DIRECT && (medium === NONE || medium === NOT_SET)) return 'Direct';
  if (campaign.includes('cross-network')) return 'Cross-network';
  if (paid && shopping) return 'Paid Shopping';
  if (paid && kind === 'search') return 'Paid Search';
  if (paid && kind === 'social') return 'Paid Social';
  if (paid && kind === 'video') return 'Paid Video';
  if (DISPLAY.has(medium)) return 'Display';
  if (paid) return 'Paid Other';
  if (shopping) return 'Organic Shopping';
  if (kind === 'social' || SOCIAL.has(medium)) return 'Organic Social';
  if (kind === 'video' || medium.includes('video')) return 'Organic Video';
  if (kind === 'search' || medium === 'organic') return 'Organic Search';
  if (kind === 'ai' || medium === 'ai-assistant') return 'AI Assistant';
  if (REFERRAL.has(medium)) return 'Referral';
  if (kind === 'email' || EMAIL.has(source) || EMAIL.has(medium)) return 'Email';
  if (medium === 'affiliate') return 'Affiliates';
  if (medium === 'audio') return 'Audio';
  if (source === 'sms' || medium === 'sms') return 'SMS';
  if (medium.endsWith('push') || medium.includes('mobile') || medium.includes('notification') || source === 'firebase') {
    return 'Mobile Push Notifications';
  }
  return 'Unassigned';
}

/** `^(.*cp.*|ppc|retargeting|paid.*)$` */
function isPaid(medium: string): boolean {
  return medium.includes('cp') || medium === 'ppc' || medium === 'retargeting' || medium.startsWith('paid');
}

/**
 * What the tags leave open is taken from the click id, and what that leaves open from the referrer: a link tagged with a
 * medium only still says by its referrer which site it stood on. A tagged source has no medium but its own, as the referrer
 * may be another site.
 */
function trafficSourceOf({ referrerHost, referrerKind, campaign, campaignKind }: ChannelInput): TrafficSource {
  const click = CLICK_IDS.get(campaign.clickId);
  const tagged = campaign.medium.toLowerCase();
  const name = campaign.campaign.toLowerCase();
  if (campaign.source !== '') {
    const medium = tagged || click?.medium || NOT_SET;
    return { source: campaign.source.toLowerCase(), medium, campaign: name, kind: campaignKind };
  }
  if (click !== undefined) {
    const medium = tagged || click.medium || MEDIUM_BY_KIND[click.kind];
    return { source: click.source.toLowerCase(), medium, campaign: name, kind: click.kind };
  }
  if (referrerHost !== '')
    return { source: referrerHost, medium: tagged || MEDIUM_BY_KIND[referrerKind], campaign: name, kind: referrerKind };
  if (tagged === '' && name === '') return { source: DIRECT, medium: NONE, campaign: '', kind: '' };
  return { source: NOT_SET, medium: tagged || NOT_SET, campaign: name, kind: '' };
}
