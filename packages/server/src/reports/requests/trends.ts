import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { PERFORMANCE, SPENDING } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';
import { trendColumns } from '../query/trend-columns.js';

const MEASURES = [...SPENDING, ...PERFORMANCE];

export const requestTrends: ReportDefinition = {
  group: 'requests',
  name: 'trends',
  title: 'Model calls over time',
  description: 'Model calls per hour, day or week in the time zone of the project, with cost, tokens, errors and times.',
  shape: 'trend',
  parameters: REQUEST_FILTERS,
  columns: trendColumns(MEASURES),
  parts: (scope) => [perBucket(scope, select(MEASURES), sql`request.timestamp`, requestsOf(scope))],
};
