import { sql } from '../../store/sql.js';
import type { ColumnDefinition, Measure, ParameterValues, ReportDefinition } from '../definition.js';
import { combinedRows, sortedTable } from '../query/grouped-table.js';
import { column, columnsOf, measure } from '../query/measure.js';
import { ENGAGEMENT_MEASURES, engagementOf } from '../query/page-engagement.js';
import { failedPagesOf, PAGE_VIEW_MEASURES, pageViewsOf } from '../query/page-views.js';
import { trafficOf } from '../query/sources.js';
import { BOUNCE_RULE, INCLUDE_FILTER } from '../query/traffic-filters.js';
import { bounceRate } from '../query/traffic-measures.js';

const PAGE = column('page', 'string', 'Path of the page, without its query');
const VIEWS = Object.values(PAGE_VIEW_MEASURES);
const EXITS = measure('exits', 'integer', null, 'Sessions whose last page view it was', sql`count()`);
const EXIT_RATE = column('exit_rate', 'ratio', 'Exits / page views; null without page views');
const { average_time_on_page_ms, p50_time_on_page_ms, p90_time_on_page_ms, average_scroll_depth } = ENGAGEMENT_MEASURES;
const ENGAGEMENT = [average_time_on_page_ms, p50_time_on_page_ms, p90_time_on_page_ms, average_scroll_depth];
const ERRORS = measure('errors', 'integer', null, 'Requests of the path answered with a status of 400 or more', sql`count()`);

function entryMeasures(parameters: ParameterValues): Measure[] {
  const entries = measure('entries', 'integer', null, 'Sessions whose first page view it was', sql`count()`);
  const { column: bounces, sql: rate } = bounceRate(parameters);
  return [entries, { column: { ...bounces, description: 'Bounces / entries; null without entries' }, sql: rate }];
}

const COLUMNS: readonly ColumnDefinition[] = [
  PAGE,
  ...columnsOf([...VIEWS, ...entryMeasures({}), EXITS]),
  EXIT_RATE,
  ...columnsOf([...ENGAGEMENT, ERRORS]),
];

export const trafficPages: ReportDefinition = {
  group: 'traffic',
  name: 'pages',
  title: 'Pages',
  description:
    'Every page with its views, visitors, entries, exits, time and errors, of the sessions that started in the range, also after its end. With include=all views of visitors who asked not to be tracked are among them; those belong to no session and no visitor.',
  shape: 'table',
  readsSessions: true,
  parameters: { ...INCLUDE_FILTER, ...BOUNCE_RULE },
  columns: COLUMNS,
  keys: [PAGE.name],
  sortable: [
    'page_views',
    'visitors',
    'sessions',
    'entries',
    'exits',
    'exit_rate',
    'bounce_rate',
    'average_time_on_page_ms',
    'errors',
    'page',
  ],
  query: (scope, sortBy) => {
    const sessions = sql`${trafficOf(scope)} AND session.page_views > 0`;
    const rows = combinedRows(PAGE, [
      { key: sql`seen.page_path`, measures: VIEWS, from: pageViewsOf(scope) },
      { key: sql`session.entry_page`, measures: entryMeasures(scope.parameters), from: sessions },
      { key: sql`session.exit_page`, measures: [EXITS], from: sessions },
      { key: sql`told.page`, measures: ENGAGEMENT, from: engagementOf(scope, 'path') },
      { key: sql`failed.page_path`, measures: [ERRORS], from: failedPagesOf(scope) },
    ]);
    const rated = sql`SELECT *, if(page_views = 0, NULL, exits / page_views) AS exit_rate FROM (${rows})`;
    return sortedTable(rated, [PAGE], sortBy, scope);
  },
};
