import { hash } from 'node:crypto';
import { integers, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** Which event it is, among all projects: the first 128 bits of the SHA-256 of its project and id. */
export interface EventIdentity {
  readonly high: bigint;
  readonly low: bigint;
}

/** Identities per lookup; longer lists are split so that one statement stays small. */
const IDENTITIES_PER_LOOKUP = 5_000;

export function identityOf(projectId: string, eventId: string): EventIdentity {
  const digest = hash('sha256', `${projectId}\u0000${eventId}`, 'buffer');
  return { high: digest.readBigUInt64BE(0), low: digest.readBigUInt64BE(8) };
}

/** The identity as a key of maps and sets. */
export function identityKey({ high, low }: EventIdentity): string {
  return `${high}:${low}`;
}

/** Which of these events are in their tables already, as identity keys. */
export async function findKnownEvents(store: Store, identities: readonly EventIdentity[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (let start = 0; start < identities.length; start += IDENTITIES_PER_LOOKUP) {
    const part = identities.slice(start, start + IDENTITIES_PER_LOOKUP);
    const rows = await store.query<{ identity_high: string; identity_low: string }>(
      render(sql`SELECT identity_high, identity_low FROM event_ids WHERE identity_high IN (${integers(part.map(({ high }) => high))})`),
    );
    for (const row of rows) known.add(`${row.identity_high}:${row.identity_low}`);
  }
  return known;
}

/** Notes that events are in their tables. */
export function storeIdentities(store: Store, identities: readonly EventIdentity[]): Promise<void> {
  return store.insert(
    'event_ids',
    identities.map(({ high, low }) => `{"identity_high":"${high}","identity_low":"${low}"}`),
  );
}
