import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { CLASS_MEASURES, SESSION_MEASURES } from '../query/session-measures.js';
import { sessionsOf, webSessionsOf } from '../query/sources.js';
import { INCLUDE_SESSIONS_FILTER } from '../query/traffic-filters.js';
import { trendColumns } from '../query/trend-columns.js';

const MEASURES = Object.values(SESSION_MEASURES);
const STARTED_AT = sql`session.started_at`;

export const sessionTrends: ReportDefinition = {
  group: 'sessions',
  name: 'trends',
  title: 'Sessions over time',
  description: 'Sessions by the hour, day or week they started in, in the time zone of the project, with everything that happened in them.',
  shape: 'trend',
  readsSessions: true,
  parameters: INCLUDE_SESSIONS_FILTER,
  columns: trendColumns([...MEASURES, ...CLASS_MEASURES]),
  parts: (scope) => [
    perBucket(scope, select(MEASURES), STARTED_AT, sessionsOf(scope)),
    perBucket(scope, select(CLASS_MEASURES), STARTED_AT, webSessionsOf(scope)),
  ],
};
