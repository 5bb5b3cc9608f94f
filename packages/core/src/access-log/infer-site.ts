import type { AccessLogEntry } from './access-log-entry.js';

/** Files that pages ask for: a browser names the page as their referrer, which is a page of the same site. */
const ASSET = /\.(?:avif|css|eot|gif|ico|jpe?g|js|map|mjs|otf|png|svg|ttf|webp|woff2?)(?:\?|$)/i;
const ORIGIN = /^(https?):\/\/([A-Za-z0-9._-]{1,253}(?::\d{1,5})?)(?:[/?#]|$)/i;

/**
 * Which site a log without a host is of: the origin that most referrers of images, scripts, style sheets and fonts name.
 *
 * @returns `https://example.com`, or undefined when no line tells
 */
export function inferSite(entries: Iterable<AccessLogEntry>): string | undefined {
  const counts = new Map<string, number>();
  for (const { target, referrer } of entries) {
    if (referrer === undefined || referrer === '' || !ASSET.test(target)) continue;
    const [, scheme, host] = ORIGIN.exec(referrer) ?? [];
    if (scheme === undefined || host === undefined) continue;
    const origin = `${scheme}://${host}`.toLowerCase();
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }
  let best: readonly [site: string, count: number] | undefined;
  for (const candidate of counts) if (best === undefined || candidate[1] > best[1]) best = candidate;
  return best?.[0];
}
