import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface CrawlerPattern {
  readonly pattern: string;
  readonly tags?: readonly string[];
}

/** Categories of the crawler list, in the order in which they are tried: what says most of a program first. */
export const CRAWLER_CATEGORIES = [
  'ai-crawler',
  'search-engine',
  'social-preview',
  'seo',
  'monitoring',
  'advertising',
  'feed-reader',
  'archiver',
  'academic',
  'scanner',
  'browser-automation',
  'http-library',
] as const;

/** What the crawler list says of a program. */
export interface CrawlerCategory {
  readonly name: string;
  readonly category: string;
}

let expressions: readonly (readonly [category: string, expression: RegExp])[] | undefined;

/**
 * The category of a crawler by the list of the package crawler-user-agents, with what it is called there. The list is read
 * when the first program is asked for, as one expression for each category: 1,500 single ones take ten times as long.
 */
export function findCrawlerCategory(userAgent: string): CrawlerCategory | undefined {
  expressions ??= readExpressions();
  for (const [category, expression] of expressions) {
    const [match] = expression.exec(userAgent) ?? [];
    if (match !== undefined) return { name: match.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''), category };
  }
  return undefined;
}

function readExpressions(): [category: string, expression: RegExp][] {
  // The file is read and not imported, so that its examples, the greater part of it, do not stay in memory.
  const file = createRequire(import.meta.url).resolve('crawler-user-agents');
  const patterns: readonly CrawlerPattern[] = JSON.parse(readFileSync(file, 'utf8'));
  return CRAWLER_CATEGORIES.map((category) => {
    const own = patterns.filter(({ tags }) => tags?.[0] === category);
    return [category, new RegExp(own.map(({ pattern }) => `(?:${pattern})`).join('|'))];
  });
}
