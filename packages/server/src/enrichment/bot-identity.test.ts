import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { identifyBot, NO_BOT } from './bot-identity.js';
import type { BotIdentity } from './client-facts.js';
import { CRAWLER_CATEGORIES } from './crawler-categories.js';
import { findKnownProgram, listAiCrawlers } from './known-programs.js';

const identify = (userAgent: string, brands = '', signatureAgent = ''): BotIdentity => identifyBot({ userAgent, brands, signatureAgent });

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36';
const WEBKIT = 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko';

describe('AI crawlers', () => {
  it.each([
    [`${WEBKIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot)`, 'GPTBot', 'OpenAI', 'training'],
    [`${WEBKIT}; compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot)`, 'OAI-SearchBot', 'OpenAI', 'search'],
    [`${WEBKIT}; compatible; ChatGPT-User/1.0; +https://openai.com/bot)`, 'ChatGPT-User', 'OpenAI', 'user-fetch'],
    [`${WEBKIT}; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)`, 'ClaudeBot', 'Anthropic', 'training'],
    [`${WEBKIT}; compatible; Claude-User/1.0; +Claude-User@anthropic.com)`, 'Claude-User', 'Anthropic', 'user-fetch'],
    [`${WEBKIT}; compatible; Claude-SearchBot/1.0; +searchbot@anthropic.com)`, 'Claude-SearchBot', 'Anthropic', 'search'],
    ['Claude-User (claude-code/2.0.0; +https://support.anthropic.com/)', 'Claude-User', 'Anthropic', 'user-fetch'],
    ['anthropic-ai/1.0', 'anthropic-ai', 'Anthropic', 'training'],
    [`${WEBKIT}; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)`, 'PerplexityBot', 'Perplexity', 'search'],
    [`${WEBKIT}; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)`, 'Perplexity-User', 'Perplexity', 'user-fetch'],
    ['Mozilla/5.0 (compatible; Google-Extended)', 'Google-Extended', 'Google', 'training'],
    [
      'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (compatible; GoogleOther)',
      'GoogleOther',
      'Google',
      'training',
    ],
    [
      `${WEBKIT}; compatible; Gemini-Deep-Research; +https://gemini.google/overview/deep-research/)`,
      'Gemini-Deep-Research',
      'Google',
      'user-fetch',
    ],
    [
      `${WEBKIT}; compatible; GoogleAgent-Mariner; +https://developers.google.com/) Chrome/135.0.0.0 Safari/537.36`,
      'GoogleAgent-Mariner',
      'Google',
      'agent',
    ],
    ['Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)', 'Bytespider', 'ByteDance', 'training'],
    ['CCBot/2.0 (https://commoncrawl.org/faq/)', 'CCBot', 'Common Crawl', 'training'],
    [`${WEBKIT}; compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)`, 'Amazonbot', 'Amazon', 'training'],
    ['Mozilla/5.0 (compatible; Amzn-User/0.1)', 'Amzn-User', 'Amazon', 'user-fetch'],
    ['Mozilla/5.0 (compatible; Applebot-Extended/0.1; +http://www.apple.com/go/applebot)', 'Applebot-Extended', 'Apple', 'training'],
    ['meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)', 'Meta-ExternalAgent', 'Meta', 'training'],
    [
      'meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)',
      'Meta-ExternalFetcher',
      'Meta',
      'user-fetch',
    ],
    ['meta-webindexer/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)', 'Meta-WebIndexer', 'Meta', 'search'],
    [`${WEBKIT}; compatible; MistralAI-User/1.0; +https://docs.mistral.ai/robots)`, 'MistralAI-User', 'Mistral', 'user-fetch'],
    ['DuckAssistBot/1.2; (+http://duckduckgo.com/duckassistbot.html)', 'DuckAssistBot', 'DuckDuckGo', 'user-fetch'],
    ['Mozilla/5.0 (compatible; cohere-ai/1.0; +http://www.cohere.ai/bot.html)', 'cohere-ai', 'Cohere', 'user-fetch'],
    ['cohere-training-data-crawler/1.0', 'cohere-training-data-crawler', 'Cohere', 'training'],
    ['Mozilla/5.0 (compatible; Diffbot/0.1; +http://www.diffbot.com)', 'Diffbot', 'Diffbot', 'training'],
    ['Mozilla/5.0 (compatible; YouBot/1.0; +https://about.you.com/youbot/)', 'YouBot', 'You.com', 'search'],
    ['Timpibot/0.8 (+http://www.timpi.io)', 'Timpibot', 'Timpi', 'training'],
    ['Mozilla/5.0 (compatible; ImagesiftBot; +imagesift.com)', 'ImagesiftBot', 'Hive', 'training'],
    ['omgili/0.5 +http://omgili.com', 'omgili', 'Webz.io', 'training'],
    ['omgilibot/0.4 +http://omgili.com', 'omgilibot', 'Webz.io', 'training'],
    ['Mozilla/5.0 (compatible; AI2Bot; +https://www.allenai.org/crawler)', 'AI2Bot', 'Allen Institute for AI', 'training'],
    [`${CHROME}; Manus-User/1.0`, 'Manus-User', 'Manus', 'agent'],
  ])('%s', (userAgent, name, vendor, purpose) => {
    expect(identify(userAgent)).toEqual({ declared: true, name, category: 'ai-crawler', vendor, purpose });
  });

  it('are more than forty, each found by its name in any case and only as a word', () => {
    expect(listAiCrawlers().length).toBeGreaterThan(40);
    for (const { name, vendor, purpose } of listAiCrawlers()) {
      expect(findKnownProgram(`Mozilla/5.0 (compatible; ${name.toUpperCase()}/9.9; +https://x.example)`)).toMatchObject({
        name,
        vendor,
        purpose,
      });
      expect(findKnownProgram(`Mozilla/5.0 (x${name}/1.0)`)?.name).not.toBe(name);
      expect(findKnownProgram(`Mozilla/5.0 (${name}9)`)?.name).not.toBe(name);
    }
  });

  it('are found by their signature behind the user agent of a browser', () => {
    expect(identify(CHROME, '', '"https://chatgpt.com"')).toEqual({
      declared: true,
      name: 'ChatGPT Agent',
      category: 'ai-crawler',
      vendor: 'OpenAI',
      purpose: 'agent',
    });
    expect(identify(CHROME, '', '"https://agent.example"')).toEqual({
      declared: true,
      name: 'agent.example',
      category: 'other',
      vendor: '',
      purpose: '',
    });
  });
});

