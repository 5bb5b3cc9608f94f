import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_CAMPAIGN, readCampaign } from './campaign.js';
import { CLICK_IDS } from './click-ids.js';

const SITE = 'https://shop.example/p';

describe('the campaign of an address', () => {
  it.each([
    ['', {}],
    ['?q=1', {}],
    ['?utm_source=newsletter', { source: 'newsletter' }],
    [
      '?utm_source=Google&utm_medium=cpc&utm_campaign=Spring+Sale&utm_term=red%20shoes&utm_content=a%2Fb',
      { source: 'Google', medium: 'cpc', campaign: 'Spring Sale', term: 'red shoes', content: 'a/b' },
    ],
    ['?utm_source=%20x%20&utm_source=y', { source: 'x' }],
    ['?utm_source=a#utm_medium=cpc', { source: 'a' }],
    ['#?utm_source=a', {}],
    ['?utm_source=%E0%A4%A', { source: '\uFFFD%A' }],
    ['?gclid=Cj0KCQ', { clickId: 'gclid', clickIdValue: 'Cj0KCQ' }],
    ['?GCLID=Cj0KCQ', { clickId: 'gclid', clickIdValue: 'Cj0KCQ' }],
    ['?ScCid=ab', { clickId: 'sccid', clickIdValue: 'ab' }],
    ['?gclid=', {}],
    ['?fbclid=f&utm_medium=social&gclid=g', { medium: 'social', clickId: 'gclid', clickIdValue: 'g' }],
  ])('%j', (query, expected) => {
    expect(readCampaign(SITE + query)).toEqual({ ...NO_CAMPAIGN, ...expected });
  });

  it('knows every click id by its own name', () => {
    for (const name of CLICK_IDS.keys()) {
      expect(readCampaign(`${SITE}?a=b&${name}=1`)).toEqual({ ...NO_CAMPAIGN, clickId: name, clickIdValue: '1' });
    }
  });

  it('reads back any values that the URL standard writes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 }).map((value) => value.trim().toWellFormed());
    fc.assert(
      fc.property(text, text, text, (source, medium, campaign) => {
        const url = new URL(SITE);
        url.searchParams.set('utm_source', source);
        url.searchParams.set('utm_medium', medium);
        url.searchParams.set('utm_campaign', campaign);
        expect(readCampaign(url.href)).toEqual({ ...NO_CAMPAIGN, source, medium, campaign });
      }),
    );
  });
});
