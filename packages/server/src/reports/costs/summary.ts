import { sql } from '../../store/sql.js';
import { averageAmount } from '../answer/exact-ratio.js';
import type { ReportDefinition } from '../definition.js';
import { column, columnsOf, select } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { SPENDING } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';

export const costSummary: ReportDefinition = {
  group: 'costs',
  name: 'summary',
  title: 'Cost summary',
  description: 'What the model calls of the range cost, against the previous period of the same length.',
  shape: 'record',
  parameters: REQUEST_FILTERS,
  columns: [
    ...columnsOf(SPENDING),
    column('average_cost_per_request', 'money', 'Cost / priced requests, rounded half to even to the picodollar; null when none is priced'),
  ],
  compared: ['requests', 'cost', 'unpriced_requests', 'total_tokens', 'average_cost_per_request'],
  complete: (row) => ({
    ...row,
    average_cost_per_request: averageAmount(row['cost'], BigInt(String(row['requests'])) - BigInt(String(row['unpriced_requests']))),
  }),
  parts: (scope) => [sql`SELECT ${select(SPENDING)} ${requestsOf(scope)}`],
};
