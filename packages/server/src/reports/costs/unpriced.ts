import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { groupedRows, sortedTable, type TableKey } from '../query/grouped-table.js';
import { column, columnsOf, measure } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { REQUEST_MEASURES } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';

const KEYS: readonly TableKey[] = [
  { column: column('provider', 'string', 'The provider as it was sent'), value: sql`request.provider` },
  { column: column('model', 'string', 'The model as it was sent'), value: sql`request.model` },
  {
    column: column(
      'reason',
      'string',
      'unknown_provider, unknown_model, missing_rate: used a kind of token without a price, unknown_service_tier, no_usage: succeeded without token counts',
    ),
    value: sql`request.unpriced_reason`,
  },
  {
    column: column('missing_kinds', 'string', 'Kinds of token without a price'),
    value: sql`arrayStringConcat(arraySort(request.unpriced_kinds), ', ')`,
  },
];
const MEASURES = [
  measure('requests', 'integer', null, 'Requests without a price', sql`count()`),
  REQUEST_MEASURES.total_tokens,
  REQUEST_MEASURES.input_tokens,
  REQUEST_MEASURES.output_tokens,
  measure('first_seen_at', 'timestamp', null, 'Time of the first of them in the range', sql`if(count() = 0, NULL, min(request.timestamp))`),
  measure('last_seen_at', 'timestamp', null, 'Time of the last of them in the range', sql`if(count() = 0, NULL, max(request.timestamp))`),
];

export const costsUnpriced: ReportDefinition = {
  group: 'costs',
  name: 'unpriced',
  title: 'Requests without a price',
  description:
    'Model calls that no price is known for. They are never counted as free: they are missing in every cost, and counted beside it.',
  shape: 'table',
  parameters: REQUEST_FILTERS,
  columns: [...KEYS.map((key) => key.column), ...columnsOf(MEASURES)],
  keys: KEYS.map((key) => key.column.name),
  sortable: ['requests', 'total_tokens', 'first_seen_at', 'last_seen_at', 'provider', 'model'],
  query: (scope, sortBy) =>
    sortedTable(
      groupedRows(KEYS, MEASURES, sql`${requestsOf(scope)} AND request.cost IS NULL`),
      KEYS.map((key) => key.column),
      sortBy,
      scope,
    ),
};
