import type { PathTable } from '@systemprompt-analytics/core';
import { isMissingUserAgent } from '../enrichment/bot-identity.js';
import type { BotIdentity } from '../enrichment/client-facts.js';
import type { LiveSession, LiveSessions } from '../sessions/live-sessions.js';
import { MARKS } from '../sessions/session-mark.js';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { behaviorOf, clientOf, declaredBotOf, readSessionFacts } from './session-facts.js';

/** Sessions per statement. */
const SESSIONS_PER_STATEMENT = 5_000;
/** Sessions whose requests are read back, the latest ones: a start must not take long. */
const SESSIONS_MAX = 50_000;

export interface RestoreWatchedOptions {
  readonly live: LiveSessions;
  readonly paths: PathTable;
  /** What a user agent says of itself. */
  readonly identify: (userAgent: string) => BotIdentity;
}

/**
 * Gives the sessions that were read back into memory what they did so far, who their clients are and what people said of them,
 * so that a crawler does not begin anew when the server does.
 */
export async function restoreWatched(store: Store, { live, paths, identify }: RestoreWatchedOptions): Promise<void> {
  for (const [projectId, sessions] of live.all()) {
    const latest = [...sessions].slice(-SESSIONS_MAX);
    for (let start = 0; start < latest.length; start += SESSIONS_PER_STATEMENT) {
      const part = new Map(latest.slice(start, start + SESSIONS_PER_STATEMENT).map((session) => [session.sessionId, session]));
      for (const facts of await readSessionFacts(store, projectId, [...part.keys()])) {
        const session = part.get(facts.session_id);
        if (session === undefined) continue;
        session.behavior = behaviorOf(facts, paths);
        session.isServerTold = facts.is_server_told === 1;
        session.hasUserAgent = !isMissingUserAgent(facts.user_agent);
        session.client = clientOf(facts, declaredBotOf(facts, identify));
      }
      await restoreMarks(store, projectId, part);
    }
  }
}

async function restoreMarks(store: Store, projectId: string, sessions: ReadonlyMap<string, LiveSession>): Promise<void> {
  const rows = await store.query<{ session_id: string; mark: string }>(
    render(sql`SELECT session_id, toString(mark) AS mark FROM session_marks FINAL
      WHERE project_id = ${bind.string(projectId)} AND session_id IN ${bind.strings([...sessions.keys()])}`),
    { rows: SESSIONS_PER_STATEMENT },
  );
  for (const { session_id: sessionId, mark } of rows) {
    const session = sessions.get(sessionId);
    if (session !== undefined) session.mark = MARKS.find((each) => each === mark) ?? '';
  }
}
