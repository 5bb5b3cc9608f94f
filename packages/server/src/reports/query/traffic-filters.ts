import { type TSchema, Type } from '@sinclair/typebox';
import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';

/** Classes of traffic that are programs. Ghosts are neither these nor people: nobody saw what they are. */
export const BOT_CLASSES = ['bot', 'ai_crawler', 'scanner', 'behavioral_bot'] as const;

/** Whose visits a report counts. */
export const INCLUDED = ['humans', 'bots', 'all'] as const;
/** What makes a visit a bounce. */
export const BOUNCES = ['plausible', 'ga4', 'pageview'] as const;

/** A visit of this length is no bounce to Google Analytics 4; see "Engaged sessions" in its help. */
const ENGAGED_SECONDS = 10;

/** Parameter that narrows a report about visits. */
export const INCLUDE_FILTER = {
  include: includeParameter(
    'Whose visits count: those of people; those of programs (bots, AI crawlers, scanners and what behaves like one); or all, ghosts without a page view among them',
  ),
} satisfies Record<string, TSchema>;

/** Parameter that says what a bounce is. */
export const BOUNCE_RULE = {
  bounce: Type.Union(
    BOUNCES.map((each) => Type.Literal(each)),
    {
      default: 'plausible',
      description: `What is a bounce: plausible: exactly one event, engagement not counted; ga4: neither ${ENGAGED_SECONDS} seconds up to the last activity nor two page views nor a conversion; pageview: exactly one page view`,
    },
  ),
} satisfies Record<string, TSchema>;

/** ` AND ...` for the visits that the parameter `include` asks for. */
export function includedTraffic(scope: ReportScope): SqlFragment {
  switch (scope.parameters['include']) {
    case 'all':
      return sql``;
    case 'bots':
      return sql` AND ${IS_BOT}`;
    default:
      return sql` AND ${IS_HUMAN}`;
  }
}

/** The same parameter for reports about all sessions: who calls without a web client is no visitor, and counts beside people. */
export const INCLUDE_SESSIONS_FILTER = {
  include: includeParameter(
    'Whose sessions count: those of people and of callers without a web client; those of programs that came like visitors (bots, AI crawlers, scanners and what behaves like one); or all',
  ),
} satisfies Record<string, TSchema>;

/** ` AND ...` for the sessions that this parameter asks for. */
export function includedSessions(scope: ReportScope): SqlFragment {
  switch (scope.parameters['include']) {
    case 'all':
      return sql``;
    case 'bots':
      return sql` AND ${IS_BOT}`;
    default:
      return sql` AND NOT ${IS_BOT}`;
  }
}

export const IS_HUMAN = sql`session.traffic_class = 'human'`;
export const IS_BOT = sql`session.traffic_class IN ${bind.strings(BOT_CLASSES)}`;
export const IS_WEB = sql`session.traffic_class != ''`;
/** A session of a web client that saw a page: whether the others were anybody's nobody knows. */
export const IS_VISIT = sql`session.traffic_class NOT IN ('', 'ghost')`;

/** Was the session a bounce by the rule that the parameter `bounce` names? A session without an event is none. */
export function isBounce(rule: unknown): SqlFragment {
  switch (rule) {
    case 'ga4':
      return sql`session.events > 0 AND session.page_views < 2 AND session.conversions = 0 AND session.converted_at IS NULL
        AND dateDiff('millisecond', session.started_at, session.last_activity_at) < ${bind.uint(ENGAGED_SECONDS * 1000)}`;
    case 'pageview':
      return sql`session.page_views = 1`;
    default:
      return sql`session.events = 1`;
  }
}

/**
 * Whose session it is, as a 64-bit hash: its visitor, or where a sender named nobody the session itself, which is one
 * visitor's. Hashes are counted exactly and in half the time of texts.
 */
export const VISITOR = sql`cityHash64(if(session.visitor_id = '', session.session_id, session.visitor_id))`;

function includeParameter(description: string): TSchema {
  return Type.Union(
    INCLUDED.map((each) => Type.Literal(each)),
    { default: 'humans', description },
  );
}
