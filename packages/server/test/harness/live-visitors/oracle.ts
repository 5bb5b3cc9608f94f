import type { SentEvent } from './live-traffic.js';
import type { Visitor } from './visitor.js';

/** A pause that ends a session. */
const GAP_MS = 30 * 60_000;

/** A session as what was sent makes it. */
export interface ExpectedSession {
  readonly visitor: Visitor;
  readonly eventIds: string[];
  pageViews: number;
  /** Host of the page that led to it; empty for none. */
  readonly referrerHost: string;
}

/**
 * The sessions of what was sent, worked out without the product: the activity of one visitor with pauses of at most half an hour. What a
 * script tells of a page keeps a session alive and opens none.
 */
export function expectedSessions(sent: readonly SentEvent[]): ExpectedSession[] {
  const sessions: ExpectedSession[] = [];
  const current = new Map<Visitor, { readonly session: ExpectedSession; lastMs: number }>();
  for (const { id, visitor, atMs, kind, referrer } of [...sent].sort((one, other) => one.atMs - other.atMs)) {
    let known = current.get(visitor);
    if (known === undefined || atMs - known.lastMs > GAP_MS) {
      if (kind === 'told') throw new Error(`${visitor.name} tells of a page after the session has ended`);
      known = { session: { visitor, eventIds: [], pageViews: 0, referrerHost: hostOf(referrer) }, lastMs: atMs };
      current.set(visitor, known);
      sessions.push(known.session);
    }
    known.lastMs = atMs;
    known.session.eventIds.push(id);
    if (kind === 'page_view') known.session.pageViews++;
  }
  return sessions;
}

/** Sums by a name, as a table of a report has them. */
export function sumsBy<Item>(items: readonly Item[], name: (item: Item) => string, amount: (item: Item) => number): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const item of items) sums[name(item)] = (sums[name(item)] ?? 0) + amount(item);
  return sums;
}

function hostOf(referrer: string): string {
  return referrer === '' ? '' : new URL(referrer).host;
}
