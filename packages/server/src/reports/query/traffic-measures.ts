import { sql } from '../../store/sql.js';
import type { Measure, ParameterValues, RowCompletion } from '../definition.js';
import { column, measure } from './measure.js';
import { isBounce, VISITOR } from './traffic-filters.js';

const DURATION = sql`dateDiff('millisecond', session.started_at, session.last_event_at)`;

/** Different visitors of the rows. */
export const VISITORS = measure(
  'visitors',
  'integer',
  null,
  'Different visitors; a session whose sender named no visitor is one of its own',
  sql`uniqExact(${VISITOR})`,
);

export const SESSIONS = measure('sessions', 'integer', null, 'Sessions that started in the range', sql`count()`);

export const PAGE_VIEWS = measure('page_views', 'integer', null, 'Page views in these sessions', sql`sum(session.page_views)`);

/** Share of bounces, by the rule of the parameter `bounce`. */
export function bounceRate(parameters: ParameterValues): Measure {
  return measure(
    'bounce_rate',
    'ratio',
    null,
    'Bounces / sessions with an event; null without any',
    sql`if(countIf(session.events > 0) = 0, NULL, countIf(${isBounce(parameters['bounce'])}) / countIf(session.events > 0))`,
  );
}

/** Measures of visits, in the order they are shown. */
export function trafficMeasures(parameters: ParameterValues): Measure[] {
  return [
    VISITORS,
    SESSIONS,
    PAGE_VIEWS,
    bounceRate(parameters),
    measure(
      'average_duration_ms',
      'number',
      'ms',
      'Mean time from the first to the last event of a session; engagement is no event',
      sql`avgIf(${DURATION}, session.events > 0)`,
    ),
    measure(
      'p50_duration_ms',
      'number',
      'ms',
      'Median time from the first to the last event',
      sql`quantileExactInclusiveIf(0.5)(${DURATION}, session.events > 0)`,
    ),
    measure(
      'pages_per_session',
      'number',
      null,
      'Page views / sessions; null without sessions',
      sql`if(count() = 0, NULL, sum(session.page_views) / count())`,
    ),
    measure('conversions', 'integer', null, 'Conversion events in these sessions', sql`sum(session.conversions)`),
    measure(
      'converted_visitors',
      'integer',
      null,
      'Visitors with a session that converted',
      sql`uniqExactIf(${VISITOR}, session.converted_at IS NOT NULL)`,
    ),
  ];
}

export const CONVERSION_RATE = column(
  'conversion_rate',
  'ratio',
  'Converted visitors / all visitors of the range that the report counts, whatever the row; null without any',
);

/** Adds the conversion rate, whose denominator is the visitors of the total. */
export const withConversionRate: RowCompletion = (row, totals) => {
  const visitors = Number(totals?.['visitors'] ?? 0);
  return { ...row, [CONVERSION_RATE.name]: visitors === 0 ? null : Number(row['converted_visitors']) / visitors };
};
