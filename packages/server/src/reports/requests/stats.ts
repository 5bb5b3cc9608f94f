import { sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
import { columnsOf, select } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { PERFORMANCE, SPENDING } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';

const MEASURES = [...SPENDING, ...PERFORMANCE];

export const requestStats: ReportDefinition = {
  group: 'requests',
  name: 'stats',
  title: 'Model calls',
  description: 'Counts, cost, tokens by kind, cache use, errors and times of the model calls of the range.',
  shape: 'record',
  parameters: REQUEST_FILTERS,
  columns: columnsOf(MEASURES),
  parts: (scope) => [sql`SELECT ${select(MEASURES)} ${requestsOf(scope)}`],
};
