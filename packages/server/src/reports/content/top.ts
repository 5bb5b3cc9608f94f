import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { combinedRows, sortedTable } from '../query/grouped-table.js';
import { column, columnsOf } from '../query/measure.js';
import { engagementOf } from '../query/page-engagement.js';
import { pageViewsOf, SEEN_CONTENT } from '../query/page-views.js';
import { INCLUDE_FILTER } from '../query/traffic-filters.js';
import { CONTENT_ENGAGEMENT, CONTENT_RULE, CONTENT_VIEWS } from './content-measures.js';

const CONTENT = column('content', 'string', 'Id of the content, else the path of the page');

export const contentTop: ReportDefinition = {
  group: 'content',
  name: 'top',
  title: 'Contents one by one',
  description: `Every content with its views, visitors, time on page, scroll depth and clicks, in the sessions that started in the range. ${CONTENT_RULE}`,
  shape: 'table',
  readsSessions: true,
  parameters: INCLUDE_FILTER,
  columns: [CONTENT, ...columnsOf([...CONTENT_VIEWS, ...CONTENT_ENGAGEMENT])],
  keys: [CONTENT.name],
  sortable: ['views', 'visitors', 'sessions', 'average_time_on_page_ms', 'average_scroll_depth', 'clicks', 'content'],
  query: (scope, sortBy) =>
    sortedTable(
      combinedRows(CONTENT, [
        { key: SEEN_CONTENT, measures: CONTENT_VIEWS, from: pageViewsOf(scope) },
        { key: sql`told.page`, measures: CONTENT_ENGAGEMENT, from: engagementOf(scope, 'content') },
      ]),
      [CONTENT],
      sortBy,
      scope,
    ),
};