describe('other programs', () => {
  it.each([
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot', 'search-engine', 'Google'],
    [
      `${WEBKIT}; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36`,
      'bingbot',
      'search-engine',
      'Microsoft',
    ],
    ['Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)', 'YandexBot', 'search-engine', 'Yandex'],
    ['Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)', 'Baiduspider', 'search-engine', 'Baidu'],
    ['DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)', 'DuckDuckBot', 'search-engine', 'DuckDuckGo'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1)',
      'Applebot',
      'search-engine',
      'Apple',
    ],
    ['Mozilla/5.0 (compatible; Kagibot/1.0; +https://kagi.com/bot)', 'Kagibot', 'search-engine', 'Kagi'],
    ['Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)', 'AhrefsBot', 'seo', 'Ahrefs'],
    ['Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)', 'SemrushBot', 'seo', 'Semrush'],
    ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'facebookexternalhit', 'social-preview', 'Meta'],
    ['Twitterbot/1.0', 'Twitterbot', 'social-preview', 'X'],
    ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'Slackbot-LinkExpanding', 'social-preview', 'Slack'],
    ['Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)', 'UptimeRobot', 'monitoring', 'UptimeRobot'],
    ['FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)', 'FeedFetcher-Google', 'feed-reader', 'Google'],
    [
      'Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)',
      'archive.org_bot',
      'archiver',
      'Internet Archive',
    ],
    ['Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)', 'CensysInspect', 'scanner', 'Censys'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36',
      'HeadlessChrome',
      'browser-automation',
      '',
    ],
    ['curl/8.5.0', 'curl', 'http-library', ''],
    ['python-requests/2.32.3', 'python-requests', 'http-library', ''],
    ['Go-http-client/2.0', 'Go-http-client', 'http-library', ''],
    ['Scrapy/2.11.2 (+https://scrapy.org)', 'Scrapy', 'http-library', ''],
    ['Tiny Tiny RSS/1.11 (http://tt-rss.org/)', 'Tiny Tiny RSS', 'feed-reader', ''],
    ['Mozilla/5.0 (compatible; UnheardOfBot/1.0; +http://x.example/bot)', '', 'other', ''],
    ['', '', 'other', ''],
    ['-', '', 'other', ''],
    ['   ', '', 'other', ''],
  ])('%s', (userAgent, name, category, vendor) => {
    expect(identify(userAgent)).toEqual({ declared: true, name, category, vendor, purpose: '' });
  });

  it('betray themselves by their brands', () => {
    const brands = '"HeadlessChrome";v="137", "Chromium";v="137"';
    expect(identify(CHROME, brands)).toEqual({
      declared: true,
      name: 'HeadlessChrome',
      category: 'browser-automation',
      vendor: '',
      purpose: '',
    });
  });
});

describe('people', () => {
  it.each([
    CHROME,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/500.0.0.0.1;]',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/370.0.762543316 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36',
  ])('%s', (userAgent) => {
    expect(identify(userAgent)).toBe(NO_BOT);
  });
});

describe('the examples of the crawler list', () => {
  interface Crawler {
    readonly pattern: string;
    readonly instances: readonly string[];
    readonly tags?: readonly string[];
  }
  const file = createRequire(import.meta.url).resolve('crawler-user-agents');
  const crawlers = JSON.parse(readFileSync(file, 'utf8')) as readonly Crawler[];
  const identified = crawlers.flatMap(({ instances, tags = [] }) => instances.map((userAgent) => ({ tags, bot: identify(userAgent) })));

  it('declare themselves, nearly all', () => {
    const declared = identified.filter(({ bot }) => bot.declared).length;
    expect(declared / identified.length).toBeGreaterThan(0.99);
  });

  it('are of the category that the list gives them, unless another pattern or the table of programs says more', () => {
    const known = identified.filter(({ bot }) => bot.declared);
    expect(known.filter(({ bot }) => bot.category === 'other').length).toBe(0);
    expect(known.filter(({ tags, bot }) => tags.includes(bot.category)).length / known.length).toBeGreaterThan(0.93);
  });

  it('have no category that is not tried', () => {
    const tags = new Set(crawlers.map(({ tags: [first = ''] = [] }) => first));
    expect([...tags].filter((tag) => !(CRAWLER_CATEGORIES as readonly string[]).includes(tag))).toEqual([]);
  });
});
