import { bind, identifier, sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, measure, select } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { requestsOf } from '../query/sources.js';

const FACTS = [
  measure('timestamp', 'timestamp', null, 'When the call was made', sql`request.timestamp`),
  measure('request_id', 'string', null, 'Id of the event', sql`request.event_id`),
  measure('provider', 'string', null, 'Who served the model', sql`request.provider`),
  measure('model', 'string', null, 'The model that answered', sql`request.model`),
  measure('agent', 'string', null, 'The agent that made the call', sql`request.agent`),
  measure('tool', 'string', null, 'The tool it was made inside', sql`request.tool`),
  measure('status', 'string', null, 'success, failed or timeout', sql`request.status`),
  measure('error_type', 'string', null, 'Class of the failure', sql`request.error_type`),
  measure('cost', 'money', null, 'Exact cost; null when unpriced', sql`request.cost`),
  measure('unpriced_reason', 'string', null, 'Why there is no cost', sql`request.unpriced_reason`),
  measure('input_tokens', 'integer', 'tokens', 'Input tokens neither read from nor written to a cache', sql`request.input_tokens`),
  measure('cache_read_tokens', 'integer', 'tokens', 'Input tokens read from a cache', sql`request.cache_read_tokens`),
  measure('cache_write_tokens', 'integer', 'tokens', 'Input tokens written to a cache', sql`request.cache_write_tokens`),
  measure('output_tokens', 'integer', 'tokens', 'Output tokens, reasoning included', sql`request.output_tokens`),
  measure('latency_ms', 'number', 'ms', 'Time from request to the end of the answer', sql`request.latency_ms`),
  measure('user_id', 'string', null, 'The user it was made for', sql`request.user_id`),
  measure('session_id', 'string', null, 'The session it belongs to', sql`request.session_id`),
  measure('task_id', 'string', null, 'The agent task it belongs to', sql`request.task_id`),
  measure('trace_id', 'string', null, 'The trace it belongs to', sql`request.trace_id`),
];

export const requestList: ReportDefinition = {
  group: 'requests',
  name: 'list',
  title: 'Latest model calls',
  description: 'Single model calls, newest first.',
  shape: 'table',
  parameters: REQUEST_FILTERS,
  columns: columnsOf(FACTS),
  keys: [],
  sortable: ['timestamp', 'cost', 'latency_ms', 'input_tokens', 'output_tokens'],
  query: (scope, sortBy) =>
    sql`SELECT ${select(FACTS)} ${requestsOf(scope)}
      ORDER BY ${identifier(sortBy.name)} DESC NULLS LAST, request.timestamp DESC, request_id LIMIT ${bind.uint(scope.limit + 1)}`,
};
