import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { groupedRows, sortedTable, type TableKey } from '../query/grouped-table.js';
import { column, columnsOf } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { PERFORMANCE, SPENDING } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';

const KEYS: readonly TableKey[] = [
  { column: column('provider', 'string', 'Who served the model'), value: sql`request.provider` },
  { column: column('model', 'string', 'The model that answered'), value: sql`request.model` },
];
const MEASURES = [...SPENDING, ...PERFORMANCE];

export const requestModels: ReportDefinition = {
  group: 'requests',
  name: 'models',
  title: 'Models',
  description: 'Every model of the range with its calls, cost, tokens by kind, cache use, errors and times.',
  shape: 'table',
  parameters: REQUEST_FILTERS,
  columns: [...KEYS.map((key) => key.column), ...columnsOf(MEASURES)],
  keys: KEYS.map((key) => key.column.name),
  sortable: [
    'requests',
    'cost',
    'total_tokens',
    'failed_requests',
    'error_rate',
    'cache_hit_rate',
    'average_latency_ms',
    'p95_latency_ms',
    'model',
  ],
  query: (scope, sortBy) =>
    sortedTable(
      groupedRows(KEYS, MEASURES, requestsOf(scope)),
      KEYS.map((key) => key.column),
      sortBy,
      scope,
    ),
};
