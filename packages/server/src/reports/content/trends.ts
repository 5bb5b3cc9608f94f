import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { engagementOf } from '../query/page-engagement.js';
import { pageViewsOf, VIEW_STARTED_AT } from '../query/page-views.js';
import { INCLUDE_FILTER } from '../query/traffic-filters.js';
import { trendColumns } from '../query/trend-columns.js';
import { CONTENT_ENGAGEMENT, CONTENT_VIEWS } from './content-measures.js';

export const contentTrends: ReportDefinition = {
  group: 'content',
  name: 'trends',
  title: 'Content over time',
  description:
    'Views of all contents by the hour, day or week their sessions started in, in the time zone of the project, with everything that happened in them.',
  shape: 'trend',
  readsSessions: true,
  parameters: INCLUDE_FILTER,
  columns: trendColumns([...CONTENT_VIEWS, ...CONTENT_ENGAGEMENT]),
  parts: (scope) => [
    perBucket(scope, select(CONTENT_VIEWS), VIEW_STARTED_AT, pageViewsOf(scope)),
    perBucket(scope, select(CONTENT_ENGAGEMENT), sql`told.started_at`, engagementOf(scope, 'content')),
  ],
};
