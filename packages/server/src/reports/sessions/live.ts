import { Type } from '@sinclair/typebox';
import { bind, identifier, sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, select } from '../query/measure.js';
import { activeSessionsOf } from '../query/sources.js';
import { INCLUDE_SESSIONS_FILTER } from '../query/traffic-filters.js';
import { SESSION_FACTS } from './session-facts.js';

const MINUTES_DEFAULT = 30;
const MINUTES_MAX = 1440;

export const sessionsLive: ReportDefinition = {
  group: 'sessions',
  name: 'live',
  title: 'Live sessions',
  description:
    'Sessions with activity in the last minutes, latest first, with everything that happened in them so far and what is known of who is there.',
  shape: 'table',
  readsSessions: true,
  parameters: {
    ...INCLUDE_SESSIONS_FILTER,
    minutes: Type.Integer({
      minimum: 1,
      maximum: MINUTES_MAX,
      default: MINUTES_DEFAULT,
      description: `Minutes since the last activity, 1 to ${MINUTES_MAX}`,
    }),
  },
  rangeFor: (parameters, nowMs) => ({ sinceMs: nowMs - Number(parameters['minutes']) * 60_000, untilMs: nowMs }),
  columns: columnsOf(SESSION_FACTS),
  keys: [],
  sortable: ['last_activity_at', 'started_at', 'cost', 'requests', 'events', 'page_views', 'behavioral_bot_score', 'layered_score'],
  query: (scope, sortBy) =>
    sql`SELECT ${select(SESSION_FACTS)} ${activeSessionsOf(scope)}
      ORDER BY ${identifier(sortBy.name)} DESC NULLS LAST, session_id LIMIT ${bind.uint(scope.limit + 1)}`,
};
