import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';

/** Most rows a trend answers with; more than a person reads and a chart shows. */
export const BUCKETS_MAX = 2000;

const HOUR_MS = 3_600_000;
export const BUCKET_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS } as const;

/** Every offset from UTC in use is a whole number of quarters of an hour, so every bucket starts on one. */
const GRID_MS = HOUR_MS / 4;

/** The bucket a time lies in, in the project's time zone, clipped at the start of the range. */
export function bucketOf(scope: ReportScope, time: SqlFragment): SqlFragment {
  return sql`greatest(toDateTime64(${bucketStart(scope, time)}, 3, 'UTC'), toDateTime64(${bind.timeMs(scope.sinceMs)}, 3, 'UTC'))`;
}

/** A Monday or a day begins at its first moment, which in some zones and years is 01:00. */
function bucketStart(scope: ReportScope, time: SqlFragment): SqlFragment {
  const zone = bind.string(scope.timeZone);
  switch (scope.bucket) {
    case 'hour':
      return sql`toStartOfHour(${time}, ${zone})`;
    case 'day':
      return sql`toStartOfDay(${time}, ${zone})`;
    case 'week':
      return sql`toDateTime(toMonday(${time}, ${zone}), ${zone})`;
  }
}

/** All buckets of the range in order, also those without events: the engine that sorts rows into buckets lists them. */
export function bucketListQuery(scope: ReportScope): SqlFragment {
  const first = Math.floor(scope.sinceMs / GRID_MS) * GRID_MS;
  return sql`SELECT DISTINCT ${bucketOf(scope, sql`moment`)} AS bucket
    FROM (SELECT fromUnixTimestamp64Milli(arrayJoin(range(${bind.uint(first)}, ${bind.uint(scope.untilMs)}, ${bind.uint(GRID_MS)}))::Int64, 'UTC') AS moment)
    ORDER BY bucket`;
}

/** One part of a trend: measures of some rows per bucket. */
export function perBucket(scope: ReportScope, measures: SqlFragment, time: SqlFragment, from: SqlFragment): SqlFragment {
  return sql`SELECT ${bucketOf(scope, time)} AS bucket, ${measures} ${from} GROUP BY bucket`;
}
