import { sql } from '../../store/sql.js';
import type { Measure, ParameterValues, ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { measure, select } from '../query/measure.js';
import { trafficOf, webSessionsOf } from '../query/sources.js';
import { BOUNCE_RULE, INCLUDE_FILTER, IS_BOT } from '../query/traffic-filters.js';
import { bounceRate, PAGE_VIEWS, SESSIONS, VISITORS } from '../query/traffic-measures.js';
import { trendColumns } from '../query/trend-columns.js';

/** Of all visits, whatever is included: a share of what was left out could not be seen otherwise. */
const BOTS = [
  measure('bot_sessions', 'integer', null, 'Sessions of programs, whatever is included', sql`countIf(${IS_BOT})`),
  measure(
    'bot_share',
    'ratio',
    null,
    'Sessions of programs / all sessions of web clients; null without any',
    sql`if(count() = 0, NULL, countIf(${IS_BOT}) / count())`,
  ),
];

function measuresOf(parameters: ParameterValues): Measure[] {
  return [VISITORS, SESSIONS, PAGE_VIEWS, bounceRate(parameters)];
}

export const trafficTrends: ReportDefinition = {
  group: 'traffic',
  name: 'trends',
  title: 'Traffic over time',
  description:
    'Visits by the hour, day or week they started in, in the time zone of the project, with everything that happened in them. A visitor counts in every bucket with a session.',
  shape: 'trend',
  readsSessions: true,
  parameters: { ...INCLUDE_FILTER, ...BOUNCE_RULE },
  columns: trendColumns([...measuresOf({}), ...BOTS]),
  parts: (scope) => [
    perBucket(scope, select(measuresOf(scope.parameters)), sql`session.started_at`, trafficOf(scope)),
    perBucket(scope, select(BOTS), sql`session.started_at`, webSessionsOf(scope)),
  ],
};
