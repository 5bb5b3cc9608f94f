import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, select } from '../query/measure.js';
import { engagementOf } from '../query/page-engagement.js';
import { pageViewsOf } from '../query/page-views.js';
import { INCLUDE_FILTER } from '../query/traffic-filters.js';
import { CONTENT_ENGAGEMENT, CONTENT_RULE, CONTENT_VIEWS, CONTENTS } from './content-measures.js';

const VIEWS = [...CONTENT_VIEWS, CONTENTS];

export const contentStats: ReportDefinition = {
  group: 'content',
  name: 'stats',
  title: 'Content',
  description: `What was seen of all contents together, in the sessions that started in the range. ${CONTENT_RULE}`,
  shape: 'record',
  readsSessions: true,
  parameters: INCLUDE_FILTER,
  columns: columnsOf([...VIEWS, ...CONTENT_ENGAGEMENT]),
  compared: ['views', 'visitors', 'average_time_on_page_ms'],
  parts: (scope) => [
    sql`SELECT ${select(VIEWS)} ${pageViewsOf(scope)}`,
    sql`SELECT ${select(CONTENT_ENGAGEMENT)} ${engagementOf(scope, 'content')}`,
  ],
};
