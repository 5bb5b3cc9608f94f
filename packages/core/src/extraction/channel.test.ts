import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_CAMPAIGN } from './campaign.js';
import { CHANNELS, type Channel, type ChannelInput, channelOf } from './channel.js';
import type { SourceKind } from './referrer-sources.js';

interface Visit {
  readonly host?: string;
  readonly kind?: SourceKind | '';
  readonly source?: string;
  readonly sourceKind?: SourceKind | '';
  readonly medium?: string;
  readonly campaign?: string;
  readonly clickId?: string;
}

function input({ host = '', kind = '', source = '', sourceKind = '', medium = '', campaign = '', clickId = '' }: Visit): ChannelInput {
  return {
    referrerHost: host,
    referrerKind: kind,
    campaignKind: sourceKind,
    campaign: { ...NO_CAMPAIGN, source, medium, campaign, clickId },
  };
}

const google = { source: 'google', sourceKind: 'search' } as const;
const facebook = { source: 'facebook', sourceKind: 'social' } as const;
const youtube = { source: 'youtube', sourceKind: 'video' } as const;
const amazon = { source: 'amazon', sourceKind: 'shopping' } as const;

// Each rule of the GA4 default channel group for manually tagged traffic, and each of its alternatives.
const RULES: readonly (readonly [Channel, Visit])[] = [
  ['Direct', {}],
  ['Direct', { source: '(direct)', medium: '(none)' }],
  ['Direct', { source: '(direct)', medium: '(not set)' }],
  ['Cross-network', { source: 'google', medium: 'cpc', campaign: '1234-Cross-Network' }],
  ['Cross-network', { campaign: 'cross-network' }],
  ['Paid Shopping', { ...amazon, medium: 'cpc' }],
  ['Paid Shopping', { source: 'x', medium: 'paid', campaign: 'shop now' }],
  ['Paid Shopping', { source: 'x', medium: 'ppc', campaign: 'eshop' }],
  ['Paid Shopping', { source: 'x', medium: 'retargeting', campaign: 'my-shopping' }],
  ['Paid Search', { ...google, medium: 'cpc' }],
  ['Paid Search', { ...google, medium: 'CPM' }],
  ['Paid Search', { ...google, medium: 'paid_search' }],
  ['Paid Search', { ...google, medium: 'retargeting' }],
  ['Paid Search', { ...google, medium: 'cpc', campaign: 'workshop' }],
  ['Paid Social', { ...facebook, medium: 'cpc' }],
  ['Paid Social', { ...facebook, medium: 'paidsocial' }],
  ['Paid Video', { ...youtube, medium: 'cpv-cpc' }],
  ['Paid Video', { ...youtube, medium: 'ppc' }],
  ['Display', { source: 'x', medium: 'display' }],
  ['Display', { source: 'x', medium: 'Banner' }],
  ['Display', { source: 'x', medium: 'expandable' }],
  ['Display', { source: 'x', medium: 'interstitial' }],
  ['Display', { source: 'x', medium: 'cpm' }],
  ['Paid Other', { source: 'x', medium: 'cpc' }],
  ['Paid Other', { source: 'x', medium: 'ppc' }],
  ['Paid Other', { source: 'x', medium: 'paid' }],
  ['Paid Other', { source: 'x', medium: 'retargeting' }],
  ['Paid Other', { source: 'chatgpt.com', sourceKind: 'ai', medium: 'cpc' }],
  ['Organic Shopping', { ...amazon, medium: 'referral' }],
  ['Organic Shopping', { source: 'x', medium: 'banner-free', campaign: 'shop' }],
  ['Organic Social', { ...facebook }],
  ['Organic Social', { ...facebook, medium: 'referral' }],
  ['Organic Social', { source: 'x', medium: 'social' }],
  ['Organic Social', { source: 'x', medium: 'social-network' }],
  ['Organic Social', { source: 'x', medium: 'social-media' }],
  ['Organic Social', { source: 'x', medium: 'sm' }],
  ['Organic Social', { source: 'x', medium: 'social network' }],
  ['Organic Social', { source: 'x', medium: 'Social Media' }],
  ['Organic Video', { ...youtube, medium: 'referral' }],
  ['Organic Video', { source: 'x', medium: 'my-video-ad' }],
  ['Organic Search', { ...google }],
  ['Organic Search', { source: 'x', medium: 'organic' }],
  ['AI Assistant', { source: 'x', medium: 'ai-assistant' }],
  ['AI Assistant', { source: 'chatgpt.com', sourceKind: 'ai' }],
  ['AI Assistant', { source: 'chatgpt.com', sourceKind: 'ai', medium: 'referral' }],
  ['Referral', { source: 'x', medium: 'referral' }],
  ['Referral', { source: 'x', medium: 'app' }],
  ['Referral', { source: 'x', medium: 'link' }],
  ['Referral', { source: 'email', medium: 'link' }],
  ['Email', { source: 'x', medium: 'email' }],
  ['Email', { source: 'x', medium: 'E-Mail' }],
  ['Email', { source: 'x', medium: 'e_mail' }],
  ['Email', { source: 'x', medium: 'e mail' }],
  ['Email', { source: 'email' }],
  ['Email', { source: 'e-mail', medium: 'affiliate' }],
  ['Affiliates', { source: 'x', medium: 'affiliate' }],
  ['Audio', { source: 'x', medium: 'audio' }],
  ['SMS', { source: 'x', medium: 'sms' }],
  ['SMS', { source: 'sms' }],
  ['Mobile Push Notifications', { source: 'x', medium: 'web-push' }],
  ['Mobile Push Notifications', { source: 'x', medium: 'mobile-app' }],
  ['Mobile Push Notifications', { source: 'x', medium: 'notifications' }],
  ['Mobile Push Notifications', { source: 'firebase' }],
  ['Unassigned', { source: 'newsletter' }],
  ['Unassigned', { source: 'x', medium: 'affiliates' }],
  ['Unassigned', { medium: 'unheard-of' }],
  ['Unassigned', { campaign: 'spring' }],
];

