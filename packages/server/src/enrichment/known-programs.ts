import type { BotIdentity } from './client-facts.js';

/** A program that is known by the name it gives itself. */
export interface KnownProgram {
  readonly vendor: string;
  readonly category: string;
  readonly purpose: BotIdentity['purpose'];
}

type Purpose = Exclude<BotIdentity['purpose'], ''>;

/**
 * AI crawlers by vendor and by what the vendor says that they come for: `training` of models, an index to `search`, a page that
 * a person asked an assistant about (`user-fetch`), or a browser that an `agent` drives. Tokens as they stand in user agents.
 * Where a vendor names several uses, the one that keeps the data longest counts.
 */
const AI_CRAWLERS: Readonly<Record<string, Partial<Record<Purpose, string>>>> = {
  OpenAI: { training: 'GPTBot', search: 'OAI-SearchBot', 'user-fetch': 'ChatGPT-User' },
  Anthropic: {
    training: 'ClaudeBot, anthropic-ai, Claude-Web',
    search: 'Claude-SearchBot',
    'user-fetch': 'Claude-User',
  },
  Google: {
    training: 'Google-Extended, GoogleOther, GoogleOther-Image, GoogleOther-Video',
    search: 'Google-CloudVertexBot',
    'user-fetch': 'Gemini-Deep-Research, Google-NotebookLM, Google-Gemini-CLI',
    agent: 'GoogleAgent-Mariner, Google-Agent',
  },
  Meta: {
    training: 'Meta-ExternalAgent, FacebookBot',
    search: 'Meta-WebIndexer',
    'user-fetch': 'Meta-ExternalFetcher',
  },
  Microsoft: { search: 'AzureAI-SearchBot' },
  Amazon: {
    training: 'Amazonbot, bedrockbot',
    search: 'Amzn-SearchBot, KendraBot',
    'user-fetch': 'Amzn-User',
    agent: 'NovaAct, AmazonBuyForMe, Amazon-Bedrock-AgentCore-Browser',
  },
  Apple: { training: 'Applebot-Extended' },
  Perplexity: { search: 'PerplexityBot', 'user-fetch': 'Perplexity-User' },
  Mistral: { search: 'MistralAI-Index', 'user-fetch': 'MistralAI-User' },
  DuckDuckGo: { 'user-fetch': 'DuckAssistBot' },
  Cohere: { training: 'cohere-training-data-crawler', 'user-fetch': 'cohere-ai' },
  ByteDance: { training: 'Bytespider, TikTokSpider, imageSpider' },
  'Common Crawl': { training: 'CCBot' },
  'You.com': { search: 'YouBot' },
  Kagi: { 'user-fetch': 'kagi-fetcher' },
  xAI: { training: 'xAI-Bot, GrokBot' },
  DeepSeek: { training: 'DeepSeekBot' },
  'Zhipu AI': { training: 'ChatGLM-Spider' },
  Huawei: { training: 'PanguBot' },
  'Allen Institute for AI': { training: 'AI2Bot, Ai2Bot-Dolma' },
  LAION: { training: 'laion-huggingface-processor, LAIONDownloader' },
  'SB Intuitions': { training: 'SBIntuitionsBot' },
  NICT: { training: 'ICC-Crawler' },
  ROIS: { training: 'Cotoyogi' },
  Diffbot: { training: 'Diffbot' },
  'Webz.io': { training: 'omgili, omgilibot, webzio-extended' },
  Timpi: { training: 'Timpibot' },
  Hive: { training: 'ImagesiftBot' },
  Velen: { training: 'VelenPublicWebCrawler' },
  Sidetrade: { training: 'Sidetrade indexer bot' },
  Spawning: { training: 'Spawning-AI' },
  img2dataset: { training: 'img2dataset' },
  FriendlyCrawler: { training: 'FriendlyCrawler' },
  'Kangaroo LLM': { training: 'Kangaroo Bot' },
  Firecrawl: { 'user-fetch': 'FirecrawlAgent' },
  Apify: { 'user-fetch': 'ApifyBot, ApifyWebsiteContentCrawler' },
  Tavily: { search: 'TavilyBot' },
  Linkup: { search: 'LinkupBot' },
  Phind: { search: 'PhindBot' },
  iAsk: { search: 'iAskBot, iaskspider' },
  Liner: { search: 'LinerBot' },
  Andi: { search: 'Andibot' },
  Cloudflare: { search: 'Cloudflare-AutoRAG' },
  Atlassian: { 'user-fetch': 'atlassian-bot' },
  Manus: { agent: 'Manus-User' },
};

