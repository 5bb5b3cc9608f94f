import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { REQUEST_MEASURES, SPENDING } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';
import { trendColumns } from '../query/trend-columns.js';

// Cost first: a terminal draws the first columns as lines.
const MEASURES = [REQUEST_MEASURES.cost, ...SPENDING.filter((measure) => measure !== REQUEST_MEASURES.cost)];

export const costTrends: ReportDefinition = {
  group: 'costs',
  name: 'trends',
  title: 'Cost over time',
  description: 'Cost, requests and tokens per hour, day or week in the time zone of the project.',
  shape: 'trend',
  parameters: REQUEST_FILTERS,
  columns: trendColumns(MEASURES),
  parts: (scope) => [perBucket(scope, select(MEASURES), sql`request.timestamp`, requestsOf(scope))],
};
