import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { SESSION_MEASURES } from '../query/session-measures.js';
import { sessionsOf } from '../query/sources.js';
import { trendColumns } from '../query/trend-columns.js';

const MEASURES = Object.values(SESSION_MEASURES);

export const sessionTrends: ReportDefinition = {
  group: 'sessions',
  name: 'trends',
  title: 'Sessions over time',
  description: 'Sessions by the hour, day or week they started in, in the time zone of the project, with everything that happened in them.',
  shape: 'trend',
  readsSessions: true,
  columns: trendColumns(MEASURES),
  parts: (scope) => [perBucket(scope, select(MEASURES), sql`session.started_at`, sessionsOf(scope))],
};
