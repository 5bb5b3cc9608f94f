import type { ClientFacts } from '../enrichment/client-facts.js';
import type { IncomingEvent } from '../ingest/incoming-event.js';
import type { OriginColumns } from '../ingest/web-rows.js';

/** Where the visitor of an event came from, and with what. */
export interface Origin {
  readonly columns: OriginColumns;
  readonly client: ClientFacts;
}

/** Finds out where visitors come from. */
export interface OriginReader {
  read(incoming: IncomingEvent): Origin;
}
