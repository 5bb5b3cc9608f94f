import { isbot } from 'isbot';
import type { BotIdentity } from './client-facts.js';
import { findCrawlerCategory } from './crawler-categories.js';
import { findKnownProgram } from './known-programs.js';

/** A person, as far as the user agent says. */
export const NO_BOT: BotIdentity = { declared: false, name: '', category: '', vendor: '', purpose: '' };

const NAMELESS: BotIdentity = { declared: true, name: '', category: 'other', vendor: '', purpose: '' };

/** Agents that sign their requests (RFC 9421) and say by `Signature-Agent` whose they are, behind a browser's user agent. */
const SIGNED_AGENTS: ReadonlyMap<string, BotIdentity> = new Map<string, BotIdentity>([
  ['chatgpt.com', { declared: true, name: 'ChatGPT Agent', category: 'ai-crawler', vendor: 'OpenAI', purpose: 'agent' }],
]);

/** What of a request may declare a program. */
export interface ProgramClaims {
  readonly userAgent: string;
  /** Value of the `Sec-CH-UA` header, or empty. */
  readonly brands: string;
  /** Value of the `Signature-Agent` header, or empty. */
  readonly signatureAgent: string;
}

/**
 * What program a request declares to be. A missing user agent declares one too: every browser sends it. Whose program it is
 * is a claim that anybody can make; nothing here verifies it.
 */
export function identifyBot({ userAgent, brands, signatureAgent }: ProgramClaims): BotIdentity {
  if (signatureAgent !== '') return identifySignedAgent(signatureAgent);
  if (isMissingUserAgent(userAgent)) return NAMELESS;
  const trimmed = userAgent.trim();
  const known = findKnownProgram(trimmed);
  const declared = isbot(trimmed);
  if (known !== undefined && (declared || known.purpose !== '')) {
    const { name, category, vendor, purpose } = known;
    return { declared: true, name, category, vendor, purpose };
  }
  if (brands.includes('HeadlessChrome')) {
    return { declared: true, name: 'HeadlessChrome', category: 'browser-automation', vendor: '', purpose: '' };
  }
  if (!declared) return NO_BOT;
  const listed = findCrawlerCategory(trimmed);
  return listed === undefined ? NAMELESS : { declared: true, vendor: '', purpose: '', ...listed };
}

/** Does a user agent say nothing? Log files write a dash where there is none. */
export function isMissingUserAgent(userAgent: string): boolean {
  const trimmed = userAgent.trim();
  return trimmed === '' || trimmed === '-';
}

function identifySignedAgent(signatureAgent: string): BotIdentity {
  const host = /^"?https:\/\/([a-z0-9.-]+)/i.exec(signatureAgent.trim())?.[1]?.toLowerCase() ?? '';
  return SIGNED_AGENTS.get(host) ?? { ...NAMELESS, name: host };
}
