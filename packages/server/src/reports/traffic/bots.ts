import { sql } from '../../store/sql.js';
import type { ColumnDefinition, ParameterValues, ReportDefinition } from '../definition.js';
import { groupedRows, sortedTable, type TableKey } from '../query/grouped-table.js';
import { column, columnsOf, measure } from '../query/measure.js';
import { webSessionsOf } from '../query/sources.js';
import { PAGE_VIEWS, SESSIONS, VISITORS } from '../query/traffic-measures.js';
import { byParameter, dimensionKeys, type TrafficDimensions } from './dimension-report.js';

const DIMENSIONS: TrafficDimensions = {
  class: { value: sql`session.traffic_class`, description: 'human, ghost, bot, ai_crawler, scanner or behavioral_bot' },
  name: { value: sql`session.bot_name`, description: 'Name of the program: GPTBot, Googlebot, ...', within: ['class'] },
  category: { value: sql`session.bot_category`, description: 'Kind of program: search-engine, seo, ai-crawler, ...', within: ['class'] },
  vendor: { value: sql`session.bot_vendor`, description: 'Who runs the program', within: ['class'] },
  purpose: {
    value: sql`session.bot_purpose`,
    description: 'What an AI crawler comes for: training, search, user-fetch or agent',
    within: ['class'],
  },
  network: { value: sql`session.network`, description: 'Organisation whose network the address belongs to', within: ['class'] },
};

const MEASURES = [
  SESSIONS,
  VISITORS,
  PAGE_VIEWS,
  measure(
    'http_requests',
    'integer',
    null,
    'Requests that were no page views: assets, errors, robots.txt',
    sql`sum(session.http_requests)`,
  ),
  measure(
    'failed_http_requests',
    'integer',
    null,
    'Requests answered with a status of 400 or more',
    sql`sum(session.failed_http_requests)`,
  ),
  measure(
    'average_behavioral_score',
    'number',
    null,
    'Mean score of the seven behavioural signals; from 50 on a session behaves like a bot',
    sql`avg(session.behavioral_bot_score)`,
  ),
  measure(
    'behavioral_bot_sessions',
    'integer',
    null,
    'Sessions that the seven behavioural signals call a bot, whatever their class',
    sql`countIf(session.is_behavioral_bot)`,
  ),
  measure(
    'average_layered_score',
    'number',
    null,
    'Mean score of all layers together: declaration, network, client, behaviour',
    sql`avg(session.layered_score)`,
  ),
  measure(
    'layered_bot_sessions',
    'integer',
    null,
    'Sessions that all layers together call a bot, whatever their class',
    sql`countIf(session.is_layered_bot)`,
  ),
];

const SHARE = column('session_share', 'ratio', 'Sessions / all sessions of web clients');

function keysOf(parameters: ParameterValues): TableKey[] {
  return dimensionKeys(DIMENSIONS, String(parameters['by'] ?? 'class'));
}

function columnsFor(parameters: ParameterValues): ColumnDefinition[] {
  const [sessions, ...others] = columnsOf(MEASURES);
  if (sessions === undefined) throw new TypeError('the report counts sessions');
  return [...keysOf(parameters).map((key) => key.column), sessions, SHARE, ...others];
}

export const trafficBots: ReportDefinition = {
  group: 'traffic',
  name: 'bots',
  title: 'People and programs',
  description:
    'All sessions of web clients by what is known of who is behind them. Every session is of exactly one class: a bot by its user agent, else an AI crawler, else a scanner, else one that behaves like a bot, else a ghost without a page view, else human. Each verdict stands beside the class, whichever it decided.',
  shape: 'table',
  readsSessions: true,
  parameters: { by: byParameter(DIMENSIONS) },
  columns: columnsFor({}),
  columnsFor,
  keys: Object.keys(DIMENSIONS),
  sortable: [
    'sessions',
    'visitors',
    'page_views',
    'http_requests',
    'failed_http_requests',
    'average_behavioral_score',
    'average_layered_score',
  ],
  complete: (row, totals) => {
    const all = Number(totals?.['sessions'] ?? 0);
    return { ...row, [SHARE.name]: all === 0 ? null : Number(row['sessions']) / all };
  },
  query: (scope, sortBy) => {
    const keys = keysOf(scope.parameters);
    return sortedTable(
      groupedRows(keys, MEASURES, webSessionsOf(scope)),
      keys.map((key) => key.column),
      sortBy,
      scope,
    );
  },
};