/** Other programs whose operator is worth naming, by category of the crawler list. */
const OTHER_PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'search-engine': {
    Google:
      'Googlebot, Googlebot-Image, Googlebot-News, Googlebot-Video, Storebot-Google, Google-InspectionTool, APIs-Google, Google-Safety',
    Microsoft: 'bingbot, BingPreview, msnbot, adidxbot',
    Yandex: 'YandexBot, YandexImages, YandexMobileBot, YandexRenderResourcesBot, YandexAccessibilityBot',
    Baidu: 'Baiduspider, Baiduspider-render, Baiduspider-image',
    DuckDuckGo: 'DuckDuckBot, DuckDuckBot-Https',
    Apple: 'Applebot',
    Yahoo: 'Slurp',
    Naver: 'Yeti',
    Seznam: 'SeznamBot',
    Huawei: 'PetalBot',
    Qwant: 'Qwantbot, Qwantify',
    Brave: 'Bravebot',
    Kagi: 'Kagibot',
    Mojeek: 'MojeekBot',
    Sogou: 'Sogou web spider',
    'Coc Coc': 'coccocbot-web, coccocbot-image',
    Marginalia: 'search.marginalia.nu',
  },
  seo: {
    Ahrefs: 'AhrefsBot, AhrefsSiteAudit',
    Semrush: 'SemrushBot, SiteAuditBot, SplitSignalBot',
    Majestic: 'MJ12bot',
    Moz: 'DotBot, rogerbot',
    DataForSEO: 'DataForSeoBot',
    Babbar: 'Barkrowler',
    'Screaming Frog': 'Screaming Frog SEO Spider',
  },
  advertising: {
    Google: 'AdsBot-Google, AdsBot-Google-Mobile, Mediapartners-Google',
    OpenAI: 'OAI-AdsBot',
    Meta: 'Meta-ExternalAds',
    Amazon: 'AmazonAdBot',
  },
  'social-preview': {
    Meta: 'facebookexternalhit, facebookcatalog, WhatsApp',
    X: 'Twitterbot',
    LinkedIn: 'LinkedInBot',
    Slack: 'Slackbot, Slackbot-LinkExpanding, Slack-ImgProxy',
    Discord: 'Discordbot',
    Telegram: 'TelegramBot',
    Pinterest: 'Pinterestbot',
    Reddit: 'redditbot',
    Microsoft: 'SkypeUriPreview',
    Mastodon: 'Mastodon',
    Bluesky: 'Bluesky Cardyb',
  },
  monitoring: {
    UptimeRobot: 'UptimeRobot',
    Pingdom: 'Pingdom.com_bot',
    'Better Stack': 'Better Uptime Bot',
    StatusCake: 'StatusCake',
    Datadog: 'DatadogSynthetics',
    'Uptime Kuma': 'Uptime-Kuma',
    Site24x7: 'Site24x7',
  },
  'feed-reader': {
    Google: 'FeedFetcher-Google',
    Feedly: 'Feedly, FeedlyBot',
    Feedbin: 'Feedbin',
    Inoreader: 'inoreader.com',
    NewsBlur: 'NewsBlur Feed Fetcher',
  },
  archiver: { 'Internet Archive': 'archive.org_bot, ia_archiver, special_archiver', Arquivo: 'Arquivo-web-crawler' },
  scanner: { Censys: 'CensysInspect', 'Palo Alto Networks': 'Expanse, Palo Alto Networks', Shodan: 'Shodan', LeakIX: 'l9explore' },
  'browser-automation': { '': 'HeadlessChrome, PhantomJS, Puppeteer, Playwright, Selenium' },
};

const byToken = new Map<string, KnownProgram & { readonly name: string }>();

function add(tokens: string, program: KnownProgram): void {
  for (const name of tokens.split(', ')) byToken.set(name.toLowerCase(), { ...program, name });
}

for (const [vendor, byPurpose] of Object.entries(AI_CRAWLERS)) {
  for (const [purpose, tokens] of Object.entries(byPurpose) as [Purpose, string][])
    add(tokens, { vendor, category: 'ai-crawler', purpose });
}
for (const [category, byVendor] of Object.entries(OTHER_PROGRAMS)) {
  for (const [vendor, tokens] of Object.entries(byVendor)) add(tokens, { vendor, category, purpose: '' });
}

/** Longer names first, so that `Applebot-Extended` is not taken for `Applebot`. A name is a word: `GPTBot` is not in `MyGPTBot`. */
const ANY_TOKEN = new RegExp(
  `(?<![a-z0-9])(?:${[...byToken.keys()]
    .sort((left, right) => right.length - left.length)
    .map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|')})(?![a-z0-9])`,
  'g',
);

/** The program that a user agent names; of several an AI crawler before the others, else the first. */
export function findKnownProgram(userAgent: string): (KnownProgram & { readonly name: string }) | undefined {
  const found = [...userAgent.toLowerCase().matchAll(ANY_TOKEN)].flatMap(([token]) => byToken.get(token) ?? []);
  return found.find(({ purpose }) => purpose !== '') ?? found[0];
}

/** Names of all AI crawlers that are known, with vendor and purpose. */
export function listAiCrawlers(): readonly (KnownProgram & { readonly name: string })[] {
  return [...byToken.values()].filter(({ purpose }) => purpose !== '');
}
