import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, select } from '../query/measure.js';
import { CLASS_MEASURES, SESSION_MEASURES } from '../query/session-measures.js';
import { sessionsOf, webSessionsOf } from '../query/sources.js';
import { INCLUDE_SESSIONS_FILTER } from '../query/traffic-filters.js';

const MEASURES = Object.values(SESSION_MEASURES);

export const sessionStats: ReportDefinition = {
  group: 'sessions',
  name: 'stats',
  title: 'Sessions',
  description: 'Sessions that started in the range, with everything that happened in them, also after its end.',
  shape: 'record',
  readsSessions: true,
  parameters: INCLUDE_SESSIONS_FILTER,
  columns: columnsOf([...MEASURES, ...CLASS_MEASURES]),
  compared: ['sessions', 'users', 'average_duration_ms', 'cost'],
  parts: (scope) => [sql`SELECT ${select(MEASURES)} ${sessionsOf(scope)}`, sql`SELECT ${select(CLASS_MEASURES)} ${webSessionsOf(scope)}`],
};