// Visits that carry no tags, as the collection of GA4 tags them.
const UNTAGGED: readonly (readonly [Channel, Visit])[] = [
  ['Organic Search', { host: 'www.google.com', kind: 'search' }],
  ['Organic Social', { host: 't.co', kind: 'social' }],
  ['Organic Video', { host: 'www.youtube.com', kind: 'video' }],
  ['Organic Shopping', { host: 'www.amazon.de', kind: 'shopping' }],
  ['AI Assistant', { host: 'chatgpt.com', kind: 'ai' }],
  ['Email', { host: 'mail.google.com', kind: 'email' }],
  ['Referral', { host: 'blog.example.org' }],
  ['Paid Search', { clickId: 'gclid' }],
  ['Paid Search', { clickId: 'gclid', host: 'www.google.com', kind: 'search' }],
  ['Paid Search', { clickId: 'wbraid', host: 'news.example' }],
  ['Paid Search', { clickId: 'msclkid' }],
  ['Paid Search', { clickId: 'yclid' }],
  ['Paid Social', { clickId: 'ttclid' }],
  ['Paid Social', { clickId: 'li_fat_id', host: 'www.linkedin.com', kind: 'social' }],
  ['Organic Social', { clickId: 'fbclid' }],
  ['Organic Social', { clickId: 'fbclid', host: 'l.facebook.com', kind: 'social' }],
  ['Paid Social', { clickId: 'fbclid', ...facebook, medium: 'cpc' }],
  ['Display', { clickId: 'dclid' }],
  ['Organic Shopping', { clickId: 'srsltid' }],
  ['Organic Search', { clickId: 'ysclid' }],
  ['Affiliates', { clickId: 'irclickid' }],
  ['Email', { clickId: 'mc_eid' }],
  ['Paid Other', { clickId: 'tblci' }],
  ['Email', { clickId: 'gclid', source: 'list', medium: 'email' }],
  ['Paid Search', { medium: 'cpc', host: 'www.bing.com', kind: 'search' }],
  ['Email', { medium: 'email', host: 'blog.example.org' }],
  ['Organic Search', { campaign: 'spring', host: 'www.bing.com', kind: 'search' }],
  ['Unassigned', { source: 'newsletter', host: 'blog.example.org' }],
];

describe('the channel of a visit', () => {
  it.each(RULES)('%s by tags: %j', (channel, visit) => {
    expect(channelOf(input(visit))).toBe(channel);
  });

  it.each(UNTAGGED)('%s by what is not tagged: %j', (channel, visit) => {
    expect(channelOf(input(visit))).toBe(channel);
  });

  it('names every channel in a rule', () => {
    expect(new Set(RULES.map(([channel]) => channel))).toEqual(new Set(CHANNELS));
  });
});

describe('any visit', () => {
  const words = [
    '',
    'cpc',
    'CPM',
    'ppc',
    'paid-x',
    'organic',
    'email',
    'e mail',
    'affiliate',
    'referral',
    'audio',
    'sms',
    'push',
    'mobile',
  ];
  const word = fc.oneof(fc.constantFrom(...words, 'display', 'video', 'retargeting', 'ai-assistant', 'sm'), fc.string({ maxLength: 6 }));
  const kind = fc.constantFrom<(SourceKind | '')[]>('', 'search', 'social', 'video', 'shopping', 'email', 'ai');
  const name = fc.oneof(fc.constantFrom('', 'shop', 'workshop', 'eshop', 'SHOPPING', 'cross-network'), fc.string({ maxLength: 6 }));
  const tagged = fc.record({ source: fc.string({ minLength: 1, maxLength: 8 }), sourceKind: kind, medium: word, campaign: name });

  // The rules once more, as the expressions of Google's article.
  const PAID = /^(.*cp.*|ppc|retargeting|paid.*)$/;
  const SHOP = /^(.*(([^a-df-z]|^)shop|shopping).*)$/s;

  it('is paid where the medium is, by the published expressions', () => {
    fc.assert(
      fc.property(tagged, (visit) => {
        const medium = visit.medium.toLowerCase();
        const campaign = visit.campaign.toLowerCase();
        fc.pre(!/[\n\r\u2028\u2029]/.test(medium) && !campaign.includes('cross-network'));
        const channel = channelOf(input(visit));
        const display = ['display', 'banner', 'expandable', 'interstitial', 'cpm'].includes(medium);
        expect(channel.startsWith('Paid ') || channel === 'Display').toBe(PAID.test(medium) || display);
        const shopping = visit.sourceKind === 'shopping' || SHOP.test(campaign);
        if (shopping && !display) expect(channel).toBe(PAID.test(medium) ? 'Paid Shopping' : 'Organic Shopping');
      }),
      { numRuns: 2_000 },
    );
  });

  it('has the channel of its tags wherever the link stood', () => {
    fc.assert(
      fc.property(tagged, kind, (visit, referrerKind) => {
        expect(channelOf(input({ ...visit, host: 'www.example.org', kind: referrerKind }))).toBe(channelOf(input(visit)));
      }),
    );
  });
});
