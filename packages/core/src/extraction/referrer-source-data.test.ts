import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLICK_IDS } from './click-ids.js';
import { type ReferrerSourceData, ReferrerSources } from './referrer-sources.js';

const data = JSON.parse(readFileSync(new URL('../../data/referrer-sources.json', import.meta.url), 'utf8')) as ReferrerSourceData;
const sources = new ReferrerSources(data);

describe('the sources that everybody knows', () => {
  it.each([
    [
      'search',
      'Google',
      'www.google.com www.google.de www.google.co.uk www.google.com.br google.co.in com.google.android.googlequicksearchbox',
    ],
    ['search', 'Bing', 'www.bing.com bing.com cn.bing.com'],
    ['search', 'DuckDuckGo', 'duckduckgo.com html.duckduckgo.com'],
    ['search', 'Yahoo!', 'search.yahoo.com de.search.yahoo.com r.search.yahoo.com www.yahoo.com'],
    ['search', 'Yahoo! Japan', 'search.yahoo.co.jp'],
    ['search', 'Yandex', 'yandex.ru www.yandex.com.tr ya.ru'],
    ['search', 'Baidu', 'www.baidu.com m.baidu.com'],
    ['search', 'Kagi', 'kagi.com'],
    ['search', 'Ecosia', 'www.ecosia.org'],
    ['search', 'Startpage', 'www.startpage.com eu.startpage.com'],
    ['search', 'Brave Search', 'search.brave.com'],
    ['search', 'Qwant', 'www.qwant.com lite.qwant.com'],
    ['search', 'Naver', 'search.naver.com m.search.naver.com'],
    ['search', 'Seznam', 'search.seznam.cz'],
    ['search', 'Mojeek', 'www.mojeek.com'],
    ['social', 'Facebook', 'www.facebook.com l.facebook.com lm.facebook.com m.facebook.com fb.me'],
    ['social', 'Instagram', 'l.instagram.com www.instagram.com'],
    ['social', 'Threads', 'www.threads.net l.threads.com'],
    ['social', 'X', 't.co x.com twitter.com mobile.twitter.com'],
    ['social', 'LinkedIn', 'www.linkedin.com lnkd.in com.linkedin.android'],
    ['social', 'Reddit', 'www.reddit.com old.reddit.com out.reddit.com'],
    ['social', 'TikTok', 'www.tiktok.com'],
    ['social', 'Pinterest', 'www.pinterest.com www.pinterest.co.uk de.pinterest.com pin.it'],
    ['social', 'Telegram', 'web.telegram.org t.me org.telegram.messenger'],
    ['social', 'Discord', 'discord.com canary.discord.com'],
    ['social', 'WhatsApp', 'web.whatsapp.com wa.me com.whatsapp'],
    ['social', 'Mastodon', 'mastodon.social fosstodon.org hachyderm.io'],
    ['social', 'Bluesky', 'bsky.app go.bsky.app'],
    ['social', 'Hacker News', 'news.ycombinator.com'],
    ['social', 'GitHub', 'github.com gist.github.com'],
    ['video', 'YouTube', 'www.youtube.com m.youtube.com youtu.be'],
    ['video', 'Vimeo', 'vimeo.com player.vimeo.com'],
    ['shopping', 'Amazon', 'www.amazon.com www.amazon.de www.amazon.co.jp amazon.com.au'],
    ['shopping', 'eBay', 'www.ebay.co.uk ebay.de'],
    ['shopping', 'Google Shopping', 'shopping.google.com'],
    ['email', 'Gmail', 'mail.google.com com.google.android.gm'],
    ['email', 'Outlook', 'outlook.live.com outlook.office.com'],
    ['email', 'Yahoo! Mail', 'mail.yahoo.com'],
    ['email', 'Proton Mail', 'mail.proton.me'],
    ['ai', 'ChatGPT', 'chatgpt.com www.chatgpt.com chat.openai.com'],
    ['ai', 'Claude', 'claude.ai'],
    ['ai', 'Perplexity', 'www.perplexity.ai perplexity.ai'],
    ['ai', 'Gemini', 'gemini.google.com bard.google.com'],
    ['ai', 'NotebookLM', 'notebooklm.google.com'],
    ['ai', 'Copilot', 'copilot.microsoft.com'],
    ['ai', 'Le Chat', 'chat.mistral.ai'],
    ['ai', 'DeepSeek', 'chat.deepseek.com'],
    ['ai', 'Grok', 'grok.com'],
    ['ai', 'You.com', 'you.com'],
    ['ai', 'Poe', 'poe.com'],
    ['ai', 'Meta AI', 'www.meta.ai'],
    ['ai', 'Qwen', 'chat.qwen.ai'],
    ['ai', 'Duck.ai', 'duck.ai'],
  ])('%s: %s', (kind, name, hosts) => {
    for (const host of hosts.split(' ')) expect([host, sources.find(host)]).toEqual([host, { name, kind }]);
  });

  it.each([
    'docs.google.com',
    'cloud.google.com',
    'example.org',
    'google.evil.io',
    'finance.yahoo.com',
    'chat.openai.com.evil.io',
    'notx.com',
    '',
  ])('does not take %j for one', (host) => {
    expect(sources.find(host)).toBeUndefined();
  });

  it.each([
    ['google', 'Google'],
    ['fb', 'Facebook'],
    ['ig', 'Instagram'],
    ['twitter', 'X'],
    ['chatgpt.com', 'ChatGPT'],
    ['openai', 'ChatGPT'],
    ['perplexity', 'Perplexity'],
    ['bing', 'Bing'],
    ['youtube.com', 'YouTube'],
    ['linkedin', 'LinkedIn'],
  ])('utm_source=%s is %s', (word, name) => {
    expect(sources.findNamed(word)?.name).toBe(name);
  });
});

describe('the data', () => {
  const hosts = Object.values(data.sources).flatMap((byName) => Object.values(byName).flatMap((text) => text.split(' ')));

  it('writes every host as a host is written', () => {
    expect(hosts.filter((host) => !/^=?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.([a-z][a-z0-9_-]+|\*)$/.test(host))).toEqual([]);
    expect(Object.keys(data.aliases).filter((alias) => alias !== alias.toLowerCase())).toEqual([]);
  });

  it('has each host once', () => {
    expect(hosts.length).toBe(new Set(hosts).size);
  });

  it('knows the sources of click ids by the same names and kinds', () => {
    for (const [name, click] of CLICK_IDS) {
      const known = sources.findNamed(click.source);
      if (known !== undefined && click.kind !== '') expect([name, known.kind]).toEqual([name, click.kind]);
    }
  });
});
