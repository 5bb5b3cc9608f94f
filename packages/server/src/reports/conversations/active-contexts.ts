import { type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { bucketOf } from '../query/buckets.js';
import { measure, select } from '../query/measure.js';
import { contextMessages, contextRequests, contextTasks } from './contexts.js';

/** Ids as 64-bit hashes: half the time of exact texts, and one wrong count in some 10^8 answers about a million ids. */
export const CONVERSATIONS = measure(
  'conversations',
  'integer',
  null,
  'Contexts with a task, a message or a model call in the range',
  sql`uniqExact(record.context)`,
);

/** Part of a record: how many conversations there were. */
export function activeContexts(scope: ReportScope): SqlFragment {
  return sql`SELECT ${select([CONVERSATIONS])} FROM (
    SELECT cityHash64(task.context_id) AS context ${contextTasks(scope)}
    UNION ALL SELECT cityHash64(message.context_id) ${contextMessages(scope)}
    UNION ALL SELECT cityHash64(request.context_id) ${contextRequests(scope)}
  ) AS record`;
}

/** Part of a trend: a conversation counts in every bucket it was active in. */
export function activeContextsPerBucket(scope: ReportScope): SqlFragment {
  return sql`SELECT record.bucket AS bucket, ${select([CONVERSATIONS])} FROM (
    SELECT ${bucketOf(scope, sql`task.started_at`)} AS bucket, cityHash64(task.context_id) AS context ${contextTasks(scope)}
    UNION ALL SELECT ${bucketOf(scope, sql`message.timestamp`)}, cityHash64(message.context_id) ${contextMessages(scope)}
    UNION ALL SELECT ${bucketOf(scope, sql`request.timestamp`)}, cityHash64(request.context_id) ${contextRequests(scope)}
  ) AS record GROUP BY bucket`;
}
