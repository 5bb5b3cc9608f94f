import { bind, identifier, sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, select } from '../query/measure.js';
import { listedSessionsOf } from '../query/sources.js';
import { INCLUDE_SESSIONS_FILTER } from '../query/traffic-filters.js';
import { SESSION_FACTS } from './session-facts.js';

export const sessionList: ReportDefinition = {
  group: 'sessions',
  name: 'list',
  title: 'Latest sessions',
  description:
    'Single sessions that started in the range, newest first, with everything that happened in them; their ids are what bots explain takes.',
  shape: 'table',
  readsSessions: true,
  parameters: INCLUDE_SESSIONS_FILTER,
  columns: columnsOf(SESSION_FACTS),
  keys: [],
  sortable: ['started_at', 'last_activity_at', 'cost', 'requests', 'events', 'page_views', 'behavioral_bot_score', 'layered_score'],
  query: (scope, sortBy) =>
    sql`SELECT ${select(SESSION_FACTS)} ${listedSessionsOf(scope)}
      ORDER BY ${identifier(sortBy.name)} DESC NULLS LAST, started_at DESC, session_id LIMIT ${bind.uint(scope.limit + 1)}`,
};
