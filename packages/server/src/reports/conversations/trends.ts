import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { measure, select } from '../query/measure.js';
import { trendColumns } from '../query/trend-columns.js';
import { CONTEXT_SUMS, contextRecords } from './contexts.js';

const MEASURES = [
  // Ids as 64-bit hashes take half the time of texts; a million of them collide in one answer of thirty million.
  measure(
    'conversations',
    'integer',
    null,
    'Contexts with a task, a message or a model call',
    sql`uniqExact(cityHash64(record.context_id))`,
  ),
  ...CONTEXT_SUMS,
];

export const conversationTrends: ReportDefinition = {
  group: 'conversations',
  name: 'trends',
  title: 'Conversations over time',
  description: 'Conversations per hour, day or week in the time zone of the project. One counts in every bucket it was active in.',
  shape: 'trend',
  columns: trendColumns(MEASURES),
  parts: (scope) => [perBucket(scope, select(MEASURES), sql`record.happened_at`, contextRecords(scope))],
};
