import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { perBucket } from '../query/buckets.js';
import { select } from '../query/measure.js';
import { trendColumns } from '../query/trend-columns.js';
import { activeContextsPerBucket, CONVERSATIONS } from './active-contexts.js';
import { CONTEXT_MESSAGES, CONTEXT_REQUESTS, CONTEXT_TASKS, contextMessages, contextRequests, contextTasks } from './contexts.js';

export const conversationTrends: ReportDefinition = {
  group: 'conversations',
  name: 'trends',
  title: 'Conversations over time',
  description: 'Conversations per hour, day or week in the time zone of the project. One counts in every bucket it was active in.',
  shape: 'trend',
  columns: trendColumns([CONVERSATIONS, ...CONTEXT_TASKS, ...CONTEXT_MESSAGES, ...CONTEXT_REQUESTS]),
  parts: (scope) => [
    activeContextsPerBucket(scope),
    perBucket(scope, select(CONTEXT_TASKS), sql`task.started_at`, contextTasks(scope)),
    perBucket(scope, select(CONTEXT_MESSAGES), sql`message.timestamp`, contextMessages(scope)),
    perBucket(scope, select(CONTEXT_REQUESTS), sql`request.timestamp`, contextRequests(scope)),
  ],
};
