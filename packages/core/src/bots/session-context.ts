import type { BehavioralContext } from './behavioral-bot-detector.js';

/** What a user agent says of itself, or fails to say. */
export interface DeclaredBot {
  /** Does the user agent declare a program, or is it missing? AI crawlers included. */
  readonly declared: boolean;
  /** `GPTBot`, `Googlebot`; empty for people and for programs without a known name. */
  readonly name: string;
  /** `search-engine`, `seo`, `monitoring`, `ai-crawler`, ... or `other`; empty for people. */
  readonly category: string;
  /** Who runs it: `OpenAI`, `Google`; empty when not known. */
  readonly vendor: string;
  /** What an AI crawler comes for; empty for all others. */
  readonly purpose: '' | 'training' | 'search' | 'user-fetch' | 'agent';
}

/**
 * How the site's traffic reaches the measuring, because that decides what its absence means.
 * - `tracker`: a browser script reports page views. Scripts ran, and assets are never seen.
 * - `server_log`: the server reports every request, assets included. Of scripts nothing is known.
 * - `both`: every request, and the script's events beside them.
 * - `unknown`: anything else, such as a server that reports page views only, or assets that come from another host.
 */
export type Measurement = 'tracker' | 'server_log' | 'both' | 'unknown';

/** What the layers need to know of a session beside its requests. */
export interface SessionContext extends BehavioralContext {
  /** Newest major version seen of this browser so far; `null` when not known. Age is measured against it, so that no limit grows stale. */
  readonly newestBrowserMajor: number | null;
  readonly hasUserAgent: boolean;
  readonly bot: DeclaredBot;
  /** Does the address belong to a hosting provider? */
  readonly hosting: boolean;
  /** Organisation of the network; empty when not known. */
  readonly network: string;
  readonly measuredBy: Measurement;
  /** Page views so recent that what they load and report may still be on its way; while a session goes on its last one. */
  readonly recentPages: number;
}

/**
 * Is the declared program an AI crawler?
 *
 * @example
 * ```ts
 * isAiCrawler({ declared: true, name: 'GPTBot', category: 'ai-crawler', vendor: 'OpenAI', purpose: 'training' }); // true
 * ```
 */
export function isAiCrawler({ category, purpose }: DeclaredBot): boolean {
  return category === 'ai-crawler' || purpose !== '';
}
