import type { ServerConfiguration } from '../configuration.js';
import type { Store } from '../store/store.js';
import { LiveSessions } from './live-sessions.js';
import type { OriginReader } from './origin-reader.js';
import { SessionAssignment } from './session-assignment.js';
import type { SessionMerges } from './session-merges.js';
import { VisitorLookup } from './visitor-lookup.js';
import { VisitorSalts } from './visitor-salts.js';

export interface VisitsOptions {
  readonly configuration: Pick<ServerConfiguration, 'sessionGapMs' | 'liveSessionsMax'>;
  /** The connection that acknowledges. */
  readonly store: Store;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly origins: OriginReader;
  readonly merges: SessionMerges;
  /** Brings session snapshots up to date with all that was acknowledged. */
  readonly catchUp: () => Promise<void>;
}

/** Who is there: the sessions in memory, and what finds the session of an event. */
export interface Visits {
  readonly live: LiveSessions;
  readonly salts: VisitorSalts;
  readonly assignment: SessionAssignment;
}

/** Puts together what finds sessions. */
export function openVisits({ configuration, store, clock, origins, merges, catchUp }: VisitsOptions): Visits {
  const live = new LiveSessions(configuration.liveSessionsMax);
  const salts = new VisitorSalts(store, clock);
  const assignment = new SessionAssignment({
    live,
    salts,
    origins,
    clock,
    lookup: new VisitorLookup(store, catchUp, () => live.forgotten),
    gapMs: configuration.sessionGapMs,
    knownSinceMs: clock() - configuration.sessionGapMs,
    merge: (found) => merges.note(found),
  });
  return { live, salts, assignment };
}
